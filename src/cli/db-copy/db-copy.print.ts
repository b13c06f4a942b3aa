import type { TableOutcome } from '../../platform/db/transfer/compare.ts';
import type { CopyPlan } from '../../platform/db/transfer/copy.ts';
import { textTable } from '../output/table.ts';

const NUMBERS = { right: [1] };

/** What a copy would do, a line a table. */
export function planTable(plan: CopyPlan): string {
  const { from, to, services, tables, emptied, resumed } = plan;
  const rows = tables.map(({ service, table: name, rows, progress }) => [
    `${service}.${name}`,
    counted(rows),
    progress.done ? 'copied' : progress.rows > 0 ? `${counted(progress.rows)} copied` : '',
  ]);
  const all = tables.reduce((sum, { rows }) => sum + rows, 0);
  const [first = ''] = services;
  return [
    `From  ${from.where(first)}`,
    `To    ${to.where(first)}`,
    '',
    ...(emptied.length > 0 ? [emptiedFirst(plan), ''] : []),
    textTable(['table', 'rows', resumed ? 'of an earlier copy' : ''], rows, NUMBERS),
    '',
    `${counted(all)} rows would be copied. Nothing was written.`,
  ].join('\n');
}

/** Says that the target is the store that the services came from. */
export function emptiedFirst({ to, emptied }: Pick<CopyPlan, 'to' | 'emptied'>): string {
  return `${emptied.join(', ')} came from ${to.where(emptied[0] ?? '')}: what is left there is old, and is removed first.`;
}

/** What a copy came to, a line a table. */
export function outcomeTable(outcomes: readonly TableOutcome[]): string {
  const rows = outcomes.map(({ service, table: name, rows, checksum, same, difference }) => [
    `${service}.${name}`,
    counted(rows),
    checksum,
    same ? 'same' : `NOT the same: ${difference ?? ''}`,
  ]);
  return textTable(['table', 'rows', 'checksum', 'in both'], rows, NUMBERS);
}

/** `1 234 567`. */
export function counted(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ' ');
}

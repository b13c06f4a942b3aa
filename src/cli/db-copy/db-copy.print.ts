import type { TableOutcome } from '../../platform/db/transfer/compare.ts';
import type { CopyPlan } from '../../platform/db/transfer/copy.ts';
import { textTable } from '../output/table.ts';

const NUMBERS = { right: [1] };

/** The plan of a copy, a line a table. */
export function planTable(plan: CopyPlan): string {
  const { from, to, services, tables, emptied, resumed } = plan;
  const rows = tables.map(({ service, table: name, rows, progress }) => [
    `${service}.${name}`,
    groupDigits(rows),
    progress.done ? 'copied' : progress.rows > 0 ? `${groupDigits(progress.rows)} copied` : '',
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
    `${groupDigits(all)} rows would be copied. Nothing was written.`,
  ].join('\n');
}

/** The note that the target holds old rows, because the services were copied away from it. */
export function emptiedFirst({ to, emptied }: Pick<CopyPlan, 'to' | 'emptied'>): string {
  return `${emptied.join(', ')} came from ${to.where(emptied[0] ?? '')}: what is left there is old, and is removed first.`;
}

/** The outcome of a copy, a line a table. */
export function outcomeTable(outcomes: readonly TableOutcome[]): string {
  const rows = outcomes.map(({ service, table: name, rows, checksum, same, difference }) => [
    `${service}.${name}`,
    groupDigits(rows),
    checksum,
    same ? 'same' : `NOT the same: ${difference ?? ''}`,
  ]);
  return textTable(['table', 'rows', 'checksum', 'in both'], rows, NUMBERS);
}

/** `1 234 567`. */
export function groupDigits(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ' ');
}

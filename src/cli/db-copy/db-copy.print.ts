import type { TableOutcome } from '../../platform/db/transfer/compare.ts';
import type { CopyPlan } from '../../platform/db/transfer/copy.ts';
import { textTable } from '../output/table.ts';

const NUMBERS = { right: [1] };

/** What a copy would do, a line a table. */
export function planTable({ from, to, services, tables, resumed }: CopyPlan): string {
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
    textTable(['table', 'rows', resumed ? 'of an earlier copy' : ''], rows, NUMBERS),
    '',
    `${counted(all)} rows would be copied. Nothing was written.`,
  ].join('\n');
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

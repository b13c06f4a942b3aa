import type { TableOutcome } from '../platform/db/copy/compare.ts';
import type { CopyPlan } from '../platform/db/copy/copy.ts';

/** What a copy would do, a line a table. */
export function planTable({ from, to, services, tables, resumed }: CopyPlan): string {
  const rows = tables.map(({ service, table, rows, progress }) => [
    `${service}.${table}`,
    counted(rows),
    progress.done ? 'copied' : progress.rows > 0 ? `${counted(progress.rows)} copied` : '',
  ]);
  const all = tables.reduce((sum, { rows }) => sum + rows, 0);
  const [first = ''] = services;
  return [
    `From  ${from.where(first)}`,
    `To    ${to.where(first)}`,
    '',
    lines([['table', 'rows', resumed ? 'of an earlier copy' : ''], ...rows]),
    '',
    `${counted(all)} rows would be copied. Nothing was written.`,
  ].join('\n');
}

/** What a copy came to, a line a table. */
export function outcomeTable(outcomes: readonly TableOutcome[]): string {
  const rows = outcomes.map(({ service, table, rows, checksum, same, difference }) => [
    `${service}.${table}`,
    counted(rows),
    checksum,
    same ? 'same' : `NOT the same: ${difference ?? ''}`,
  ]);
  return lines([['table', 'rows', 'checksum', 'in both'], ...rows]);
}

/** `1 234 567`. */
export function counted(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** Cells under each other; numbers stand at the right. */
function lines(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0))) ?? [];
  const cell = (text: string, n: number) => (n === 1 ? text.padStart(widths[n] ?? 0) : text.padEnd(widths[n] ?? 0));
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

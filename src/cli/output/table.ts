import { plainText } from './plain.ts';

export interface TableOptions {
  /** Maximum length of a line; longer lines are cut. */
  readonly width?: number;
  /** The indexes of right-aligned columns. */
  readonly right?: readonly number[];
}

/** A table in aligned columns, heads first, a row a line. Control characters in cells become spaces. */
export function textTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  { width = Number.POSITIVE_INFINITY, right = [] }: TableOptions = {},
): string {
  const cells = rows.map((row) => row.map(plainText));
  const widths = heads.map((head, n) => Math.max(head.length, ...cells.map((row) => row[n]?.length ?? 0)));
  const pad = (cell: string, n: number): string =>
    right.includes(n) ? cell.padStart(widths[n] ?? 0) : cell.padEnd(widths[n] ?? 0);
  const line = (row: readonly string[]): string => cut(row.map(pad).join('  ').trimEnd(), width);
  return [heads, ...cells].map(line).join('\n');
}

const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text);

/** Names and values, a pair a line; pairs without a value are left out. */
export function pairs(lines: readonly (readonly [string, string | undefined])[]): string {
  const shown = lines.filter((line): line is readonly [string, string] => Boolean(line[1]));
  const width = Math.max(...shown.map(([name]) => name.length)) + 2;
  return shown.map(([name, value]) => `${name.padEnd(width)}${plainText(value)}`).join('\n');
}

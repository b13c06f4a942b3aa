/** The first line of every generated page. */
export const GENERATED = '<!-- Made by `npm run docs`; change the code, not this page. -->\n';

/** A table; cells may hold anything but line breaks. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [row(heads), row(heads.map(() => '---')), ...rows.map(row)].join('\n');
}

export const code = (text: string): string => `\`${text}\``;

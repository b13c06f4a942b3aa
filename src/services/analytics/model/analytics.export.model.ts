import { type Minor, toDecimalText } from '../../../platform/contract/money.ts';
import type { CategoryRevenue, Metric, Point, TopProduct } from '../analytics.contract.ts';

/** What a column holds: texts, whole numbers, amounts in minor units, moments (RFC 3339), or days as 2026-11-21. */
export type ColumnType = 'text' | 'count' | 'amount' | 'moment' | 'day';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: readonly (string | number | null)[];
}

/** Figures as a table, whatever file they go into. */
export type Sheet = readonly Column[];

/** A series of each metric, one below the other. */
export function seriesSheet(series: readonly { metric: Metric; currency: string; points: readonly Point[] }[]): Sheet {
  const rows = series.flatMap(({ points, ...of }) => points.map((point) => ({ ...of, ...point })));
  return [
    column(rows, 'metric', 'text'),
    column(rows, 'currency', 'text'),
    column(rows, 'bucket', 'moment'),
    column(rows, 'count', 'count'),
    column(rows, 'amount', 'amount'),
  ];
}

export function productsSheet(products: readonly TopProduct[], currency: string): Sheet {
  const rows = products.map((product) => ({ ...product, currency }));
  return [
    column(rows, 'product_id', 'count'),
    column(rows, 'name', 'text'),
    column(rows, 'category', 'text'),
    column(rows, 'quantity', 'count'),
    column(rows, 'revenue', 'amount'),
    column(rows, 'currency', 'text'),
  ];
}

export function revenueSheet(days: readonly CategoryRevenue[], currency: string): Sheet {
  const rows = days.map((day) => ({ ...day, currency }));
  return [
    column(rows, 'day', 'day'),
    column(rows, 'category', 'text'),
    column(rows, 'quantity', 'count'),
    column(rows, 'revenue', 'amount'),
    column(rows, 'currency', 'text'),
  ];
}

function column<R extends object, N extends keyof R & string>(rows: readonly R[], name: N, type: ColumnType): Column {
  return { name, type, values: rows.map((row) => row[name] as string | number | null) };
}

/** A sheet as CSV (RFC 4180, UTF-8): amounts as decimals, nothing for what is null. */
export function csvOf(sheet: Sheet): string {
  const lines = [sheet.map(({ name }) => name).join(',')];
  const length = sheet[0]?.values.length ?? 0;
  const currencies = currenciesOf(sheet);
  for (let n = 0; n < length; n++) {
    lines.push(sheet.map(({ type, values }) => cell(type, values[n] ?? null, currencies[n])).join(','));
  }
  return lines.map((line) => `${line}\r\n`).join('');
}

/** The currency of each row. */
export function currenciesOf(sheet: Sheet): readonly string[] {
  return (sheet.find(({ name }) => name === 'currency')?.values ?? []) as readonly string[];
}

function cell(type: ColumnType, value: string | number | null, currency: string | undefined): string {
  if (value === null) return '';
  if (type === 'amount') return toDecimalText(value as Minor, currency);
  if (type !== 'text') return String(value);
  const text = defused(String(value));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// A text that begins like this is a formula to a spreadsheet, and may send the rest of the sheet away; after an
// apostrophe it is a text.
const defused = (text: string): string => (/^\s*[=+\-@]|^[\t\r\n]/.test(text) ? `'${text}` : text);

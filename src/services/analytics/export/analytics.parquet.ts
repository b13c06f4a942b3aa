import type { ColumnSource, SchemaElement } from 'hyparquet-writer';
import { digitsOf } from '../../../platform/contract/money/currencies.ts';
import { type Column, type ColumnType, currenciesOf, type Sheet } from '../model/analytics.export.model.ts';

const TYPES: Readonly<Record<Exclude<ColumnType, 'amount'>, Omit<SchemaElement, 'name'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  count: { type: 'INT64' },
  moment: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  day: { type: 'INT32', converted_type: 'DATE' },
};

const AMOUNT = { type: 'INT64', converted_type: 'DECIMAL', precision: 18 } as const;

/** A sheet as a Parquet file. The same sheet is always the same bytes. */
export async function parquetOf(sheet: Sheet): Promise<Buffer> {
  // Read when the first file is asked for: few processes ever write one.
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  // A column has one scale: that of the currency with the most digits.
  const currencies = currenciesOf(sheet);
  const scale = Math.max(...[...new Set(currencies)].map(digitsOf), currencies.length > 0 ? 0 : 2);
  const schema: SchemaElement[] = [
    { name: 'figures', num_children: sheet.length },
    ...sheet.map(({ name, type }): SchemaElement => {
      const kind = type === 'amount' ? { ...AMOUNT, scale } : TYPES[type];
      return { name, ...kind, repetition_type: 'OPTIONAL' };
    }),
  ];
  // An integer is taken for the minor units themselves, a number would go through a fraction.
  const amountOf = (minor: number, row: number): bigint =>
    BigInt(minor) * 10n ** BigInt(scale - digitsOf(currencies[row] ?? ''));
  const columnData: ColumnSource[] = sheet.map((column) => ({ name: column.name, data: valuesOf(column, amountOf) }));
  return Buffer.from(parquetWriteBuffer({ columnData, schema, createdBy: 'tradepost' }));
}

function valuesOf(
  { type, values }: Column,
  amountOf: (minor: number, row: number) => bigint,
): (string | bigint | Date | null)[] {
  return values.map((value, row) => {
    if (value === null) return null;
    if (type === 'text') return String(value);
    if (type === 'amount') return amountOf(value as number, row);
    if (type === 'count') return BigInt(value);
    return new Date(value);
  });
}

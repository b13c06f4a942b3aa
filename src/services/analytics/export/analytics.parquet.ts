import type { ColumnSource, SchemaElement } from 'hyparquet-writer';
import type { Column, ColumnType, Sheet } from '../model/analytics.export.model.ts';

const TYPES: Readonly<Record<ColumnType, Omit<SchemaElement, 'name'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  count: { type: 'INT64' },
  amount: { type: 'INT64', converted_type: 'DECIMAL', scale: 2, precision: 18 },
  moment: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  day: { type: 'INT32', converted_type: 'DATE' },
};

/** A sheet as a Parquet file. The same sheet is always the same bytes. */
export async function parquetOf(sheet: Sheet): Promise<Buffer> {
  // Read when the first file is asked for: few processes ever write one.
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const schema: SchemaElement[] = [
    { name: 'figures', num_children: sheet.length },
    ...sheet.map(({ name, type }): SchemaElement => ({ name, ...TYPES[type], repetition_type: 'OPTIONAL' })),
  ];
  const columnData: ColumnSource[] = sheet.map((column) => ({ name: column.name, data: valuesOf(column) }));
  return Buffer.from(parquetWriteBuffer({ columnData, schema, createdBy: 'tradepost' }));
}

function valuesOf({ type, values }: Column): (string | bigint | Date | null)[] {
  return values.map((value) => {
    if (value === null) return null;
    if (type === 'text') return String(value);
    // An integer is taken for the minor units themselves, a number would go through a fraction.
    if (type === 'count' || type === 'amount') return BigInt(value);
    return new Date(value);
  });
}

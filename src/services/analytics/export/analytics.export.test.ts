import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { minor } from '../../../platform/contract/money.ts';
import { csvOf, productsSheet, revenueSheet, type Sheet, seriesSheet } from '../model/analytics.export.model.ts';
import { parquetOf } from './analytics.parquet.ts';

const product = (name: string, revenue = 1_050) => ({
  product_id: 7,
  name,
  category: null,
  quantity: 3,
  revenue: minor(revenue),
});

const fileOf = async (sheet: Sheet): Promise<ArrayBuffer> => new Uint8Array(await parquetOf(sheet)).buffer;

test('in CSV an amount is a decimal with two digits, and what is not known is nothing', () => {
  const csv = csvOf(productsSheet([product('Mouse'), product('Pen', -5)], 'USD'));
  assert.equal(
    csv,
    'product_id,name,category,quantity,revenue,currency\r\n7,Mouse,,3,10.50,USD\r\n7,Pen,,3,-0.05,USD\r\n',
  );
});

test('a name with a comma, a quote or a line of its own stays one cell', () => {
  const [, ...lines] = csvOf(productsSheet([product('Pen, "blue"\nor red')], 'USD')).split('\r\n');
  assert.equal(lines[0], '7,"Pen, ""blue""\nor red",,3,10.50,USD');
});

test('a name that a spreadsheet would take for a formula is a text', () => {
  const names = ['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '\r=1', '=HYPERLINK("http://x","y")'];
  for (const name of names) {
    const cell =
      csvOf(productsSheet([product(name)], 'USD'))
        .split('\r\n')[1]
        ?.slice(2) ?? '';
    assert.match(cell, /^"?'/, name);
  }
  assert.match(csvOf(productsSheet([product('A = B')], 'USD')), /7,A = B,/);
});

test('in Parquet amounts are exact decimals, days are days, and a text is what it was', async () => {
  const large = 9_007_199_254_740_991;
  const rows = [
    { day: '2026-11-18', category: '=Pens', quantity: 2, revenue: minor(large) },
    { day: '2026-11-19', category: null, quantity: 1, revenue: minor(-5) },
  ];
  const file = await fileOf(revenueSheet(rows, 'USD'));
  const { schema } = parquetMetadata(file);
  const revenue = schema.find(({ name }) => name === 'revenue');
  assert.deepEqual([revenue?.type, revenue?.converted_type, revenue?.scale], ['INT64', 'DECIMAL', 2]);
  const read = await parquetReadObjects({ file });
  assert.deepEqual(
    read.map(({ day, category, quantity, revenue }) => [day.toISOString().slice(0, 10), category, quantity, revenue]),
    [
      ['2026-11-18', '=Pens', 2n, large / 100],
      ['2026-11-19', null, 1n, -0.05],
    ],
  );
});

test('moments are moments, and the same figures are the same bytes', async () => {
  const points = [{ bucket: '2026-11-18T12:00:00.000Z', count: 2, amount: minor(100) }];
  const sheet = seriesSheet([{ metric: 'orders', currency: 'USD', points }]);
  const [first, second] = [await fileOf(sheet), await fileOf(sheet)];
  assert.deepEqual(first, second);
  const [row] = await parquetReadObjects({ file: first });
  assert.deepEqual(row, {
    metric: 'orders',
    currency: 'USD',
    bucket: new Date(points[0]?.bucket ?? ''),
    count: 2n,
    amount: 1,
  });
});

test('a file of nothing still names its columns', async () => {
  assert.equal(csvOf(revenueSheet([], 'USD')), 'day,category,quantity,revenue,currency\r\n');
  const file = await fileOf(revenueSheet([], 'USD'));
  const names = parquetMetadata(file)
    .schema.slice(1)
    .map(({ name }) => name);
  assert.deepEqual(names, ['day', 'category', 'quantity', 'revenue', 'currency']);
  assert.deepEqual(await parquetReadObjects({ file }), []);
});

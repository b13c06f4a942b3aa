import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import type { TestClient } from '../../../testing/client.ts';
import { settle } from '../../../testing/settle.ts';
import { testApart } from '../../../testing/shapes.ts';
import { type World, world } from '../../../testing/world.ts';
import type { CategoryRevenue, Stats, TopProduct } from '../analytics.contract.ts';
import { figuresStores } from '../analytics.world.fixture.ts';
import type { FigureCheck } from '../check/analytics.check.contract.ts';

for (const { name, settingsOf } of figuresStores)
  describe(`figures as files, kept in ${name}`, () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-files-'));
    let shop: World;
    let admin: TestClient;

    before(async () => {
      shop = await world({ env: settingsOf(dataDir) });
      admin = await shop.as('admin');
      const alice = await shop.as('alice');
      const orders = [];
      for (const product_id of [1, 2, 2]) {
        orders.push((await alice.post('/orders', { items: [{ product_id, quantity: 2 }] })).body.order_id);
      }
      await alice.post(`/orders/${orders[2]}/cancel`);
      await settle(async () => {
        const { body } = await admin.get<Stats>('/stats');
        assert.deepEqual([body.orders.total, body.orders.cancelled], [3, 1]);
        const { body: top } = await admin.get<TopProduct[]>('/stats/top-products');
        assert.ok(top.every(({ category }) => category !== null));
      });
    });

    after(async () => {
      await shop.close();
      rmSync(dataDir, { recursive: true, force: true });
    });

    test('revenue by day and category is what was ordered and not cancelled', async () => {
      const top = await settle(async () => {
        const { body } = await admin.get<TopProduct[]>('/stats/top-products');
        assert.equal((await admin.get<FigureCheck>('/stats/check')).body.agrees, true);
        return body;
      });
      const { status, body } = await admin.get<CategoryRevenue[]>('/stats/revenue');
      assert.equal(status, 200);
      const all = (values: number[]) => values.reduce((sum, value) => sum + Math.round(value * 100), 0);
      assert.equal(all(body.map(({ revenue }) => revenue)), all(top.map(({ revenue }) => revenue)));
      assert.deepEqual(new Set(body.map(({ category }) => category)), new Set(top.map(({ category }) => category)));
      assert.match(body[0]?.day ?? '', /^\d{4}-\d\d-\d\d$/);
      assert.deepEqual((await admin.get('/stats/revenue?currency=EUR')).body, []);
    });

    const download = async (query: string) => {
      const response = await fetch(`${shop.url}/stats/export?${query}`, {
        headers: { authorization: `Bearer ${admin.token}` },
      });
      assert.equal(response.status, 200, query);
      const named = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? '';
      return { named, type: response.headers.get('content-type'), bytes: await response.arrayBuffer() };
    };
    const textOf = (bytes: ArrayBuffer) => new TextDecoder().decode(bytes);

    test('figures can be taken away as CSV and as Parquet, and both say the same', async () => {
      const revenue = await settle(async () => {
        const { body } = await admin.get<CategoryRevenue[]>('/stats/revenue');
        assert.ok(body.length > 0);
        return body;
      });
      const csv = await download('what=revenue');
      const [header, ...lines] = textOf(csv.bytes).trimEnd().split('\r\n');
      assert.equal(header, 'day,category,quantity,revenue,currency');
      const rows = revenue.map((row) =>
        [row.day, row.category ?? '', row.quantity, row.revenue.toFixed(2), 'USD'].join(),
      );
      assert.deepEqual(lines, rows);
      const parquet = await download('what=revenue&format=parquet');
      const read = await parquetReadObjects({ file: parquet.bytes });
      assert.deepEqual(
        read.map(({ day, quantity, ...row }) => ({
          ...row,
          day: day.toISOString().slice(0, 10),
          quantity: Number(quantity),
        })),
        revenue.map((row) => ({ ...row, currency: 'USD' })),
      );
      assert.match(csv.named, /^revenue-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/);
      assert.deepEqual([csv.type, parquet.type], ['text/csv; charset=utf-8', 'application/vnd.apache.parquet']);
      assert.equal(parquet.named, csv.named.replace(/csv$/, 'parquet'));
    });

    test('a file without figures has its header', async () => {
      const then = 'from=1999-01-01&to=1999-02-01';
      for (const [what, header] of [
        ['revenue', 'day,category,quantity,revenue,currency'],
        ['top-products', 'product_id,name,category,quantity,revenue,currency'],
      ]) {
        const { bytes, named } = await download(`what=${what}&${then}`);
        assert.deepEqual([textOf(bytes), named], [`${header}\r\n`, `${what}-1999-01-01-1999-01-31.csv`]);
        const parquet = await download(`what=${what}&${then}&format=parquet`);
        assert.deepEqual(await parquetReadObjects({ file: parquet.bytes }), []);
      }
    });

    test('a series as a file has a row for every bucket, of one metric or of all of them', async () => {
      const span = 'from=2026-01-01&to=2026-01-08&interval=day';
      const one = textOf((await download(`what=timeseries&metric=revenue&${span}`)).bytes);
      assert.equal(one.split('\r\n')[1], 'revenue,USD,2026-01-01T00:00:00.000Z,0,0.00');
      assert.equal(one.trimEnd().split('\r\n').length, 8);
      const all = textOf((await download(`what=timeseries&${span}`)).bytes);
      assert.equal(all.trimEnd().split('\r\n').length, 1 + 6 * 7);
    });
  });

testApart('a file says what it is and how it is named when every service runs in a process of its own', async () => {
  const shop = await world({ processes: 'each' });
  try {
    const { token } = await shop.as('admin');
    const files = ['csv', 'parquet'].map(async (format) => {
      const span = 'what=revenue&from=1999-01-01&to=1999-02-01';
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${shop.url}/stats/export?${span}&format=${format}`, { headers });
      const told = ['content-type', 'content-disposition'].map((name) => response.headers.get(name));
      return { told, bytes: await response.arrayBuffer() };
    });
    const [csv, parquet] = await Promise.all(files);
    assert.deepEqual(
      [csv?.told, parquet?.told],
      [
        ['text/csv; charset=utf-8', 'inline; filename="revenue-1999-01-01-1999-01-31.csv"'],
        ['application/vnd.apache.parquet', 'inline; filename="revenue-1999-01-01-1999-01-31.parquet"'],
      ],
    );
    assert.equal(new TextDecoder().decode(csv?.bytes), 'day,category,quantity,revenue,currency\r\n');
    assert.deepEqual(await parquetReadObjects({ file: parquet?.bytes ?? assert.fail() }), []);
  } finally {
    await shop.close();
  }
});

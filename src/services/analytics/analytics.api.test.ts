import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TestClient } from '../../testing/client.ts';
import { settle } from '../../testing/settle.ts';
import { type World, world } from '../../testing/world.ts';
import type { Point, Rebuilt, Stats, TopProduct } from './analytics.contract.ts';
import { figuresStores } from './analytics.world.fixture.ts';
import type { FigureCheck } from './check/analytics.check.contract.ts';

let shop: World;
let admin: TestClient;
let alice: TestClient;

for (const { name, settingsOf } of figuresStores)
  describe(`the figures of a shop, kept in ${name}`, () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-figures-'));

    before(async () => {
      shop = await world({ env: settingsOf(dataDir) });
      [admin, alice] = await Promise.all([shop.as('admin'), shop.as('alice')]);
    });

    after(async () => {
      await shop.close();
      rmSync(dataDir, { recursive: true, force: true });
    });

    const [LAPTOP, MOUSE] = [1, 2];

    async function order(product_id: number, quantity: number): Promise<number> {
      return (await alice.post('/orders', { items: [{ product_id, quantity }] })).body.order_id;
    }

    const stats = async (): Promise<Stats> => (await admin.get<Stats>('/stats')).body;

    /** The messages of a stream, parsed; `close` goes away. */
    async function stream(path: string, headers: Record<string, string> = {}) {
      const leaving = new AbortController();
      const response = await fetch(shop.url + path, { headers, signal: leaving.signal });
      if (!response.body) throw new Error('an answer without a body');
      const chunks = response.body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
      let text = '';
      return {
        status: response.status,
        async next(): Promise<Stats | undefined> {
          for (;;) {
            const end = text.indexOf('\n\n');
            if (end >= 0) {
              const block = text.slice(0, end);
              text = text.slice(end + 2);
              if (block.startsWith('data: ')) return JSON.parse(block.slice(6)) as Stats;
              continue;
            }
            const { done, value } = await chunks.next();
            if (done) return undefined;
            text += value;
          }
        },
        close: () => leaving.abort(),
      };
    }

    const bearer = (client: TestClient): Record<string, string> => ({ authorization: `Bearer ${client.token}` });

    test('the figures of the shop are for its staff', async () => {
      for (const path of [
        '',
        '/timeseries?metric=orders',
        '/top-products',
        '/revenue',
        '/export?what=revenue',
        '/stream',
        '/check',
      ]) {
        assert.equal((await shop.guest.get(`/stats${path}`)).status, 401, path);
        assert.equal((await alice.get(`/stats${path}`)).status, 403, path);
      }
      assert.equal((await alice.post('/stats/rebuild')).status, 403);
      assert.equal((await admin.get('/stats')).status, 200);
    });

    test('what customers do is in the figures a moment later, each thing once', async () => {
      const before = await settle(async () => {
        const figures = await stats();
        assert.equal(figures.registered_users, 2);
        return figures;
      });
      const order_id = await order(LAPTOP, 2);
      const dropped = await order(MOUSE, 1);
      await alice.post(`/orders/${dropped}/cancel`);
      const { body: invoice } = await alice.post('/invoices', { order_id });
      await admin.put(`/invoices/${invoice.invoice_id}`, { status: 'sent' });
      const figures = await settle(async () => {
        const now = await stats();
        assert.deepEqual([now.orders.total, now.orders.cancelled, now.invoices.sent], [2, 1, 1]);
        return now;
      });
      assert.deepEqual(figures.revenue, { net: 2599.98, tax: 260, gross: 2859.98, refunded: 0, credited: 0, paid: 0 });
      assert.equal(figures.invoices.amount_outstanding, 2859.98);
      assert.equal(figures.currency, 'USD');
      assert.ok(figures.events_processed >= before.events_processed + 5);
      assert.ok(Date.now() - Date.parse(figures.last_event_time ?? '') < 60_000);
      assert.equal((await admin.get<Stats>('/stats?currency=EUR')).body.revenue.gross, 0);
    });

    test('transactions, as they are made and paid, are in the figures of the first clients', async () => {
      const before = await stats();
      for (const amount of [850.5, 20]) await alice.post('/transactions', { amount, description: 'Order' });
      await settle(async () => assert.equal((await stats()).total_transactions, before.total_transactions + 2));
      const { status } = await alice.post('/transactions/pay');
      assert.equal(status, 200);
      const now = await settle(async () => {
        const figures = await stats();
        assert.equal(figures.total_paid_transactions, before.total_paid_transactions + 2);
        return figures;
      });
      assert.equal(now.unique_users, 1);
      assert.ok(Math.abs(now.total_amount - before.total_amount - 870.5) < 0.001);
      assert.ok(Math.abs(now.total_paid_amount - before.total_paid_amount - 870.5) < 0.001);
    });

    test('a figure over time has a point for every bucket', async () => {
      await order(MOUSE, 1);
      const path = '/stats/timeseries?metric=orders&interval=day';
      const points = await settle(async () => {
        const { body } = await admin.get<Point[]>(path);
        assert.ok((body.at(-1)?.count ?? 0) > 0);
        return body;
      });
      assert.equal(points.length, 31);
      assert.deepEqual(points[0], { bucket: points[0]?.bucket, count: 0, amount: 0 });
      const users = await admin.get<Point[]>('/stats/timeseries?metric=users&interval=hour&currency=EUR');
      assert.equal(
        users.body.reduce((all, { count }) => all + count, 0),
        2,
      );
    });

    test('the products that sell most', async () => {
      await order(MOUSE, 9);
      const top = await settle(async () => {
        const { body } = await admin.get<TopProduct[]>('/stats/top-products?limit=1');
        assert.ok((body[0]?.quantity ?? 0) >= 9);
        return body;
      });
      assert.equal(top.length, 1);
      assert.equal(top[0]?.product_id, MOUSE);
      const { category } = top[0] ?? {};
      assert.ok(category, 'the category is known from the events of the catalogue');
      const others = await admin.get<TopProduct[]>('/stats/top-products?category=Nothing');
      assert.deepEqual(others.body, []);
    });

    const BAD = [
      '/timeseries',
      '/timeseries?metric=visits',
      '/timeseries?metric=orders&interval=minute',
      '/timeseries?metric=orders&from=yesterday',
      '/timeseries?metric=orders&interval=hour&from=2020-01-01',
      '/timeseries?metric=orders&from=2026-02-01&to=2026-01-01',
      '/timeseries?metric=orders&currency=usd',
      "/timeseries?metric=orders&from=2026-01-01'--",
      '/timeseries?metric=orders&metric=revenue',
      '/top-products?limit=0',
      '/top-products?limit=101',
      '/top-products?by=name',
      '/top-products?to=now',
      '/top-products?colour=red',
      '/revenue?from=2020-01-01',
      '/revenue?to=tomorrow',
      '/export',
      '/export?what=users',
      '/export?what=revenue&format=xls',
      '/export?what=top-products&limit=10001',
      '?currency=US',
      '?access_token=x',
      '/stream?currency=dollar',
    ];

    for (const path of BAD) {
      test(`GET /stats${path} is refused with a reason`, async () => {
        const { status, body } = await admin.get(`/stats${path}`);
        assert.equal(status, 400, JSON.stringify(body));
        assert.ok(body.error);
      });
    }

    test('who watches sees the figures now, and again when they change', async () => {
      const watching = await stream('/stats/stream', { ...bearer(admin), 'last-event-id': '17' });
      const other = await stream(`/stats/stream?access_token=${admin.token}`);
      const first = await watching.next();
      assert.ok(first);
      assert.deepEqual(await other.next(), first);
      await order(MOUSE, 1);
      for (const one of [watching, other]) {
        let seen = await one.next();
        while (seen && seen.orders.total <= first.orders.total) seen = await one.next();
        assert.equal(seen?.orders.total, first.orders.total + 1);
        one.close();
      }
    });

    test('the figures can be made anew while the shop is open, and say the same afterwards', async () => {
      const series = async () => (await admin.get('/stats/timeseries?metric=revenue&interval=hour')).body;
      // Again, should an event of the tests before have arrived in the middle.
      await settle(async () => {
        const before = [await stats(), await series()] as const;
        const { status, body } = await admin.post<Rebuilt>('/stats/rebuild');
        assert.deepEqual([status, body.events, body.mended], [200, before[0].events_processed, 0]);
        assert.deepEqual([await stats(), await series()], before);
      });
    });

    test('what was counted agrees with what the owners have', async () => {
      const { status, body } = await admin.get<FigureCheck>('/stats/check');
      assert.equal(status, 200);
      assert.deepEqual([body.agrees, body.ledger], [true, []]);
    });

    test('a shop that closes tells those who watch, and does not wait for them', async () => {
      const closing = await world();
      const boss = await closing.as('admin');
      const response = await fetch(`${closing.url}/stats/stream`, { headers: bearer(boss) });
      const text = response.text();
      await closing.close();
      assert.match(await text, /^retry: \d+\n\n/);
    });
  });

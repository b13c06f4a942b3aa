import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type Database, openDatabase } from '../../platform/db/postgres.ts';
import { postgresStore } from '../../platform/db/store.ts';
import { minor } from '../../platform/money.ts';
import { testDatabase } from '../../platform/testing/databases.ts';
import { eachEngine } from '../../platform/testing/engines.ts';
import { analyticsContract } from './analytics.contract.ts';
import type { Fact } from './analytics.facts.model.ts';
import {
  anOrder,
  aShop,
  captured,
  chance,
  described,
  invoiceBecame,
  invoiced,
  moved,
  NOON,
  owed,
  packed,
  placed,
  refunded,
  registered,
  shipmentBecame,
  shuffledAndDoubled,
} from './analytics.fixture.ts';
import { statsOf } from './analytics.model.ts';
import { analyticsPostgres } from './analytics.repository.postgres.ts';
import type { AnalyticsRepository } from './analytics.repository.ts';

const SCHEMA = 'tradepost_analytics';
const DAY = { from: '2026-11-18T00:00:00.000Z', to: '2026-11-19T00:00:00.000Z' };

// What the interface promises, every store keeps; a second one gets a line here.
const STORES = [{ name: 'PostgreSQL', on: (db: Database) => analyticsPostgres(postgresStore(db, analyticsContract)) }];

for (const store of STORES) {
  eachEngine(`how events are counted in ${store.name}`, (engine) => {
    let database: Awaited<ReturnType<typeof testDatabase>>;
    let processes: Database[];
    let figures: AnalyticsRepository;
    let elsewhere: AnalyticsRepository;

    before(async () => {
      database = await testDatabase(engine);
      processes = [1, 2].map(() => openDatabase(database.url));
      [figures, elsewhere] = processes.map(store.on) as [AnalyticsRepository, AnalyticsRepository];
    });

    const run = async (text: string) => processes[0]?.script(text);
    const forget = () => run(`truncate ${['events', 'stories', 'figures', 'sold'].map((one) => `${SCHEMA}.${one}`)}`);
    beforeEach(forget);

    after(async () => {
      await Promise.all(processes.map((db) => db.close()));
      await database.drop();
    });

    const stats = async (currency = 'USD') => statsOf(await figures.totals(), currency);
    const revenue = async () => (await stats()).revenue.gross;
    const record = (...facts: Fact[]) => figures.record(facts);

    /** Everything that can be read, for a comparison of two ways to it. */
    async function everything(): Promise<object> {
      const top = { by: 'quantity' as const, currency: 'USD', category: undefined, limit: 100 };
      const month = { from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' };
      const metrics = ['orders', 'revenue', 'transactions', 'payments', 'refunds'] as const;
      const query = { interval: 'hour' as const, currency: 'USD', ...month };
      const whole = { from_id: 1, to_id: 1_000, rows: true };
      return {
        stats: await stats(),
        series: await Promise.all(metrics.map((metric) => figures.series({ metric, ...query }))),
        users: await figures.series({ metric: 'users', ...query, currency: '' }),
        top: await figures.topProducts({ ...top, ...month }),
        figures: await Promise.all(
          (['orders', 'invoices', 'transactions'] as const).map((of) => figures.figures(of, whole)),
        ),
      };
    }

    test('before anything has happened every figure is 0', async () => {
      assert.deepEqual(await stats(), statsOf([], 'USD'));
      assert.deepEqual(
        await figures.topProducts({ by: 'revenue', currency: 'USD', ...DAY, category: undefined, limit: 5 }),
        [],
      );
      const figuresOf = await figures.figures('orders', { from_id: 1, to_id: 9, rows: true });
      assert.deepEqual(figuresOf, { last_id: 0, groups: [], rows: [] });
    });

    test('an event counts once, however often it comes, and the answer tells which came first', async () => {
      const order = placed(1);
      assert.equal(await record(order, order), 1);
      assert.equal(await record(order), 0);
      assert.equal(await elsewhere.record([order, registered(1)]), 1);
      const { orders, events_processed } = await stats();
      assert.deepEqual([orders.total, events_processed], [1, 2]);
    });

    test('the figures are those of what happened, in whatever order it is told, and told twice', async () => {
      for (const seed of [1, 2, 3, 4]) {
        await forget();
        const pick = chance(seed);
        const shop = aShop(40, pick);
        const told = shuffledAndDoubled(shop.facts, pick);
        const cut = pick(told.length);
        assert.equal(await figures.record(told.slice(0, cut)), new Set(told.slice(0, cut)).size);
        for (const fact of told.slice(cut, cut + 20)) await figures.record([fact]);
        await figures.record(told.slice(cut + 20));
        assert.deepEqual(await stats(), shop.stats, `seed ${seed}`);
      }
    });

    test('everything that can be read is the same after any order of the events', async () => {
      const { facts } = aShop(30, chance(7));
      await figures.record(facts);
      const first = await everything();
      for (const seed of [8, 9]) {
        await forget();
        for (const fact of shuffledAndDoubled(facts, chance(seed))) await figures.record([fact]);
        assert.deepEqual(await everything(), first);
      }
    });

    test('two processes that are told the same at once, in another order each, count it once', async () => {
      const shop = aShop(150, chance(11));
      const tell = async (on: AnalyticsRepository, seed: number) => {
        const facts = shuffledAndDoubled(shop.facts, chance(seed));
        const counts = [];
        for (let at = 0; at < facts.length; at += 40) counts.push(on.record(facts.slice(at, at + 40)));
        return (await Promise.all(counts)).reduce((all, one) => all + one, 0);
      };
      const counts = await Promise.all([
        tell(figures, 12),
        tell(elsewhere, 13),
        tell(figures, 14),
        tell(elsewhere, 15),
      ]);
      assert.equal(
        counts.reduce((all, one) => all + one, 0),
        shop.facts.length,
      );
      assert.deepEqual(await stats(), shop.stats);
    });

    test('an order that is cancelled is no revenue, also when that is heard before the order', async () => {
      await record(placed(1), placed(2));
      assert.equal(await revenue(), 44_000);
      await record(moved(1, 'cancelled'));
      await record(moved(2, 'confirmed'), moved(3, 'cancelled'));
      assert.deepEqual((await stats()).orders, { total: 2, pending: 0, confirmed: 1, completed: 0, cancelled: 1 });
      await record(placed(3));
      assert.equal(await revenue(), 22_000);
      assert.equal((await stats()).orders.cancelled, 2);
    });

    test('what is sent and not paid is outstanding, less what was paid of it', async () => {
      const outstanding = async () => (await stats()).invoices.amount_outstanding;
      await record(invoiced(1, 10_000), invoiced(2, 5_000), invoiceBecame(1, 'sent'), owed(1, 4_000));
      assert.equal(await outstanding(), 10_000);
      await record(captured(1, 4_000, 1));
      assert.equal(await outstanding(), 6_000);
      await record(refunded(1, 1_000, 1));
      assert.equal(await outstanding(), 7_000);
      await record(invoiceBecame(1, 'paid'), invoiceBecame(2, 'sent'));
      assert.equal(await outstanding(), 5_000);
    });

    test('a user with many transactions is one user, and a transaction that is paid is paid once', async () => {
      await record(owed(1, 100, 2), owed(2, 200, 2), owed(3, 300, 3), captured(2, 200), refunded(2, 50));
      const { total_transactions, total_amount, total_paid_transactions, ...rest } = await stats();
      assert.deepEqual([total_transactions, total_amount, total_paid_transactions, rest.unique_users], [3, 600, 1, 2]);
      assert.deepEqual([rest.total_paid_amount, rest.total_refunded_amount], [200, 50]);
    });

    test('a parcel that failed and went out again is out: there the later event counts, not the further one', async () => {
      const at = (minute: number) => `2026-11-18T12:0${minute}:00.000Z`;
      await record(shipmentBecame(1, 'shipped', at(3)));
      await record(shipmentBecame(1, 'failed', at(2)), packed(1, at(0)));
      const { shipments } = await stats();
      assert.deepEqual([shipments.total, shipments.shipped, shipments.failed], [1, 1, 0]);
    });

    test('each currency has its own amounts; counts are of everything', async () => {
      await record(placed(1), placed(2, NOON, { currency: 'EUR', total: minor(500) }));
      const [dollars, euros] = [await stats('USD'), await stats('EUR')];
      assert.deepEqual([dollars.revenue.gross, euros.revenue.gross, euros.orders.total], [22_000, 500, 2]);
    });

    test('a series sums hours, days, weeks from Monday and months, in UTC', async () => {
      const times = [
        '2026-11-15T23:59:59.999Z',
        '2026-11-16T00:00:00.000Z',
        '2026-11-16T00:59:59.999Z',
        '2026-12-01T00:00:00.000Z',
      ];
      await figures.record(times.map((time, i) => placed(i + 1, time)));
      const span = { from: '2026-11-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
      const series = async (interval: 'hour' | 'day' | 'week' | 'month') => {
        const points = await figures.series({ metric: 'orders', currency: 'USD', interval, ...span });
        return points.map(({ bucket, count, amount }) => [bucket.slice(0, 13), count, amount]);
      };
      const last = ['2026-12-01T00', 1, 22_000];
      assert.deepEqual(await series('hour'), [['2026-11-15T23', 1, 22_000], ['2026-11-16T00', 2, 44_000], last]);
      assert.deepEqual(await series('day'), [['2026-11-15T00', 1, 22_000], ['2026-11-16T00', 2, 44_000], last]);
      const monday = ['2026-11-30T00', 1, 22_000];
      assert.deepEqual(await series('week'), [['2026-11-09T00', 1, 22_000], ['2026-11-16T00', 2, 44_000], monday]);
      assert.deepEqual(await series('month'), [['2026-11-01T00', 3, 66_000], last]);
    });

    test('a cancelled order leaves the revenue of the hour in which it was placed', async () => {
      await record(placed(1, '2026-11-18T08:10:00.000Z'), moved(1, 'cancelled', '2026-11-18T17:00:00.000Z'));
      const query = { currency: 'USD', interval: 'hour' as const, ...DAY };
      assert.deepEqual(await figures.series({ metric: 'revenue', ...query }), []);
      assert.equal((await figures.series({ metric: 'orders', ...query }))[0]?.count, 1);
    });

    test('the products that sold most are named as they are called now, without what was cancelled', async () => {
      const line = (product_id: number, quantity: number, total: number) => {
        const item = { product_id, product_name: `Old ${product_id}`, description: '', quantity };
        return { ...item, unit_price: minor(1), total: minor(total) };
      };
      const items = [line(1, 2, 5_000), line(2, 9, 900)];
      const order = (order_id: number, time = NOON) => placed(order_id, time, { ...anOrder(order_id), items });
      await record(order(1), order(2), order(3), moved(3, 'cancelled'), order(4, '2026-11-19T00:00:00.000Z'));
      await record(described(1, 'Laptop', 'Computers'), described(1, 'Old laptop', 'Junk', '2026-11-01T00:00:00.000Z'));
      const query = { currency: 'USD', ...DAY, category: undefined, limit: 9 };
      const laptop = { product_id: 1, name: 'Laptop', category: 'Computers', quantity: 4, revenue: minor(10_000) };
      const other = { product_id: 2, name: 'Old 2', category: null, quantity: 18, revenue: minor(1_800) };
      assert.deepEqual(await figures.topProducts({ by: 'quantity', ...query }), [other, laptop]);
      assert.deepEqual(await figures.topProducts({ by: 'revenue', ...query, limit: 1 }), [laptop]);
      assert.deepEqual(await figures.topProducts({ by: 'quantity', ...query, category: 'Computers' }), [laptop]);
      assert.deepEqual(await figures.topProducts({ by: 'quantity', ...query, currency: 'EUR' }), []);
    });

    test('one event that cannot be kept does not take the others along', async () => {
      const broken = { ...registered(1), time: 'yesterday or so' };
      const answers = await Promise.allSettled([record(registered(2)), record(broken), record(placed(1))]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      assert.equal((await stats()).events_processed, 2);
    });

    test('figures that are made anew are the same, and what was wrong with them is mended', async () => {
      const { facts, stats: expected } = aShop(40, chance(21));
      await figures.record(shuffledAndDoubled(facts, chance(22)));
      const before = await everything();
      assert.equal((await figures.rebuild()).mended, 0);
      assert.deepEqual(await everything(), before);
      await run(`update ${SCHEMA}.figures set count = count + 7 where metric = 'orders';
        delete from ${SCHEMA}.figures where metric = 'revenue';
        update ${SCHEMA}.stories set status = 'completed', place = '9' where kind = 'order';
        update ${SCHEMA}.sold set quantity = 0`);
      assert.notDeepEqual(await stats(), expected);
      const { events, mended } = await figures.rebuild();
      assert.equal(events, facts.length);
      assert.ok(mended > 0);
      assert.deepEqual(await everything(), before);
      assert.deepEqual(await stats(), expected);
    });

    test('events go on arriving while the figures are made anew, in two processes, and none is lost or counted twice', async () => {
      const shop = aShop(200, chance(31));
      const facts = shuffledAndDoubled(shop.facts, chance(32));
      const arriving = facts.map((fact, i) => (i % 2 ? figures : elsewhere).record([fact]));
      const rebuilds = await Promise.allSettled([figures.rebuild(), elsewhere.rebuild(), figures.rebuild()]);
      await Promise.all(arriving);
      assert.deepEqual(await stats(), shop.stats);
      assert.equal((await figures.rebuild()).mended, 0);
      assert.ok(rebuilds.some(({ status }) => status === 'fulfilled'));
      const codes = rebuilds.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
      assert.deepEqual(new Set([...codes, 'ANALYTICS_REBUILDING']), new Set(['ANALYTICS_REBUILDING']));
    });

    test('ten thousand events are counted a batch at a time, and not one by one', async () => {
      const many = Array.from({ length: 10_000 }, (_, i) => (i % 2 ? placed(i) : owed(i + 1, 100, i % 300)));
      const statements = await countingStatements(() => figures.record(many));
      assert.equal((await stats()).events_processed, 10_000);
      assert.ok(statements <= 25, `${statements} statements`);
    });

    async function countingStatements(work: () => Promise<unknown>): Promise<number> {
      const commits = async () => {
        const text = 'select count(distinct xmin::text)::bigint as commits from tradepost_analytics.events';
        const [row] = (await processes[0]?.query<{ commits: number }>({ name: '', text })) ?? [];
        return row?.commits ?? 0;
      };
      const before = await commits();
      await work();
      return (await commits()) - before;
    }
  });
}

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Tools } from '../../platform/app/module.ts';
import { minor, toDecimalText } from '../../platform/contract/money.ts';
import type { ClickHouseStore } from '../../platform/db/clickhouse/store/store.ts';
import { eachStore, type StoredRow } from '../../testing/stores.ts';
import { analyticsContract } from './analytics.contract.ts';
import { everythingOf } from './analytics.everything.fixture.ts';
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
import type { AnalyticsRepository } from './analytics.repository.ts';
import { analyticsClickHouse } from './clickhouse/analytics.repository.clickhouse.ts';
import type { Fact } from './model/analytics.facts.model.ts';
import { statsOf } from './model/analytics.model.ts';
import { bucketsOf } from './model/analytics.series.model.ts';
import { analyticsPostgres } from './postgres/analytics.repository.postgres.ts';

const DAY = { from: '2026-11-18T00:00:00.000Z', to: '2026-11-19T00:00:00.000Z' };

/** The database in ClickHouse that the last repository was made for. */
let database = '';
const STORES = {
  postgres: { open: analyticsPostgres },
  clickhouse: {
    open(store: ClickHouseStore, tools: Tools) {
      ({ database } = store);
      return analyticsClickHouse(store, tools);
    },
  },
};

eachStore('how events are counted', (store) => {
  let kept: StoredRow<AnalyticsRepository>;
  let figures: AnalyticsRepository;
  let elsewhere: AnalyticsRepository;

  before(async () => {
    kept = await store.open(analyticsContract, STORES);
    [figures, elsewhere] = kept.repositories as [AnalyticsRepository, AnalyticsRepository];
  });

  const forget = () => kept.clear();
  beforeEach(forget);
  after(() => kept.close());

  const stats = async (currency = 'USD') => statsOf(await figures.totals(), currency);
  const revenue = async () => (await stats()).revenue.gross;
  const record = (...facts: Fact[]) => figures.record(facts);

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

  test('everything that can be read is the same after any order of the events, and any way to bring them', async () => {
    const { facts } = aShop(30, chance(7));
    await figures.record(facts);
    const first = await everythingOf(figures);
    for (const seed of [8, 9]) {
      await forget();
      const pick = chance(seed);
      const told = shuffledAndDoubled(facts, pick);
      while (told.length > 0) await figures.record(told.splice(0, 1 + pick(9)));
      assert.deepEqual(await everythingOf(figures), first);
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
    const counts = await Promise.all([tell(figures, 12), tell(elsewhere, 13), tell(figures, 14), tell(elsewhere, 15)]);
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
    const orders = { total: 2, pending: 0, confirmed: 1, completed: 0, cancelled: 1, paid: 0 };
    assert.deepEqual((await stats()).orders, orders);
    await record(placed(3));
    assert.equal(await revenue(), 22_000);
    assert.equal((await stats()).orders.cancelled, 2);
  });

  test('what is sent and not paid is outstanding, less what was paid of it', async () => {
    const outstanding = async () => (await stats()).invoices.amount_outstanding;
    await record(invoiced(1, 10_000), invoiced(2, 5_000), invoiceBecame(1, 'sent'), owed(1, 4_000));
    assert.equal(await outstanding(), 10_000);
    await record(captured(1, 4_000, 1, [4_000, 0, 0]));
    assert.equal(await outstanding(), 6_000);
    await record(refunded(1, 500, 1, [4_000, 500, 500]));
    assert.equal(await outstanding(), 6_000, 'a credit lowers what was owed by what it gives back');
    await record(refunded(1, 1_000, 1, [4_000, 1_500, 500]));
    assert.equal(await outstanding(), 7_000, 'what a correction gives back is owed again');
    await record(captured(1, 7_000, 1, [11_000, 1_500, 500]), invoiceBecame(1, 'paid'), invoiceBecame(2, 'sent'));
    assert.equal(await outstanding(), 5_000);
    await record(refunded(1, 300, 1, [11_000, 1_800, 500]));
    const { invoices } = await stats();
    assert.deepEqual([invoices.amount_outstanding, invoices.paid, invoices.sent], [5_300, 0, 2]);
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
    const span = { from: '2026-11-12T00:00:00.000Z', to: '2026-12-13T00:00:00.000Z' };
    const series = async (interval: 'hour' | 'day' | 'week' | 'month') => {
      const buckets = bucketsOf(interval, span, span.to, 'UTC');
      const points = await figures.series({ metric: 'orders', currency: 'USD', ...buckets });
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
    const query = { currency: 'USD', ...bucketsOf('hour', DAY, DAY.to, 'UTC') };
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

  test('revenue by day and category is of the categories that the products have now, without what was cancelled', async () => {
    const line = (product_id: number, quantity: number, total: number) => {
      const item = { product_id, product_name: `Product ${product_id}`, description: '', quantity };
      return { ...item, unit_price: minor(1), total: minor(total) };
    };
    const items = [line(1, 2, 5_000), line(2, 1, 700), line(3, 9, 900)];
    const order = (order_id: number, time = NOON) => placed(order_id, time, { ...anOrder(order_id), items });
    await record(order(1), order(2, '2026-11-18T23:59:59.999Z'), order(3, '2026-11-19T00:00:00.000Z'), order(4));
    await record(described(1, 'Laptop', 'Junk', '2026-11-01T00:00:00.000Z'), described(1, 'Laptop', 'Computers'));
    await record(described(2, 'Mouse', 'Computers'), moved(4, 'cancelled'), order(5, '2026-11-20T08:00:00.000Z'));
    await record(moved(5, 'cancelled'));
    const of = (day: string, category: string | null, quantity: number, revenue: number) => ({
      day,
      category,
      quantity,
      revenue: minor(revenue),
    });
    const days = (to: string) => ({ zone: 'UTC', ...bucketsOf('day', { from: DAY.from, to }, to, 'UTC') });
    const query = { currency: 'USD', ...days('2026-11-21') };
    assert.deepEqual(await figures.revenueByCategory(query), [
      of('2026-11-18', 'Computers', 6, 11_400),
      of('2026-11-18', null, 18, 1_800),
      of('2026-11-19', 'Computers', 3, 5_700),
      of('2026-11-19', null, 9, 900),
    ]);
    assert.equal((await figures.revenueByCategory({ ...query, ...days(DAY.to) })).length, 2);
    assert.deepEqual(await figures.revenueByCategory({ ...query, currency: 'EUR' }), []);
  });

  test('a sum beyond 2^53 is exact to the cent, in totals, series and products', async () => {
    const large = (id: number, total: number) => {
      const money = { subtotal: minor(total), tax: minor(0), total: minor(total) };
      const items = anOrder(id).items.map((line) => ({ ...line, total: minor(total) }));
      return placed(id, NOON, { ...money, items });
    };
    await record(large(1, 5_000_000_000_000_000), large(2, 4_999_999_999_999_999));
    const text = '99999999999999.99';
    assert.equal(toDecimalText((await stats()).revenue.gross), text);
    const buckets = bucketsOf('day', DAY, DAY.to, 'UTC');
    const [point] = await figures.series({ metric: 'revenue', currency: 'USD', ...buckets });
    const [day] = await figures.revenueByCategory({ currency: 'USD', zone: 'UTC', ...buckets });
    const [top] = await figures.topProducts({ by: 'revenue', currency: 'USD', ...DAY, category: undefined, limit: 1 });
    const shown = [point?.amount, day?.revenue, top?.revenue].map((amount) => toDecimalText(amount ?? minor(0)));
    assert.deepEqual(shown, [text, text, text]);
  });

  test('who reads while events are recorded sees all of an event or nothing of it', async () => {
    const { facts } = aShop(120, chance(41));
    let recording = true;
    const recorded = Promise.all(facts.map((fact, i) => (i % 2 ? figures : elsewhere).record([fact]))).finally(() => {
      recording = false;
    });
    let looks = 0;
    while (recording) {
      const totals = await figures.totals();
      const count = (metric: string) =>
        totals.filter((one) => one.metric === metric).reduce((all, one) => all + one.count, 0);
      const { orders } = statsOf(totals, 'USD');
      // The order and its status are told by one event, and counted in different sums.
      assert.ok(orders.total === count('orders'), `${orders.total} of ${count('orders')} orders have a status`);
      looks++;
    }
    await recorded;
    assert.ok(looks > 1);
    assert.equal((await stats()).events_processed, facts.length);
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

  test('ten thousand events are counted a batch at a time, and not one by one', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => (i % 2 ? placed(i) : owed(i + 1, 100, i % 300)));
    await figures.record(many);
    assert.equal((await stats()).events_processed, 10_000);
    const [row] = await kept.rows(
      store.driver === 'postgres'
        ? 'select count(distinct xmin::text)::bigint as commits from tradepost_analytics.events'
        : `select uniqExact(recorded_at) as commits from ${database}.log`,
    );
    assert.ok(Number(row?.commits) <= 25, `${row?.commits} commits`);
  });
});

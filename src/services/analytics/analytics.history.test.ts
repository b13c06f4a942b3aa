import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { minor } from '../../platform/contract/money.ts';
import { eachStore, type StoredRow } from '../../testing/stores.ts';
import { analyticsContract } from './analytics.contract.ts';
import { everythingOf } from './analytics.everything.fixture.ts';
import {
  arrival,
  captured,
  chance,
  described,
  invoiceBecame,
  invoiced,
  placed,
  refunded,
  shuffledAndDoubled,
} from './analytics.fixture.ts';
import { anOrdersHistory, expectedOf, type History } from './analytics.history.fixture.ts';
import type { AnalyticsRepository } from './analytics.repository.ts';
import { analyticsClickHouse } from './clickhouse/analytics.repository.clickhouse.ts';
import { type Fact, totalsRead } from './model/analytics.facts.model.ts';
import { READ_TOTALS } from './model/analytics.metrics.model.ts';
import { statsOf } from './model/analytics.model.ts';
import { bucketsOf } from './model/analytics.series.model.ts';
import { analyticsPostgres } from './postgres/analytics.repository.postgres.ts';

const STORES = { postgres: { open: analyticsPostgres }, clickhouse: { open: analyticsClickHouse } };
const SEEDS = 3;
const MONTH = { from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' };

eachStore('histories of orders: created, paid, refunded as credit or correction, cancelled', (store) => {
  let kept: StoredRow<AnalyticsRepository>;
  let figures: AnalyticsRepository;
  let elsewhere: AnalyticsRepository;

  before(async () => {
    kept = await store.open(analyticsContract, STORES);
    [figures, elsewhere] = kept.repositories as [AnalyticsRepository, AnalyticsRepository];
  });
  beforeEach(() => kept.clear());
  after(() => kept.close());

  async function seen() {
    const { orders, revenue, invoices } = statsOf(await figures.totals(), 'USD');
    const query = { currency: 'USD', ...MONTH };
    const top = await figures.topProducts({ by: 'quantity', category: undefined, limit: 100, ...query });
    const sold = top.map(({ product_id, quantity, revenue }) => [product_id, quantity, revenue]);
    const days = bucketsOf('day', MONTH, MONTH.to, 'UTC');
    const byCategory = await figures.revenueByCategory({ currency: 'USD', zone: 'UTC', ...days });
    const month = { starts: [MONTH.from], to: MONTH.to };
    const series = await figures.series({ metric: 'revenue', currency: 'USD', ...month });
    return {
      orders,
      revenue,
      outstanding: invoices.amount_outstanding,
      sold: sold.sort(([one = 0], [other = 0]) => one - other),
      categories: byCategory.reduce((all, { revenue }) => all + revenue, 0),
      month: series.reduce((all, { amount }) => all + amount, 0),
    };
  }

  for (let seed = 1; seed <= SEEDS; seed++) {
    test(`doubled and in any order, they come to the figures of the final facts, and a rebuild to the same (seed ${seed})`, async () => {
      const pick = chance(seed);
      const histories: History[] = Array.from({ length: 40 }, (_, n) => anOrdersHistory(n + 1, pick));
      const facts = shuffledAndDoubled(
        [...histories.flatMap((one) => one.facts), described(1, 'One', 'Some'), described(2, 'Two', 'Others')],
        pick,
      );
      while (facts.length > 0) {
        const on = pick(2) ? figures : elsewhere;
        await on.record(facts.splice(0, 1 + pick(40)));
      }
      const expected = expectedOf(histories);
      assert.deepEqual(await seen(), expected);
      const all = await everythingOf(figures);
      assert.equal((await figures.rebuild()).mended, 0);
      assert.deepEqual(await everythingOf(figures), all);
      assert.deepEqual(await seen(), expected);
    });
  }

  test('what older versions kept of money concerns the invoice alone; totals read from payment reach the order, and are no event', async () => {
    const old = (fact: Fact, paid: number): Fact => {
      const stories: Fact['stories'] = [
        { kind: 'transaction', item_id: 1, place: '2', status: 'paid', paid: minor(paid) },
        { kind: 'invoice', item_id: 1, paid: minor(paid) },
      ];
      return { ...fact, stories };
    };
    const bill = [invoiced(1), invoiceBecame(1, 'sent'), invoiceBecame(1, 'paid')];
    const facts = [placed(1), ...bill, old(captured(1, 22_000, 1), 22_000), old(refunded(1, 2_200, 1), -2_200)];
    await figures.record(shuffledAndDoubled(facts, chance(3)));
    const { revenue, outstanding } = await seen();
    assert.deepEqual([revenue.gross, outstanding], [22_000, 0]);
    const totals = {
      order_id: 1,
      paid_total: minor(22_000),
      refunded_total: minor(2_200),
      credited_total: minor(2_200),
    };
    const read = totalsRead(arrival(READ_TOTALS, 1), totals);
    await figures.record([read, read]);
    const now = await seen();
    assert.deepEqual([now.revenue.gross, now.revenue.paid, now.orders.paid], [19_800, 19_800, 1]);
    const { events, mended } = await figures.rebuild();
    assert.deepEqual([events, mended], [facts.length, 0]);
    assert.deepEqual(await seen(), now);
    assert.equal(statsOf(await figures.totals(), 'USD').events_processed, facts.length);
  });

  test('each cent of a credit is taken from the tax or from a line', async () => {
    const history = anOrdersHistory(1, chance(9));
    await figures.record(history.facts.slice(0, 1));
    const { revenue, sold } = await seen();
    assert.equal(revenue.gross, revenue.net + revenue.tax);
    assert.equal(
      sold.reduce((all, [, , amount = 0]) => all + amount, 0),
      revenue.net,
    );
    assert.equal(minor(revenue.gross), history.order.total);
  });
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Tools } from '../../platform/app/module.ts';
import type { ClickHouseStore } from '../../platform/db/clickhouse/store/store.ts';
import { eachStore, type StoredRow } from '../../testing/stores.ts';
import { analyticsContract } from './analytics.contract.ts';
import { everythingOf } from './analytics.everything.fixture.ts';
import { aShop, chance, shuffledAndDoubled } from './analytics.fixture.ts';
import type { AnalyticsRepository } from './analytics.repository.ts';
import { analyticsClickHouse } from './clickhouse/analytics.repository.clickhouse.ts';
import { statsOf } from './model/analytics.model.ts';
import { analyticsPostgres } from './postgres/analytics.repository.postgres.ts';

/** The ClickHouse that the last repository was made for, to spoil it. */
let inRows: ClickHouseStore | undefined;
const STORES = {
  postgres: { open: analyticsPostgres },
  clickhouse: {
    open(store: ClickHouseStore, tools: Tools) {
      inRows = store;
      return analyticsClickHouse(store, tools);
    },
  },
};

eachStore('how figures are made anew', (store) => {
  let kept: StoredRow<AnalyticsRepository>;
  let figures: AnalyticsRepository;
  let elsewhere: AnalyticsRepository;

  before(async () => {
    kept = await store.open(analyticsContract, STORES);
    [figures, elsewhere] = kept.repositories as [AnalyticsRepository, AnalyticsRepository];
  });

  beforeEach(() => kept.clear());
  after(() => kept.close());

  const stats = async () => statsOf(await figures.totals(), 'USD');

  test('figures that are made anew are the same, and what was wrong with them is mended', async () => {
    const { facts, stats: expected } = aShop(40, chance(21));
    await figures.record(shuffledAndDoubled(facts, chance(22)));
    const before = await everythingOf(figures);
    assert.equal((await figures.rebuild()).mended, 0);
    assert.deepEqual(await everythingOf(figures), before);
    await spoil();
    assert.notDeepEqual(await stats(), expected);
    const { events, mended } = await figures.rebuild();
    assert.equal(events, facts.length);
    assert.ok(mended > 0);
    assert.deepEqual(await everythingOf(figures), before);
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

  /** Figures, stories and sales that say something else than the events do. */
  async function spoil(): Promise<void> {
    if (store.driver === 'postgres') {
      const schema = 'tradepost_analytics';
      await kept.rows(`update ${schema}.figures set count = count + 7 where metric = 'orders'`);
      await kept.rows(`delete from ${schema}.figures where metric = 'revenue'`);
      await kept.rows(`update ${schema}.stories set status = 'completed', place = '9' where kind = 'order'`);
      await kept.rows(`update ${schema}.sold set quantity = 0`);
      return;
    }
    const changes = [
      `update count = count + 7 where what in ('total', 'hour') and metric = 'orders'`,
      `delete where what in ('total', 'hour') and metric = 'revenue'`,
      `update status = 'completed', place = '9' where what = 'story' and kind = 'order'`,
      `update count = 0 where what = 'sale'`,
    ];
    for (const one of changes) {
      await inRows?.engine.command(`alter table ${inRows.database}.log ${one} settings mutations_sync = 2`);
    }
  }
});

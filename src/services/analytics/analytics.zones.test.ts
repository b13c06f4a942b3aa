import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { Stores } from '../../platform/app/module.ts';
import { minor } from '../../platform/contract/money.ts';
import { eachStore, type StoredRow } from '../../testing/stores.ts';
import { analyticsContract, type Interval } from './analytics.contract.ts';
import { everythingOf } from './analytics.everything.fixture.ts';
import { captured, chance, moved, placed, refunded, shuffledAndDoubled } from './analytics.fixture.ts';
import type { AnalyticsRepository } from './analytics.repository.ts';
import { analyticsClickHouse } from './clickhouse/analytics.repository.clickhouse.ts';
import type { Fact } from './model/analytics.facts.model.ts';
import { bucketsOf, daysOf, filled } from './model/analytics.series.model.ts';
import { analyticsPostgres } from './postgres/analytics.repository.postgres.ts';

type InZone = (zone: string) => AnalyticsRepository;

/** Repositories over one store whose processes have the setting that a test gives them. */
const STORES: Stores<InZone> = {
  postgres: {
    open:
      (store, { config }) =>
      (zone) =>
        analyticsPostgres(store, { config: { ...config, SHOP_TIME_ZONE: zone } }),
  },
  clickhouse: {
    open:
      (store, { config }) =>
      (zone) =>
        analyticsClickHouse(store, { config: { ...config, SHOP_TIME_ZONE: zone } }),
  },
};

eachStore('days and hours of the shop', (store) => {
  let kept: StoredRow<InZone> | undefined;
  let inZone: InZone;

  beforeEach(async () => {
    kept ??= await store.open(analyticsContract, STORES);
    await kept.clear();
    inZone = kept.repositories[0] as InZone;
  });
  after(() => kept?.close());

  async function series(figures: AnalyticsRepository, interval: Interval, from: string, to: string) {
    const buckets = bucketsOf(interval, { from, to }, to, await figures.zone());
    return filled(buckets, await figures.series({ metric: 'revenue', currency: 'USD', ...buckets }));
  }
  const counts = async (...of: Parameters<typeof series>) => (await series(...of)).map(({ count }) => count);
  const placedAt = (times: readonly string[]): Fact[] => times.map((time, n) => placed(n + 1, time));

  async function sold(figures: AnalyticsRepository, from: string, to: string) {
    const zone = await figures.zone();
    const days = bucketsOf('day', { from, to }, to, zone);
    const rows = await figures.revenueByCategory({ currency: 'USD', zone, ...days });
    return rows.map(({ day, quantity }) => [day, quantity]);
  }

  const NEW_YEAR: readonly (readonly [string, string])[] = [
    ['Pacific/Auckland', '2026-12-31T11:00:00.000Z'],
    ['America/Los_Angeles', '2027-01-01T08:00:00.000Z'],
    ['Asia/Kathmandu', '2026-12-31T18:15:00.000Z'],
    ['UTC', '2027-01-01T00:00:00.000Z'],
  ];
  for (const [zone, midnight] of NEW_YEAR) {
    test(`the year of ${zone} ends at its midnight, in days, months and what was sold`, async () => {
      const figures = inZone(zone);
      const last = new Date(Date.parse(midnight) - 1).toISOString();
      await figures.record(placedAt([last, midnight, midnight]));
      assert.deepEqual(await counts(figures, 'day', '2026-12-31', '2027-01-02'), [1, 2]);
      assert.deepEqual(await counts(figures, 'month', '2026-12-01', '2027-02-01'), [1, 2]);
      assert.deepEqual(await sold(figures, '2026-12-31', '2027-01-02'), [
        ['2026-12-31', 2],
        ['2027-01-01', 4],
      ]);
      const span = daysOf({ from: '2027-01-01', to: '2027-01-02' }, midnight, zone);
      const top = { by: 'quantity' as const, currency: 'USD', category: undefined, limit: 9 };
      assert.equal((await figures.topProducts({ ...top, ...span }))[0]?.quantity, 4);
    });
  }

  const CHANGES: readonly (readonly [string, string, number])[] = [
    ['America/Los_Angeles', '2026-03-08', 23],
    ['America/Los_Angeles', '2026-11-01', 25],
    ['Pacific/Auckland', '2026-09-27', 23],
    ['Pacific/Auckland', '2026-04-05', 25],
  ];
  for (const [zone, day, hours] of CHANGES) {
    test(`${day} has ${hours} hours in ${zone}, and each order of them is in its own`, async () => {
      const figures = inZone(zone);
      const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
      const { starts, to } = bucketsOf('hour', { from: day, to: next }, next, zone);
      assert.equal(starts.length, hours);
      const within = starts.flatMap((start) => [start, new Date(Date.parse(start) + 3_599_999).toISOString()]);
      await figures.record(placedAt(['2026-01-01T00:00:00.000Z', ...within, to]));
      assert.deepEqual(await counts(figures, 'hour', day, next), Array(hours).fill(2));
      assert.deepEqual(await counts(figures, 'day', day, next), [2 * hours]);
      assert.deepEqual(await sold(figures, day, next), [[day, 4 * hours]]);
      assert.equal((await figures.rebuild()).mended, 0);
      assert.deepEqual(await counts(figures, 'hour', day, next), Array(hours).fill(2));
    });
  }

  /** Orders around the clock, some refunded, some cancelled. */
  function someFacts(): Fact[] {
    const pick = chance(17);
    const facts = Array.from({ length: 60 }, (_, n) => {
      const id = n + 1;
      const order = placed(id, new Date(Date.parse('2026-11-03T00:07:00Z') + n * 1_260_000).toISOString());
      const paid = [captured(id, 22_000, id, [22_000, 0, 0]), refunded(id, 700, id, [22_000, 700, 700])];
      return [order, ...(n % 3 === 0 ? paid : []), ...(n % 5 === 0 ? [moved(id, 'cancelled')] : [])];
    });
    return shuffledAndDoubled(facts.flat(), pick);
  }

  test('a setting that was changed takes effect with a rebuild; until then every process counts and reads as before', async () => {
    const facts = someFacts();
    const [kathmandu, adelaide] = [inZone('Asia/Kathmandu'), inZone('Australia/Adelaide')];
    await kathmandu.record(facts.slice(0, 40));
    await adelaide.record(facts.slice(40));
    assert.deepEqual([await kathmandu.zone(), await adelaide.zone()], ['Asia/Kathmandu', 'Asia/Kathmandu']);
    assert.deepEqual(await everythingOf(adelaide), await everythingOf(kathmandu));
    assert.equal((await kathmandu.rebuild()).mended, 0, 'whoever counted, it was by one zone');
    await adelaide.rebuild();
    assert.deepEqual([await kathmandu.zone(), await adelaide.zone()], ['Australia/Adelaide', 'Australia/Adelaide']);
    const rebuilt = await everythingOf(adelaide);
    await kept?.clear();
    await inZone('Australia/Adelaide').record(facts);
    assert.deepEqual(rebuilt, await everythingOf(adelaide), 'as if it had been counted so from the beginning');
  });

  test('events that arrive while the zone is being changed are counted by one zone each figure', async () => {
    const facts = someFacts();
    const [before, now] = [inZone('UTC'), inZone('Asia/Kolkata')];
    await before.record(facts.slice(0, 20));
    const arriving = facts.slice(20).map((fact, n) => (n % 2 ? before : now).record([fact]));
    await now.rebuild();
    await Promise.all(arriving);
    assert.equal(await before.zone(), 'Asia/Kolkata');
    const all = await everythingOf(now);
    assert.equal((await now.rebuild()).mended, 0);
    assert.deepEqual(await everythingOf(now), all);
    const gross = (await series(now, 'day', '2026-11-01', '2026-11-30')).reduce((sum, { amount }) => sum + amount, 0);
    const revenue = (await now.totals()).find(({ metric }) => metric === 'revenue')?.amount;
    assert.equal(minor(gross), revenue);
  });
});

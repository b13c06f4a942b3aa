import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stores } from '../../platform/app/module.ts';
import type { ClickHouseTable, PortableRow, PortableTable } from '../../platform/db/transfer/portable.ts';
import { eachStore, type StoredRow } from '../../testing/stores.ts';
import { analyticsContract } from './analytics.contract.ts';
import { everythingOf } from './analytics.everything.fixture.ts';
import { aShop, chance, shuffledAndDoubled } from './analytics.fixture.ts';
import type { AnalyticsRepository } from './analytics.repository.ts';
import { analyticsCopyClickHouse } from './clickhouse/analytics.copy.clickhouse.ts';
import { analyticsClickHouse } from './clickhouse/analytics.repository.clickhouse.ts';
import { carried } from './model/analytics.copy.model.ts';
import { analyticsCopyPostgres } from './postgres/analytics.copy.postgres.ts';
import { analyticsPostgres } from './postgres/analytics.repository.postgres.ts';

/** A store with its events as a copy sees them. */
interface Copied {
  readonly figures: AnalyticsRepository;
  readonly calendar: PortableTable;
  readonly events: PortableTable;
  begin(rows: readonly PortableRow[]): Promise<void>;
  write(rows: readonly PortableRow[]): Promise<void>;
}

const STORES: Stores<Copied> = {
  postgres: {
    open(store, tools) {
      const [calendar, events] = analyticsCopyPostgres(store);
      assert.ok(calendar && events);
      const write = (rows: readonly PortableRow[]) => store.db.transaction((sql) => events.write(sql, rows));
      const begin = (rows: readonly PortableRow[]) => store.db.transaction((sql) => calendar.write(sql, rows));
      return { figures: analyticsPostgres(store, tools), calendar, events, write, begin };
    },
  },
  clickhouse: {
    open(store, tools) {
      const [calendar, events] = analyticsCopyClickHouse(store);
      assert.ok(calendar && events);
      const into = (table: ClickHouseTable) => (rows: readonly PortableRow[]) =>
        store.writer('log').write(async () => {
          const [block] = await table.blocks(rows);
          return { rows: block?.rows ?? [], answer: undefined };
        });
      const figures = analyticsClickHouse(store, tools);
      return { figures, calendar, events, write: into(events), begin: into(calendar) };
    },
  },
};

eachStore('events that move to another store', (store) => {
  const kept: StoredRow<Copied>[] = [];
  let source: Copied;
  let target: Copied;
  const { facts } = aShop(40, chance(21));

  before(async () => {
    for (let n = 0; n < 2; n++) kept.push(await store.open(analyticsContract, STORES, 1));
    [source, target] = kept.flatMap(({ repositories }) => repositories) as [Copied, Copied];
    const pick = chance(22);
    const told = shuffledAndDoubled(facts, pick);
    while (told.length > 0) await source.figures.record(told.splice(0, 1 + pick(9)));
  });
  after(() => Promise.all(kept.map((one) => one.close())));

  async function pages(of: Copied): Promise<PortableRow[][]> {
    const found: PortableRow[][] = [];
    for (let page = await of.events.read(undefined, 25); page; page = await of.events.read(page.end, 25)) {
      found.push([...page.rows]);
    }
    return found;
  }

  test('are read in the order of their ids, with all that each of them told, in the same words from any store', async () => {
    const expected = facts.map((fact) => carried(fact)).sort((a, b) => (a.id < b.id ? -1 : 1));
    assert.deepEqual((await pages(source)).flat(), expected);
    assert.equal(await source.events.count(), facts.length);
  });

  test('make the same figures there, and a page that comes again makes nothing', async () => {
    const seen = await everythingOf(source.figures);
    const calendar = await source.calendar.read(undefined, 9);
    assert.deepEqual(calendar?.rows, [{ zone: 'UTC' }]);
    assert.equal(await source.calendar.read(calendar?.end, 9), undefined);
    await target.begin(calendar?.rows ?? []);
    for (const page of await pages(source)) {
      await target.write(page);
      await target.write(page);
    }
    assert.deepEqual(await everythingOf(target.figures), seen);
    assert.deepEqual((await pages(target)).flat(), (await pages(source)).flat());
    assert.equal((await target.figures.rebuild()).mended, 0, 'each sum is that of the events');
  });

  test('and those that come later, or once more, are counted there as they would have been', async () => {
    const { facts: later } = aShop(45, chance(23));
    const told = [...later, ...facts.slice(0, 50)];
    assert.equal(await source.figures.record(told), later.length);
    assert.equal(await target.figures.record(told), later.length);
    assert.deepEqual(await everythingOf(target.figures), await everythingOf(source.figures));
  });
});

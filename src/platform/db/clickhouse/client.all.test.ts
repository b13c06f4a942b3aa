import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eachWay, type StoreTarget } from './clickhouse.fixture.ts';
import type { ClickHouse } from './engine.ts';

const COUNTED = `create table {{schema}}.counted (n UInt64) engine = MergeTree order by n
  settings non_replicated_deduplication_window = 1000`;

eachWay('how statements reach the engine', (way) => {
  let place: StoreTarget;
  let engine: ClickHouse;
  let table: string;
  before(async () => {
    place = await way.open('client', COUNTED);
    ({ engine } = await place.join());
    table = `${place.database}.counted`;
  });
  after(() => place.close());

  test('of two blocks with one token the first is kept; what a command writes after them has no part in it', async () => {
    await engine.insert(table, [{ n: 1 }], 'one');
    await engine.insert(table, [{ n: 2 }], 'one');
    await engine.command(`insert into ${table} select 3`);
    await engine.command(`insert into ${table} select 4`);
    assert.deepEqual(await engine.query(`select n from ${table} order by n`), [{ n: 1 }, { n: 3 }, { n: 4 }]);
  });
});

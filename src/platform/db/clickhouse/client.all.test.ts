import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { settle } from '../../../testing/settle.ts';
import { Down } from '../../observability/health.ts';
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

  // The engine in the process is one for all suites, and was opened without a prefix.
  const health = (): string => `${engine.embedded ? '' : engine.prefix}_platform.health`;
  const set = (name: string, value: string) =>
    engine.command(`alter table ${health()} modify setting ${name} = ${value}`);
  const isDown = (sentence: RegExp) => (error: unknown) => error instanceof Down && sentence.test(error.message);

  test('whether it takes a write is found out by writing, for all who ask at once', async () => {
    await settle(async () => {
      await engine.writable();
      assert.deepEqual(await engine.query(`select count() as n from ${health()} final`), [{ n: 1 }]);
    });
    const parts = `select count() as n from system.parts where concat(database, '.', table) = {table:String}`;
    const before = await engine.query<{ n: number }>(parts, { table: health() });
    await Promise.all(Array.from({ length: 50 }, () => engine.writable()));
    const after = await engine.query<{ n: number }>(parts, { table: health() });
    assert.ok((after[0]?.n ?? 0) - (before[0]?.n ?? 0) <= 1, 'fifty who ask are one look at most');
  });

  test('a full disk is down, in a sentence that names no place, until there is room', async () => {
    await set('min_free_disk_bytes_to_perform_insert', '1000000000000000000');
    await settle(() => assert.rejects(engine.writable(), isDown(/^the disk of ClickHouse is full$/)));
    await engine.command(`alter table ${health()} reset setting min_free_disk_bytes_to_perform_insert`);
    await settle(() => engine.writable());
  });

  test('a write of somebody else that is refused is known at once, and one that succeeds makes up for it', async () => {
    await engine.writable();
    await engine.command(
      `alter table ${table} modify setting min_free_disk_bytes_to_perform_insert = 1000000000000000000`,
    );
    await assert.rejects(engine.insert(table, [{ n: 5 }]), { status: 503 });
    await assert.rejects(engine.writable(), isDown(/disk of ClickHouse is full/));
    await engine.command(`alter table ${table} reset setting min_free_disk_bytes_to_perform_insert`);
    await engine.insert(table, [{ n: 5 }]);
    await engine.writable();
  });

  test('what the engine refuses for now is 503, and what is wrong with a statement is not', async () => {
    await engine.command(`system stop merges ${table}`);
    await engine.command(`alter table ${table} modify setting parts_to_throw_insert = 1`);
    await assert.rejects(engine.insert(table, [{ n: 6 }]), { status: 503 });
    await engine.command(`alter table ${table} reset setting parts_to_throw_insert`);
    await engine.command(`system start merges ${table}`);
    const much = 'select length(groupArray(number)) from numbers(100000000) settings';
    await assert.rejects(engine.query(`${much} max_memory_usage = 10000000`), { status: 503 });
    await assert.rejects(
      engine.query(`select sleepEachRow(1) from numbers(9) settings max_block_size = 1`, {}, { seconds: 1 }),
      {
        status: 503,
      },
    );
    await assert.rejects(engine.query('select nothing from nowhere.at_all'), { status: 503 });
    await assert.rejects(engine.query('select from where'), { type: 'SYNTAX_ERROR' });
  });
});

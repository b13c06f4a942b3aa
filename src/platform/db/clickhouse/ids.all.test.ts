import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { AppError } from '../../contract/errors.ts';
import { withId } from '../../contract/ids.ts';
import type { IdSeries } from '../ids.ts';
import { eachWay, type StoreTarget } from './clickhouse.fixture.ts';
import { idsIn } from './store/ids.ts';
import { writerOf } from './store/writer.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
const OWN = `create table {{schema}}.made (id UInt64) engine = MergeTree order by id`;

eachWay('ids in ClickHouse', (way) => {
  let place: StoreTarget;
  let series = '';
  let starts = 0;
  let tests = 0;
  before(async () => {
    place = await way.open('shop', OWN);
  });
  beforeEach(() => {
    series = `series ${++tests}`;
  });
  after(() => place.close());

  async function start(): Promise<IdSeries> {
    const table = `${place.database}.ids`;
    const { engine, locks } = await place.join();
    const writer = writerOf({ engine, locks, process: `process ${++starts}`, table });
    return idsIn(engine, table, writer, series, { table: `${place.database}.made`, column: 'id' });
  }

  async function take(ids: IdSeries, count: number): Promise<number[]> {
    const taken: number[] = [];
    for (let n = 0; n < count; n++) taken.push(await ids.next());
    return taken;
  }

  test('refusals and clean stops leave no gap', async () => {
    const made: number[] = [];
    for (let stop = 0; stop < 5; stop++) {
      const ids = await start();
      made.push(...(await take(ids, stop * 5 + 1)));
      const refused = withId(ids, () => Promise.reject(new AppError('REFUSED', 'conflict', 'refused')), Number);
      await assert.rejects(refused, { code: 'REFUSED' });
      await ids.close();
    }
    assert.deepEqual(made, upTo(made.length));
  });

  test('two that stop leave their ids to the next, a kill loses some, and none is given twice', async () => {
    const two = [await start(), await start()];
    const made = (await Promise.all(two.map((ids) => take(ids, 11)))).flat();
    await Promise.all(two.map((ids) => ids.close()));
    const killed = [await start(), await start()];
    made.push(...(await Promise.all(killed.map((ids) => take(ids, 30)))).flat());
    made.push(...(await take(await start(), 40)));
    assert.equal(new Set(made).size, made.length);
    assert.deepEqual(
      made.filter((id) => id <= 22).sort((a, b) => a - b),
      upTo(22),
    );
  });

  test('what came back counts for nothing when a table has lost what is above it', async () => {
    const ids = await start();
    await take(ids, 2);
    await ids.close();
    const { engine } = await place.join();
    await engine.command(`insert into ${place.database}.made values (1000)`);
    assert.deepEqual(await take(await start(), 1), [1001]);
  });
});

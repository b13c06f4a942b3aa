import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type TestDatabase, testDatabase } from '../../testing/databases.ts';
import { eachEngine } from '../../testing/engines.ts';
import { type Ids, idsFromSequence } from './ids.ts';
import { type Database, openDatabase, type Sql } from './postgres/postgres.ts';

const LARGEST_BLOCK = 512;

eachEngine('ids', (engine) => {
  let database: TestDatabase;
  let processes: [Database, Database];
  before(async () => {
    database = await testDatabase(engine, { empty: true });
    processes = [openDatabase(database.url), openDatabase(database.url)];
  });
  // A sequence for each test: an allocator of the test before may still be fetching its next block.
  let sequence = 'ids_0';
  let tests = 0;
  beforeEach(() => {
    sequence = `ids_${++tests}`;
    return processes[0].script(`create sequence ${sequence}`);
  });
  after(async () => {
    await Promise.all(processes.map((db) => db.close()));
    await database.drop();
  });

  async function take(ids: Ids, count: number): Promise<number[]> {
    const taken: number[] = [];
    for (let i = 0; i < count; i++) taken.push(await ids.next());
    return taken;
  }

  async function reached(): Promise<number> {
    const [row] = await processes[0].query<{ last: number }>({
      name: '',
      text: `select last_value as last from ${sequence}`,
    });
    return row?.last ?? 0;
  }

  test('a process alone gives 1, 2, 3 and so on, without a gap across its blocks', async () => {
    const taken = await take(idsFromSequence(processes[0], sequence), 2_000);
    assert.deepEqual(
      taken,
      Array.from({ length: 2_000 }, (_, i) => i + 1),
    );
  });

  test('two processes that take ids at the same moment never have the same', async () => {
    const allocators = processes.flatMap((db) => [idsFromSequence(db, sequence), idsFromSequence(db, sequence)]);
    const rounds = await Promise.all(
      allocators.map(async (ids) => {
        const together = await Promise.all(Array.from({ length: 700 }, () => ids.next()));
        return [...together, ...(await take(ids, 300))];
      }),
    );
    const all = rounds.flat();
    assert.equal(all.length, 4_000);
    assert.equal(new Set(all).size, 4_000);
    assert.ok(all.every((id) => Number.isSafeInteger(id) && id > 0));
  });

  test('one call takes a few ids; many take blocks, of which no more than two lie idle', async () => {
    await take(idsFromSequence(processes[0], sequence), 1);
    assert.ok((await reached()) <= 4);
    const before = await reached();
    const count = 5_000;
    await take(idsFromSequence(processes[0], sequence), count);
    assert.ok((await reached()) - before <= count + 2 * LARGEST_BLOCK);
  });

  test('after a quiet while blocks are small again', async (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    const sizes: number[] = [];
    const watched: Sql = {
      script: processes[0].script,
      query: async <Row extends object>(...[statement, values]: Parameters<Sql['query']>) => {
        sizes.push(Number(values?.[0]));
        return processes[0].query<Row>(statement, values);
      },
    };
    const ids = idsFromSequence(watched, sequence);
    await take(ids, 1_000);
    assert.equal(sizes.at(-1), LARGEST_BLOCK);
    const fetched = sizes.length;
    now = 60_000;
    while (sizes.length === fetched) await ids.next();
    assert.equal(sizes.at(-1), 4);
  });

  test('when the database fails the caller is told, and the next call tries again', async () => {
    let broken = true;
    const ids = idsFromSequence(
      {
        script: processes[0].script,
        query: (...given) => (broken ? Promise.reject(new Error('connection lost')) : processes[0].query(...given)),
      },
      sequence,
    );
    await assert.rejects(Promise.all([ids.next(), ids.next()]), /connection lost/);
    broken = false;
    assert.equal(await ids.next(), 1);
  });
});

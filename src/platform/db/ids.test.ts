import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type TestDatabase, testDatabase } from '../../testing/databases.ts';
import { eachEngine } from '../../testing/engines.ts';
import { assets } from '../app/assets.ts';
import { AppError } from '../contract/errors.ts';
import { type Ids, withId } from '../contract/ids.ts';
import { idsFromSequence } from './ids.ts';
import { readMigrations } from './migrations.ts';
import { type Database, openDatabase, type Sql } from './postgres/postgres.ts';

const LARGEST_BLOCK = 512;

const ascending = (a: number, b: number): number => a - b;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

eachEngine('ids', (engine) => {
  let database: TestDatabase;
  let processes: [Database, Database];
  before(async () => {
    database = await testDatabase(engine, { empty: true });
    processes = [openDatabase(database.url), openDatabase(database.url)];
    for (const { text } of readMigrations(assets, 'platform/db/migrations', 'tests')) await processes[0].script(text);
  });
  // A sequence for each test: an allocator of the test before may still be fetching its next block.
  let sequence = 'ids_0';
  let tests = 0;
  beforeEach(() => {
    sequence = `ids_${++tests}`;
    return processes[0].script(`create sequence tests.${sequence}`);
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
      text: `select last_value as last from tests.${sequence}`,
    });
    return row?.last ?? 0;
  }

  test('a process alone gives 1, 2, 3 and so on, without a gap across its blocks', async () => {
    const taken = await take(idsFromSequence(processes[0], 'tests', sequence), 2_000);
    assert.deepEqual(
      taken,
      Array.from({ length: 2_000 }, (_, i) => i + 1),
    );
  });

  test('two processes that take ids at the same moment never have the same', async () => {
    const allocators = processes.flatMap((db) => [
      idsFromSequence(db, 'tests', sequence),
      idsFromSequence(db, 'tests', sequence),
    ]);
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
    await take(idsFromSequence(processes[0], 'tests', sequence), 1);
    assert.ok((await reached()) <= 4);
    const before = await reached();
    const count = 5_000;
    await take(idsFromSequence(processes[0], 'tests', sequence), count);
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
    const ids = idsFromSequence(watched, 'tests', sequence);
    await take(ids, 1_000);
    assert.equal(sizes.at(-1), LARGEST_BLOCK);
    const fetched = sizes.length;
    now = 60_000;
    while (sizes.length === fetched) await ids.next();
    assert.equal(sizes.at(-1), 4);
  });

  const refuse = () => Promise.reject(new AppError('REFUSED', 'conflict', 'it was refused'));

  test('an id that was refused is the next one again, and one in doubt is lost', async () => {
    const ids = idsFromSequence(processes[0], 'tests', sequence);
    assert.deepEqual(await take(ids, 2), [1, 2]);
    await assert.rejects(withId(ids, refuse, Number), { code: 'REFUSED' });
    assert.equal(await withId(ids, (id) => Promise.resolve(id), Number), 3);
    // What was asked for is there already under another id.
    await withId(
      ids,
      () => Promise.resolve(1),
      () => 1,
    );
    await assert.rejects(
      withId(ids, () => Promise.reject(new AppError('AWAY', 'unavailable', 'nobody knows')), Number),
      { code: 'AWAY' },
    );
    assert.deepEqual(await take(ids, 2), [5, 6]);
  });

  test('of 200 at once, half of which are refused, the ids of those are given next and none twice', async () => {
    const ids = idsFromSequence(processes[0], 'tests', sequence);
    const save = (nth: number) => (id: number) => (nth % 2 === 0 ? refuse() : Promise.resolve(id));
    const round = (count: number, from: number) =>
      Promise.allSettled(Array.from({ length: count }, (_, nth) => withId(ids, save(from + nth), Number)));
    const made = [...(await round(200, 0)), ...(await round(200, 0))].flatMap((one) =>
      one.status === 'fulfilled' ? [one.value] : [],
    );
    const rest = await take(ids, 100);
    assert.deepEqual([...made, ...rest].sort(ascending), upTo(300));
  });

  test('ten clean stops, some with a block under way, leave no gap', async () => {
    const made: number[] = [];
    for (let stop = 0; stop < 10; stop++) {
      const ids = idsFromSequence(processes[stop % 2] ?? processes[0], 'tests', sequence);
      made.push(...(await take(ids, stop * 7)));
      await withId(ids, refuse, Number).catch(() => undefined);
      // The next block is asked for while this one is closed.
      const last = ids.next();
      made.push(await last);
      await ids.close();
      await assert.rejects(ids.next(), /stops/);
    }
    assert.deepEqual(made, upTo(made.length));
  });

  test('a stop leaves its ids to whoever comes first, and a kill loses them; none is given twice', async () => {
    const [first, second] = processes.map((db) => idsFromSequence(db, 'tests', sequence));
    assert.ok(first && second);
    const made = [...(await take(first, 3)), ...(await take(second, 30))];
    await Promise.all([first.close(), second.close()]);
    const four = processes.flatMap((db) => [1, 2].map(() => idsFromSequence(db, 'tests', sequence)));
    made.push(...(await Promise.all(four.map((ids) => take(ids, 50)))).flat());
    // These are killed: nobody closes them.
    const after = await take(idsFromSequence(processes[0], 'tests', sequence), 300);
    assert.equal(new Set([...made, ...after]).size, made.length + 300);
  });

  test('when the database fails the caller is told, and the next call tries again', async () => {
    let broken = true;
    const ids = idsFromSequence(
      {
        script: processes[0].script,
        query: (...given) => (broken ? Promise.reject(new Error('connection lost')) : processes[0].query(...given)),
      },
      'tests',
      sequence,
    );
    await assert.rejects(Promise.all([ids.next(), ids.next()]), /connection lost/);
    broken = false;
    assert.equal(await ids.next(), 1);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { common } from '../../../contract/errors.ts';
import { eachWay, overHttp, type StoreTarget } from '../clickhouse.fixture.ts';
import type { ClickHouse } from '../engine.ts';
import { type LockHandle, type Locks, processLocks } from '../writers/locks.ts';
import { idsIn } from './ids.ts';
import { lyingLocks, NOTES, note, notesIn, noting, placesOf, textsOf, upTo } from './notes.fixture.ts';
import { type Writer, type Written, writerOf } from './writer.ts';

eachWay('a table with one way in', (way) => {
  let place: StoreTarget;
  let engine: ClickHouse;
  let mine: Writer;
  let yours: Writer;
  const told: Written[] = [];
  before(async () => {
    place = await way.open('notes', NOTES);
    const [one, other] = [await place.join(), await place.join()];
    engine = one.engine;
    const table = `${place.database}.note`;
    mine = writerOf({ ...one, table, process: 'mine', onWritten: (rows) => told.push(...rows) });
    yours = writerOf({ ...other, table, process: 'yours' });
  });
  after(() => place.close());

  test('rows have places in the order in which they were written, without a gap, whoever writes', async () => {
    const answers = await Promise.all(upTo(40).map((n) => note(n % 2 ? mine : yours, `a${n}`, `b${n}`)));
    assert.deepEqual([...new Set(answers)], [2]);
    const notes = await notesIn(engine, place);
    assert.deepEqual(placesOf(notes), upTo(80));
    assert.equal(new Set(textsOf(notes)).size, 80);
    assert.deepEqual(
      told.map(({ text, position }) => ({ text, position })),
      notes.filter(({ text }) => Number(text.slice(1)) % 2 === 1),
    );
  });

  test('what was read before the rows were made is still so when they are written', async () => {
    const countUp = (writer: Writer) =>
      writer.write(async () => {
        const [row] = await engine.query<{ n: number }>(
          `select count() as n from ${place.database}.note where text like 'count%'`,
        );
        return noting(`count ${row?.n}`);
      });
    await Promise.all(upTo(30).map((n) => countUp(n % 2 ? mine : yours)));
    const counted = textsOf(await notesIn(engine, place)).filter((text) => text.startsWith('count'));
    assert.deepEqual(
      counted,
      upTo(30).map((n) => `count ${n - 1}`),
    );
  });

  test('a block is written whole or not at all, and what is refused leaves no gap', async () => {
    const [before_] = [await notesIn(engine, place)];
    await assert.rejects(note(mine, 'good', ''), { type: 'VIOLATED_CONSTRAINT' });
    await assert.rejects(
      mine.write(async () => {
        throw common.NOT_FOUND();
      }),
      { code: 'TRADEPOST_NOT_FOUND' },
    );
    assert.equal(await mine.write(async () => ({ rows: [], answer: 'nothing to write' })), 'nothing to write');
    assert.deepEqual(await notesIn(engine, place), before_);
    await note(yours, 'next');
    assert.deepEqual((await notesIn(engine, place)).at(-1), { text: 'next', position: before_.length + 1 });
  });

  test('two writers of one table in one process, as the ids of two series have them, lose nothing', async () => {
    const { engine: own, locks } = await place.join();
    const table = `${place.database}.ids`;
    const series = (name: string) => idsIn(own, table, writerOf({ engine: own, locks, table, process: 'ids' }), name);
    const [orders, letters] = [series('orders'), series('letters')];
    const given: number[] = [];
    for (let n = 0; n < 300; n++) {
      given.push(await orders.next());
      if (n % 50 === 0) await letters.next();
    }
    assert.equal(new Set(given).size, given.length);
    // A process that starts now goes on behind all that were given.
    const later = await series('orders').next();
    assert.ok(later > Math.max(...given), `${later} was given before`);
  });
});

/** Resolves for all when so many have come. */
function meeting(people: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  return () => {
    if (--people === 0) resolve();
    return promise;
  };
}

overHttp('two processes that both believe it is their turn', (way) => {
  let place: StoreTarget;
  let engine: ClickHouse;
  let table: string;
  before(async () => {
    place = await way.open('notes', NOTES);
    table = `${place.database}.note`;
    engine = (await place.join()).engine;
  });
  after(() => place.close());

  const liar = async (process: string, around = (one: ClickHouse) => one): Promise<Writer> =>
    writerOf({ engine: around((await place.join()).engine), locks: lyingLocks(), table, process });

  test('are told apart by the engine: one is written, the other is told to try again', async () => {
    const writers = [await liar('one'), await liar('two'), await liar('three')];
    for (let round = 0; round < 20; round++) {
      const here = meeting(writers.length);
      const size = 1 + (round % 3);
      const before_ = await notesIn(engine, place);
      const ended = await Promise.allSettled(
        writers.map((writer, n) =>
          writer.write(async () => {
            await here();
            return noting(...upTo(size + n).map((row) => `${round} ${n} ${row}`));
          }),
        ),
      );
      const winners = ended.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []));
      assert.equal(winners.length, 1, JSON.stringify(ended));
      for (const one of ended) if (one.status === 'rejected') assert.equal(one.reason.code, 'TRADEPOST_UNAVAILABLE');
      const notes = await notesIn(engine, place);
      assert.deepEqual(placesOf(notes), upTo(notes.length));
      const [winner = -1] = winners;
      assert.deepEqual(
        textsOf(notes.slice(before_.length)),
        upTo(size + winner).map((row) => `${round} ${winner} ${row}`),
      );
    }
  });

  test('who decided on what is no longer so does not write', async () => {
    const [slow, fast] = [await liar('slow'), await liar('fast')];
    const read = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const late = slow.write(async () => {
      const [row] = await engine.query<{ n: number }>(`select count() as n from ${table} where text = 'unique'`);
      read.resolve();
      await written.promise;
      return noting(...(row?.n === 0 ? ['unique'] : []));
    });
    await read.promise;
    await note(fast, 'unique');
    written.resolve();
    await assert.rejects(late, { code: 'TRADEPOST_UNAVAILABLE' });
    assert.deepEqual(textsOf(await notesIn(engine, place)).filter((text) => text === 'unique').length, 1);
  });

  test('many of them at once lose nothing that was answered, and double nothing', async () => {
    const writers = await Promise.all(['w1', 'w2', 'w3', 'w4'].map((name) => liar(name)));
    const answered: string[] = [];
    const write = async (writer: Writer, w: number): Promise<void> => {
      for (let n = 0; n < 25; n++) {
        const text = `m ${w} ${n}`;
        const done = await note(writer, text).then(
          () => true,
          (error: { code?: string }) => assert.equal(error.code, 'TRADEPOST_UNAVAILABLE'),
        );
        if (done) answered.push(text);
      }
    };
    await Promise.all(writers.map(write));
    const notes = await notesIn(engine, place);
    assert.deepEqual(placesOf(notes), upTo(notes.length));
    assert.deepEqual(
      textsOf(notes)
        .filter((text) => text.startsWith('m '))
        .sort(),
      answered.sort(),
    );
    assert.ok(answered.length >= 25, `${answered.length} of 100 were written`);
  });
});

overHttp('a writer whose way to the engine fails', (way) => {
  let place: StoreTarget;
  let engine: ClickHouse;
  let table: string;
  before(async () => {
    place = await way.open('notes', NOTES);
    table = `${place.database}.note`;
    engine = (await place.join()).engine;
  });
  after(() => place.close());

  const away = () => Object.assign(common.UNAVAILABLE(), { cause: new Error('socket hang up') });

  for (const shared of [true, false]) {
    const locks = (): Locks => (shared ? lyingLocks() : processLocks());
    describe(shared ? 'among several processes' : 'as the only one', () => {
      test('goes on when a crash has used up the token of the next place, and nobody the place', async () => {
        const last = (await notesIn(engine, place)).length;
        for (const attempt of [1, 2]) {
          const ghost = { text: 'ghost', position: last + 1, written_by: 'a process that died' };
          await engine.insert(table, [ghost], `${last + 1} ${attempt}`);
          await engine.command(`alter table ${table} delete where text = 'ghost' settings mutations_sync = 1`);
        }
        const writer = writerOf({ engine, locks: locks(), table, process: `after a crash ${shared}` });
        await note(writer, `alive ${shared}`);
        assert.deepEqual((await notesIn(engine, place)).at(-1), { text: `alive ${shared}`, position: last + 1 });
      });

      test('sends a block again whose answer was lost, and it is there once', async () => {
        let lost = 0;
        const deaf: ClickHouse = {
          ...engine,
          async insert(into, rows, token) {
            await engine.insert(into, rows, token);
            if (lost++ < 2) throw away();
          },
        };
        const writer = writerOf({ engine: deaf, locks: locks(), table, process: `deaf ${shared}` });
        await note(writer, `once ${shared}`, `twice ${shared}`);
        await note(writer, `after ${shared}`);
        const texts = textsOf(await notesIn(engine, place)).filter((text) => text.endsWith(` ${shared}`));
        assert.deepEqual(texts.slice(-3), [`once ${shared}`, `twice ${shared}`, `after ${shared}`]);
        assert.equal(new Set(texts).size, texts.length);
      });

      test('does not take a block of its own, that came late after all, for the one that it writes now', async () => {
        let late: (() => Promise<void>) | undefined;
        const slow: ClickHouse = {
          ...engine,
          async insert(into, rows, token) {
            if (late) return engine.insert(into, rows, token);
            late = () => engine.insert(into, rows, token);
            throw Object.assign(new Error('lost on its way'), { type: 'UNKNOWN' });
          },
          async query<Row extends object>(text: string, params = {}) {
            const rows = await engine.query<Row>(text, params);
            // It comes when the next one has looked already where it will stand.
            if (text.includes('max(position)') && late) await late();
            return rows;
          },
        };
        const lostRows: string[] = [];
        const writer = writerOf({
          engine: slow,
          locks: locks(),
          table,
          process: `late ${shared}`,
          onLost: () => lostRows.push('lost'),
        });
        await assert.rejects(note(writer, `first ${shared}`));
        assert.deepEqual(lostRows, ['lost']);
        await assert.rejects(note(writer, `second ${shared}`), { code: 'TRADEPOST_UNAVAILABLE' });
        await note(writer, `second ${shared}`);
        const notes = await notesIn(engine, place);
        assert.deepEqual(textsOf(notes).slice(-2), [`first ${shared}`, `second ${shared}`]);
        assert.deepEqual(placesOf(notes), upTo(notes.length));
      });
    });
  }

  test('writes nothing once its lock has passed to another, however often it was asked to insist', async () => {
    let ours = true;
    const turn: LockHandle = {
      term: 0,
      assertHeld() {
        if (!ours) throw common.UNAVAILABLE();
      },
    };
    const losing: ClickHouse = {
      ...engine,
      async insert() {
        ours = false;
        throw away();
      },
    };
    const locks: Locks = { ...processLocks(), alone: (_, work) => work(turn) };
    const before_ = await notesIn(engine, place);
    const writer = writerOf({ engine: losing, locks, table, process: 'losing' });
    await assert.rejects(note(writer, 'never'), { code: 'TRADEPOST_UNAVAILABLE' });
    assert.deepEqual(await notesIn(engine, place), before_);
  });
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Asked, WaitingEvent } from '../../outbox.ts';
import { eachWay, type StoreTarget } from '../clickhouse.fixture.ts';
import type { ClickHouse } from '../engine.ts';
import type { Locks } from '../writers/locks.ts';
import { type RowOutboxes, rowOutboxes } from './outbox.ts';
import { type Writer, writerOf } from './writer.ts';

const THINGS = `create table {{schema}}.thing (
  events String, position UInt64, written_by LowCardinality(String),
  index by_position position type minmax granularity 1
) engine = MergeTree order by position
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000`;

const SERVICE = 'things';
const NONE: ReadonlyMap<string, Asked> = new Map([[SERVICE, { done: [], held: [] }]]);

/** A process with a relay: what it writes, and what waits. */
interface Process {
  readonly engine: ClickHouse;
  readonly outboxes: RowOutboxes;
  /** Statements that looked for rows. */
  looks(): number;
  /** Writes a row for each list of subjects: the events that the row announces. */
  write(...rows: string[][]): Promise<void>;
  /** What waits, after these places were published. */
  next(published?: number, limit?: number, held?: string[]): Promise<{ subjects: string[]; places: number[] }>;
}

function processOf(engine: ClickHouse, locks: Locks, { database }: StoreTarget, name: string): Process {
  let looks = 0;
  let handed: WaitingEvent[] = [];
  const counted: ClickHouse = {
    ...engine,
    query(text, ...rest) {
      if (text.includes('order by position')) looks++;
      return engine.query(text, ...rest);
    },
  };
  const tables = new Map([[SERVICE, { events: `${database}.thing`, relay: `${database}.relay` }]]);
  const outboxes = rowOutboxes({ engine: counted, tables, shared: locks.shared, tellOthers: async () => undefined });
  const writer: Writer = writerOf({
    engine,
    locks,
    table: `${database}.thing`,
    process: name,
    onWritten: (rows) => outboxes.written(SERVICE, rows),
    onLost: () => outboxes.lost(SERVICE),
  });
  return {
    engine,
    outboxes,
    looks: () => looks,
    async write(...rows) {
      await writer.write(async () => ({ rows: rows.map((row) => ({ events: eventsOf(row) })), answer: undefined }));
    },
    async next(published, limit = 500, held = []) {
      const done = handed.filter(({ position }) => position <= (published ?? 0));
      const waiting = await outboxes.next(new Map([[SERVICE, { done, held }]]), limit);
      handed = waiting;
      return {
        subjects: waiting.map(({ subject }) => subject),
        places: [...new Set(waiting.map(({ position }) => position))],
      };
    },
  };
}

const eventsOf = (subjects: readonly string[]): string =>
  JSON.stringify(
    subjects.map((subject) => ({ id: `id of ${subject}`, type: 'thing.made', subject, data: { subject } })),
  );

eachWay('events in the rows of a service', (way) => {
  let place: StoreTarget;
  let engine: ClickHouse;
  let locks: Locks;
  let one: Process;
  beforeEach(async () => {
    place = await way.open(SERVICE, THINGS);
    ({ engine, locks } = await place.join());
    one = processOf(engine, locks, place, 'one');
  });
  afterEach(() => place.close());

  /** Publishes all that waits, as the relay does. */
  async function drain(process: Process, limit = 500): Promise<string[]> {
    const subjects: string[] = [];
    let last: number | undefined;
    for (;;) {
      const batch = await process.next(last, limit);
      if (batch.subjects.length === 0) return subjects;
      subjects.push(...batch.subjects);
      last = batch.places.at(-1);
    }
  }

  test('wait in the order in which they were written, all of a row together', async () => {
    await one.write(['a', 'b'], ['c']);
    await one.write(['d']);
    assert.deepEqual(await one.next(), { subjects: ['a', 'b', 'c', 'd'], places: [1, 2, 3] });
    assert.deepEqual((await one.next()).subjects, ['a', 'b', 'c', 'd']);
    assert.deepEqual(await one.next(2), { subjects: ['d'], places: [3] });
    assert.deepEqual(await one.next(3), { subjects: [], places: [] });
  });

  test('of a subject that is held are left out and handed out again, and the others only once', async () => {
    const next = async (done: readonly WaitingEvent[], held: readonly string[]) =>
      one.outboxes.next(new Map([[SERVICE, { done, held }]]), 10);
    const names = (waiting: readonly WaitingEvent[]) => waiting.map(({ subject }) => subject);
    await one.write(['a', 'b'], ['c']);
    const first = await next([], []);
    assert.deepEqual(names(first), ['a', 'b', 'c']);
    const taken = first.filter(({ subject }) => subject !== 'a');
    assert.deepEqual(names(await next(taken, ['a'])), []);
    await one.write(['d']);
    const second = await next([], ['a']);
    assert.deepEqual(names(second), ['d']);
    assert.deepEqual(names(await next(second, [])), ['a']);
    assert.deepEqual(
      (await one.outboxes.waiting([SERVICE])).map(({ events }) => events),
      [1],
    );
    await one.outboxes.flush();
    const later = processOf(engine, locks, place, 'later');
    assert.equal((await later.next()).subjects[0], 'a', 'what was held is not lost with the process');
  });

  test('keep their envelope and the text of their payload', async () => {
    await one.write(['a']);
    const [event] = await one.outboxes.next(NONE, 10);
    assert.deepEqual(event, {
      id: 'id of a',
      type: 'thing.made',
      subject: 'a',
      data: '{"subject":"a"}',
      source: SERVICE,
      position: 1,
    });
  });

  test('come from the table alone when the process that wrote them was killed', async () => {
    await one.write(['a'], ['b']);
    const later = processOf(engine, locks, place, 'later');
    assert.deepEqual((await later.next()).subjects, ['a', 'b']);
  });

  test('that were published are not published again after an orderly end', async () => {
    await one.write(['a'], ['b']);
    await one.next();
    await one.next(1);
    await one.outboxes.flush();
    const later = processOf(engine, locks, place, 'later');
    assert.deepEqual((await later.next()).subjects, ['b']);
    await later.next(2);
    await later.outboxes.flush();
    assert.deepEqual((await processOf(engine, locks, place, 'latest').next()).subjects, []);
  });

  test('that are not there are passed over, and so are rows that announce nothing', async () => {
    await one.write([], []);
    assert.deepEqual((await one.next()).subjects, []);
    await one.write([], ['a'], []);
    await one.write([]);
    assert.deepEqual(await one.next(), { subjects: ['a'], places: [4] });
    assert.deepEqual((await one.next(4)).subjects, []);
    await one.write(['b']);
    assert.deepEqual((await one.next()).subjects, ['b']);
    const later = processOf(engine, locks, place, 'later');
    assert.deepEqual(await drain(later, 2), ['a', 'b']);
  });

  test('of another process are found between those of this one', async () => {
    const other = processOf(...(await joined()), place, 'other');
    await one.next();
    await one.write(['a']);
    await other.write(['b']);
    await one.write(['c']);
    await other.write(['d'], ['e']);
    await one.write(['f']);
    assert.deepEqual(await drain(one, 2), ['a', 'b', 'c', 'd', 'e', 'f']);
  });

  // Among several processes the leader changes; a single one leads as long as it lives, and knows what it wrote.
  if (way.shared)
    test('that another one published while it led are not published again', async () => {
      const other = processOf(...(await joined()), place, 'other');
      await one.write(['a']);
      await drain(one);
      await other.write(['b']);
      await drain(other);
      await other.outboxes.flush();
      await one.write(['c']);
      // A leader looks every second; who has not for three did not lead.
      await new Promise((resolve) => setTimeout(resolve, 3_100));
      assert.deepEqual(await drain(one), ['c']);
    });

  test('are found when what was written is not known', async () => {
    await one.write(['a']);
    await drain(one);
    const position = 2;
    await engine.insert(`${place.database}.thing`, [{ events: eventsOf(['late']), position, written_by: 'one' }]);
    one.outboxes.lost(SERVICE);
    assert.deepEqual((await one.next()).subjects, ['late']);
  });

  test('are found after a look that failed', async () => {
    await one.write(['a']);
    const broken = { away: true };
    const failing: ClickHouse = {
      ...engine,
      async query(text, ...rest) {
        if (broken.away && text.includes('order by position')) throw new Error('away');
        return engine.query(text, ...rest);
      },
    };
    const later = processOf(failing, locks, place, 'later');
    await assert.rejects(later.next(), { message: 'away' });
    broken.away = false;
    assert.deepEqual((await later.next()).subjects, ['a']);
  });

  test('more than ten thousand of them wait, and none is lost', async () => {
    const names = Array.from({ length: 10_700 }, (_, n) => `n${n}`);
    await one.next();
    for (let n = 0; n < names.length; n += 2_675) await one.write(...names.slice(n, n + 2_675).map((name) => [name]));
    assert.deepEqual(await drain(one), names);
  });

  if (!way.shared)
    test('cost no look at the table, since this process alone writes them', async () => {
      await one.next();
      const before = one.looks();
      await one.write(['a']);
      await drain(one);
      await one.write(['b']);
      await drain(one);
      assert.equal(one.looks(), before);
    });

  async function joined(): Promise<[ClickHouse, Locks]> {
    const other = await place.join();
    return [other.engine, other.locks];
  }
});

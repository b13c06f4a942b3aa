import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse } from '../engine.ts';
import { isUnknown } from '../refusals.ts';
import { type LockHandle, type Locks, lockUnavailable } from '../writers/locks.ts';

/** Rows that are written together, each in the place that it got, and what the writer is told. */
export interface Decision<T> {
  readonly rows: readonly object[];
  readonly answer: T;
}

/** A row as it was written. */
export type Written = Readonly<Record<string, unknown>> & { readonly position: number };

/** The one way into a table whose rows have a `position`, counted up in the order in which they were committed. */
export interface Writer {
  /**
   * Runs `decide` as the only one who writes this table, then writes its rows as one block: all of them or none. What
   * `decide` reads is therefore still so when the block is written. Throws UNAVAILABLE when the engine is away, or when
   * another process wrote meanwhile; whether the block was written may then be unknown.
   */
  write<T>(decide: () => Promise<Decision<T>>): Promise<T>;
}

interface WriterParts {
  readonly engine: ClickHouse;
  readonly locks: Locks;
  /** With its database. */
  readonly table: string;
  /** Names this process and its start. */
  readonly process: string;
  /** A place that no new row may have, though no row has it: rows up to there were known once. */
  readonly floor?: () => Promise<number>;
  readonly onWritten?: (rows: readonly Written[]) => void;
  /** Rows may be there that `onWritten` was not told of. */
  readonly onLost?: () => void;
}

/** How long a block is sent again whose outcome nobody knows. */
const INSIST_MS = 20_000;
/** A token is used up by a crash between it and its block: twice in one place is unheard of. */
const MOST_TOKENS = 5;

/** The places of a table, as far as those know who share its lock. */
interface Places {
  term: number;
  /** The last one; undefined when the table must be asked. */
  last: number | undefined;
  /** The greatest that was ever seen here: a table that lost rows since does not bring an earlier one back. */
  reached: number;
  /** A block may be there, or may still come, that nobody was told of; so at first, when another process wrote. */
  doubt: boolean;
  /** How many blocks were written in doubt. */
  doubted: number;
}

const known = new WeakMap<Locks, Map<string, Places>>();

function placesOf(locks: Locks, table: string): Places {
  const tables = known.get(locks) ?? new Map<string, Places>();
  known.set(locks, tables);
  const places = tables.get(table) ?? { term: 0, last: undefined, reached: 0, doubt: true, doubted: 0 };
  tables.set(table, places);
  return places;
}

/** The writer of one table. Several of them over the same locks take turns. */
export function writerOf({ engine, locks, table, process, floor, onWritten, onLost }: WriterParts): Writer {
  const places = placesOf(locks, table);

  // What is behind the last place that we know is in few granules, by the index that every such table has.
  async function lastPosition(): Promise<number> {
    if (places.last !== undefined && !locks.shared) return places.last;
    // At first without a condition: the engine may know the greatest of each part without reading it.
    const behind = places.last === undefined ? '' : 'where position >= {known:UInt64}';
    const text = `select max(position) as last from ${table} ${behind}`;
    const least = places.last ?? (await floor?.()) ?? 0;
    const [row] = await engine.query<{ last: number }>(text, { known: places.last ?? 0 });
    places.last = Math.max(least, row?.last ?? 0, places.reached);
    places.reached = places.last;
    return places.last;
  }

  async function append(turn: LockHandle, before: number, rows: readonly object[]): Promise<void> {
    // In doubt a block of our own may be in this place: each then has a name of its own.
    const by = places.doubt ? `${process} ${++places.doubted}` : process;
    const placed = rows.map((row, n) => ({ ...row, position: before + n + 1, written_by: by }));
    try {
      await insist(turn, placed, by);
    } catch (error) {
      Object.assign(places, { last: undefined, doubt: true });
      onLost?.();
      throw error;
    }
    places.last = before + placed.length;
    onWritten?.(placed);
  }

  /**
   * The token names the place, so a block that is sent twice is one block, and of two that believe at once that it is
   * their turn the engine keeps the block of the first; the other one finds out here.
   */
  async function insist(turn: LockHandle, rows: readonly Written[], by: string): Promise<void> {
    const [first, last] = [rows[0]?.position, rows.at(-1)?.position];
    for (let attempt = 1; attempt <= MOST_TOKENS; attempt++) {
      await untilKnown({ engine, table, places, turn }, rows, `${first} ${attempt}`);
      if (!locks.shared && !places.doubt && isOurs(turn)) return;
      const writers = await writersOf(engine, table, [first, last]);
      if (writers.some((one) => one !== by)) throw lockUnavailable(`another process wrote ${table} in our turn`);
      if (writers.length > 0) {
        places.doubt = false;
        return;
      }
      // A process that died while it wrote has used the token up, and nobody the place.
    }
    throw lockUnavailable(`${table} takes no block at position ${first}`);
  }

  return {
    write: (decide) =>
      locks.alone(table, async (turn) => {
        turn.assertHeld();
        if (turn.term !== places.term) Object.assign(places, { term: turn.term, last: undefined, doubt: true });
        // Before anything is read: a block that another one writes after this takes the place, and ours is refused.
        const before = await lastPosition();
        const { rows, answer } = await decide();
        if (rows.length > 0) await append(turn, before, rows);
        return answer;
      }),
  };
}

interface Sending extends Pick<WriterParts, 'engine' | 'table'> {
  readonly places: Places;
  readonly turn: LockHandle;
}

/** Sends a block until its outcome is known. Throws UNAVAILABLE when the lock was lost. */
async function untilKnown(
  { engine, table, places, turn }: Sending,
  rows: readonly Written[],
  token: string,
): Promise<void> {
  const end = performance.now() + INSIST_MS;
  for (let pause = 50; ; pause *= 2) {
    turn.assertHeld();
    try {
      return await engine.insert(table, rows, token);
    } catch (error) {
      if (!isUnknown(error)) throw error;
      places.doubt = true;
      if (performance.now() + pause > end) throw error;
      await sleep(pause);
    }
  }
}

type Range = readonly [first: number | undefined, last: number | undefined];

/** Who wrote the rows of some places. In all of them: a table that replaces rows may have kept only the last. */
async function writersOf(engine: ClickHouse, table: string, [first, last]: Range): Promise<string[]> {
  const text = `select distinct written_by from ${table} where position between {first:UInt64} and {last:UInt64}`;
  const rows = await engine.query<{ written_by: string }>(text, { first, last });
  return rows.map(({ written_by }) => written_by);
}

function isOurs(turn: LockHandle): boolean {
  try {
    turn.assertHeld();
    return true;
  } catch {
    return false;
  }
}

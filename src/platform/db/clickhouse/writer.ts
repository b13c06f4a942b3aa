import { setTimeout as sleep } from 'node:timers/promises';
import { type AppError, common } from '../../errors.ts';
import type { ClickHouse } from './engine.ts';
import type { Locks, Turn } from './locks.ts';
import { isUnknown } from './refusals.ts';

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
   * `decide` reads is therefore still so when the block is written. Throws UNAVAILABLE when the engine is away.
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
  readonly onWritten?: (rows: readonly Written[]) => void;
  /** Rows may be there that `onWritten` was not told of. */
  readonly onLost?: () => void;
}

/** How long a block is sent again whose outcome nobody knows. */
const INSIST_MS = 20_000;

/** The writer of one table. */
export function writerOf({ engine, locks, table, process, onWritten, onLost }: WriterParts): Writer {
  let last: number | undefined;

  // What is behind the last place that we know is in few granules, by the index that every such table has.
  async function lastPosition(): Promise<number> {
    if (last !== undefined && !locks.shared) return last;
    const text = `select max(position) as last from ${table} where position >= {known:UInt64}`;
    const [row] = await engine.query<{ last: number }>(text, { known: last ?? 0 });
    last = Math.max(last ?? 0, row?.last ?? 0);
    return last;
  }

  async function append(turn: Turn, rows: readonly object[]): Promise<void> {
    const before = await lastPosition();
    const placed = rows.map((row, n) => ({ ...row, position: before + n + 1, written_by: process }));
    turn.stillOurs();
    await insist(placed, before + 1);
    last = before + placed.length;
    onWritten?.(placed);
  }

  /**
   * The token makes a block that is sent twice one block. With several processes it names only the place: should two
   * believe at once that it is their turn, the engine keeps the block of the first, and the other one finds out here.
   */
  async function insist(rows: readonly Written[], first: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const token = locks.shared ? `${first} ${attempt}` : `${first} ${process}`;
      await untilKnown(rows, token);
      if (!locks.shared) return;
      const owner = await ownerOf(first);
      if (owner === process) return;
      last = undefined;
      if (owner !== undefined) throw lostTurn();
      // A process that died while it wrote has used the token up, and nobody the place.
    }
  }

  async function untilKnown(rows: readonly Written[], token: string): Promise<void> {
    const end = performance.now() + INSIST_MS;
    for (let pause = 50; ; pause *= 2) {
      try {
        return await engine.insert(table, rows, token);
      } catch (error) {
        if (!isUnknown(error)) throw error;
        if (performance.now() + pause > end) {
          last = undefined;
          onLost?.();
          throw error;
        }
        await sleep(pause);
      }
    }
  }

  async function ownerOf(position: number): Promise<string | undefined> {
    const text = `select written_by from ${table} where position = {position:UInt64} limit 1`;
    const [row] = await engine.query<{ written_by: string }>(text, { position });
    return row?.written_by;
  }

  return {
    write: (decide) =>
      locks.alone(table, async (turn) => {
        const { rows, answer } = await decide();
        if (rows.length > 0) await append(turn, rows);
        return answer;
      }),
  };
}

function lostTurn(): AppError {
  return Object.assign(common.UNAVAILABLE(), { cause: new Error('another process wrote in our turn') });
}

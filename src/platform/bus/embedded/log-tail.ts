import type { LogStore } from '../../db/postgres/event-log.ts';
import { createWakeup } from '../wakeup.ts';
import { type Arrival, arrivalOf } from './arrival.ts';

/** Events that this process has just appended. */
export interface AppendedBatch {
  /** The position right before the first of the events. */
  readonly previous: number;
  readonly last: number;
  readonly events: readonly Arrival[];
}

/** What follows in the log: from memory where this process appended it, else from the database. */
export interface LogTail {
  /** The next events in order. None when there are none, or when none are known of. */
  after(position: number): Promise<readonly Arrival[]>;
  /** Resolves when the log may have grown, or after `timeoutMs`; the log is then read in any case. */
  grown(timeoutMs: number): Promise<void>;
  append(batch: AppendedBatch): void;
  /** The log reaches to this position; without one, nobody knows how far. */
  reaches(last?: number): void;
  /** Ends a wait. */
  wake(): void;
  /** Forgets what is known. */
  reset(): void;
}

const READ_BATCH = 500;
/** Batches that are kept in memory for a group that is busy; beyond that it reads the log. */
const MOST_BATCHES = 16;
const UNKNOWN = Number.POSITIVE_INFINITY;

/** Makes one that knows nothing. The payload of a type outside `types` is left out. */
export function logTail(store: LogStore, types: readonly string[]): LogTail {
  const news = createWakeup();
  let batches: AppendedBatch[] = [];
  // Where the log ends, as far as is known: what is known to be empty is not read.
  let end = UNKNOWN;

  function appendedAfter(position: number): readonly Arrival[] | undefined {
    while (batches[0] && batches[0].last <= position) batches.shift();
    return batches[0]?.previous === position ? batches.shift()?.events : undefined;
  }

  async function readAfter(position: number): Promise<readonly Arrival[]> {
    if (position >= end) return [];
    const before = end;
    const events = await store.after(position, types, READ_BATCH);
    // Unless it was heard meanwhile that there is more.
    if (events.length === 0 && end === before) end = position;
    return events.map(arrivalOf);
  }

  return {
    after: async (position) => appendedAfter(position) ?? readAfter(position),
    async grown(timeoutMs) {
      if (!(await news.wait(timeoutMs))) end = UNKNOWN;
    },
    append(batch) {
      if (batches.length >= MOST_BATCHES) batches.shift();
      batches.push(batch);
      end = Math.max(end === UNKNOWN ? 0 : end, batch.last);
      news.notify();
    },
    reaches(last = UNKNOWN) {
      if (last <= end && end !== UNKNOWN) return;
      end = last;
      news.notify();
    },
    wake: news.notify,
    reset() {
      batches = [];
      end = UNKNOWN;
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedEvent, LogStore } from '../../db/postgres/event-log.ts';
import type { DatabaseSession } from '../../db/postgres/session.ts';
import type { Log } from '../../observability/log.ts';
import { type Subscription, UNDER_WAY } from '../bus.ts';
import { admit } from '../cloudevents.ts';
import { keyedQueue } from '../keyed-queue.ts';
import { progress } from '../progress.ts';
import { createWakeup } from '../wakeup.ts';

/** One group's way through the log. */
export interface LogReader {
  /** Gives events that were just appended, so that they need not be read again. */
  hand(batch: Batch): void;
  /** Says how far the log reaches now; without a place, that it may reach further than known. */
  look(last?: number): void;
  close(): Promise<void>;
}

export interface Batch {
  /** The place right before the first of the events. */
  readonly previous: number;
  readonly last: number;
  readonly events: readonly LoggedEvent[];
}

interface ReaderParts {
  readonly store: LogStore;
  readonly session: DatabaseSession;
  /** Of the group, with its prefix. */
  readonly name: string;
  readonly subscription: Subscription;
  readonly log: Log;
}

const BATCH = 500;
const LOOK_MS = 1_000;
const KEEP_PLACE_MS = 200;
const AGAIN_MS = 1_000;
/** Batches that are kept in memory for a group that is busy; beyond that it reads the log. */
const HANDED = 16;
const UNKNOWN = Number.POSITIVE_INFINITY;

/** Starts to read for a group, as soon as no other process does. */
export function readLog({ store, session, name, subscription, log }: ReaderParts): LogReader {
  const types = [...new Set(subscription.filters.flatMap((one) => [...one.types]))];
  const wanted = new Set(subscription.filters.flatMap((one) => [...one.types].map((type) => `${one.source} ${type}`)));
  const lock = `reader ${name}`;
  const news = createWakeup();
  const ended = new AbortController();
  const work = keyedQueue<LoggedEvent>(deliver, UNDER_WAY);
  let handed: Batch[] = [];
  // Where the log ends, as far as was heard: what is known to be empty is not read.
  let end = UNKNOWN;

  async function deliver(event: LoggedEvent): Promise<void> {
    for (;;) {
      try {
        const fault = faultOf(event);
        if (fault !== undefined) return await subscription.unreadable(JSON.stringify(event), fault);
        return await subscription.handle(event);
      } catch (error) {
        // Let go of at the end of the process: its place is kept, and it is delivered again.
        if (ended.signal.aborted) throw error;
        await sleep(AGAIN_MS);
      }
    }
  }

  async function run(): Promise<void> {
    let warned = false;
    while (!ended.signal.aborted) {
      try {
        if ((await session.claim([lock])).size > 0) await lead();
        else await sleep(LOOK_MS, undefined, { signal: ended.signal });
        warned = false;
      } catch (error) {
        if (ended.signal.aborted) return;
        if (!warned) log.warn({ reason: (error as Error).message, group: name }, 'the log cannot be read now');
        warned = true;
        await sleep(AGAIN_MS);
      }
    }
  }

  // From the place that is kept, for as long as the lock is ours.
  async function lead(): Promise<void> {
    handed = [];
    end = UNKNOWN;
    const { position: start, gone } = await store.placeOf(name);
    if (gone) {
      const reason =
        gone.missed === undefined
          ? `the group stood at position ${gone.kept}, beyond the end of the log, which is another one; it begins anew`
          : `the group stood at position ${gone.kept}, and the log was forgotten up to ${start}`;
      subscription.lost({ topic: 'the log', place: 'all of it', count: gone.missed, reason });
    }
    const place = progress(start, KEEP_PLACE_MS, (position) => store.moveTo(name, position));
    let position = start;
    try {
      while (!ended.signal.aborted && session.holds(lock)) {
        const batch = handedAfter(position) ?? (await readAfter(position));
        if (batch.length === 0 && !(await news.wait(LOOK_MS))) end = UNKNOWN;
        for (const event of batch) {
          await work.room();
          position = event.position;
          take(event, place.begin(event.position));
        }
      }
    } finally {
      await work.idle();
      await place.close();
    }
  }

  function take(event: LoggedEvent, done: () => void): void {
    if (wanted.has(`${event.source} ${event.type}`)) {
      work.run(`${event.source} ${event.subject}`, event).then(done, () => undefined);
    } else done();
  }

  async function readAfter(position: number): Promise<readonly LoggedEvent[]> {
    if (position >= end) return [];
    const before = end;
    const batch = await store.after(position, types, BATCH);
    // Unless it was heard meanwhile that there is more.
    if (batch.length === 0 && end === before) end = position;
    return batch;
  }

  function handedAfter(position: number): readonly LoggedEvent[] | undefined {
    while (handed[0] && handed[0].last <= position) handed.shift();
    return handed[0]?.previous === position ? handed.shift()?.events : undefined;
  }

  const running = run();
  return {
    hand(batch) {
      if (!session.holds(lock)) return;
      if (handed.length >= HANDED) handed.shift();
      handed.push(batch);
      end = Math.max(end === UNKNOWN ? 0 : end, batch.last);
      news.notify();
    },
    look(last = UNKNOWN) {
      if (last <= end && end !== UNKNOWN) return;
      end = last;
      news.notify();
    },
    async close() {
      ended.abort();
      news.notify();
      await running;
      await session.yield(lock).catch(() => undefined);
    },
  };
}

// Our own relay writes events; somebody with SQL may write anything else.
function faultOf(event: LoggedEvent): string | undefined {
  try {
    admit(event);
    return undefined;
  } catch (error) {
    return `the log, position ${event.position}: ${(error as Error).message}`;
  }
}

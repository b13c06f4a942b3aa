import { setTimeout as sleep } from 'node:timers/promises';
import type { LogStore, ReaderPlace } from '../../db/postgres/event-log.ts';
import type { DatabaseSession } from '../../db/postgres/session.ts';
import type { Log } from '../../observability/log.ts';
import { type Loss, MAX_IN_FLIGHT, type Subscription } from '../bus.ts';
import { keyedQueue } from '../keyed-queue.ts';
import { type Progress, progress } from '../progress.ts';
import type { Arrival } from './arrival.ts';
import { type AppendedBatch, logTail } from './log-tail.ts';

/**
 * One process of a group over the log.
 *
 * | state     | work                                                           | next                                |
 * | --------- | -------------------------------------------------------------- | ----------------------------------- |
 * | `standby` | asks for the group's lock once a second                        | `reading` with the lock             |
 * | `reading` | reads on from the group's position, handles, keeps the position | `standby` when the lock is lost or  |
 * |           |                                                                | the database does not answer        |
 */
export interface LogReader {
  /** Events that this process appended need not be read again. */
  append(batch: AppendedBatch): void;
  /** The log reaches to this position; without one, nobody knows how far. */
  reaches(last?: number): void;
  close(): Promise<void>;
}

interface ReaderParts {
  readonly store: LogStore;
  readonly session: DatabaseSession;
  /** Of the group, with its prefix. */
  readonly name: string;
  readonly subscription: Subscription;
  readonly log: Log;
}

const LOOK_MS = 1_000;
const KEEP_POSITION_MS = 500;
const AGAIN_MS = 1_000;

/** Starts to read for a group, as soon as no other process does. */
export function readLog({ store, session, name, subscription, log }: ReaderParts): LogReader {
  const wanted = wantedOf(subscription);
  const lock = `reader ${name}`;
  const closing = new AbortController();
  const tail = logTail(store, [...wanted.types]);
  const work = keyedQueue<Arrival>(
    { run: (arrival) => deliver(arrival, subscription), again: () => pause(closing.signal) },
    MAX_IN_FLIGHT,
  );

  async function run(): Promise<void> {
    let warned = false;
    while (!closing.signal.aborted) {
      try {
        if ((await session.claim([lock])).size > 0) await read();
        else await sleep(LOOK_MS, undefined, { signal: closing.signal });
        warned = false;
      } catch (error) {
        if (closing.signal.aborted) return;
        if (!warned) log.warn({ reason: (error as Error).message, group: name }, 'the log cannot be read now');
        warned = true;
        await sleep(AGAIN_MS);
      }
    }
  }

  async function read(): Promise<void> {
    tail.reset();
    const place = await store.placeOf(name);
    if (place.gone) subscription.lost(lossOf(place.position, place.gone));
    const kept = progress(place.position, KEEP_POSITION_MS, (position) => store.moveTo(name, position));
    let position = place.position;
    try {
      while (!closing.signal.aborted && session.holds(lock)) {
        const arrivals = await tail.after(position);
        if (arrivals.length === 0) await tail.grown(LOOK_MS);
        for (const arrival of arrivals) {
          if (!work.hasRoom()) await work.room();
          position = arrival.event.position;
          take(arrival, kept);
        }
      }
    } finally {
      await work.idle();
      await kept.close();
    }
  }

  function take(arrival: Arrival, kept: Progress): void {
    const { event, kind } = arrival;
    if (!wanted.events.has(kind) || subscription.concerns?.(event) === false) kept.pass(event.position);
    else work.run(`${event.source} ${event.subject}`, arrival, kept.begin(event.position));
  }

  const running = run();
  return {
    append(batch) {
      if (session.holds(lock)) tail.append(batch);
    },
    reaches: tail.reaches,
    async close() {
      closing.abort();
      tail.wake();
      await running;
      await session.yield(lock).catch(() => undefined);
    },
  };
}

function wantedOf({ filters }: Subscription) {
  return {
    types: new Set(filters.flatMap(({ types }) => [...types])),
    events: new Set(filters.flatMap(({ source, types }) => [...types].map((type) => `${source} ${type}`))),
  };
}

function deliver({ event, read }: Arrival, { handle, unreadable }: Subscription): Promise<void> {
  const payload = read();
  return typeof payload === 'string' ? unreadable(JSON.stringify(event), payload) : handle(event, payload);
}

// At the end of the process an event is left: its position is not kept, and it is delivered again.
async function pause(closing: AbortSignal): Promise<boolean> {
  if (closing.aborted) return false;
  await sleep(AGAIN_MS);
  return true;
}

function lossOf(position: number, { kept, missed }: NonNullable<ReaderPlace['gone']>): Loss {
  const stood = `the group stood at position ${kept}`;
  const reason =
    missed === undefined
      ? `${stood}, beyond the end of the log, which is another one; it begins anew`
      : `${stood}, and the log was forgotten up to ${position}`;
  return { topic: 'the log', place: 'all of it', ...(missed !== undefined && { count: missed }), reason };
}

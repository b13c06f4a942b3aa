import { type AppError, common } from '../../../contract/errors.ts';
import type { LeaderLocks } from '../../outbox.ts';

/**
 * ClickHouse has no unique key and no conditional update: whoever must look before he writes does both alone. A lock
 * has the table for its key, since its holder writes whatever waits as one block.
 */
export interface Locks {
  /** Other processes may hold them, so what was read before a lock was taken may be old. */
  readonly shared: boolean;
  /** Runs `work` as the only one under `name`. Throws UNAVAILABLE when the lock cannot be had in ten seconds. */
  alone<T>(name: string, work: (turn: LockHandle) => Promise<T>): Promise<T>;
  /** Locks that a process keeps: who has one is the leader. */
  readonly leading: LeaderLocks;
  /** Tells the other processes that rows were written. */
  notify(): void;
  /** Calls back when another process tells so. */
  onNotification(heard: () => void): void;
  close(): Promise<void>;
}

/** A lock that is held. */
export interface LockHandle {
  /** Counts how often the right to write was lost and found: what was known of the table in another term may be old. */
  readonly term: number;
  /** Throws UNAVAILABLE when it may have passed to another meanwhile. To be asked right before writing. */
  assertHeld(): void;
}

/** How long anybody waits for a lock. */
export const LOCK_TIMEOUT_MS = 10_000;

/** The error for what another process, or the way to it, stands in the way of; `reason` is for the log. */
export function lockUnavailable(reason: string): AppError {
  return Object.assign(common.UNAVAILABLE(), { cause: new Error(reason) });
}

const ALWAYS: LockHandle = { term: 0, assertHeld: nothing };

/** The locks of a process that is the only one to write (see `writer-lease.ts`). */
export function processLocks(): Locks {
  const queue = queueByName();
  const held = new Set<string>();
  return {
    shared: false,
    alone: (name, work) => queue.next(name, () => work(ALWAYS)),
    leading: {
      async claim(names) {
        for (const name of names) held.add(name);
        return new Set(names);
      },
      holds: (name) => held.has(name),
      async yield(name) {
        held.delete(name);
      },
    },
    notify: nothing,
    onNotification: nothing,
    close: queue.empty,
  };
}

/** Those of one process who want the same, one after the other. */
export interface LockQueue {
  /** Runs `work` after all that came before it under `name`. Throws UNAVAILABLE after LOCK_TIMEOUT_MS in the queue. */
  next<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when nobody is in it. */
  empty(): Promise<void>;
}

export function queueByName(): LockQueue {
  const ends = new Map<string, Promise<unknown>>();
  return {
    next(name, work) {
      const before = ends.get(name);
      const turn = before ? inTime(name, before).then(work) : Promise.resolve().then(work);
      // Who gave up leaves the queue, but those behind him still wait for those before him.
      const end = Promise.allSettled([before, turn]).then(() => {
        if (ends.get(name) === end) ends.delete(name);
      });
      ends.set(name, end);
      return turn;
    },
    async empty() {
      await Promise.all(ends.values());
    },
  };
}

function inTime(name: string, before: Promise<unknown>): Promise<unknown> {
  return new Promise<unknown>((resolve, reject) => {
    const late = setTimeout(
      () => reject(lockUnavailable(`no turn at ${name} in ${LOCK_TIMEOUT_MS} ms`)),
      LOCK_TIMEOUT_MS,
    );
    void before.then(() => {
      clearTimeout(late);
      resolve(undefined);
    });
  });
}

function nothing(): void {}

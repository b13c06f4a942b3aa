import { ConfigError } from '../../../config/config.ts';
import type { Log } from '../../../observability/log.ts';
import type { ClickHouse } from '../engine.ts';
import { type Locks, lockUnavailable } from './locks.ts';
import { enter, leave, type ProcessIdentity, thisProcess } from './process-identity.ts';
import { type LeasedService, type LeaseTiming, writerPlaces } from './writer-places.ts';

export type { ProcessIdentity } from './process-identity.ts';
export type { LeaseTiming } from './writer-places.ts';

/**
 * Which processes write a service on a server. ClickHouse keeps no two of them apart, so with CLICKHOUSE_LOCKS=process
 * there may be one, and it says so in the table `process`: first who takes the next place there, which the engine
 * gives to one, and then every few seconds, so that a process that died does not keep others out.
 */
export interface WriterLease {
  /**
   * Claims the services for this process. Throws ConfigError, with a sentence, when another process writes one of
   * them and does not share the locks of this one.
   */
  claim(services: readonly string[]): Promise<void>;
  /** The same locks, under which nobody writes whose claim may have passed to another. */
  under(locks: Locks): Locks;
  /** Gives the claims back. */
  close(): Promise<void>;
}

interface WriterLeaseOptions {
  readonly engine: ClickHouse;
  readonly log: Log;
  /** Whether this process shares its locks with others. */
  readonly shared: boolean;
  readonly me?: ProcessIdentity;
  readonly pace?: LeaseTiming;
}

const PACE: LeaseTiming = { everyMs: 3_000, safeMs: 7_000, aliveMs: 10_000 };

/**
 * | state      | may write | how it is reached                                                            |
 * | ---------- | --------- | ---------------------------------------------------------------------------- |
 * | `free`     | yes       | at the beginning: nothing was claimed                                        |
 * | `held`     | yes       | places were taken, or a renewal found nobody who came later                  |
 * | `doubtful` | no        | from `held`, by time alone: no renewal for `safeMs`                          |
 * | `lost`     | no        | a renewal found somebody who came later, or came too late, or was refused    |
 *
 * `free` → `held` by `claim`; `held` → `held` by a renewal in time; `held` and `doubtful` → `lost` by any other, which
 * then takes new places: `lost` → `held`, in a new term, or `lost` as before, until the next one.
 */
type LeaseState = 'free' | 'held' | 'doubtful' | 'lost';

interface Lease {
  claimed: readonly LeasedService[];
  confirmedAt: number | undefined;
  term: number;
  /** Why it was lost. */
  lost: string | undefined;
}

function stateOf({ confirmedAt, lost }: Lease, { safeMs }: LeaseTiming): LeaseState {
  if (lost !== undefined) return 'lost';
  if (confirmedAt === undefined) return 'free';
  return performance.now() - confirmedAt < safeMs ? 'held' : 'doubtful';
}

export function writerLease({ engine, log, shared, me = thisProcess(), pace = PACE }: WriterLeaseOptions): WriterLease {
  const places = writerPlaces({ engine, shared, me, pace });
  const lease: Lease = { claimed: [], confirmedAt: undefined, term: 0, lost: undefined };
  let timer: NodeJS.Timeout | undefined;
  let renewal: Promise<void> = Promise.resolve();

  async function take(services: readonly string[]): Promise<void> {
    const { taken, began } = await places.take(services);
    Object.assign(lease, { claimed: taken, confirmedAt: began, lost: undefined });
  }

  async function renew(services: readonly string[]): Promise<void> {
    const sent = performance.now();
    if (stateOf(lease, pace) === 'held') {
      const confirmed = await places.confirm(lease.claimed);
      // Late, it may have been taken while we looked: only a new place can tell.
      if (confirmed && stateOf(lease, pace) === 'held') {
        lease.confirmedAt = sent;
        return;
      }
    }
    lease.lost ??= 'this process was not heard of for too long';
    lease.term++;
    await take(services);
  }

  async function renewOften(services: readonly string[]): Promise<void> {
    const before = lease.lost;
    try {
      await renew(services);
      if (before !== undefined) log.warn('this process writes to ClickHouse again');
    } catch (error) {
      if (error instanceof ConfigError) lease.lost = error.message;
      if (before !== lease.lost) log.error({ reason: lease.lost }, 'this process no longer writes to ClickHouse');
      else if (lease.lost === undefined) log.warn({ reason: (error as Error).message }, 'ClickHouse does not answer');
    }
  }

  return {
    async claim(services) {
      enter(me);
      await take(services);
      timer = setInterval(() => {
        renewal = renewal.then(() => renewOften(services));
      }, pace.everyMs).unref();
    },
    under: (locks) => guarded(locks, lease, pace),
    async close() {
      clearInterval(timer);
      await renewal;
      if (lease.lost === undefined) await places.giveBack(lease.claimed).catch(() => undefined);
      leave(me);
    },
  };
}

/** The locks, under which nobody writes without the lease. */
function guarded(locks: Locks, lease: Lease, pace: LeaseTiming): Locks {
  const assertMayWrite = (): void => {
    const state = stateOf(lease, pace);
    if (state === 'lost') throw lockUnavailable(lease.lost ?? state);
    if (state === 'doubtful') throw lockUnavailable('another process may have taken over');
  };
  return {
    ...locks,
    alone: (name, work) =>
      locks.alone(name, (turn) => {
        const assertHeld = (): void => {
          assertMayWrite();
          turn.assertHeld();
        };
        return work({ term: lease.term, assertHeld });
      }),
  };
}

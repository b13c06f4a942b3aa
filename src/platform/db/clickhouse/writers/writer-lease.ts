import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../../../config/config.ts';
import { AppError } from '../../../contract/errors.ts';
import type { Log } from '../../../observability/log.ts';
import { type ClickHouse, databaseOf } from '../engine.ts';
import { PROCESS } from '../store/store.ts';
import { type Writer, writerOf } from '../store/writer.ts';
import { type Locks, lockUnavailable, processLocks } from './locks.ts';

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

/** A process, as others can tell whether it lives. */
export interface ProcessIdentity {
  /** Of this start of it. */
  readonly name: string;
  readonly host: string;
  /** Whose process numbers these are: those of another container mean nothing here. */
  readonly pid_space: string;
  readonly pid: number;
}

interface WriterLeaseOptions {
  readonly engine: ClickHouse;
  readonly log: Log;
  /** Whether this process shares its locks with others. */
  readonly shared: boolean;
  readonly me?: ProcessIdentity;
  readonly pace?: LeaseTiming;
}

/** How often a process says that it lives, how long its own word counts for itself, and how long for others. */
export interface LeaseTiming {
  readonly everyMs: number;
  readonly safeMs: number;
  readonly aliveMs: number;
}

const PACE: LeaseTiming = { everyMs: 3_000, safeMs: 7_000, aliveMs: 10_000 };
const LOOK_AGAIN_MS = 250;
/** Others that start at this moment take places, too. */
const ATTEMPTS = 20;

interface Row extends ProcessIdentity {
  readonly shared: number;
  readonly started_at: string;
  readonly position: number;
}

/** One service that was claimed, with the row that says so. */
interface LeasedService {
  readonly table: string;
  readonly row: Row;
}

const FIELDS = 'name, host, pid_space, pid, shared, started_at, position';

export function writerLease({ engine, log, shared, me = thisProcess(), pace = PACE }: WriterLeaseOptions): WriterLease {
  let claimed: LeasedService[] = [];
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let term = 0;
  let lost: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let renewal: Promise<void> = Promise.resolve();
  const tableOf = (service: string): string => `${databaseOf(engine, service)}.process`;

  // Of processes that share their locks any number may write.
  const otherWriters = (table: string): Promise<Row[]> =>
    engine.query<Row>(
      `select ${FIELDS} from ${table} final where name != {name:String} and gone = 0
        and seen_at > now64(3) - toIntervalMillisecond({alive:UInt32}) and not (shared = 1 and {shared:UInt8} = 1)`,
      { name: me.name, alive: pace.aliveMs, shared: shared ? 1 : 0 },
    );

  /** Of a process on this host that we cannot ask after: waits until it has been silent for long enough. */
  async function keepsOut(table: string, other: Row): Promise<boolean> {
    if (other.host !== me.host) return true;
    if (other.pid_space === me.pid_space) return other.pid === me.pid ? here.has(other.name) : isAlive(other.pid);
    const seen = () =>
      engine.query<{ seen_at: string }>(`select seen_at from ${table} final where name = {name:String}`, {
        name: other.name,
      });
    const [before] = await seen();
    for (const end = performance.now() + pace.aliveMs; performance.now() < end; await sleep(LOOK_AGAIN_MS)) {
      const [now] = await seen();
      if (now?.seen_at !== before?.seen_at) return true;
    }
    return false;
  }

  /** Notes those whose claim lives longer than they did. Throws ConfigError for one that keeps us out. */
  async function look(service: string, dead: Set<string>): Promise<void> {
    const table = tableOf(service);
    for (const other of await otherWriters(table)) {
      if (dead.has(other.name)) continue;
      if (await keepsOut(table, other)) throw new ConfigError([sentence(service, other, shared)]);
      dead.add(other.name);
    }
  }

  async function takePlace(service: string, dead: Set<string>): Promise<LeasedService> {
    const table = tableOf(service);
    const writer = placesIn(engine, table, me.name);
    const take = async () => {
      const unknown = (await otherWriters(table)).filter(({ name }) => !dead.has(name));
      if (unknown.length > 0) throw lockUnavailable(`another process came to ${service}`);
      return { rows: [{ ...me, shared: shared ? 1 : 0, gone: 0 }], answer: undefined };
    };
    for (let left = ATTEMPTS; left > 0; left--) {
      try {
        await writer.write(take);
        break;
      } catch (error) {
        if (left === 1 || !(error instanceof AppError)) throw error;
        await look(service, dead);
      }
    }
    const own = `select ${FIELDS} from ${table} final where name = {name:String}`;
    const [row] = await engine.query<Row>(own, { name: me.name });
    if (!row) throw lockUnavailable(`the claim of ${service} is not there`);
    return { table, row };
  }

  async function takeAll(services: readonly string[]): Promise<void> {
    const dead = new Set<string>();
    for (const service of services) await look(service, dead);
    const began = performance.now();
    const taken: LeasedService[] = [];
    try {
      // In one order: of two that start at the same moment with the same services one gets the first, and so all.
      for (const service of services.toSorted()) taken.push(await takePlace(service, dead));
      if (performance.now() - began > pace.safeMs) throw lockUnavailable('ClickHouse took too long over the claims');
    } catch (error) {
      await writeRows(taken, 1).catch(() => undefined);
      throw error;
    }
    claimed = taken;
    confirmedAt = began;
    lost = undefined;
  }

  const writeRows = (all: readonly LeasedService[], gone: 0 | 1) =>
    Promise.all(all.map(({ table, row }) => engine.insert(table, [{ ...row, gone, written_by: me.name }])));

  /** Says that we live, and looks whether somebody took us for dead: who came after us has the right. */
  async function renew(services: readonly string[]): Promise<void> {
    const sent = performance.now();
    if (lost === undefined && sent - confirmedAt < pace.safeMs) {
      await writeRows(claimed, 0);
      const later = await Promise.all(
        claimed.map(async ({ table, row }) =>
          (await otherWriters(table)).some(({ position }) => position > row.position),
        ),
      );
      // Late, it may have been taken while we looked: only a new place can tell.
      if (!later.includes(true) && performance.now() - confirmedAt < pace.safeMs) {
        confirmedAt = sent;
        return;
      }
    }
    lost ??= 'this process was not heard of for too long';
    term++;
    await takeAll(services);
  }

  async function renewOften(services: readonly string[]): Promise<void> {
    const before = lost;
    try {
      await renew(services);
      if (before !== undefined) log.warn('this process writes to ClickHouse again');
    } catch (error) {
      if (error instanceof ConfigError) lost = error.message;
      if (before !== lost) log.error({ reason: lost }, 'this process no longer writes to ClickHouse');
      else if (lost === undefined) log.warn({ reason: (error as Error).message }, 'ClickHouse does not answer');
    }
  }

  function check(): void {
    if (timer === undefined) return;
    if (lost !== undefined) throw lockUnavailable(lost);
    if (performance.now() - confirmedAt > pace.safeMs) throw lockUnavailable('another process may have taken over');
  }

  return {
    async claim(services) {
      here.add(me.name);
      await takeAll(services);
      timer = setInterval(() => {
        renewal = renewal.then(() => renewOften(services));
      }, pace.everyMs).unref();
    },
    under: (locks) => ({
      ...locks,
      alone: (name, work) =>
        locks.alone(name, (turn) => {
          const stillOurs = (): void => {
            check();
            turn.assertHeld();
          };
          return work({ term, assertHeld: stillOurs });
        }),
    }),
    async close() {
      clearInterval(timer);
      await renewal;
      if (lost === undefined) await writeRows(claimed, 1).catch(() => undefined);
      here.delete(me.name);
    },
  };
}

/** Those that this very process has made: two systems in it are two who write. */
const here = new Set<string>();

// Who takes the next place in it is decided by the engine alone: there is no lock before the locks.
function placesIn(engine: ClickHouse, table: string, process: string): Writer {
  return writerOf({ engine, table, process, locks: { ...processLocks(), shared: true } });
}

let made = 0;

function thisProcess(): ProcessIdentity {
  return { name: `${PROCESS} ${++made}`, host: hostname(), pid_space: pidSpace(), pid: process.pid };
}

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: there is one.
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process, but a living one.
    return (error as { code?: string }).code === 'EPERM';
  }
}

function sentence(service: string, { pid, host, started_at, shared: theirs }: Row, ours: boolean): string {
  const who = `The service ${service} is written by process ${pid} on ${host} since ${started_at}`;
  if (ours)
    return `${who}, with CLICKHOUSE_LOCKS=process; stop it, or start it with CLICKHOUSE_LOCKS=redis as this one.`;
  return theirs === 1
    ? `${who}, with CLICKHOUSE_LOCKS=redis; stop it, or set CLICKHOUSE_LOCKS=redis and REDIS_URL here as well.`
    : `${who}; stop it, or set CLICKHOUSE_LOCKS=redis and REDIS_URL for all processes that write it.`;
}

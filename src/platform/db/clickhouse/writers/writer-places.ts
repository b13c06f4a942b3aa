import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../../../config/config.ts';
import { AppError } from '../../../contract/errors.ts';
import { type ClickHouse, databaseOf } from '../engine.ts';
import { type Writer, writerOf } from '../store/writer.ts';
import { lockUnavailable, processLocks } from './locks.ts';
import { isHere, isProcessAlive, type ProcessIdentity } from './process-identity.ts';

/** How often a process says that it lives, how long its own word counts for itself, and how long for others. */
export interface LeaseTiming {
  readonly everyMs: number;
  readonly safeMs: number;
  readonly aliveMs: number;
}

const LOOK_AGAIN_MS = 250;
/** Others that start at this moment take places, too. */
const ATTEMPTS = 20;

interface Row extends ProcessIdentity {
  readonly shared: number;
  readonly started_at: string;
  readonly position: number;
}

/** One service that was claimed, with the row that says so. */
export interface LeasedService {
  readonly table: string;
  readonly row: Row;
}

const FIELDS = 'name, host, pid_space, pid, shared, started_at, position';

interface PlaceOptions {
  readonly engine: ClickHouse;
  /** Whether this process shares its locks with others. */
  readonly shared: boolean;
  readonly me: ProcessIdentity;
  readonly pace: LeaseTiming;
}

/** The places of a process in the tables that say who writes a service. */
export interface WriterPlaces {
  /** Takes one for each service. Throws ConfigError, with a sentence, when another process keeps this one out. */
  take(services: readonly string[]): Promise<{ readonly taken: readonly LeasedService[]; readonly began: number }>;
  /** Says that the process lives. False: somebody took it for dead, and has the right, since he came after it. */
  confirm(taken: readonly LeasedService[]): Promise<boolean>;
  giveBack(taken: readonly LeasedService[]): Promise<void>;
}

export function writerPlaces(options: PlaceOptions): WriterPlaces {
  const { engine, me, pace } = options;
  const write = async (all: readonly LeasedService[], gone: 0 | 1): Promise<void> => {
    await Promise.all(all.map(({ table, row }) => engine.insert(table, [{ ...row, gone, written_by: me.name }])));
  };
  return {
    async take(services) {
      const dead = new Set<string>();
      for (const service of services) await look(options, service, dead);
      const began = performance.now();
      const taken: LeasedService[] = [];
      try {
        // In one order: of two that start at the same moment with the same services one gets the first, and so all.
        for (const service of services.toSorted()) taken.push(await takePlace(options, service, dead));
        if (performance.now() - began > pace.safeMs) throw lockUnavailable('ClickHouse took too long over the claims');
      } catch (error) {
        await write(taken, 1).catch(() => undefined);
        throw error;
      }
      return { taken, began };
    },
    async confirm(taken) {
      await write(taken, 0);
      const later = await Promise.all(
        taken.map(async ({ table, row }) =>
          (await otherWriters(options, table)).some(({ position }) => position > row.position),
        ),
      );
      return !later.includes(true);
    },
    giveBack: (taken) => write(taken, 1),
  };
}

const tableOf = (engine: ClickHouse, service: string): string => `${databaseOf(engine, service)}.process`;

// Of processes that share their locks any number may write.
function otherWriters({ engine, me, shared, pace }: PlaceOptions, table: string): Promise<Row[]> {
  return engine.query<Row>(
    `select ${FIELDS} from ${table} final where name != {name:String} and gone = 0
      and seen_at > now64(3) - toIntervalMillisecond({alive:UInt32}) and not (shared = 1 and {shared:UInt8} = 1)`,
    { name: me.name, alive: pace.aliveMs, shared: shared ? 1 : 0 },
  );
}

/** Notes those whose claim lives longer than they did. Throws ConfigError for one that keeps us out. */
async function look(options: PlaceOptions, service: string, dead: Set<string>): Promise<void> {
  const table = tableOf(options.engine, service);
  for (const other of await otherWriters(options, table)) {
    if (dead.has(other.name)) continue;
    if (await keepsOut(options, table, other)) throw new ConfigError([sentence(service, other, options.shared)]);
    dead.add(other.name);
  }
}

/** Of a process on this host that we cannot ask after: waits until it has been silent for long enough. */
async function keepsOut({ engine, me, pace }: PlaceOptions, table: string, other: Row): Promise<boolean> {
  if (other.host !== me.host) return true;
  if (other.pid_space === me.pid_space) return other.pid === me.pid ? isHere(other) : isProcessAlive(other.pid);
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

async function takePlace(options: PlaceOptions, service: string, dead: Set<string>): Promise<LeasedService> {
  const { engine, me, shared } = options;
  const table = tableOf(engine, service);
  const writer = placesIn(engine, table, me.name);
  const take = async () => {
    const unknown = (await otherWriters(options, table)).filter(({ name }) => !dead.has(name));
    if (unknown.length > 0) throw lockUnavailable(`another process came to ${service}`);
    return { rows: [{ ...me, shared: shared ? 1 : 0, gone: 0 }], answer: undefined };
  };
  for (let left = ATTEMPTS; left > 0; left--) {
    try {
      await writer.write(take);
      break;
    } catch (error) {
      if (left === 1 || !(error instanceof AppError)) throw error;
      await look(options, service, dead);
    }
  }
  const own = `select ${FIELDS} from ${table} final where name = {name:String}`;
  const [row] = await engine.query<Row>(own, { name: me.name });
  if (!row) throw lockUnavailable(`the claim of ${service} is not there`);
  return { table, row };
}

// Who takes the next place in it is decided by the engine alone: there is no lock before the locks.
function placesIn(engine: ClickHouse, table: string, process: string): Writer {
  return writerOf({ engine, table, process, locks: { ...processLocks(), shared: true } });
}

function sentence(service: string, { pid, host, started_at, shared: theirs }: Row, ours: boolean): string {
  const who = `The service ${service} is written by process ${pid} on ${host} since ${started_at}`;
  if (ours)
    return `${who}, with CLICKHOUSE_LOCKS=process; stop it, or start it with CLICKHOUSE_LOCKS=redis as this one.`;
  return theirs === 1
    ? `${who}, with CLICKHOUSE_LOCKS=redis; stop it, or set CLICKHOUSE_LOCKS=redis and REDIS_URL here as well.`
    : `${who}; stop it, or set CLICKHOUSE_LOCKS=redis and REDIS_URL for all processes that write it.`;
}

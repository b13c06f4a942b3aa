import type { Config } from '../config/config.ts';
import type { OpenClickHouse } from '../db/clickhouse/open.ts';
import type { EventSource } from '../db/outbox.ts';
import { type EmbeddedPostgres, startPostgres } from '../db/postgres/embedded/embedded.ts';
import { lockDirectory } from '../db/postgres/embedded/lock.ts';
import { type Database, openDatabase } from '../db/postgres/postgres.ts';
import { type DatabaseSession, openSession } from '../db/postgres/session.ts';
import { eventsIn } from '../db/postgres/store/outbox.ts';
import { type HealthCheck, sharedCheck } from '../observability/health.ts';
import type { Log } from '../observability/log.ts';
import type { AnyModule } from './module.ts';

/** The engines under the services of this process: which one each has, and those in the process that are needed. */
export interface Engines {
  /** Whether a service of this process keeps its things in ClickHouse; else it does in PostgreSQL. */
  isOnClickHouse(service: string): boolean;
  /** The PostgreSQL database of a service; services with the same address share one pool. */
  database(service: string): Database;
  /** The connection for locks and notifications of a database. */
  session(db: Database): DatabaseSession;
  /** The database that services share; undefined when there is none. */
  shared(): Database | undefined;
  clickhouse(): OpenClickHouse;
  /** Where the events of a service wait; undefined for one that keeps things and announces nothing. */
  events(service: string): EventSource | undefined;
  checks(services: readonly string[]): Record<string, HealthCheck>;
  close(): Promise<void>;
}

interface EngineOptions {
  readonly config: Config;
  readonly log: Log;
  readonly progress?: (text: string) => void;
  readonly modules: readonly AnyModule[];
  /** Told when an engine of this process is gone and cannot come back, and why. */
  readonly onLost?: (sentence: string, reason: string) => void;
}

/** The services of a process that keep something, and so need a database. */
export function persistentServices(modules: readonly AnyModule[], config: Config): string[] {
  return persistentModules(modules, config).map(({ contract }) => contract.name);
}

const persistentModules = (modules: readonly AnyModule[], config: Config): AnyModule[] =>
  modules.filter(({ contract, stores }) => stores !== undefined && config.services.has(contract.name));

/** Whether a service keeps its things in ClickHouse: when the settings say so, and it can. */
export function wantsClickHouse({ contract, stores }: AnyModule, config: Config): boolean {
  if (stores?.clickhouse === undefined) return false;
  const driver = config.of(contract.name).DB_DRIVER ?? config.DB_DRIVER;
  return driver === 'clickhouse';
}

/** Opens what the services of this process need, and starts the engines that run in it. */
export async function createEngines(options: EngineOptions): Promise<Engines> {
  const { config, log, modules } = options;
  const keepers = persistentModules(modules, config);
  const onClickHouse = keepers.filter((module) => wantsClickHouse(module, config));
  const rest = keepers.filter((module) => !onClickHouse.includes(module)).map(({ contract }) => contract.name);
  const addressOf = (service: string): string | undefined => config.of(service).DATABASE_URL ?? config.databaseUrl;
  const needsLog = config.EVENT_BUS === 'embedded' && keepers.length > 0 && config.databaseUrl === undefined;
  const needsPostgres = rest.some((service) => addressOf(service) === undefined) || (needsLog && rest.length === 0);
  const needsChdb = onClickHouse.length > 0 && config.CLICKHOUSE_HOST === undefined;

  const lock = needsPostgres || needsChdb ? lockDirectory(config.dataDir) : undefined;
  const pools = new Map<string, Database>();
  const sessions = new Map<Database, DatabaseSession>();
  const sources = new Map<Database, EventSource>();
  let embedded: EmbeddedPostgres | undefined;
  let clickhouse: OpenClickHouse | undefined;

  async function close(): Promise<void> {
    await Promise.all([...sessions.values()].map((session) => session.close()));
    await Promise.all([...pools.values()].map((pool) => pool.close()));
    await clickhouse?.close();
    await embedded?.stop();
    lock?.release();
  }

  try {
    // What is missing for it is said before anything is started.
    if (onClickHouse.length > 0) clickhouse = await openFor(onClickHouse, config, log);
    if (needsPostgres) embedded = await startEmbedded(options);
  } catch (error) {
    await close();
    throw error;
  }

  function poolOf(url: string): Database {
    let pool = pools.get(url);
    if (!pool) {
      pool = openDatabase(url, {
        poolSize: config.DB_POOL_SIZE,
        onError: ({ message }) => log.warn({ reason: message }, 'a database connection ended'),
      });
      pools.set(url, pool);
    }
    return pool;
  }

  const lookAtClickHouse = sharedCheck(async () => clickhouse?.look(onClickHouse.map(({ contract }) => contract.name)));

  const engines: Engines = {
    isOnClickHouse: (service) => onClickHouse.some(({ contract }) => contract.name === service),
    database(service) {
      const url = addressOf(service) ?? embedded?.url;
      if (!url) throw new Error(`${service} has no database`);
      return poolOf(url);
    },
    session(db) {
      const session = sessions.get(db) ?? openSession(db.url, log);
      sessions.set(db, session);
      return session;
    },
    shared() {
      const url = config.databaseUrl ?? embedded?.url;
      return url === undefined ? undefined : poolOf(url);
    },
    clickhouse() {
      if (!clickhouse) throw new Error('no service of this process keeps its things in ClickHouse');
      return clickhouse;
    },
    events(service) {
      const module = onClickHouse.find(({ contract }) => contract.name === service);
      if (module) return module.stores?.clickhouse?.events === undefined ? undefined : engines.clickhouse().events;
      const db = engines.database(service);
      const source = sources.get(db) ?? eventsIn(db, engines.session(db));
      sources.set(db, source);
      return source;
    },
    checks(services): Record<string, HealthCheck> {
      const databases = new Set(services.filter((service) => rest.includes(service)).map(engines.database));
      const write = async () => {
        await Promise.all([...databases].map((pool) => pool.writable()));
      };
      return {
        ...(databases.size > 0 && { database: sharedCheck(write) }),
        ...(clickhouse && services.some(engines.isOnClickHouse) && { clickhouse: lookAtClickHouse }),
      };
    },
    close,
  };
  return engines;
}

async function openFor(modules: readonly AnyModule[], config: Config, log: Log): Promise<OpenClickHouse> {
  const { openClickHouse } = await import('../db/clickhouse/open.ts');
  const tables = modules.flatMap(({ contract, stores }): [string, string][] => {
    const events = stores?.clickhouse?.events;
    return events === undefined ? [] : [[contract.name, events]];
  });
  return openClickHouse({ config, log, tables: new Map(tables) });
}

function startEmbedded({ config, log, progress, onLost }: EngineOptions): Promise<EmbeddedPostgres> {
  return startPostgres({
    dataDir: config.dataDir,
    progress,
    restart: {
      onDown: (code) => log.error({ code }, 'the embedded PostgreSQL ended by itself; it is started again'),
      onUp: () => log.info('the embedded PostgreSQL answers again'),
      onLost: ({ message }) => {
        const sentence = 'the embedded PostgreSQL ended and cannot be started again';
        if (onLost) onLost(sentence, message);
        else log.fatal({ reason: message }, sentence);
      },
    },
  });
}

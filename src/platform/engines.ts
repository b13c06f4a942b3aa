import type { Config } from './config.ts';
import { type EmbeddedPostgres, startPostgres } from './db/embedded/embedded.ts';
import { lockDirectory } from './db/embedded/lock.ts';
import { type Database, openDatabase } from './db/postgres.ts';
import { openSession, type Session } from './db/session.ts';
import type { Check } from './health.ts';
import type { Log } from './log.ts';
import type { AnyModule } from './module.ts';

/** The engines under the services of this process: which database each has, and the embedded server if one is needed. */
export interface Engines {
  /** The database of a service; services with the same address share one pool. */
  database(service: string): Database;
  /** The connection for locks and notifications of a database. */
  session(db: Database): Session;
  /** The database that services share; undefined when each has one of its own. */
  shared(): Database | undefined;
  checks(services: readonly string[]): Record<string, Check>;
  close(): Promise<void>;
}

interface EngineOptions {
  readonly config: Config;
  readonly log: Log;
  readonly progress?: (text: string) => void;
  /** The services of this process that keep something. */
  readonly keepers: readonly string[];
}

/** The services of a process that keep something, and so need a database. */
export function keepersOf(modules: readonly AnyModule[], config: Config): string[] {
  return modules
    .filter(({ contract, stores }) => stores !== undefined && config.services.has(contract.name))
    .map(({ contract }) => contract.name);
}

/** Starts the embedded server when some service of this process has no database address. */
export async function createEngines({ config, log, progress, keepers }: EngineOptions): Promise<Engines> {
  const addressOf = (service: string): string | undefined => config.of(service).DATABASE_URL ?? config.databaseUrl;
  const embedded = keepers.some((service) => addressOf(service) === undefined)
    ? await startEmbedded(config, log, progress)
    : undefined;
  const pools = new Map<string, Database>();
  const sessions = new Map<Database, Session>();

  function database(service: string): Database {
    const url = addressOf(service) ?? embedded?.url;
    if (!url) throw new Error(`${service} has no database`);
    return poolOf(url);
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

  return {
    database,
    session(db) {
      const session = sessions.get(db) ?? openSession(db.url, log);
      sessions.set(db, session);
      return session;
    },
    shared() {
      const url = config.databaseUrl ?? embedded?.url;
      return url === undefined ? undefined : poolOf(url);
    },
    checks(services): Record<string, Check> {
      const kept = services.filter((service) => keepers.includes(service));
      if (kept.length === 0) return {};
      const ping = async () => {
        await Promise.all([...new Set(kept.map(database))].map((pool) => pool.ping()));
      };
      return { database: ping };
    },
    async close() {
      await Promise.all([...sessions.values()].map((session) => session.close()));
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      await embedded?.stop();
    },
  };
}

async function startEmbedded(config: Config, log: Log, progress?: (text: string) => void): Promise<EmbeddedPostgres> {
  const lock = lockDirectory(config.dataDir);
  try {
    const server = await startPostgres({
      dataDir: config.dataDir,
      progress,
      onExit: (code) => log.error({ code }, 'the embedded PostgreSQL ended by itself; start again'),
    });
    return {
      ...server,
      async stop() {
        await server.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

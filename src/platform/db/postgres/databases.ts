import type { Config } from '../../config/config.ts';
import type { EngineOptions } from '../engine.ts';
import { type EmbeddedPostgres, startPostgres } from './embedded/embedded.ts';
import { type Database, openDatabase } from './postgres.ts';
import { type DatabaseSession, openSession } from './session.ts';

/** The databases of the services of a process: services with the same address share one pool. */
export interface Databases {
  database(service: string): Database;
  /** The connection for locks and notifications of a database. */
  session(db: Database): DatabaseSession;
  /** The database that services share; undefined when there is none. */
  shared(): Database | undefined;
  close(): Promise<void>;
}

export interface DatabasesOptions extends EngineOptions {
  /** The address of a service; undefined for the embedded database. */
  readonly addressOf: (service: string, config: Config) => string | undefined;
  /** Whether the embedded PostgreSQL is needed: it is started. */
  readonly embedded: boolean;
}

/** Starts the embedded PostgreSQL, if needed. Pools and sessions are opened when they are first asked for. */
export async function openDatabases(options: DatabasesOptions): Promise<Databases> {
  const { config, log, addressOf } = options;
  const embedded = options.embedded ? await startEmbedded(options) : undefined;
  const pools = new Map<string, Database>();
  const sessions = new Map<Database, DatabaseSession>();

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
    database(service) {
      const url = addressOf(service, config) ?? embedded?.url;
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
    async close() {
      await Promise.all([...sessions.values()].map((session) => session.close()));
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      await embedded?.stop();
    },
  };
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

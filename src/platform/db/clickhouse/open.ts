import { withTimeout } from '../../bus/timeout.ts';
import { type Config, ConfigError } from '../../config/config.ts';
import type { Log } from '../../observability/log.ts';
import type { EventSource } from '../outbox.ts';
import { openServer } from './client.ts';
import { type ClickHouse, databaseOf } from './engine.ts';
import { type LostEnd, lostEnds, refuseLost, watchLost } from './lost-parts.ts';
import { type RowOutboxes, rowOutboxes } from './store/outbox.ts';
import type { StoreParts } from './store/store.ts';
import { type Locks, processLocks } from './writers/locks.ts';
import { type WriterLease, writerLease } from './writers/writer-lease.ts';

/** ClickHouse under the services of this process that keep their things in it. */
export interface OpenClickHouse extends StoreParts {
  readonly engine: ClickHouse;
  readonly locks: Locks;
  readonly outboxes: RowOutboxes;
  /** Where the relay finds their events. */
  readonly events: EventSource;
  /**
   * Before anything is written: says that this process writes these services. Throws ConfigError, with a sentence,
   * when another one does that does not share the locks of this one.
   */
  claim(services: readonly string[]): Promise<void>;
  /** Throws ConfigError, with a sentence, when the engine has set aside parts of what these services keep. */
  refuseLost(services: readonly string[]): Promise<void>;
  /** The tables of these services that have lost their end, before anything is written; `look` tells them too. */
  findLost(services: readonly string[]): Promise<readonly LostEnd[]>;
  /** Throws `Down` when nothing can be written, and `Degraded` when rows of these services are lost. */
  look(services: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

interface OpenParts {
  readonly config: Config;
  readonly log: Log;
  /** Service to the table whose rows carry its events; one that announces nothing is missing. */
  readonly tables: ReadonlyMap<string, string>;
}

/**
 * Opens the server that CLICKHOUSE_HOST names, else the engine in this process. Throws ConfigError, with a sentence,
 * for a server that is not there or lets us in no further, and for a Redis that is needed and does not answer.
 */
export async function openClickHouse({ config, log, tables }: OpenParts): Promise<OpenClickHouse> {
  const engine = await openEngine(config);
  try {
    const locks = await openLocks(config, log);
    // The data directory of the engine in this process is locked for it alone.
    if (engine.embedded) return overEngine(engine, locks, tables);
    const claims = writerLease({ engine, log, shared: locks.shared });
    return overEngine(engine, claims.under(locks), tables, claims);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** The parts over an engine that is open. */
export function overEngine(
  engine: ClickHouse,
  locks: Locks,
  tables: ReadonlyMap<string, string>,
  claims?: Pick<WriterLease, 'claim' | 'close'>,
): OpenClickHouse {
  const outboxes = rowOutboxes({
    engine,
    shared: locks.shared,
    tables: new Map(
      [...tables].map(([service, table]) => {
        const database = databaseOf(engine, service);
        return [service, { events: `${database}.${table}`, relay: `${database}.relay` }];
      }),
    ),
    tellOthers: async () => locks.notify(),
  });
  const lost = watchLost(engine);
  let ends: readonly LostEnd[] = [];
  const events: EventSource = {
    outboxes,
    leading: locks.leading,
    onAnnounced: outboxes.onAnnounced,
    onNews: async (heard) => locks.onNotification(heard),
    close: outboxes.flush,
  };
  return {
    engine,
    locks,
    outboxes,
    events,
    async claim(services) {
      await claims?.claim(services);
    },
    refuseLost: (services) => refuseLost(engine, services),
    async findLost(services) {
      const announcing = new Map([...tables].filter(([service]) => services.includes(service)));
      ends = await lostEnds(engine, announcing);
      return ends;
    },
    async look(services) {
      await engine.writable();
      await lost(services, ends);
    },
    async close() {
      await locks.close();
      await claims?.close();
      await engine.close();
    },
  };
}

async function openEngine(config: Config): Promise<ClickHouse> {
  const { CLICKHOUSE_HOST: host, CLICKHOUSE_DB: prefix } = config;
  if (host === undefined) {
    const { EngineMissing, openChdb } = await import('./chdb.ts');
    return openChdb({ dataDir: config.dataDir, prefix }).catch((error: unknown) => {
      throw error instanceof EngineMissing ? new ConfigError([error.message]) : error;
    });
  }
  const url = `${config.CLICKHOUSE_TLS === 'on' ? 'https' : 'http'}://${host}:${config.CLICKHOUSE_PORT}`;
  const { CLICKHOUSE_USER: username, CLICKHOUSE_PASSWORD: password } = config;
  const server = openServer({ url, username, password, prefix });
  try {
    await withTimeout(FIRST_ANSWER_MS, `no answer in ${FIRST_ANSWER_MS} ms`, server.ping());
  } catch (error) {
    // Not waited for: what does not answer does not close either.
    void server.close().catch(() => undefined);
    throw new ConfigError([serverFault(url, username, error)]);
  }
  return server;
}

const FIRST_ANSWER_MS = 5_000;

function serverFault(url: string, username: string, error: unknown): string {
  const { type, message, code, cause } = error as Partial<Record<'type' | 'message' | 'code', string>> & Cause;
  if (type === undefined && cause?.type !== undefined) return serverFault(url, username, cause);
  if (type === 'AUTHENTICATION_FAILED')
    return `ClickHouse at ${url} does not let ${username} in; check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD.`;
  if (type !== undefined) return `ClickHouse at ${url} refuses (${message}).`;
  const reason = cause?.message || cause?.code || message || code;
  return `ClickHouse does not answer at ${url} (${reason}); check CLICKHOUSE_HOST, CLICKHOUSE_PORT and CLICKHOUSE_TLS.`;
}

interface Cause {
  readonly cause?: { readonly message?: string; readonly code?: string; readonly type?: string };
}

async function openLocks(config: Config, log: Log): Promise<Locks> {
  if (config.CLICKHOUSE_HOST === undefined || config.CLICKHOUSE_LOCKS === 'process') return processLocks();
  const { openRedisLocks } = await import('./writers/redis-locks.ts');
  return openRedisLocks({ url: config.REDIS_URL, prefix: config.CLICKHOUSE_DB, log });
}

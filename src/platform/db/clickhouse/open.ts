import type { Config } from '../../config.ts';
import type { Log } from '../../log.ts';
import type { EventSource } from '../outbox.ts';
import { openServer } from './client.ts';
import { type ClickHouse, databaseOf } from './engine.ts';
import { type Locks, processLocks } from './locks.ts';
import { type RowOutboxes, rowOutboxes } from './outbox.ts';
import type { StoreParts } from './store.ts';

/** ClickHouse under the services of this process that keep their things in it. */
export interface OpenClickHouse extends StoreParts {
  readonly engine: ClickHouse;
  readonly locks: Locks;
  readonly outboxes: RowOutboxes;
  /** Where the relay finds their events. */
  readonly events: EventSource;
  close(): Promise<void>;
}

interface OpenParts {
  readonly config: Config;
  readonly log: Log;
  /** Service to the table whose rows carry its events; one that announces nothing is missing. */
  readonly tables: ReadonlyMap<string, string>;
}

/** Opens the server that CLICKHOUSE_HOST names, else the engine in this process. */
export async function openClickHouse({ config, log, tables }: OpenParts): Promise<OpenClickHouse> {
  const engine = await openEngine(config);
  const locks = await openLocks(config, log);
  return overEngine(engine, locks, tables);
}

/** The parts over an engine that is open. */
export function overEngine(engine: ClickHouse, locks: Locks, tables: ReadonlyMap<string, string>): OpenClickHouse {
  const outboxes = rowOutboxes({
    engine,
    shared: locks.shared,
    tables: new Map(
      [...tables].map(([service, table]) => {
        const database = databaseOf(engine, service);
        return [service, { events: `${database}.${table}`, relay: `${database}.relay` }];
      }),
    ),
    tellOthers: async () => locks.tell(),
  });
  const events: EventSource = {
    outboxes,
    leading: locks.leading,
    onAnnounced: outboxes.onAnnounced,
    onNews: async (heard) => locks.onTold(heard),
    close: outboxes.flush,
  };
  return {
    engine,
    locks,
    outboxes,
    events,
    async close() {
      await locks.close();
      await engine.close();
    },
  };
}

async function openEngine(config: Config): Promise<ClickHouse> {
  const { CLICKHOUSE_HOST: host, CLICKHOUSE_DB: prefix } = config;
  if (host === undefined) {
    const { openChdb } = await import('./chdb.ts');
    return openChdb({ dataDir: config.dataDir, prefix });
  }
  const scheme = config.CLICKHOUSE_TLS === 'on' ? 'https' : 'http';
  return openServer({
    url: `${scheme}://${host}:${config.CLICKHOUSE_PORT}`,
    username: config.CLICKHOUSE_USER,
    password: config.CLICKHOUSE_PASSWORD,
    prefix,
  });
}

async function openLocks(config: Config, log: Log): Promise<Locks> {
  if (config.CLICKHOUSE_HOST === undefined || config.CLICKHOUSE_LOCKS === 'process') return processLocks();
  const { openRedisLocks } = await import('./locks.redis.ts');
  return openRedisLocks({ url: config.REDIS_URL, prefix: config.CLICKHOUSE_DB, log });
}

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import type { Stores, Tools } from '../platform/app/module.ts';
import { createTokens } from '../platform/auth/tokens.ts';
import { readConfig, type TestEngine, testBrokers } from '../platform/config/config.ts';
import type { Contract } from '../platform/contract/contract.ts';
import type { ClickHouse } from '../platform/db/clickhouse/engine.ts';
import { clickhouseSet } from '../platform/db/clickhouse/migration-set.ts';
import { type OpenClickHouse, overEngine } from '../platform/db/clickhouse/open.ts';
import { clickhouseStore } from '../platform/db/clickhouse/store/store.ts';
import { openDatabase } from '../platform/db/postgres/postgres.ts';
import { postgresStore } from '../platform/db/postgres/store/store.ts';
import type { StoredResponse } from '../platform/db/stored-response.ts';
import { createLog } from '../platform/observability/log.ts';
import { theEndpoint, usesClickHouse } from './clickhouse.ts';
import { testDatabase } from './databases.ts';
import { engines } from './engines.ts';
import { publishedEvents } from './published-events.ts';

/** Something that a service announced and that waits for the relay. */
export interface WaitingRow {
  readonly type: string;
  readonly subject: string;
  readonly data: Record<string, unknown>;
}

/** Repositories of one service over an empty store, as several processes would have them. */
export interface StoredRow<R> {
  readonly driver: 'postgres' | 'clickhouse';
  readonly repositories: readonly R[];
  /** What was announced, oldest first. */
  announced(): Promise<WaitingRow[]>;
  /** The answer that is kept under the key of a request. */
  answer(key: string): Promise<StoredResponse | undefined>;
  /** Rows of a statement: for what only a look at the tables can tell, in the words of that engine. */
  rows(text: string): Promise<Record<string, unknown>[]>;
  /** Empties the tables of the service: its ids go on. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** An engine that repositories can be tested on. */
export interface TestStore {
  readonly name: string;
  readonly driver: 'postgres' | 'clickhouse';
  /** The repositories of a service as `processes` processes have them; two unless said. */
  open<R>(contract: Contract, stores: Stores<R>, processes?: number): Promise<StoredRow<R>>;
}

const tools: Tools = {
  config: readConfig({ NODE_ENV: 'test', BCRYPT_COST: '4' }, []),
  log: createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' }),
  tokens: createTokens('a secret that only tests know'),
  reservedNames: [],
};

function postgresOn(engine: TestEngine): TestStore {
  return {
    name: engine.name,
    driver: 'postgres',
    async open(contract, stores, processes = 2) {
      const database = await testDatabase(engine);
      const pools = Array.from({ length: processes }, () => openDatabase(database.url));
      const [first] = pools as [(typeof pools)[number]];
      const opened = pools.map((db) => postgresStore(db, contract));
      const rows = (text: string) => first.query<Record<string, unknown>>({ name: '', text });
      return {
        driver: 'postgres',
        repositories: opened.map((store) => stores.postgres.open(store, tools)),
        rows,
        answer: async (key) => opened[0]?.findAnswer(key),
        announced: async () =>
          (await rows(`select type, subject, data from ${publishedEvents(contract.name)} order by n`).catch(() =>
            rows(`select type, subject, data from tradepost_${contract.name}.outbox order by position`),
          )) as unknown as WaitingRow[],
        async clear() {
          const tables = await rows(`select format('%I.%I', schemaname, tablename) as name from pg_tables
            where schemaname = 'tradepost_${contract.name}'`);
          await first.script(`truncate ${tables.map(({ name }) => name).join(', ')}`);
        },
        async close() {
          await Promise.all(pools.map((db) => db.close()));
          await database.drop();
        },
      };
    },
  };
}

type OpenEngine = (prefix: string, tables: Map<string, string>, nth: number) => Promise<OpenClickHouse>;

function clickhouseBy(name: string, openEngine: OpenEngine): TestStore {
  return {
    name,
    driver: 'clickhouse',
    async open(contract, stores, processes = 2) {
      if (!stores.clickhouse) throw new Error(`${contract.name} has no store in ClickHouse`);
      const { events, open } = stores.clickhouse;
      const prefix = `t_${randomBytes(5).toString('hex')}`;
      const tables = new Map(events === undefined ? [] : [[contract.name, events]]);
      const parts: OpenClickHouse[] = [];
      for (let nth = 0; nth < processes; nth++) parts.push(await openEngine(prefix, tables, nth));
      const [first] = parts as [OpenClickHouse];
      const { migrateClickHouse } = await import('../platform/db/clickhouse/migrate.ts');
      await migrateClickHouse(first.engine, first.locks, [clickhouseSet(first.engine, contract.name)]);
      const opened = parts.map((part, nth) => clickhouseStore({ ...part, process: `process ${nth}` }, contract));
      const database = `${prefix}_${contract.name}`;
      const rows = (text: string) => first.engine.query<Record<string, unknown>>(text);
      return {
        driver: 'clickhouse',
        repositories: opened.map((store) => open(store, tools)),
        rows,
        answer: async (key) => opened[0]?.findAnswer(key),
        async announced() {
          const found = await rows(`select events from ${database}.${events} where events != '[]' order by position`);
          return found.flatMap((row) => JSON.parse(String(row.events)) as WaitingRow[]);
        },
        async clear() {
          const found = await rows(`select name from system.tables where database = '${database}' and name != 'ids'
            and engine like '%MergeTree'`);
          for (const { name: table } of found) await first.engine.command(`truncate table ${database}.${table}`);
        },
        async close() {
          for (const one of [database, `${prefix}_platform`])
            await first.engine.command(`drop database if exists ${one}`);
          await Promise.all([...new Set(parts)].map((part) => part.close()));
        },
      };
    },
  };
}

/** chDB in this process, whose data nobody else reaches: what would be processes share it, and its locks. */
function inProcess(): TestStore {
  let shared: Promise<ClickHouse> | undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-chdb-'));
  after(async () => {
    await (await shared)?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const parts = new Map<string, OpenClickHouse>();
  return clickhouseBy('chDB in the process', async (prefix, tables) => {
    const { openChdb } = await import('../platform/db/clickhouse/chdb.ts');
    const { processLocks } = await import('../platform/db/clickhouse/writers/locks.ts');
    shared ??= openChdb({ dataDir, prefix: '' });
    const engine = { ...(await shared), prefix, close: async () => undefined };
    const part = parts.get(prefix) ?? overEngine(engine, processLocks(), tables);
    parts.set(prefix, part);
    return part;
  });
}

/** The official client over HTTP, each process with a connection of its own, kept apart by Redis. */
async function overHttp(redis: string): Promise<TestStore> {
  const { name, port, password } = await theEndpoint();
  return clickhouseBy(`${name}, kept apart by Redis`, async (prefix, tables) => {
    const { openServer } = await import('../platform/db/clickhouse/client.ts');
    const { openRedisLocks } = await import('../platform/db/clickhouse/writers/redis-locks.ts');
    const engine = openServer({ url: `http://127.0.0.1:${port}`, username: 'default', password, prefix });
    return overEngine(engine, await openRedisLocks({ url: redis, prefix, log: tools.log }), tables);
  });
}

const { redis } = testBrokers();
const all: TestStore[] = engines.map(postgresOn);
if (usesClickHouse()) all.push(inProcess());
if (usesClickHouse() && redis !== undefined) all.push(await overHttp(redis));

/** Runs a suite on every store there is: what an interface promises, all of them keep. */
export function eachStore(title: string, suite: (store: TestStore) => void): void {
  for (const one of all) describe(`${title} (${one.name})`, () => suite(one));
}

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'node:test';
import { type TestEngine, testBrokers } from '../platform/config/config.ts';
import { type TestClickHouse, theEndpoint, usesClickHouse } from './clickhouse.ts';
import { engine as anyEngine, engines } from './engines.ts';

/** What a whole shop stands on in a test. */
export interface TestTarget {
  readonly name: string;
  readonly driver: 'postgres' | 'clickhouse';
  /** The server for what PostgreSQL keeps: all, or what ClickHouse does not. */
  readonly postgres: TestEngine;
  /** Whether several systems may stand on it at once. */
  readonly shared: boolean;
  /** Settings that name an empty place on it, and what takes the place away again. */
  open(): Promise<{ readonly env: Record<string, string>; close(): Promise<void> }>;
}

const onPostgres = (postgres: TestEngine): TestTarget => ({
  name: postgres.name,
  driver: 'postgres',
  postgres,
  shared: true,
  open: async () => ({ env: {}, close: async () => undefined }),
});

/** The engine in the process of the shop: its data are this one's alone. */
const onChdb: TestTarget = {
  name: 'chDB in the process',
  driver: 'clickhouse',
  postgres: anyEngine,
  shared: false,
  async open() {
    const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-target-'));
    return {
      env: { DB_DRIVER: 'clickhouse', DATA_DIR: dataDir },
      close: async () => rmSync(dataDir, { recursive: true, force: true }),
    };
  },
};

/** The official client over HTTP; systems that share it are kept apart by Redis. */
const onServer = (redis: string): TestTarget => ({
  name: 'ClickHouse over HTTP',
  driver: 'clickhouse',
  postgres: anyEngine,
  shared: true,
  async open() {
    const { port, password } = await theEndpoint();
    const prefix = `g_${randomBytes(5).toString('hex')}`;
    const env = {
      DB_DRIVER: 'clickhouse',
      CLICKHOUSE_HOST: '127.0.0.1',
      CLICKHOUSE_PORT: String(port),
      CLICKHOUSE_PASSWORD: password,
      CLICKHOUSE_DB: prefix,
      CLICKHOUSE_LOCKS: 'redis',
      REDIS_URL: redis,
    };
    return { env, close: () => dropAll(prefix, { port, password }) };
  },
});

async function dropAll(prefix: string, { port, password }: Pick<TestClickHouse, 'port' | 'password'>): Promise<void> {
  const { openServer } = await import('../platform/db/clickhouse/client.ts');
  const engine = openServer({ url: `http://127.0.0.1:${port}`, username: 'default', password, prefix });
  const rows = await engine.query<{ name: string }>(
    'select name from system.databases where startsWith(name, {prefix:String})',
    { prefix: `${prefix}_` },
  );
  for (const { name } of rows) await engine.command(`drop database ${name}`);
  await engine.close();
}

const { redis } = testBrokers();
const targets: TestTarget[] = engines.map(onPostgres);
if (usesClickHouse()) targets.push(onChdb);
if (usesClickHouse() && redis !== undefined) targets.push(onServer(redis));

/** Runs a suite on every target there is. */
export function eachTarget(title: string, suite: (target: TestTarget) => void): void {
  for (const one of targets) describe(`${title} (${one.name})`, () => suite(one));
}

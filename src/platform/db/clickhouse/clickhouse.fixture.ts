import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { hasChdb, theEndpoint } from '../../../testing/clickhouse.ts';
import { assets } from '../../app/assets.ts';
import { readConfig, testBrokers } from '../../config/config.ts';
import { createLog } from '../../observability/log.ts';
import { readMigrations } from '../migrations.ts';
import { openChdb } from './chdb.ts';
import { openServer } from './client.ts';
import type { ClickHouse } from './engine.ts';
import { migrateClickHouse } from './migrate.ts';
import { type Locks, processLocks } from './writers/locks.ts';
import { openRedisLocks } from './writers/redis-locks.ts';

export const quiet = createLog(readConfig({ LOG_LEVEL: 'silent' }, []));

/** A way to ClickHouse that a suite runs over. */
export interface Way {
  readonly name: string;
  /** Whether those who join a place are processes of their own. */
  readonly shared: boolean;
  /** An empty place with what a service keeps in every engine, as some processes reach it. */
  open(service: string, more?: string): Promise<StoreTarget>;
}

export interface StoreTarget {
  readonly prefix: string;
  readonly database: string;
  /** An engine and locks of its own for another process; in the process of the engine all share them. */
  join(): Promise<{ readonly engine: ClickHouse; readonly locks: Locks }>;
  close(): Promise<void>;
}

type Joined = Awaited<ReturnType<StoreTarget['join']>>;

function wayBy(name: string, shared: boolean, join: (prefix: string) => Promise<Joined>): Way {
  return {
    name,
    shared,
    async open(service, more = '') {
      const prefix = `t_${randomBytes(5).toString('hex')}`;
      const database = `${prefix}_${service}`;
      const joined = [await join(prefix)];
      const [{ engine, locks }] = joined as [Joined];
      const migrations = readMigrations(assets, 'platform/db/clickhouse/migrations', database);
      const own = { name: '0001_own.sql', text: more.replaceAll('{{schema}}', database) };
      await migrateClickHouse(engine, locks, [{ schema: database, migrations: [...migrations, own] }]);
      return {
        prefix,
        database,
        async join() {
          const one = await join(prefix);
          joined.push(one);
          return one;
        },
        async close() {
          for (const one of [database, `${prefix}_platform`]) await engine.command(`drop database if exists ${one}`);
          await Promise.all(joined.map((one) => one.locks.close()));
          await Promise.all(joined.map((one) => one.engine.close()));
        },
      };
    },
  };
}

function inProcess(): Way {
  let opened: Promise<ClickHouse> | undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-chdb-'));
  after(async () => {
    await (await opened)?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const locks = new Map<string, Locks>();
  return wayBy('chDB in the process', false, async (prefix) => {
    opened ??= openChdb({ dataDir, prefix: '' });
    const shared = locks.get(prefix) ?? processLocks();
    locks.set(prefix, shared);
    return { engine: { ...(await opened), prefix, close: async () => undefined }, locks: shared };
  });
}

/** Opens the ClickHouse that is reached over HTTP, under these names. */
export type OpenServer = (prefix: string) => ClickHouse;

async function server(): Promise<{ name: string; open: OpenServer }> {
  const { name, port, password } = await theEndpoint();
  const open: OpenServer = (prefix) =>
    openServer({ url: `http://127.0.0.1:${port}`, username: 'default', password, prefix });
  return { name, open };
}

const { redis } = testBrokers();
const http = hasChdb() ? await server() : undefined;
const ways: Way[] = hasChdb() ? [inProcess()] : [];
if (http && redis !== undefined)
  ways.push(
    wayBy(`${http.name}, kept apart by Redis`, true, async (prefix) => ({
      engine: http.open(prefix),
      locks: await openRedisLocks({ url: redis, prefix, log: quiet }),
    })),
  );

/** Runs a suite over every way to ClickHouse. */
export function eachWay(title: string, suite: (way: Way) => void): void {
  for (const way of ways) describe(`${title} (${way.name})`, () => suite(way));
  if (redis === undefined) missing(`${title} (kept apart by Redis)`, 'Redis does not run');
  if (!hasChdb()) missing(title, 'chDB is not installed');
}

/** Runs a suite over HTTP, where several processes reach one engine. Locks are the affair of the suite. */
export function overHttp(title: string, suite: (way: Way) => void): void {
  if (http)
    describe(title, () =>
      suite(wayBy(http.name, true, async (prefix) => ({ engine: http.open(prefix), locks: processLocks() }))),
    );
  else missing(title, 'chDB is not installed');
}

/** Names what could not be tested; in CI that is a failure. */
export function missing(title: string, reason: string): void {
  test(title, { skip: !process.env.CI && reason }, () => {
    throw new Error(`${reason}, so nothing was tested`);
  });
}

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { container } from '../../../container.ts';
import { modulesOf } from '../../../platform/app/app.ts';
import { servicesIn } from '../../../platform/app/engines.ts';
import { busMigrations } from '../../../platform/bus/open-bus.ts';
import { withTimeout } from '../../../platform/bus/timeout.ts';
import type { Config } from '../../../platform/config/config.ts';
import { CHDB } from '../../../platform/db/clickhouse/chdb.ts';
import { openServer } from '../../../platform/db/clickhouse/client.ts';
import type { ClickHouse } from '../../../platform/db/clickhouse/engine.ts';
import { appliedOnClickHouse, pendingOnClickHouse } from '../../../platform/db/clickhouse/migrate.ts';
import { clickhouseSet } from '../../../platform/db/clickhouse/migration-set.ts';
import { processLocks } from '../../../platform/db/clickhouse/writers/locks.ts';
import { type MigrationSet, newerIn } from '../../../platform/db/migrations.ts';
import { databaseLocation } from '../../../platform/db/postgres/address.ts';
import { type DatabaseFacts, inspectDatabase } from '../../../platform/db/postgres/health/inspection.ts';
import { pendingMigrations } from '../../../platform/db/postgres/migrate.ts';
import { migrationSet } from '../../../platform/db/postgres/migration-set.ts';
import { openDatabase } from '../../../platform/db/postgres/postgres.ts';
import { movedFromClickHouse, movedFromPostgres, movedSentence } from '../../../platform/db/transfer/moved.ts';
import type { Facts, MigrationFacts, MovedFacts } from '../facts.ts';

const TIMEOUT_MS = 8_000;

/** The persistent services of this process, by their store. */
export function configuredServices(config: Config): { postgres: string[]; clickhouse: string[] } {
  const modules = modulesOf(container);
  return {
    postgres: servicesIn('postgres', modules, config),
    clickhouse: servicesIn('clickhouse', modules, config),
  };
}

/** The services by the URL of their database; undefined for the embedded one when it does not run. */
function databasesOf(config: Config, services: readonly string[]): Map<string | undefined, string[]> {
  const found = new Map<string | undefined, string[]>();
  for (const service of services) {
    const url = config.of(service).DATABASE_URL ?? config.databaseUrl ?? embeddedUrl(config.dataDir);
    found.set(url, [...(found.get(url) ?? []), service]);
  }
  return found;
}

function embeddedUrl(dataDir: string): string | undefined {
  const sockets = join(dataDir, 'postgres-socket');
  if (!existsSync(join(sockets, '.s.PGSQL.5432'))) return undefined;
  return `postgresql://postgres@/tradepost?host=${encodeURIComponent(sockets)}`;
}

/** The facts of every PostgreSQL of the settings; the failure of one takes precedence. */
export async function databaseFacts(config: Config): Promise<Facts['database']> {
  const { postgres } = configuredServices(config);
  const databases = databasesOf(config, postgres);
  if (databases.size === 0) return { none: 'no service of this process keeps anything in PostgreSQL' };
  if (databases.has(undefined)) return { none: 'the embedded one does not run; it is checked when it does' };
  const shared = config.databaseUrl ?? embeddedUrl(config.dataDir);
  const all = await Promise.all(
    [...databases].map(([url = '', services]) =>
      probeDatabase(url, services, config.EVENT_BUS === 'embedded' && url === shared),
    ),
  );
  const bad = all.find((one) => 'failure' in one);
  if (bad) return { found: bad };
  const good = all.filter((one): one is DatabaseProbe => !('failure' in one));
  const [first] = good;
  if (!first) return { none: 'there is none' };
  return { found: { ...first, ...merged(good) } };
}

type DatabaseProbe = DatabaseFacts & MigrationFacts & MovedFacts & { readonly skewMs: number };

const merged = (all: readonly DatabaseProbe[]) => ({
  readOnly: all.some((one) => one.readOnly),
  pending: all.flatMap((one) => one.pending),
  newer: all.flatMap((one) => one.newer),
  changed: all.find((one) => one.changed)?.changed,
  events: all.flatMap((one) => one.events),
  moved: all.flatMap((one) => one.moved),
});

async function probeDatabase(
  url: string,
  services: readonly string[],
  hasLog: boolean,
): Promise<DatabaseProbe | { failure: string }> {
  const db = openDatabase(url, { poolSize: 1 });
  try {
    const began = Date.now();
    const facts = await withTimeout(TIMEOUT_MS, 'no answer', inspectDatabase(db, services));
    const skewMs = facts.clock - (began + Date.now()) / 2;
    const sets = [...services.map(migrationSet), ...(hasLog ? [busMigrations()] : [])];
    const migrations = await migrationsIn(facts.applied, sets, () => pendingMigrations(db, sets));
    const left = await movedFromPostgres(db, services);
    const moved = left.length > 0 ? [movedSentence(left, 'PostgreSQL', 'postgres')] : [];
    return { ...facts, ...migrations, skewMs, moved };
  } catch (error) {
    return { failure: `${whereOf(url)}: ${failureReason(error)}` };
  } finally {
    // Not awaited: a server that does not answer does not close either.
    void db.close().catch(() => undefined);
  }
}

/** The pending migrations, or why none may run. */
async function migrationsIn(
  applied: readonly string[],
  sets: readonly MigrationSet[],
  look: () => Promise<string[]>,
): Promise<MigrationFacts> {
  const newer = newerIn(applied, sets);
  if (newer.length > 0) return { newer, pending: [], changed: undefined };
  const pending = await look().catch((error: Error) => error.message);
  return typeof pending === 'string'
    ? { newer, pending: [], changed: pending }
    : { newer, pending, changed: undefined };
}

const whereOf = (url: string): string =>
  url.startsWith('postgresql://postgres@/tradepost?') ? 'the embedded PostgreSQL' : databaseLocation(url);

/** The message of the innermost cause of an error. */
export function failureReason(error: unknown): string {
  const { message, code, cause } = (error ?? {}) as { message?: string; code?: string; cause?: unknown };
  return cause === undefined ? message || code || 'no reason given' : failureReason(cause);
}

/** Whether ClickHouse answers, where the settings use it. */
export async function clickhouseFacts(config: Config): Promise<Facts['clickhouse']> {
  const services = configuredServices(config).clickhouse;
  if (services.length === 0) return { none: 'no service of this process keeps anything in it' };
  const { CLICKHOUSE_HOST: host, CLICKHOUSE_PORT: port, CLICKHOUSE_USER: username } = config;
  if (host === undefined) {
    return {
      found: isInstalled('chdb/connection') ? { what: CHDB } : { failure: `the package ${CHDB} is not installed` },
    };
  }
  const url = `${config.CLICKHOUSE_TLS === 'on' ? 'https' : 'http'}://${host}:${port}`;
  const server = openServer({ url, username, password: config.CLICKHOUSE_PASSWORD, prefix: config.CLICKHOUSE_DB });
  try {
    await withTimeout(TIMEOUT_MS, 'no answer', server.ping());
    return {
      found: { what: url, ...(await withTimeout(TIMEOUT_MS, 'no answer', clickhouseStoreFacts(server, services))) },
    };
  } catch (error) {
    return { found: { failure: `${url}: ${failureReason(error)}` } };
  } finally {
    void server.close().catch(() => undefined);
  }
}

async function clickhouseStoreFacts(
  server: ClickHouse,
  services: readonly string[],
): Promise<MigrationFacts & MovedFacts> {
  const sets = services.map((service) => clickhouseSet(server, service));
  const left = await movedFromClickHouse(server, services);
  const moved = left.length > 0 ? [movedSentence(left, server.where, 'clickhouse')] : [];
  const migrations = await migrationsIn(await appliedOnClickHouse(server), sets, () =>
    pendingOnClickHouse(server, processLocks(), sets),
  );
  return { ...migrations, moved };
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

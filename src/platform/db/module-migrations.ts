import { assets } from '../app/assets.ts';
import type { Engines } from '../app/engines.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../observability/log.ts';
import type { ClickHouse } from './clickhouse/engine.ts';
import { type MigrationSet, readMigrations } from './migrations.ts';
import { migrate, pendingMigrations } from './postgres/migrate.ts';
import type { Database } from './postgres/postgres.ts';
import { schemaOf } from './postgres/store/store.ts';

/** The migrations of a service: the platform's tables first, then its own. */
export function migrationSet(service: string): MigrationSet {
  const schema = schemaOf(service);
  return {
    schema,
    migrations: [
      ...readMigrations(assets, 'platform/db/migrations', schema),
      ...readMigrations(assets, `services/${service}/migrations/postgres`, schema),
    ],
  };
}

/** The same for its database in ClickHouse. */
export function clickhouseSet({ prefix }: Pick<ClickHouse, 'prefix'>, service: string): MigrationSet {
  const schema = `${prefix}_${service}`;
  return {
    schema,
    migrations: [
      ...readMigrations(assets, 'platform/db/clickhouse/migrations', schema),
      ...readMigrations(assets, `services/${service}/migrations/clickhouse`, schema),
    ],
  };
}

/** Brings the schema of every service to its newest migration, in the engine that it has. */
export async function migrateServices(
  services: readonly string[],
  engines: Engines,
  { config, log }: { config: Pick<Config, 'CURRENCY'>; log: Log },
): Promise<string[]> {
  const ran: string[] = [];
  const settings = { currency: config.CURRENCY };
  for (const [db, sets] of setsByDatabase(services, engines)) ran.push(...(await migrate(db, sets, settings)));
  const rows = services.filter(engines.isOnClickHouse);
  if (rows.length > 0) {
    const { engine, locks } = engines.clickhouse();
    const { migrateClickHouse } = await import('./clickhouse/migrate.ts');
    const sets = rows.map((service) => clickhouseSet(engine, service));
    ran.push(...(await migrateClickHouse(engine, locks, sets)));
  }
  if (ran.length > 0) log.debug({ migrations: ran }, 'migrated');
  return ran;
}

/** What `migrateServices` would run. */
export async function plannedMigrations(services: readonly string[], engines: Engines): Promise<string[]> {
  const names: string[] = [];
  for (const [db, sets] of setsByDatabase(services, engines)) names.push(...(await pendingMigrations(db, sets)));
  const rows = services.filter(engines.isOnClickHouse);
  if (rows.length > 0) {
    const { engine, locks } = engines.clickhouse();
    const { pendingOnClickHouse } = await import('./clickhouse/migrate.ts');
    const sets = rows.map((service) => clickhouseSet(engine, service));
    names.push(...(await pendingOnClickHouse(engine, locks, sets)));
  }
  return names;
}

// The services of each database, which may be one for all.
function setsByDatabase(services: readonly string[], engines: Engines): Map<Database, MigrationSet[]> {
  const sets = new Map<Database, MigrationSet[]>();
  for (const service of services) {
    if (engines.isOnClickHouse(service)) continue;
    const db = engines.database(service);
    sets.set(db, [...(sets.get(db) ?? []), migrationSet(service)]);
  }
  return sets;
}

import { assets } from '../assets.ts';
import type { Config } from '../config.ts';
import type { Engines } from '../engines.ts';
import type { Log } from '../log.ts';
import { type MigrationSet, migrate, readMigrations } from './migrate.ts';
import type { Database } from './postgres.ts';
import { schemaOf } from './store.ts';

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

/** The services of each database, which may be one for all. */
export function setsByDatabase(services: readonly string[], engines: Engines): Map<Database, MigrationSet[]> {
  const sets = new Map<Database, MigrationSet[]>();
  for (const service of services) {
    const db = engines.database(service);
    sets.set(db, [...(sets.get(db) ?? []), migrationSet(service)]);
  }
  return sets;
}

/** Brings the schema of every service to its newest migration. */
export async function migrateServices(
  services: readonly string[],
  engines: Engines,
  { config, log }: { config: Pick<Config, 'CURRENCY'>; log: Log },
): Promise<string[]> {
  const ran: string[] = [];
  const settings = { currency: config.CURRENCY };
  for (const [db, sets] of setsByDatabase(services, engines)) ran.push(...(await migrate(db, sets, settings)));
  if (ran.length > 0) log.info({ migrations: ran }, 'migrated');
  return ran;
}

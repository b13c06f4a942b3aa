import { type HealthCheck, sharedCheck } from '../../observability/health.ts';
import type { Log } from '../../observability/log.ts';
import type { EngineServer, MigrationSettings, OpenStore, StoreEngine, StoreOptions } from '../engine.ts';
import type { MigrationSet } from '../migrations.ts';
import type { EventSource } from '../outbox.ts';
import { refuseUnfinishedInPostgres } from '../transfer/postgres/unfinished.ts';
import { type Databases, type DatabasesOptions, openDatabases } from './databases.ts';
import { postgresVersion } from './health/version.ts';
import { legacyImportNotes, legacyImportText } from './legacy-import.ts';
import { migrate, pendingMigrations } from './migrate.ts';
import { migrationSet } from './migration-set.ts';
import type { Database } from './postgres.ts';
import { deadLettersIn } from './store/dead-letters.ts';
import { eventsIn } from './store/outbox.ts';
import { forgetOld } from './store/retention.ts';
import { raiseSequences } from './store/sequences.ts';
import { postgresStore } from './store/store.ts';

/** PostgreSQL under the services of this process, which may have a database each. */
export async function openPostgres(options: StoreOptions & DatabasesOptions): Promise<StoreEngine> {
  const services = options.modules.map(({ contract }) => contract.name);
  return postgresEngine(await openDatabases(options), services, options.log);
}

function postgresEngine(databases: Databases, services: readonly string[], log: Log): StoreEngine {
  const sources = new Map<Database, EventSource>();
  return {
    services,
    openStore({ contract, stores }, tools): OpenStore {
      if (!stores) throw new Error(`${contract.name} keeps nothing`);
      const store = postgresStore(databases.database(contract.name), contract);
      const { findAnswer, close } = store;
      const deadLetters = deadLettersIn(store.db, contract.name);
      return { repository: stores.postgres.open(store, tools), deadLetters, findAnswer, close };
    },
    refuseUnfinished: (forget) => refuseUnfinishedInPostgres(services, databases, forget),
    // A damaged page is told by the statement that reads it.
    refuseDamaged: async () => undefined,
    pendingMigrations: () => inEachDatabase(services, databases, pendingMigrations),
    migrate: ({ currency }: MigrationSettings) =>
      inEachDatabase(services, databases, (db, sets) => migrate(db, sets, { currency })),
    prepare: () => raiseSequences(services, databases, log),
    legacyImports: async () => (await legacyImportNotes(services, databases)).map(legacyImportText),
    async deleteExpired(service, days) {
      await forgetOld(databases.database(service), service, days);
    },
    events(service) {
      const db = databases.database(service);
      const source = sources.get(db) ?? eventsIn(db, databases.session(db));
      sources.set(db, source);
      return source;
    },
    checks: (asked) => checksOf(asked, databases),
    servers: () => serversOf(services, databases),
    eventLog() {
      const db = databases.shared();
      return db && { db, session: databases.session(db) };
    },
    close: databases.close,
  };
}

/** Runs `work` once a database, with the migrations of all services in it. */
async function inEachDatabase(
  services: readonly string[],
  { database }: Databases,
  work: (db: Database, sets: readonly MigrationSet[]) => Promise<string[]>,
): Promise<string[]> {
  const names: string[] = [];
  for (const [db, here] of Map.groupBy(services, database)) names.push(...(await work(db, here.map(migrationSet))));
  return names;
}

function checksOf(services: readonly string[], { database }: Databases): Record<string, HealthCheck> {
  const pools = new Set(services.map(database));
  if (pools.size === 0) return {};
  const write = async () => {
    await Promise.all([...pools].map((pool) => pool.writable()));
  };
  return { database: sharedCheck(write) };
}

/** The services of each version of PostgreSQL; mostly it is one for all. */
async function serversOf(services: readonly string[], { database }: Databases): Promise<EngineServer[]> {
  const databases = [...Map.groupBy(services, database)];
  const found = await Promise.all(
    databases.map(async ([db, here]) => ({ version: await postgresVersion(db), services: here })),
  );
  return [...Map.groupBy(found, ({ version }) => version)].map(([version, all]) => ({
    engine: 'PostgreSQL',
    version,
    services: all.flatMap((one) => one.services),
  }));
}

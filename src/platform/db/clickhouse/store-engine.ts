import { type HealthCheck, sharedCheck } from '../../observability/health.ts';
import type { Log } from '../../observability/log.ts';
import type { OpenStore, StoreEngine, StoreOptions } from '../engine.ts';
import { refuseUnfinishedInClickHouse } from '../transfer/clickhouse/unfinished.ts';
import { lostEndSentence } from './lost-parts.ts';
import { migrateClickHouse, pendingOnClickHouse } from './migrate.ts';
import { clickhouseSet } from './migration-set.ts';
import { type OpenClickHouse, openClickHouse } from './open.ts';
import { forgetMarks, forgetProcesses } from './retention.ts';
import { clickhouseStore } from './store/store.ts';
import { clickhouseVersion } from './version.ts';

/** ClickHouse under the services of this process. */
export async function openClickHouseEngine({ config, log, modules }: StoreOptions): Promise<StoreEngine> {
  const tables = modules.flatMap(({ contract, stores }): [string, string][] => {
    const events = stores?.clickhouse?.events;
    return events === undefined ? [] : [[contract.name, events]];
  });
  const services = modules.map(({ contract }) => contract.name);
  const open = await openClickHouse({ config, log, tables: new Map(tables) });
  return clickhouseEngine(open, services, { announcing: new Set(tables.map(([service]) => service)), log });
}

interface Parts {
  /** The services whose rows carry events. */
  readonly announcing: ReadonlySet<string>;
  readonly log: Log;
}

function clickhouseEngine(open: OpenClickHouse, services: readonly string[], { announcing, log }: Parts): StoreEngine {
  const { engine, locks } = open;
  const sets = services.map((service) => clickhouseSet(engine, service));
  const look = sharedCheck(() => open.look(services));
  return {
    services,
    openStore({ contract, stores }, tools): OpenStore {
      if (!stores?.clickhouse) throw new Error(`${contract.name} has no store in ClickHouse`);
      const store = clickhouseStore(open, contract);
      const { deadLetters, findAnswer, close } = store;
      return { repository: stores.clickhouse.open(store, tools), deadLetters, findAnswer, close };
    },
    refuseUnfinished: (forget) => refuseUnfinishedInClickHouse(services, engine, forget),
    refuseDamaged: () => open.refuseLost(services),
    pendingMigrations: () => pendingOnClickHouse(engine, locks, sets),
    migrate: () => migrateClickHouse(engine, locks, sets),
    async prepare() {
      await open.claim(services);
      for (const end of await open.findLost(services)) log.error(end, lostEndSentence(end));
    },
    // Older tables are in PostgreSQL, and are imported there.
    legacyImports: async () => [],
    async deleteExpired(service, days) {
      await forgetMarks(engine, service, days);
      await forgetProcesses(engine, service, days);
    },
    events: (service) => (announcing.has(service) ? open.events : undefined),
    checks: (asked): Record<string, HealthCheck> => (asked.length > 0 ? { clickhouse: look } : {}),
    servers: async () => [{ engine: 'ClickHouse', version: await clickhouseVersion(engine), services }],
    // It has no notifications, and no lock that ends with its connection.
    eventLog: () => undefined,
    close: open.close,
  };
}

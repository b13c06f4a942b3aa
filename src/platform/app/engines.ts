import type { Config } from '../config/config.ts';
import { clickhouseDriver } from '../db/clickhouse/driver.ts';
import type {
  EngineOptions,
  EventLogDatabase,
  StoreDriver,
  StoreEngine,
  StoreLocation,
  WantedStore,
} from '../db/engine.ts';
import type { EventSource } from '../db/outbox.ts';
import { postgresDriver } from '../db/postgres/driver.ts';
import { lockDirectory } from '../db/postgres/embedded/lock.ts';
import type { HealthCheck } from '../observability/health.ts';
import type { AnyModule } from './module.ts';

/**
 * Every store there is. They are opened from the last to the first: what is missing for one is said before the embedded
 * PostgreSQL is started.
 */
const DRIVERS: readonly StoreDriver[] = [postgresDriver, clickhouseDriver];

/** The store of a service: the one that the settings name, if the service has a repository for it, else PostgreSQL. */
function driverOf({ contract, stores }: AnyModule, config: Config): StoreDriver {
  const wanted = config.of(contract.name).DB_DRIVER ?? config.DB_DRIVER;
  return DRIVERS.find(({ name }) => name === wanted && stores?.[name] !== undefined) ?? postgresDriver;
}

/** Where the services of this process are kept, each place once. */
export function placesOf(modules: readonly AnyModule[], config: Config): StoreLocation[] {
  const all = persistentModules(modules, config).flatMap((module) => locationOf(module, config) ?? []);
  return [...new Map(all.map((location) => [location.place, location])).values()];
}

/** Where a service is kept; undefined for one that keeps nothing. */
export function locationOf(module: AnyModule, config: Config): StoreLocation | undefined {
  return module.stores && driverOf(module, config).describe(module.contract.name, config);
}

const persistentModules = (modules: readonly AnyModule[], config: Config): AnyModule[] =>
  modules.filter(({ contract, stores }) => stores !== undefined && config.services.has(contract.name));

/** The services of a process that keep something, and so need a database. */
export function persistentServices(modules: readonly AnyModule[], config: Config): string[] {
  return persistentModules(modules, config).map(({ contract }) => contract.name);
}

/** The same, of one store. */
export function servicesIn(store: StoreDriver['name'], modules: readonly AnyModule[], config: Config): string[] {
  const here = persistentModules(modules, config).filter((module) => driverOf(module, config).name === store);
  return here.map(({ contract }) => contract.name);
}

/** The stores under the services of this process. */
export interface Engines {
  readonly all: readonly StoreEngine[];
  /** The one that keeps a service. */
  of(service: string): StoreEngine;
  /** Where the events of a service wait; undefined for one that keeps things and announces nothing. */
  events(service: string): EventSource | undefined;
  /** Where the embedded bus keeps its log; undefined when the services have no database in common. */
  eventLog(): EventLogDatabase | undefined;
  checks(services: readonly string[]): Record<string, HealthCheck>;
  close(): Promise<void>;
}

/** What is to be kept in each store that this process needs. */
function wantedStores(modules: readonly AnyModule[], config: Config): (WantedStore & { driver: StoreDriver })[] {
  const persistent = persistentModules(modules, config);
  const logged = config.EVENT_BUS === 'embedded' && persistent.length > 0;
  return DRIVERS.map((driver) => ({
    driver,
    modules: persistent.filter((module) => driverOf(module, config) === driver),
    eventLog: logged && driver.keepsEventLog,
  })).filter((one) => one.modules.length > 0 || one.eventLog);
}

/** The stores that keep something of this process in the data directory, which then belongs to it alone. */
export function storesInDataDirectory(modules: readonly AnyModule[], config: Config): StoreDriver['name'][] {
  const wanted = wantedStores(modules, config);
  return wanted.filter((one) => one.driver.needsDataDirectory(one, config)).map(({ driver }) => driver.name);
}

/** Opens what the services of this process need, and starts the engines that run in it. */
export async function createEngines(
  options: EngineOptions & { readonly modules: readonly AnyModule[] },
): Promise<Engines> {
  const { config, modules } = options;
  const lock = storesInDataDirectory(modules, config).length > 0 ? lockDirectory(config.dataDir) : undefined;
  const all: StoreEngine[] = [];
  const close = async (): Promise<void> => {
    for (const engine of all) await engine.close();
    lock?.release();
  };
  try {
    for (const { driver, ...wanted } of wantedStores(modules, config).toReversed()) {
      all.unshift(await driver.open({ ...options, ...wanted }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return enginesOver(all, close);
}

function enginesOver(all: readonly StoreEngine[], close: () => Promise<void>): Engines {
  const of = (service: string): StoreEngine => {
    const engine = all.find(({ services }) => services.includes(service));
    if (!engine) throw new Error(`${service} has no store in this process`);
    return engine;
  };
  return {
    all,
    of,
    events: (service) => of(service).events(service),
    eventLog: () => all.map((engine) => engine.eventLog()).find((log) => log !== undefined),
    checks(services) {
      const own = all.map((engine) => engine.checks(services.filter((name) => engine.services.includes(name))));
      return Object.assign({}, ...own);
    },
    close,
  };
}

/** Brings what all services keep to its newest form. Returns the names of the migrations that ran. */
export async function migrateAll({ all }: Pick<Engines, 'all'>, { CURRENCY }: Pick<Config, 'CURRENCY'>) {
  const ran: string[] = [];
  for (const engine of all) ran.push(...(await engine.migrate({ currency: CURRENCY })));
  return ran;
}

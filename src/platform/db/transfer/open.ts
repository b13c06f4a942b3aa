import { type AnyModule, copiedTables } from '../../app/module.ts';
import type { Config } from '../../config/config.ts';
import type { Log } from '../../observability/log.ts';
import { openClickHouse } from '../clickhouse/open.ts';
import { databaseLocation } from '../postgres/address.ts';
import { startPostgres } from '../postgres/embedded/embedded.ts';
import { lockDirectory } from '../postgres/embedded/lock.ts';
import { type Database, openDatabase } from '../postgres/postgres.ts';
import { openSession } from '../postgres/session.ts';
import { clickhouseEndpoint } from './clickhouse/endpoint.ts';
import { CopyRefused } from './copy.ts';
import type { CopyEndpoint } from './endpoint.ts';
import type { CopiedTables } from './portable.ts';
import { COPYING, postgresEndpoint } from './postgres/endpoint.ts';

/** Stores of some services, open for a command and held by it. */
export interface CopyEndpoints {
  /** Throws for one that was not asked for. */
  endpoint(driver: CopyEndpoint['driver']): CopyEndpoint;
  close(): Promise<void>;
}

interface OpenOptions {
  readonly config: Config;
  readonly log: Log;
  /** Those that are copied: each has `copy` on both stores. */
  readonly modules: readonly AnyModule[];
  readonly progress: (text: string) => void;
}

/**
 * Opens stores from the settings of a start; what is embedded is started in this process. Throws AlreadyRunning when
 * another process has the data directory, and CopyRefused when another copy is under way.
 */
export async function openEndpoints(
  drivers: readonly CopyEndpoint['driver'][],
  options: OpenOptions,
): Promise<CopyEndpoints> {
  const { config, modules } = options;
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const addressOf = (service: string): string | undefined => config.of(service).DATABASE_URL ?? config.databaseUrl;
    const postgres = drivers.includes('postgres');
    const clickhouse = drivers.includes('clickhouse');
    const embedded = postgres && modules.some(({ contract }) => addressOf(contract.name) === undefined);
    if (embedded || (clickhouse && config.CLICKHOUSE_HOST === undefined)) {
      const lock = lockDirectory(config.dataDir);
      closing.push(() => lock.release());
    }
    const endpoints: CopyEndpoint[] = [];
    if (clickhouse) endpoints.push(await openClickHouseSide(options, closing));
    if (postgres) endpoints.push(await openPostgresSide(options, { embedded, addressOf, closing }));
    return {
      endpoint(driver) {
        const found = endpoints.find((one) => one.driver === driver);
        if (!found) throw new Error(`${driver} was not opened`);
        return found;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const copiedBy = (modules: readonly AnyModule[]): Map<string, CopiedTables> =>
  new Map(modules.map(({ contract, stores }) => [contract.name, copiedTables(stores) as CopiedTables]));

async function openClickHouseSide(
  { config, log, modules }: OpenOptions,
  closing: (() => unknown)[],
): Promise<CopyEndpoint> {
  // Alone at work, so it needs no locks but its own.
  const alone = { ...config, CLICKHOUSE_LOCKS: 'process' as const };
  const open = await openClickHouse({ config: alone, log, tables: new Map() });
  closing.push(() => open.close());
  const events = new Map(modules.map(({ contract, stores }) => [contract.name, stores?.clickhouse?.events]));
  return clickhouseEndpoint({ ...open, copied: copiedBy(modules), events });
}

interface PostgresParts {
  readonly embedded: boolean;
  readonly addressOf: (service: string) => string | undefined;
  readonly closing: (() => unknown)[];
}

async function openPostgresSide(
  { config, log, modules, progress }: OpenOptions,
  { embedded, addressOf, closing }: PostgresParts,
): Promise<CopyEndpoint> {
  const own = embedded ? await startPostgres({ dataDir: config.dataDir, progress }) : undefined;
  if (own) closing.push(() => own.stop());
  const where = (service: string): string => {
    const url = addressOf(service);
    return url === undefined
      ? `the embedded PostgreSQL in ${config.dataDir}`
      : `PostgreSQL at ${databaseLocation(url)}`;
  };
  const names = modules.map(({ contract }) => contract.name);
  const database = await openDatabases(names, (service) => addressOf(service) ?? own?.url ?? '', { log, closing });
  return postgresEndpoint({ copied: copiedBy(modules), database, where, settings: { currency: config.CURRENCY } });
}

interface Opening {
  readonly log: Log;
  readonly closing: (() => unknown)[];
}

/** A pool and a lock for each database that the services have: two copies at once would not know of each other. */
async function openDatabases(
  services: readonly string[],
  addressOf: (service: string) => string,
  { log, closing }: Opening,
): Promise<(service: string) => Database> {
  const pools = new Map<string, Database>();
  for (const address of new Set(services.map(addressOf))) {
    // A copy has another name than a shop, and its statements take their time.
    const db = openDatabase(address, { poolSize: 4, applicationName: COPYING, patient: true });
    const session = openSession(address, log, COPYING);
    closing.push(() => db.close());
    closing.push(() => session.close());
    pools.set(address, db);
    if (!(await session.claim([COPYING])).has(COPYING)) throw new CopyRefused('Another copy is under way.');
  }
  return (service) => {
    const db = pools.get(addressOf(service));
    if (!db) throw new Error(`${service} has no database`);
    return db;
  };
}

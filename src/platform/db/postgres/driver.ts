import type { Config } from '../../config/config.ts';
import type { StoreDriver, WantedStore } from '../engine.ts';
import { databaseLocation } from './address.ts';
import { schemaOf } from './store/store.ts';
import { openPostgres } from './store-engine.ts';

/** PostgreSQL: a server, or the embedded one, which this process starts. */
export const postgresDriver: StoreDriver = {
  name: 'postgres',
  keepsEventLog: true,
  describe(service, config) {
    const url = addressOf(service, config);
    return {
      place: url === undefined ? 'embedded PostgreSQL' : `PostgreSQL at ${databaseLocation(url)}`,
      part: `schema ${schemaOf(service)}`,
      embedded: url === undefined,
    };
  },
  needsDataDirectory: needsEmbedded,
  open: (options) => openPostgres({ ...options, addressOf, embedded: needsEmbedded(options, options.config) }),
};

/** The database of a service; undefined for the embedded one. */
const addressOf = (service: string, config: Config): string | undefined =>
  config.of(service).DATABASE_URL ?? config.databaseUrl;

/** Services that have databases of their own leave the embedded bus without one: `openBus` says so. */
function needsEmbedded({ modules, eventLog }: WantedStore, config: Config): boolean {
  if (modules.length === 0) return eventLog && config.databaseUrl === undefined;
  return modules.some(({ contract }) => addressOf(contract.name, config) === undefined);
}

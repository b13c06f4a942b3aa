import type { StoreDriver } from '../engine.ts';
import { databaseOf } from './engine.ts';

/** ClickHouse: a server, or chDB, which is the same engine in this process. */
export const clickhouseDriver: StoreDriver = {
  name: 'clickhouse',
  keepsEventLog: false,
  describe(service, { CLICKHOUSE_HOST: host, CLICKHOUSE_PORT: port, CLICKHOUSE_DB: prefix }) {
    return {
      place: host === undefined ? 'ClickHouse in the process' : `ClickHouse at ${host}:${port}`,
      part: `database ${databaseOf({ prefix }, service)}`,
      embedded: host === undefined,
    };
  },
  needsDataDirectory: ({ modules }, config) => modules.length > 0 && config.CLICKHOUSE_HOST === undefined,
  // Loaded only where it is used: with the client it is a megabyte of program.
  open: async (options) => (await import('./store-engine.ts')).openClickHouseEngine(options),
};

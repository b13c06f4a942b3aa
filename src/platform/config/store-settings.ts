import { hostName } from '../db/postgres/address.ts';
import { oneOf, POSTGRES_URL, password, postgresUrl, type Settings, text, whole } from './setting-kinds.ts';

/** Ports of the protocol that `clickhouse-client` speaks. */
const NATIVE_PORTS = new Set(['9000', '9440']);

/** The settings of the stores: data only, as in `settings.ts`. */
export const STORE_SETTINGS = {
  DB_DRIVER: {
    about:
      'embedded: a PostgreSQL of our own under DATA_DIR; postgres: a server; clickhouse: ClickHouse for what can be kept in it, PostgreSQL for the rest',
    takes: 'embedded, postgres or clickhouse',
    otherwise: 'embedded',
    read: oneOf('embedded', 'postgres', 'clickhouse'),
  },
  DATABASE_URL: {
    about: 'the PostgreSQL server as one URL; <SERVICE>_DATABASE_URL gives one service its own',
    takes: POSTGRES_URL,
    read: postgresUrl,
  },
  POSTGRES_HOST: {
    about: 'the PostgreSQL server, when DATABASE_URL is not set',
    takes: 'a host name, an address, or the directory of its socket, such as /var/run/postgresql',
    otherwise: 'localhost',
    read: hostName,
  },
  POSTGRES_PORT: {
    about: 'its port',
    takes: 'a port, 1 to 65535',
    otherwise: '5432',
    read: whole(1, 65_535),
  },
  POSTGRES_USER: text('its user', 'postgres'),
  POSTGRES_PASSWORD: password('its password', ''),
  POSTGRES_DB: text('its database', 'tradepost'),
  DB_POOL_SIZE: {
    about: 'connections a process keeps to each database',
    takes: 'a whole number from 2 to 100',
    otherwise: '10',
    read: whole(2, 100),
  },
  CLICKHOUSE_HOST: {
    about: 'the ClickHouse server, for DB_DRIVER=clickhouse; unset: the engine runs in this process (package chdb)',
    takes: 'a host name or address',
    read: (given: string): string | undefined => (URL.canParse(`http://${given}:1/`) ? given : undefined),
  },
  CLICKHOUSE_PORT: {
    about: 'its HTTP port: 8123, or 8443 with TLS',
    takes:
      'an HTTP port such as 8123; 9000 and 9440 are the native protocol, which the official client for Node.js does not speak',
    otherwise: '8123',
    read: (given: string): number | undefined => (NATIVE_PORTS.has(given.trim()) ? undefined : whole(1, 65_535)(given)),
  },
  CLICKHOUSE_TLS: {
    about: 'whether it is spoken to over TLS',
    takes: 'on or off',
    otherwise: 'off',
    read: oneOf('on', 'off'),
  },
  CLICKHOUSE_USER: text('its user', 'default'),
  CLICKHOUSE_PASSWORD: password('its password', ''),
  CLICKHOUSE_DB: {
    about: 'what the names of its databases begin with: tradepost makes tradepost_order, tradepost_user, …',
    takes: 'a name of small letters, digits and underscores',
    otherwise: 'tradepost',
    read: (given: string): string | undefined => (/^[a-z]\w{0,40}$/.test(given) ? given : undefined),
  },
  CLICKHOUSE_LOCKS: {
    about:
      'what keeps two writers apart on ClickHouse, which cannot itself: process (one process writes a service), or redis (several do, by REDIS_URL)',
    takes: 'process or redis',
    otherwise: 'process',
    read: oneOf('process', 'redis'),
  },
} satisfies Settings;

import { isCurrency } from '../contract/money/currencies.ts';
import { isTimeZone } from '../contract/shop-time.ts';
import { hostName } from '../db/postgres/address.ts';
import {
  anyText,
  brokers,
  oneOf,
  origin,
  POSTGRES_URL,
  path,
  port,
  postgresUrl,
  type Settings,
  secret,
  text,
  url,
  whole,
} from './setting-kinds.ts';
import { STORE_SETTINGS } from './store-settings.ts';

/**
 * What the platform and more than one service read, described once: data only; `config.ts` reads them. What one service
 * reads stands in its own `<service>.settings.ts`.
 */
export const SETTINGS = {
  NODE_ENV: {
    about: 'production turns on the checks that a shop needs and a laptop does not',
    takes: 'development, test or production',
    otherwise: 'development',
    read: oneOf('development', 'test', 'production'),
  },
  HOST: {
    about: 'the address to listen on; 0.0.0.0 for every interface',
    takes: 'an address or a host name, without scheme and port',
    otherwise: '127.0.0.1',
    read: (given: string): string | undefined => (given.startsWith('/') ? undefined : hostName(given)),
  },
  PORT: port('the gateway, and everything in the one-process mode', '8080'),
  DATA_DIR: path('where the embedded engines keep their data', './data'),
  SERVICES: text('the services that this process runs: all, or a list such as order,invoice', 'all'),
  ...STORE_SETTINGS,
  JWT_SECRET: secret('signs access tokens with HS256; unset: an Ed25519 key made at the first start'),
  SERVICE_SECRET: secret('signs the calls between processes; unset: derived from JWT_SECRET'),
  CURRENCY: {
    about: 'the currency of the shop: of its catalogue, its orders and its payments',
    takes: 'an ISO 4217 code, such as USD',
    otherwise: 'USD',
    read: (given: string): string | undefined => (isCurrency(given) ? given : undefined),
  },
  SHOP_TIME_ZONE: {
    about: 'the time zone of the shop: its days, months and years, those of document numbers included',
    takes: 'a name of the IANA database, spelt as there, such as Europe/Vienna',
    otherwise: 'UTC',
    read: (given: string): string | undefined => (isTimeZone(given) ? given : undefined),
  },
  EVENT_BUS: {
    about: 'what carries the events: embedded (a log in PostgreSQL), or a broker',
    takes: 'embedded, redis, rabbitmq or kafka',
    otherwise: 'embedded',
    read: oneOf('embedded', 'redis', 'rabbitmq', 'kafka'),
  },
  REDIS_URL: {
    about: 'Redis 7, for EVENT_BUS=redis and CLICKHOUSE_LOCKS=redis',
    takes: 'a redis:// or rediss:// URL',
    otherwise: 'redis://localhost:6379',
    read: url('redis:', 'rediss:'),
  },
  RABBITMQ_URL: {
    about: 'RabbitMQ, for EVENT_BUS=rabbitmq',
    takes: 'an amqp:// or amqps:// URL',
    otherwise: 'amqp://guest:guest@localhost:5672',
    read: url('amqp:', 'amqps:'),
  },
  KAFKA_BROKERS: {
    about: 'Apache Kafka, for EVENT_BUS=kafka',
    takes: 'a list of host:port',
    otherwise: 'localhost:9092',
    read: brokers,
  },
  KAFKA_TOPIC: text(
    'the topic of the payment service; every other service has the plural of what it owns',
    'transactions',
  ),
  KAFKA_TOPIC_PREFIX: text('put before the name of every topic, where several systems share a Kafka', ''),
  KAFKA_GROUP_ID: text('what the names of consumer groups begin with, on every bus', 'tradepost'),
  EVENT_ATTEMPTS: {
    about: 'how often a consumer tries an event before it becomes a dead letter',
    takes: 'a whole number from 1 to 100',
    otherwise: '8',
    read: whole(1, 100),
  },
  EVENT_PAUSE_MS: {
    about: 'the pause after the first attempt, in milliseconds; it doubles up to ten seconds',
    takes: 'a whole number from 1 to 10000',
    otherwise: '100',
    read: whole(1, 10_000),
  },
  EVENT_RETENTION_DAYS: {
    about: 'how long handled events, their marks and the answers to Idempotency-Keys are kept',
    takes: 'a whole number of days from 1 to 3650',
    otherwise: '30',
    read: whole(1, 3_650),
  },
  FAILPOINT: {
    about: 'for tests of faults only: the process kills itself when it reaches this place for the nth time',
    takes: 'a place and a number, such as relay.publish:1',
    read: (given: string): string | undefined => (/^[a-z.]+:\d+$/.test(given) ? given : undefined),
  },
  TRADEPOST_TOKEN: { about: 'the access token that commands show a running system', takes: 'any text', read: anyText },
  TRADEPOST_PASSWORD: {
    kind: 'secret',
    about: "that of a command's --username; unset: it is asked for",
    takes: 'any text',
    read: anyText,
  },
  LOG_LEVEL: {
    about: 'what is logged',
    takes: 'fatal, error, warn, info, debug, trace or silent',
    otherwise: 'info',
    read: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  },
} satisfies Settings;

/** Settings that exist once for every service. */
export const SERVICE_SETTINGS = {
  URL: {
    about: 'where that service runs, when it is not in this process',
    takes: 'an http or https URL such as http://orders:3001, with no path, query, user or password',
    read: origin,
  },
  PORT: {
    about: 'the port of that service when it runs without the gateway',
    takes: 'a port, 0 to 65535',
    read: whole(0, 65_535),
  },
  DB_DRIVER: {
    about: 'where that service keeps its things, when not where DB_DRIVER says',
    takes: 'postgres or clickhouse',
    read: oneOf('postgres', 'clickhouse'),
  },
  DATABASE_URL: { about: 'a database of its own', takes: POSTGRES_URL, read: postgresUrl },
} satisfies Settings;

/** A service as far as its settings go. */
export interface KnownService {
  readonly name: string;
  /** Its own settings; absent when it has none. */
  readonly settings?: Settings;
}

/** The settings of the platform, then those of each service, by their names. */
export const settingsOf = (known: readonly KnownService[]): Settings =>
  Object.assign({}, SETTINGS, ...known.map(({ settings }) => settings));

/** The text of `.env.example`. */
export function environmentExample(known: readonly KnownService[]): string {
  const linesOf = (settings: Settings) =>
    Object.entries(settings).map(([name, { about, takes, otherwise }]) =>
      [`# ${about}`, `# takes ${takes}`, otherwise === undefined ? `# ${name}=` : `${name}=${otherwise}`, ''].join(
        '\n',
      ),
    );
  const own = known.flatMap(({ name, settings }) => (settings ? [`# ${name}`, '', ...linesOf(settings)] : []));
  const services = Object.entries(SERVICE_SETTINGS as Settings).map(([name, { about }]) =>
    [`# ${about}`, `# <SERVICE>_${name}=`, ''].join('\n'),
  );
  return [
    '# Every variable that Tradepost reads, with its default. Copy to .env and change what you need.',
    '# A bad value stops the start with a sentence that names it.',
    '',
    ...linesOf(SETTINGS),
    ...own,
    '# Once for each service (USER_URL, ORDER_PORT, INVOICE_DATABASE_URL, …):',
    '',
    ...services,
  ].join('\n');
}

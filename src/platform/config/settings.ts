import { isCurrency } from '../contract/money/currencies.ts';
import { parseRate, type Rate } from '../contract/money.ts';
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
  type Setting,
  secret,
  text,
  url,
  whole,
  words,
} from './setting-kinds.ts';
import { STORE_SETTINGS } from './store-settings.ts';

/** Every variable that Tradepost reads, described once: data only; `config.ts` reads them. */
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
  ACCESS_TOKEN_SECONDS: {
    about: 'how long an access token is valid',
    takes: 'a whole number of seconds from 60 to 604800',
    otherwise: '86400',
    read: whole(60, 604_800),
  },
  BCRYPT_COST: {
    about: 'the cost of a password hash: one step more takes twice the time',
    takes: 'a whole number from 4 to 15',
    otherwise: '12',
    read: whole(4, 15),
  },
  PASSWORD_BLOCKLIST: {
    about: 'refuse common passwords; unset: on when NODE_ENV is production',
    takes: 'on or off',
    read: oneOf('on', 'off'),
  },
  TAX_RATE: {
    about: 'the tax on an order, as a fraction of its subtotal',
    takes: 'a decimal from 0 to 1 with at most seven digits, such as 0.1',
    otherwise: '0.1',
    read: (given: string): Rate | undefined => parseRate(given),
  },
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
  CARRIER_SECRET: secret('carriers sign what they report with it; unset: only staff report'),
  CARRIER_SIMULATION: {
    about: 'on: parcels without a carrier go with a built-in one, which takes them to their end',
    takes: 'on or off',
    otherwise: 'off',
    read: oneOf('on', 'off'),
  },
  CARRIER_SIMULATION_SECONDS: {
    about: 'how long the built-in carrier takes from one step to the next',
    takes: 'a whole number of seconds from 1 to 86400',
    otherwise: '5',
    read: whole(1, 86_400),
  },
  SAMPLE_DATA: {
    about: 'put the eight sample products into an empty catalogue',
    takes: 'on or off',
    otherwise: 'on',
    read: oneOf('on', 'off'),
  },
  PAYMENT_MAX_TOTAL: {
    about: "what a user's transactions that belong to no invoice may total, paid or not",
    takes: 'an amount of CURRENCY, such as 1000',
    otherwise: '1000',
    read: (given: string): string | undefined => (/^\d{1,12}(\.\d{1,4})?$/.test(given) ? given : undefined),
  },
  PAYMENT_PROVIDER: {
    about: 'who moves the money: manual (it is taken as paid at once), or stripe',
    takes: 'manual or stripe',
    otherwise: 'manual',
    read: oneOf('manual', 'stripe'),
  },
  STRIPE_SECRET_KEY: {
    about: 'the secret key of the Stripe account, for PAYMENT_PROVIDER=stripe',
    takes: 'a key that begins with sk_ or rk_',
    read: (given: string): string | undefined => (/^[sr]k_\w+$/.test(given) ? given : undefined),
  },
  STRIPE_WEBHOOK_SECRET: {
    about: 'the signing secret of the webhook at /webhooks/stripe',
    takes: 'a secret that begins with whsec_',
    read: (given: string): string | undefined => (/^whsec_\S+$/.test(given) ? given : undefined),
  },
  STRIPE_API_URL: {
    about: 'where the Stripe interface is; for tests',
    takes: 'an http or https URL',
    otherwise: 'https://api.stripe.com',
    read: url('http:', 'https:'),
  },
  WEBHOOK_ALLOW_PRIVATE: {
    about: "let customers' webhook endpoints be at private addresses and without TLS; for tests and closed networks",
    takes: 'on or off',
    otherwise: 'off',
    read: oneOf('on', 'off'),
  },
  SELLER_NAME: words('the seller on invoices', 'Tradepost'),
  SELLER_ADDRESS: words('its address; lines are separated by |', ''),
  SELLER_TAX_ID: words('its tax number', ''),
  SELLER_EMAIL: words('its e-mail address', ''),
  SELLER_PHONE: words('its telephone number', ''),
  SELLER_IBAN: words('the account that invoices are paid to', ''),
  SELLER_BIC: words('the BIC of that account', ''),
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
} satisfies Record<string, Setting<unknown>>;

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
} satisfies Record<string, Setting<unknown>>;

/** The text of `.env.example`. */
export function environmentExample(): string {
  const lines = Object.entries(SETTINGS as Record<string, Setting<unknown>>).map(
    ([name, { about, takes, otherwise }]) =>
      [`# ${about}`, `# takes ${takes}`, otherwise === undefined ? `# ${name}=` : `${name}=${otherwise}`, ''].join(
        '\n',
      ),
  );
  const services = Object.entries(SERVICE_SETTINGS as Record<string, Setting<unknown>>).map(([name, { about }]) =>
    [`# ${about}`, `# <SERVICE>_${name}=`, ''].join('\n'),
  );
  return [
    '# Every variable that Tradepost reads, with its default. Copy to .env and change what you need.',
    '# A bad value stops the start with a sentence that names it.',
    '',
    ...lines,
    '# Once for each service (USER_URL, ORDER_PORT, INVOICE_DATABASE_URL, …):',
    '',
    ...services,
  ].join('\n');
}

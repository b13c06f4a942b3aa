import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseRate, type Rate } from './money.ts';

/**
 * The only reader of the environment. Every variable is described once, in `SETTINGS`; all faults are reported
 * together, each naming the variable, what it got and what it takes. `.env.example` is made from the same list.
 */
interface Setting<T> {
  /** What it takes, as the end of the sentence "it takes …". */
  readonly takes: string;
  /** What it is for, one line. */
  readonly about: string;
  /** The text used when it is not set; undefined when the setting may be absent. */
  readonly otherwise?: string;
  /** The value, or undefined when the text is not one. */
  readonly read: (text: string) => T | undefined;
}

const whole =
  (from: number, to: number) =>
  (text: string): number | undefined =>
    /^\d{1,10}$/.test(text) && Number(text) >= from && Number(text) <= to ? Number(text) : undefined;

const oneOf =
  <const T extends string>(...values: T[]) =>
  (text: string): T | undefined =>
    values.find((value) => value === text);

const anyText = (text: string): string => text;

const url =
  (...protocols: string[]) =>
  (text: string): string | undefined =>
    URL.canParse(text) && protocols.includes(new URL(text).protocol) ? text : undefined;

const port = (about: string, otherwise: string) => ({
  about,
  otherwise,
  takes: 'a port, 0 to 65535 (0: any free one)',
  read: whole(0, 65_535),
});

const text = (about: string, otherwise: string) => ({
  about,
  otherwise,
  takes: 'any text',
  read: anyText,
});

const secret = (about: string): Setting<string> => ({
  about,
  takes: 'at least 8 characters, and 32 when NODE_ENV is production',
  read: (given) => (given.length >= 8 ? given : undefined),
});

export const SETTINGS = {
  NODE_ENV: {
    about: 'production turns on the checks that a shop needs and a laptop does not',
    takes: 'development, test or production',
    otherwise: 'development',
    read: oneOf('development', 'test', 'production'),
  },
  HOST: text('the address to listen on; 0.0.0.0 for every interface', '127.0.0.1'),
  PORT: port('the gateway, and everything in the one-process mode', '8080'),
  DATA_DIR: text('where the embedded engines keep their data', './data'),
  SERVICES: text('the services that this process runs: all, or a list such as order,invoice', 'all'),
  DB_DRIVER: {
    about: 'embedded: a PostgreSQL of our own under DATA_DIR; postgres: a server',
    takes: 'embedded or postgres',
    otherwise: 'embedded',
    read: oneOf('embedded', 'postgres'),
  },
  DATABASE_URL: {
    about: 'the PostgreSQL server as one URL; <SERVICE>_DATABASE_URL gives one service its own',
    takes: 'a postgresql:// URL',
    read: url('postgres:', 'postgresql:'),
  },
  POSTGRES_HOST: {
    about: 'the PostgreSQL server, when DATABASE_URL is not set',
    takes: 'a host name or address',
    otherwise: 'localhost',
    read: (given: string): string | undefined => (URL.canParse(`postgresql://${given}:1/`) ? given : undefined),
  },
  POSTGRES_PORT: port('its port', '5432'),
  POSTGRES_USER: text('its user', 'postgres'),
  POSTGRES_PASSWORD: text('its password', ''),
  POSTGRES_DB: text('its database', 'tradepost'),
  DB_POOL_SIZE: {
    about: 'connections a process keeps to each database',
    takes: 'a whole number from 2 to 100',
    otherwise: '10',
    read: whole(2, 100),
  },
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
    about: 'the currency of the catalogue',
    takes: 'an ISO 4217 code with two decimal digits, such as USD',
    otherwise: 'USD',
    read: (given: string): string | undefined => (isTwoDigitCurrency(given) ? given : undefined),
  },
  SAMPLE_DATA: {
    about: 'put the eight sample products into an empty catalogue',
    takes: 'on or off',
    otherwise: 'on',
    read: oneOf('on', 'off'),
  },
  SELLER_NAME: text('the seller on invoices', 'Tradepost'),
  SELLER_ADDRESS: text('its address; lines are separated by |', ''),
  SELLER_TAX_ID: text('its tax number', ''),
  SELLER_EMAIL: text('its e-mail address', ''),
  SELLER_PHONE: text('its telephone number', ''),
  SELLER_IBAN: text('the account that invoices are paid to', ''),
  SELLER_BIC: text('the BIC of that account', ''),
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
    takes: 'an http or https URL',
    read: url('http:', 'https:'),
  },
  PORT: {
    about: 'the port of that service when it runs without the gateway',
    takes: 'a port, 0 to 65535',
    read: whole(0, 65_535),
  },
  DATABASE_URL: { about: 'a database of its own', takes: 'a postgresql:// URL', read: url('postgres:', 'postgresql:') },
} satisfies Record<string, Setting<unknown>>;

type Values = {
  readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends { otherwise: string }
    ? NonNullable<ReturnType<(typeof SETTINGS)[K]['read']>>
    : ReturnType<(typeof SETTINGS)[K]['read']> | undefined;
};

export interface ServiceSettings {
  readonly URL?: string;
  readonly PORT?: number;
  readonly DATABASE_URL?: string;
}

export interface Config extends Values {
  /** The services that this process runs. */
  readonly services: ReadonlySet<string>;
  readonly of: (service: string) => ServiceSettings;
  /** Absolute. */
  readonly dataDir: string;
  /** The PostgreSQL server; undefined when the embedded one is meant. */
  readonly databaseUrl: string | undefined;
}

/** A start that the environment makes impossible: one sentence a fault. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment of the process, with `.env` beneath it. Throws ConfigError with every fault. */
export function readEnvironment(known: readonly string[]): Config {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return readConfig(process.env, known);
}

/** Reads a configuration from a literal environment. `known` are the names of the services that exist. */
export function readConfig(env: Environment, known: readonly string[]): Config {
  const faults: string[] = [];
  const values = readGroup(env, SETTINGS, '', faults) as unknown as Values;
  const perService = new Map(
    known.map((name) => [name, readGroup(env, SERVICE_SETTINGS, `${name.toUpperCase()}_`, faults) as ServiceSettings]),
  );
  for (const name of ['JWT_SECRET', 'SERVICE_SECRET'] as const) {
    const short = (values[name]?.length ?? 32) < 32;
    if (values.NODE_ENV === 'production' && short)
      faults.push(`${name} is too short; in production it takes at least 32 characters.`);
  }
  const services = readServices(values.SERVICES ?? 'all', known, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze({
    ...values,
    services,
    of: (service: string) => perService.get(service) ?? {},
    dataDir: resolve(values.DATA_DIR),
    databaseUrl: databaseUrl(values),
  });
}

function readGroup(
  env: Environment,
  settings: Record<string, Setting<unknown>>,
  prefix: string,
  faults: string[],
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const given = env[prefix + name];
    // An empty value is how compose files and .env say "not set".
    const effective = given === undefined || given === '' ? setting.otherwise : given;
    if (effective === undefined) continue;
    const value = setting.read(effective);
    if (value === undefined) faults.push(`${prefix}${name} is '${shown(name, effective)}'; it takes ${setting.takes}.`);
    else values[name] = value;
  }
  return values;
}

// A secret that is refused must not end up in a log.
function shown(name: string, given: string): string {
  return /SECRET|PASSWORD|DATABASE_URL/.test(name) && name !== 'PASSWORD_BLOCKLIST' ? '(not shown)' : given;
}

function readServices(given: string, known: readonly string[], faults: string[]): Set<string> {
  if (given === 'all') return new Set(known);
  const names = given.split(',').map((name) => name.trim());
  const strangers = names.filter((name) => !known.includes(name));
  if (strangers.length > 0) {
    faults.push(`SERVICES is '${given}'; it takes all, or a list of ${known.join(', ')}.`);
  }
  return new Set(names);
}

function databaseUrl(values: Values): string | undefined {
  if (values.DB_DRIVER === 'embedded') return undefined;
  if (values.DATABASE_URL) return values.DATABASE_URL;
  const made = new URL(`postgresql://${values.POSTGRES_HOST}:${values.POSTGRES_PORT}/${values.POSTGRES_DB}`);
  made.username = values.POSTGRES_USER;
  made.password = values.POSTGRES_PASSWORD;
  return made.href;
}

// The contract's amounts have two digits, so a currency with none or three would print wrong amounts.
function isTwoDigitCurrency(code: string): boolean {
  if (!Intl.supportedValuesOf('currency').includes(code)) return false;
  return (
    new Intl.NumberFormat('en', { style: 'currency', currency: code }).resolvedOptions().maximumFractionDigits === 2
  );
}

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

/** Every setting with its value, for a person; secrets are hidden. */
export function shownSettings(config: Config): [string, string][] {
  return Object.keys(SETTINGS).map((name) => {
    const value: unknown = config[name as keyof Values];
    if (value === undefined) return [name, '(not set)'];
    const text = typeof value === 'object' && value !== null && 'text' in value ? String(value.text) : String(value);
    return [name, /SECRET|PASSWORD$|DATABASE_URL/.test(name) && text !== '' ? '(hidden)' : text];
  });
}

/** A database server that the tests run on. */
export interface TestEngine {
  readonly name: string;
  readonly url: string;
}

/** The servers that `scripts/test.ts` started; empty when a test file is run by itself. */
export function testEngines(): readonly TestEngine[] {
  return JSON.parse(process.env.TRADEPOST_TEST_ENGINES ?? '[]') as TestEngine[];
}

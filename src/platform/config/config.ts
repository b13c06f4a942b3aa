import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { amountForm, isDecimalAmount } from '../contract/money.ts';
import { databaseUrlOf } from '../db/postgres/address.ts';
import { readSettingsFile } from './file.ts';
import type { Settings, SettingValues } from './setting-kinds.ts';
import { type KnownService, SERVICE_SETTINGS, type SETTINGS, settingsOf } from './settings.ts';
import { spellingOf } from './spelling.ts';
import { type UnknownSetting, unknownAmong, unknownSentence } from './unknown.ts';

/**
 * The only reader of the environment. Every variable is described once: in `settings.ts`, or in the settings of the one
 * service that reads it. All faults are reported together, each with the variable, its value and the accepted values.
 * `.env.example` is generated from the same descriptions.
 */
type Values = SettingValues<typeof SETTINGS>;

export interface ServiceSettings {
  readonly URL?: string;
  readonly PORT?: number;
  readonly DATABASE_URL?: string;
  readonly DB_DRIVER?: 'postgres' | 'clickhouse';
}

export interface Config extends Values {
  /** The services that this process runs. */
  readonly services: ReadonlySet<string>;
  readonly of: (service: string) => ServiceSettings;
  /** The settings of one service. Throws ConfigError for a value that is not valid, which the start reports before. */
  readonly valuesOf: <T extends Settings>(settings: T) => SettingValues<T>;
  /** The same with some variables set otherwise. */
  readonly with: (changes: Readonly<Record<string, string>>) => Config;
  /** Every setting that was read, by its name; undefined when it is not set. */
  readonly all: Readonly<Record<string, unknown>>;
  /** Absolute. */
  readonly dataDir: string;
  /** The PostgreSQL server, as `parseAddress` reads it; undefined when the embedded one is meant. */
  readonly databaseUrl: string | undefined;
  /** Values that are accepted but may be mistakes: one sentence each. */
  readonly warnings: readonly string[];
}

/** The environment does not allow a start: one sentence a fault. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

export type { UnknownSetting } from './unknown.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment of the process, with `.env` beneath it. Throws ConfigError with every fault. */
export function readEnvironment(known: readonly KnownService[]): Config {
  const file = readSettingsFile('.env');
  if (file.fault !== undefined) throw new ConfigError([file.fault]);
  // The environment takes precedence over the file.
  for (const [name, value] of Object.entries(file.values)) process.env[name] ??= value;
  const unknown = unknownSettings(known);
  const config = readConfig(process.env, known);
  const warnings = [...file.warnings, ...config.warnings, ...unknown.map(unknownSentence)];
  return Object.freeze({ ...config, warnings });
}

/** Reads a configuration from a literal environment. `known` are the services that exist. */
export function readConfig(env: Environment, known: readonly KnownService[]): Config {
  const result: ReadResult = { faults: [], warnings: [] };
  const { faults, warnings } = result;
  const settings = settingsOf(known);
  const read = readGroup(env, settings, '', result);
  const values = read as unknown as Values;
  const perService = new Map(
    known.map(({ name }) => [
      name,
      readGroup(env, SERVICE_SETTINGS, `${name.toUpperCase()}_`, result) as ServiceSettings,
    ]),
  );
  if (values.NODE_ENV === 'production') faults.push(...shortSecrets(settings, read));
  if (values.CURRENCY) faults.push(...amountsThatDoNotFit(settings, read, values.CURRENCY));
  const services = readServices(
    values.SERVICES ?? 'all',
    known.map(({ name }) => name),
    faults,
  );
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze({
    ...values,
    services,
    of: (service: string) => perService.get(service) ?? {},
    with: (changes: Readonly<Record<string, string>>) => readConfig({ ...env, ...changes }, known),
    valuesOf: <T extends Settings>(of: T) => ownValues(env, of),
    all: Object.fromEntries(Object.keys(settings).map((name) => [name, read[name]])),
    dataDir: resolve(values.DATA_DIR),
    databaseUrl: databaseUrl(values, env),
    warnings,
  });
}

function ownValues<T extends Settings>(env: Environment, settings: T): SettingValues<T> {
  const result: ReadResult = { faults: [], warnings: [] };
  const values = readGroup(env, settings, '', result);
  if (result.faults.length > 0) throw new ConfigError(result.faults);
  return values as unknown as SettingValues<T>;
}

function amountsThatDoNotFit(
  settings: Settings,
  values: Readonly<Record<string, unknown>>,
  currency: string,
): string[] {
  return Object.entries(settings).flatMap(([name, { kind }]) => {
    const value = values[name];
    return kind === 'amount' && typeof value === 'string' && !isDecimalAmount(Number(value), currency)
      ? [`${name} is '${value}'; in ${currency} it takes an ${amountForm(currency)}.`]
      : [];
  });
}

function shortSecrets(settings: Settings, values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(settings).flatMap(([name, { productionLength = 0 }]) => {
    const value = values[name];
    return typeof value === 'string' && value.length < productionLength
      ? [`${name} is too short; in production it takes at least ${productionLength} characters.`]
      : [];
  });
}

/** Faults stop the start; warnings are values that may be mistakes. */
interface ReadResult {
  readonly faults: string[];
  readonly warnings: string[];
}

function readGroup(
  env: Environment,
  settings: Settings,
  prefix: string,
  { faults, warnings }: ReadResult,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const given = env[prefix + name];
    // Compose files and .env express "not set" as an empty value.
    const effective = given === undefined || given === '' ? setting.otherwise : given;
    if (effective === undefined) continue;
    const { fault, warning } = spellingOf(prefix + name, effective, setting);
    if (warning !== undefined) warnings.push(warning);
    if (fault !== undefined) {
      faults.push(fault);
      continue;
    }
    const value = setting.read(effective);
    if (value === undefined)
      faults.push(`${prefix}${name} is '${displayed(name, effective)}'; it takes ${setting.takes}.`);
    else values[name] = value;
  }
  return values;
}

// A rejected secret must not appear in a log.
function displayed(name: string, given: string): string {
  return /SECRET|PASSWORD|TRADEPOST_TOKEN|DATABASE_URL|REDIS_URL|RABBITMQ_URL/.test(name) &&
    name !== 'PASSWORD_BLOCKLIST'
    ? '(not shown)'
    : withoutCredentials(name, given);
}

/** An address without user, password and other secrets. */
function withoutCredentials(name: string, given: string): string {
  if (!/URL$|BROKERS$/.test(name)) return given;
  return given
    .replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, '$1(hidden)@')
    .replace(/([?&][^=&]*(?:password|secret|token|key)[^=&]*=)[^&]*/gi, '$1(hidden)');
}

function readServices(given: string, known: readonly string[], faults: string[]): Set<string> {
  if (given === 'all') return new Set(known);
  const names = given.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !known.includes(name));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (unknown.length > 0) {
    faults.push(`SERVICES is '${given}'; it takes all, or a list of ${known.join(', ')}.`);
  } else if (twice !== undefined) faults.push(`SERVICES is '${given}', which names ${twice} twice; name it once.`);
  return new Set(names);
}

function databaseUrl(values: Values, env: Environment): string | undefined {
  if (values.DB_DRIVER === 'embedded') return undefined;
  if (values.DATABASE_URL) return values.DATABASE_URL;
  // With ClickHouse, the services that need PostgreSQL use the embedded one unless a server is named.
  if (values.DB_DRIVER === 'clickhouse' && !env.POSTGRES_HOST) return undefined;
  return databaseUrlOf({
    host: values.POSTGRES_HOST,
    port: values.POSTGRES_PORT,
    user: values.POSTGRES_USER,
    password: values.POSTGRES_PASSWORD || undefined,
    database: values.POSTGRES_DB,
    words: {},
  });
}

/** Every setting with its value, to be displayed; secrets are hidden. */
export function shownSettings(config: Config): [string, string][] {
  return Object.entries(config.all).map(([name, value]) => {
    if (value === undefined) return [name, '(not set)'];
    const text = typeof value === 'object' && value !== null && 'text' in value ? String(value.text) : String(value);
    return [
      name,
      /SECRET|PASSWORD$|TRADEPOST_TOKEN|DATABASE_URL/.test(name) && text !== ''
        ? '(hidden)'
        : withoutCredentials(name, text),
    ];
  });
}

/** The variables that look like settings and are unknown: mostly typing errors. */
export function unknownSettings(
  services: readonly KnownService[],
  env: Environment = process.env,
  inFile: readonly string[] = env === process.env ? Object.keys(readSettingsFile('.env').values ?? {}) : [],
): UnknownSetting[] {
  const own = services.flatMap(({ name }) =>
    Object.keys(SERVICE_SETTINGS).map((setting) => `${name.toUpperCase()}_${setting}`),
  );
  return unknownAmong(Object.keys(env), [...Object.keys(settingsOf(services)), ...own], inFile);
}

/** Whether text on this stream has colours: NO_COLOR says no, FORCE_COLOR yes, and otherwise a terminal has them. */
export function hasColours({ isTTY }: { readonly isTTY?: boolean }, env: Environment = process.env): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return !['0', 'false'].includes(env.FORCE_COLOR);
  return isTTY === true && env.TERM !== 'dumb';
}

/** The folder of the user's settings: XDG_CONFIG_HOME, otherwise `.config` in the home directory. */
export function configFolder(env: Environment = process.env): string {
  const { XDG_CONFIG_HOME: folder } = env;
  // A relative path is invalid by the XDG specification, and is to be ignored.
  return folder && isAbsolute(folder) ? folder : join(homedir(), '.config');
}

/** Whether LOG_LEVEL asks for details; it can be read even when other settings are invalid. */
export function wantsDetails(env: Environment = process.env): boolean {
  return ['debug', 'trace'].includes(env.LOG_LEVEL ?? '');
}

/** What started this process: the pid of Tradepost's launcher, and the running npm script with its package. */
export interface Launch {
  readonly launcher: number | undefined;
  readonly script: string | undefined;
  readonly packageName: string | undefined;
}

/** What started this process, as far as the environment shows. */
export function launchOf(): Launch {
  const { TRADEPOST_LAUNCHER, npm_lifecycle_event: script, npm_package_name: packageName } = process.env;
  return { launcher: Number(TRADEPOST_LAUNCHER) || undefined, script, packageName };
}

/** The environment of a child that must end with this process: it names the pid of the launcher. */
export function launchEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, TRADEPOST_LAUNCHER: String(process.pid) };
}

/** A database server that the tests run on. */
export interface TestEngine {
  readonly name: string;
  readonly url: string;
  /** Whether the first tier has run on it already: only files of later tiers run on it again. */
  readonly done?: boolean;
}

/** The tier that `scripts/test.ts` runs; undefined when a test file is run by itself. */
export function testTier(): 'first' | 'all' | 'nightly' | undefined {
  return process.env.TRADEPOST_TEST_TIER as ReturnType<typeof testTier>;
}

/** The servers that `scripts/test.ts` started; empty when a test file is run by itself. */
export function testEngines(): readonly TestEngine[] {
  return JSON.parse(process.env.TRADEPOST_TEST_ENGINES ?? '[]') as TestEngine[];
}

/** The ClickHouse that `scripts/test.ts` started behind HTTP; undefined when a test file is run by itself. */
export function testClickHouse(): { name: string; port: number; password: string } | undefined {
  const given = process.env.TRADEPOST_TEST_CLICKHOUSE;
  return given === undefined ? undefined : JSON.parse(given);
}

/** The addresses of running brokers, by name. */
export type TestBrokers = Readonly<Partial<Record<'redis' | 'rabbitmq' | 'kafka', string>>>;

/** The brokers that `scripts/test.ts` found running; empty when a test file is run by itself. */
export function testBrokers(): TestBrokers {
  return JSON.parse(process.env.TRADEPOST_TEST_BROKERS ?? '{}') as TestBrokers;
}

import { container } from '../../container.ts';
import { modulesOf } from '../../platform/app/app.ts';
import type { Config } from '../../platform/config/config.ts';
import type { Condition } from '../../platform/observability/health.ts';
import { type ApiClient, addressOf, type Connection, connectApiClient, isNamed } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { readBody, readText } from '../http.ts';
import { type Sample, samplesIn } from './metrics.ts';

/** An address, and the services that should answer there. */
export interface ServerAddress {
  readonly url: string;
  readonly services: readonly string[];
}

/** What was seen at an address. */
export interface ServerStatus extends ServerAddress {
  /** Undefined when nobody answers. */
  readonly health: ServerHealthStatus | undefined;
  /** Why nobody does. */
  readonly absence?: string;
  /** Empty when they are not for us. */
  readonly metrics: readonly Sample[];
}

export interface ServerHealthStatus {
  readonly status: Condition;
  readonly checks: Readonly<Record<string, string>>;
  /** What a gateway says of each service. */
  readonly services: Readonly<Record<string, Condition | undefined>>;
}

export interface SystemStatus {
  readonly doors: readonly ServerStatus[];
  /** Dead letters by service; undefined when they are not for us. A list is counted up to its first page. */
  readonly letters: ReadonlyMap<string, number> | undefined;
  /** Why nothing is known that is for the staff. */
  readonly refusal?: string;
}

/** Looks at everything that should run by the settings or, with --url, at one address. */
export async function readSystemStatus(config: Config, options: Connection): Promise<SystemStatus> {
  const doors = serverAddresses(config, options);
  const front = doors.find(({ services }) => services.includes('gateway')) ?? doors[0];
  const { system, refusal } = await insider(config, options, front);
  const seen = await Promise.all(doors.map((door) => readServerStatus(door, system)));
  const letters = system && (await lettersAt(system).catch(() => undefined));
  return { doors: seen, letters, refusal: refusal ?? (system && !letters ? NOT_FOR_YOU : undefined) };
}

const NOT_FOR_YOU = 'the dead letters are for the staff';

/** Where the services of the settings should answer. */
export function serverAddresses(config: Config, { url }: Pick<Connection, 'url'>): ServerAddress[] {
  const contracts = modulesOf(container).map(({ contract }) => contract);
  const names = contracts.map(({ name }) => name);
  if (url !== undefined) return [{ url: addressOf(url, config.PORT), services: names }];
  const whole = config.services.has('gateway');
  const elsewhere = contracts
    .filter(({ name }) => !whole || !config.services.has(name))
    .map(({ name, port }) => ({ url: ownUrl(config, name, port), services: [name] }));
  if (!whole) return elsewhere;
  return [{ url: addressOf(undefined, config.PORT), services: [...config.services] }, ...elsewhere];
}

function ownUrl(config: Config, name: string, port: number): string {
  const { URL: url, PORT: own } = config.of(name);
  const here = config.services.has(name) || url === undefined;
  return here ? `http://localhost:${own ?? (name === 'gateway' ? config.PORT : port)}` : url.replace(/\/$/, '');
}

/** The system as somebody who was named; undefined, with the reason, for nobody. */
async function insider(
  config: Config,
  options: Connection,
  front: ServerAddress | undefined,
): Promise<{ system?: ApiClient; refusal?: string }> {
  if (!front) return {};
  try {
    if (!isNamed(front.url, options, config)) return {};
    return { system: await connectApiClient(config, { ...options, url: front.url }) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { refusal: error.message };
  }
}

/** Looks at one address; what is for the staff is asked for as `system`. */
export async function readServerStatus(door: ServerAddress, system: ApiClient | undefined): Promise<ServerStatus> {
  try {
    const health = healthIn(await readBody(door.url, '/health'));
    if (!health) return { ...door, health, absence: 'what answers is not Tradepost', metrics: [] };
    return { ...door, health, metrics: samplesIn(await metricsAt(door, system)) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { ...door, health: undefined, absence: 'nothing answers', metrics: [] };
  }
}

function healthIn(body: unknown): ServerHealthStatus | undefined {
  const { status, checks, services } = (body ?? {}) as Record<keyof ServerHealthStatus, unknown>;
  if (!isCondition(status) || typeof checks !== 'object' || checks === null) return undefined;
  const told = typeof services === 'object' && services !== null ? Object.entries(services) : [];
  const conditions = told.flatMap(([name, one]: [string, { status?: unknown } | null]) =>
    isCondition(one?.status) ? [[name, one.status] as const] : [],
  );
  return { status, checks: checks as ServerHealthStatus['checks'], services: Object.fromEntries(conditions) };
}

const isCondition = (word: unknown): word is Condition => word === 'ok' || word === 'degraded' || word === 'down';

// The token is for the address that it was given for, and goes to no other.
async function metricsAt({ url }: ServerAddress, system: ApiClient | undefined): Promise<string> {
  const asked = system?.url === url ? system.text('/metrics') : readText(url, '/metrics');
  return asked.catch(() => '');
}

async function lettersAt(system: ApiClient): Promise<Map<string, number>> {
  const { paths = {} } = await system.ask<{ paths?: object }>('GET', '/openapi.json');
  const services = Object.keys(paths).flatMap((path) => /^\/dead-letters\/([a-z]+)$/.exec(path)?.[1] ?? []);
  const counts = new Map<string, number>();
  for (const service of services) {
    const letters = await system.ask<object[]>('GET', `/dead-letters/${service}?limit=${LETTERS}`);
    counts.set(service, letters.length);
  }
  return counts;
}

/** The longest page that there is. */
export const LETTERS = 200;

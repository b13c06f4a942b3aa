import { container } from '../../container.ts';
import { modulesOf } from '../../platform/app/app.ts';
import type { Config } from '../../platform/config/config.ts';
import type { Condition } from '../../platform/observability/health.ts';
import { type ApiClient, addressOf, type Connection, connectApiClient, hasIdentity } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { readBody, readText } from '../http.ts';
import { type Sample, samplesIn } from './metrics.ts';

/** An address, and the services that should answer there. */
export interface ServerAddress {
  readonly url: string;
  readonly services: readonly string[];
}

/** The observed status of an address. */
export interface ServerStatus extends ServerAddress {
  /** Undefined when nothing answers. */
  readonly health: ServerHealthStatus | undefined;
  /** Why nothing answers. */
  readonly absence?: string;
  /** Empty without access. */
  readonly metrics: readonly Sample[];
}

export interface ServerHealthStatus {
  readonly status: Condition;
  readonly checks: Readonly<Record<string, string>>;
  /** The condition of each service, from a gateway. */
  readonly services: Readonly<Record<string, Condition | undefined>>;
}

export interface SystemStatus {
  readonly servers: readonly ServerStatus[];
  /** Dead letters by service, counted up to the first page; undefined without access. */
  readonly deadLetters: ReadonlyMap<string, number> | undefined;
  /** Why there is no information for the staff. */
  readonly refusal?: string;
}

/** Reads the status of every server of the settings or, with --url, of one address. */
export async function readSystemStatus(config: Config, options: Connection): Promise<SystemStatus> {
  const addresses = serverAddresses(config, options);
  const front = addresses.find(({ services }) => services.includes('gateway')) ?? addresses[0];
  const { system, refusal } = await staffClient(config, options, front);
  const servers = await Promise.all(addresses.map((address) => readServerStatus(address, system)));
  const deadLetters = system && (await deadLetterCounts(system).catch(() => undefined));
  return { servers, deadLetters, refusal: refusal ?? (system && !deadLetters ? NOT_FOR_YOU : undefined) };
}

const NOT_FOR_YOU = 'the dead letters are for the staff';

/** The addresses of the services of the settings. */
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

/** A client with the given credentials; undefined, with the reason, without any. */
async function staffClient(
  config: Config,
  options: Connection,
  front: ServerAddress | undefined,
): Promise<{ system?: ApiClient; refusal?: string }> {
  if (!front) return {};
  try {
    if (!hasIdentity(front.url, options, config)) return {};
    return { system: await connectApiClient(config, { ...options, url: front.url }) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { refusal: error.message };
  }
}

/** Reads the status of one address; information for the staff is requested through `system`. */
export async function readServerStatus(address: ServerAddress, system: ApiClient | undefined): Promise<ServerStatus> {
  try {
    const health = healthIn(await readBody(address.url, '/health'));
    if (!health) return { ...address, health, absence: 'what answers is not Tradepost', metrics: [] };
    return { ...address, health, metrics: samplesIn(await metricsAt(address, system)) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { ...address, health: undefined, absence: 'nothing answers', metrics: [] };
  }
}

function healthIn(body: unknown): ServerHealthStatus | undefined {
  const { status, checks, services } = (body ?? {}) as Record<keyof ServerHealthStatus, unknown>;
  if (!isCondition(status) || typeof checks !== 'object' || checks === null) return undefined;
  const entries = typeof services === 'object' && services !== null ? Object.entries(services) : [];
  const conditions = entries.flatMap(([name, one]: [string, { status?: unknown } | null]) =>
    isCondition(one?.status) ? [[name, one.status] as const] : [],
  );
  return { status, checks: checks as ServerHealthStatus['checks'], services: Object.fromEntries(conditions) };
}

const isCondition = (word: unknown): word is Condition => word === 'ok' || word === 'degraded' || word === 'down';

// The token is sent only to the address that it was given for.
async function metricsAt({ url }: ServerAddress, system: ApiClient | undefined): Promise<string> {
  const asked = system?.url === url ? system.text('/metrics') : readText(url, '/metrics');
  return asked.catch(() => '');
}

async function deadLetterCounts(system: ApiClient): Promise<Map<string, number>> {
  const { paths = {} } = await system.ask<{ paths?: object }>('GET', '/openapi.json');
  const services = Object.keys(paths).flatMap((path) => /^\/dead-letters\/([a-z]+)$/.exec(path)?.[1] ?? []);
  const counts = new Map<string, number>();
  for (const service of services) {
    const letters = await system.ask<object[]>('GET', `/dead-letters/${service}?limit=${MAX_DEAD_LETTERS}`);
    counts.set(service, letters.length);
  }
  return counts;
}

/** The maximum length of a page. */
export const MAX_DEAD_LETTERS = 200;

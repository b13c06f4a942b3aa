import type { Condition } from '../../platform/observability/health.ts';
import type { Colour } from '../output/output.ts';
import { textTable } from '../output/table.ts';
import type { Sample } from './metrics.ts';
import { MAX_DEAD_LETTERS, type ServerStatus, type SystemStatus } from './system-status.ts';

/** The output of `tradepost status --json`. */
export interface Summary {
  readonly condition: Condition | 'not_running';
  readonly services: readonly ServiceStatus[];
  readonly engines: readonly EngineStatus[];
  readonly problems: readonly string[];
  /** By service; null without access. */
  readonly dead_letters: Readonly<Record<string, number>> | null;
}

export interface ServiceStatus {
  readonly service: string;
  readonly url: string;
  readonly condition: Condition | 'not_running';
  readonly version: string | null;
  /** The start time of its process, RFC 3339. */
  readonly since: string | null;
}

interface EngineStatus {
  readonly role: string;
  readonly engine: string;
  readonly version: string;
  readonly services: readonly string[];
}

/** The observed status in one value. */
export function statusSummary({ servers, deadLetters }: SystemStatus): Summary {
  const services = servers.flatMap(servicesOf);
  const problems = [...servers.flatMap(problemsAt), ...deadLetterProblems(deadLetters)];
  const running = servers.some(({ health }) => health !== undefined);
  return {
    condition: running ? worstOf(services, problems) : 'not_running',
    services,
    engines: enginesIn(servers),
    problems,
    dead_letters: deadLetters ? Object.fromEntries(deadLetters) : null,
  };
}

function servicesOf({ url, services, health, metrics }: ServerStatus): ServiceStatus[] {
  const version = metrics.find(({ name }) => name === 'tradepost_build_info')?.labels.version ?? null;
  const started = metrics.find(({ name }) => name === 'process_start_time_seconds')?.value;
  const since = started === undefined ? null : new Date(started * 1_000).toISOString();
  return services.map((service) => {
    const condition = health?.services[service] ?? health?.status ?? 'not_running';
    // A service that is a check of the gateway runs in another process.
    const elsewhere = health !== undefined && service in health.checks;
    return { service, url, condition, ...(elsewhere ? { version: null, since: null } : { version, since }) };
  });
}

function problemsAt({ url, services, health, absence }: ServerStatus): string[] {
  const who = services.length === 1 ? services[0] : `${services.length} services`;
  if (!health) return [`${who} at ${url}: ${absence ?? 'nothing answers'}`];
  return Object.entries(health.checks).flatMap(([check, text]) =>
    text === 'ok' ? [] : [`${check} at ${url}: ${text}`],
  );
}

function deadLetterProblems(letters: SystemStatus['deadLetters']): string[] {
  return [...(letters ?? [])].flatMap(([service, count]) => {
    if (count === 0) return [];
    const many = count >= MAX_DEAD_LETTERS ? `${MAX_DEAD_LETTERS} or more` : String(count);
    return [
      `${service}: ${many} dead ${count === 1 ? 'letter' : 'letters'}; see tradepost dead-letters list ${service}`,
    ];
  });
}

function worstOf(services: readonly ServiceStatus[], problems: readonly string[]): Condition {
  if (services.some(({ condition }) => condition === 'down' || condition === 'not_running')) return 'down';
  return problems.length > 0 || services.some(({ condition }) => condition === 'degraded') ? 'degraded' : 'ok';
}

function enginesIn(servers: readonly ServerStatus[]): EngineStatus[] {
  const found = new Map<string, EngineStatus>();
  const samples = servers.flatMap(({ metrics }) => metrics).filter(({ name }) => name === 'tradepost_engine_info');
  for (const { labels } of samples as readonly Sample[]) {
    const { role = '', engine = '', version = '', services = '' } = labels;
    const key = [role, engine, version].join(' ');
    const others = found.get(key)?.services ?? [];
    found.set(key, { role, engine, version, services: [...new Set([...others, ...services.split(' ')])] });
  }
  return [...found.values()];
}

/** The text for people: services, engines, and faults. */
export function summaryText(
  { condition, services, engines, problems }: Summary,
  { width, paint, hint }: { width?: number; paint: (colour: Colour, text: string) => string; hint?: string },
): string {
  const rows = services.map((one) => [
    one.service,
    one.condition.replace('_', ' '),
    one.url,
    one.since?.replace(/\.\d+Z$/, 'Z') ?? '',
    one.version ?? '',
  ]);
  const stands = engines.map(({ role, engine, version }) => [role, `${engine} ${version}`.trimEnd()]);
  return [
    paint(COLOURS[condition], HEADLINES[condition]),
    '',
    textTable(['service', 'condition', 'url', 'since', 'version'], rows, { width }),
    ...(stands.length > 0 ? ['', textTable(['engine', 'which'], stands, { width })] : []),
    ...(problems.length > 0 ? ['', 'What is wrong:', ...problems.map((one) => `  ${one}`)] : []),
    ...(hint ? ['', hint] : []),
  ].join('\n');
}

const HEADLINES = {
  ok: 'Everything runs.',
  degraded: 'It runs, and something is wrong.',
  down: 'A part of it does not work.',
  not_running: 'Nothing of Tradepost runs here.',
};

const COLOURS = { ok: 'green', degraded: 'yellow', down: 'red', not_running: 'red' } as const;

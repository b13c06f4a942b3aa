import {
  type Condition,
  examine,
  type Health,
  type HealthCheck,
  healthFrom,
  healthOf,
  type Outcome,
  type ServiceHealth,
} from '../../observability/health.ts';
import type { RemoteService } from '../remote-service.ts';
import { remoteHealth, sentenceOf } from './remote-health.ts';

/** How far a process is in its life. */
export interface Lifecycle {
  phase: 'starting' | 'running' | 'stopping';
}

/** What the health of a process is made of. */
export interface HealthSources {
  readonly life: Lifecycle;
  /** What these services of the process stand on. */
  own(services: readonly string[]): Record<string, HealthCheck>;
  /** Whether the services in other processes that these call take their calls, by the name of the called one. */
  calls(services: readonly string[]): Record<string, HealthCheck>;
  /** The same of any service in another process. */
  call(service: string): HealthCheck | undefined;
}

/** What a server says of its health. */
export interface ServerHealth {
  whole(): Promise<HealthView>;
  /** Of one of its services, or of one behind it; undefined when there is none of that name. */
  of(service: string): Promise<Health | undefined>;
  /** Whether requests should be sent here. */
  ready(): Promise<Health>;
}

/** A health, and the condition of each of its checks as it is by itself. */
export interface HealthView {
  readonly health: Health;
  readonly conditions: Readonly<Record<string, Condition>>;
}

interface ServerHealthOptions {
  readonly name: string;
  /** The services that answer here. */
  readonly services: readonly string[];
  /** Those that are proxied. */
  readonly remotes: readonly RemoteService[];
  /** Whether it stands for the whole system. */
  readonly edge: boolean;
  readonly sources: HealthSources;
}

/** Makes the health of one server. */
export function serverHealth({ name, services, remotes, edge, sources }: ServerHealthOptions): ServerHealth {
  const own = sources.own(services);
  const all = edge ? own : { ...own, ...sources.calls(services) };
  const locals = services.filter((service) => !edge || service !== name);
  const each = new Map(
    locals.map((service) => [service, { ...sources.own([service]), ...sources.calls([service]) }] as const),
  );
  const looks = new Map(
    remotes.map((one) => [one.contract.name, remoteHealth(one, sources.call(one.contract.name))] as const),
  );

  async function system(): Promise<HealthView> {
    const here = [...each].map(async ([service, checks]) => [service, bare(await healthOf(service, checks))] as const);
    const there = [...looks].map(async ([service, look]) => [service, await look()] as const);
    const [outcomes, local, remote] = await Promise.all([examine(own), Promise.all(here), Promise.all(there)]);
    const told: Record<string, Outcome> = {
      ...outcomes,
      ...Object.fromEntries(
        remote.map(([service, one]) => [service, { condition: one.status, text: sentenceOf(one) }]),
      ),
    };
    const known = Object.fromEntries([...local, ...remote]);
    const health = healthFrom(name, own, told);
    const status = systemStatus([health.status, ...Object.values(known).map((one) => one.status)]);
    return { health: { ...health, status, services: known }, conditions: conditionsOf(told) };
  }

  async function alone(): Promise<HealthView> {
    const outcomes = await examine(all);
    return { health: healthFrom(name, all, outcomes), conditions: conditionsOf(outcomes) };
  }

  // What runs elsewhere does not count: somebody has to tell the clients of its absence.
  async function standing(): Promise<Health> {
    const asked = Promise.all([...each.values()].map((checks) => healthOf(name, checks)));
    const [health, here] = await Promise.all([healthOf(name, own), asked]);
    return edge ? { ...health, status: systemStatus([health, ...here].map(({ status }) => status)) } : health;
  }

  return {
    whole: edge ? system : alone,
    async of(service) {
      if (service === name) return (await (edge ? system() : alone())).health;
      const checks = each.get(service);
      if (checks) return healthOf(service, checks);
      const behind = await looks.get(service)?.();
      return behind && healthBehind(service, behind);
    },
    async ready() {
      const { phase } = sources.life;
      if (phase === 'running') return standing();
      const checks = { process: phase === 'starting' ? 'it is starting' : 'it is stopping' };
      return { status: 'down', service: name, timestamp: new Date().toISOString(), checks };
    },
  };
}

const bare = ({ status, checks }: Health): ServiceHealth => ({ status, checks });

const healthBehind = (service: string, { status, checks, cause }: ServiceHealth): Health => ({
  status,
  service,
  timestamp: new Date().toISOString(),
  checks: { ...checks, ...(cause !== undefined && { calls: cause }) },
});

/** Of a system, the first being the gateway's own: it serves as long as one of its services does. */
function systemStatus([own = 'ok', ...services]: readonly Condition[]): Condition {
  if (services.length === 0) return own;
  if (services.every((status) => status === 'down')) return 'down';
  return [own, ...services].every((status) => status === 'ok') ? 'ok' : 'degraded';
}

const conditionsOf = (outcomes: Readonly<Record<string, Outcome>>): Record<string, Condition> =>
  Object.fromEntries(Object.entries(outcomes).map(([name, { condition }]) => [name, condition]));

import {
  type Condition,
  type Health,
  type HealthCheck,
  healthFrom,
  healthOf,
  type Outcome,
  runChecks,
  type ServiceHealth,
} from '../../observability/health.ts';
import type { RemoteService } from '../remote-service.ts';
import { remoteHealth, sentenceOf } from './remote-health.ts';

/** The lifecycle phase of a process. */
export interface Lifecycle {
  phase: 'starting' | 'running' | 'stopping';
}

/** The checks that the health of a process is computed from. */
export interface HealthSources {
  readonly life: Lifecycle;
  /** The checks of what these services of the process depend on. */
  own(services: readonly string[]): Record<string, HealthCheck>;
  /** Whether the services in other processes accept the calls of these, by the name of the called service. */
  calls(services: readonly string[]): Record<string, HealthCheck>;
  /** The same for any service in another process. */
  call(service: string): HealthCheck | undefined;
}

/** The health that a server reports. */
export interface ServerHealth {
  whole(): Promise<HealthView>;
  /** The health of a local or a proxied service; undefined when there is none of that name. */
  of(service: string): Promise<Health | undefined>;
  /** Whether requests should be sent here. */
  ready(): Promise<Health>;
}

/** A health, and the condition of each of its checks. */
export interface HealthView {
  readonly health: Health;
  readonly conditions: Readonly<Record<string, Condition>>;
}

interface ServerHealthOptions {
  readonly name: string;
  /** The services that answer here. */
  readonly services: readonly string[];
  /** The services that are proxied. */
  readonly remotes: readonly RemoteService[];
  /** Whether it reports the whole system, as the gateway does. */
  readonly edge: boolean;
  readonly sources: HealthSources;
}

/** Makes the health of one server. */
export function serverHealth({ name, services, remotes, edge, sources }: ServerHealthOptions): ServerHealth {
  const own = sources.own(services);
  const all = edge ? own : { ...own, ...sources.calls(services) };
  const locals = services.filter((service) => !edge || service !== name);
  const localChecks = new Map(
    locals.map((service) => [service, { ...sources.own([service]), ...sources.calls([service]) }] as const),
  );
  const remoteChecks = new Map(
    remotes.map((one) => [one.contract.name, remoteHealth(one, sources.call(one.contract.name))] as const),
  );

  async function system(): Promise<HealthView> {
    const here = [...localChecks].map(
      async ([service, checks]) => [service, conditionOf(await healthOf(service, checks))] as const,
    );
    const there = [...remoteChecks].map(async ([service, look]) => [service, await look()] as const);
    const [outcomes, local, remote] = await Promise.all([runChecks(own), Promise.all(here), Promise.all(there)]);
    const merged: Record<string, Outcome> = {
      ...outcomes,
      ...Object.fromEntries(
        remote.map(([service, one]) => [service, { condition: one.status, text: sentenceOf(one) }]),
      ),
    };
    const states = Object.fromEntries([...local, ...remote]);
    const health = healthFrom(name, own, merged);
    const status = systemStatus([health.status, ...Object.values(states).map((one) => one.status)]);
    return { health: { ...health, status, services: states }, conditions: conditionsOf(merged) };
  }

  async function process(): Promise<HealthView> {
    const outcomes = await runChecks(all);
    return { health: healthFrom(name, all, outcomes), conditions: conditionsOf(outcomes) };
  }

  // Services of other processes do not count: the gateway must stay reachable to answer 503 in their place.
  async function readiness(): Promise<Health> {
    const asked = Promise.all([...localChecks.values()].map((checks) => healthOf(name, checks)));
    const [health, here] = await Promise.all([healthOf(name, own), asked]);
    return edge ? { ...health, status: systemStatus([health, ...here].map(({ status }) => status)) } : health;
  }

  return {
    whole: edge ? system : process,
    async of(service) {
      if (service === name) return (await (edge ? system() : process())).health;
      const checks = localChecks.get(service);
      if (checks) return healthOf(service, checks);
      const behind = await remoteChecks.get(service)?.();
      return behind && remoteServiceHealth(service, behind);
    },
    async ready() {
      const { phase } = sources.life;
      if (phase === 'running') return readiness();
      const checks = { process: phase === 'starting' ? 'it is starting' : 'it is stopping' };
      return { status: 'down', service: name, timestamp: new Date().toISOString(), checks };
    },
  };
}

const conditionOf = ({ status, checks }: Health): ServiceHealth => ({ status, checks });

const remoteServiceHealth = (service: string, { status, checks, cause }: ServiceHealth): Health => ({
  status,
  service,
  timestamp: new Date().toISOString(),
  checks: { ...checks, ...(cause !== undefined && { calls: cause }) },
});

/** The status of a system (the first is the gateway's own): it is up as long as one of its services is. */
function systemStatus([own = 'ok', ...services]: readonly Condition[]): Condition {
  if (services.length === 0) return own;
  if (services.every((status) => status === 'down')) return 'down';
  return [own, ...services].every((status) => status === 'ok') ? 'ok' : 'degraded';
}

const conditionsOf = (outcomes: Readonly<Record<string, Outcome>>): Record<string, Condition> =>
  Object.fromEntries(Object.entries(outcomes).map(([name, { condition }]) => [name, condition]));

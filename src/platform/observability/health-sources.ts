import type { Engines } from '../app/engines.ts';
import type { EventPath } from '../bus/event-path.ts';
import type { HealthSources, Lifecycle } from '../http/health/server-health.ts';
import { type HealthCheck, sharedCheck } from './health.ts';

/** The services in other processes that the services of this process call. */
export interface Peers {
  /** The check whether each of them accepts the calls of this process. */
  readonly pings: Map<string, HealthCheck>;
  /** The called services, by the caller. */
  readonly called: Map<string, readonly string[]>;
}

interface Parts extends Peers {
  readonly life: Lifecycle;
  readonly engines: Engines;
  /** `look` of the event path; undefined when this process has none. */
  readonly lookAtEvents: EventPath['look'] | undefined;
}

/** The checks of a process: its engines, its event path and its peers. */
export function healthSources({ life, engines, lookAtEvents, pings, called }: Parts): HealthSources {
  // Without its bus a service still accepts orders: their events wait in the outbox.
  const events = lookAtEvents && sharedCheck(Object.assign(() => lookAtEvents(), { watched: true }));
  return {
    life,
    own: (services) => ({ ...engines.checks(services), ...(events && { events }) }),
    calls(services) {
      const names = new Set(services.flatMap((service) => called.get(service) ?? []));
      return Object.fromEntries([...pings].filter(([name]) => names.has(name)));
    },
    call: (service) => pings.get(service),
  };
}

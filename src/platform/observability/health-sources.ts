import type { Engines } from '../app/engines.ts';
import type { EventPath } from '../bus/event-path.ts';
import type { HealthSources, Lifecycle } from '../http/health/server-health.ts';
import { type HealthCheck, shared } from './health.ts';

/** Whom the services of a process call, and how that goes. */
export interface Peers {
  /** Whether each service elsewhere takes our calls. */
  readonly pings: Map<string, HealthCheck>;
  /** By the service that calls. */
  readonly called: Map<string, readonly string[]>;
}

interface Parts extends Peers {
  readonly life: Lifecycle;
  readonly engines: Engines;
  readonly path: EventPath | undefined;
}

/** What the health of a process is made of: its engines, its way of events, and its peers. */
export function healthSources({ life, engines, path, pings, called }: Parts): HealthSources {
  // Without its bus a service still takes orders: their events wait in the outbox.
  const events = path && shared(Object.assign(() => path.look(), { watched: true }));
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

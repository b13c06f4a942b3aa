import type { Engines } from '../app/engines.ts';
import type { Config } from '../config/config.ts';
import type { Contract } from '../contract/contract.ts';
import type { Consumer, Envelope } from '../contract/events.ts';
import type { DeadLetterStore } from '../db/dead-letters.ts';
import type { EventSource, WaitingEvents } from '../db/outbox.ts';
import { exposeDeadLetters } from '../observability/dead-letter-metrics.ts';
import { Degraded } from '../observability/health.ts';
import type { Log } from '../observability/log.ts';
import { countRejectedEvents, exposeOutboxes } from '../observability/metrics.ts';
import type { ActiveSubscription, Bus } from './bus.ts';
import { openBus } from './open-bus.ts';
import { type Relay, startRelay } from './publishing/relay.ts';
import { ageOf, lookAtPublishing } from './publishing/trouble.ts';
import { unpublishableStore } from './publishing/unpublishable.ts';
import { createSubscriber, type Subscriber } from './subscriber.ts';

/** A service of this process that listens. */
export interface Listener<S> {
  readonly service: string;
  readonly consumers: readonly Consumer<S>[];
  /** What the consumers call: the service itself. */
  readonly api: S;
  readonly deadLetters: DeadLetterStore;
}

interface EventParts {
  readonly config: Config;
  readonly engines: Pick<Engines, 'events' | 'eventLog'>;
  readonly log: Log;
  /** The services of this process that keep something, and so announce events. */
  readonly keepers: readonly string[];
  /** Of every service there is. */
  readonly contracts: readonly Contract[];
  /** Of each of the keepers: what the bus never takes lies there. */
  readonly deadLetters: ReadonlyMap<string, DeadLetterStore>;
  /** Puts something around the bus: so that tests can duplicate and reorder events. */
  readonly aroundBus?: (bus: Bus) => Bus;
}

/** The way of events through this process: from the outboxes to the bus, and from the bus to the consumers. */
export interface EventPath {
  readonly bus: Bus;
  /** Makes ready to listen; the answer can handle one event again. */
  prepare<S>(listener: Listener<S>): Subscriber;
  /** Begins to deliver to everything that was prepared, and then to publish. */
  listen(): Promise<void>;
  /** Publishes once more what was put aside. Throws the bus's words when it is refused again. */
  publishAgain(envelope: Envelope): Promise<void>;
  /**
   * Throws when the bus does not answer, and `Degraded` when it takes no events, when some wait too long to be
   * published, or when something that came waits for a person.
   */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the bus; undefined when no service of this process keeps anything. */
export async function openEventPath(parts: EventParts): Promise<EventPath | undefined> {
  const { config, engines, log, keepers, contracts, deadLetters } = parts;
  if (keepers.length === 0) return undefined;
  const opened = await openBus(parts);
  const bus = parts.aroundBus?.(opened) ?? opened;
  const topics = new Map(contracts.map(({ name, topic }) => [name, topic]));
  const describe = ({ source }: Envelope) => ({ bus: config.EVENT_BUS, topic: topics.get(source) ?? source });
  const sources = bySource(keepers, engines);
  const waiting = async (): Promise<WaitingEvents[]> => {
    const all = [...sources].map(([{ outboxes }, services]) => outboxes.waiting(services));
    return (await Promise.all(all)).flat();
  };
  exposeOutboxes(async () =>
    (await waiting()).map((one) => ({
      labels: { service: one.service, bus: config.EVENT_BUS, topic: topics.get(one.service) ?? one.service },
      events: one.events,
      oldestSeconds: ageOf(one),
    })),
  );
  // From the start, so that a first one is seen as a rise.
  for (const service of keepers) countRejectedEvents(service, 0);
  const hidden = [...deadLetters].map(([service, { count }]) => exposeDeadLetters(service, count));
  const relays: Relay[] = [];
  const prepared: Subscriber[] = [];
  const deliveries: ActiveSubscription[] = [];
  return {
    bus,
    prepare(listener) {
      const attempts = { attempts: config.EVENT_ATTEMPTS, firstPauseMs: config.EVENT_PAUSE_MS };
      const one = createSubscriber({ ...listener, contracts, log, ...attempts });
      prepared.push(one);
      return one;
    },
    async listen() {
      for (const { subscription } of prepared) deliveries.push(await bus.subscribe(subscription));
      // After those who listen: what goes to a queue that is not there yet is heard by nobody.
      for (const [source, services] of sources) {
        relays.push(
          await startRelay({ source, services, bus, log, describe, putAside: unpublishableStore(deadLetters) }),
        );
      }
    },
    async publishAgain(envelope) {
      const [refusal] = await bus.publish([envelope]);
      if (refusal) throw new Error(refusal.reason);
    },
    async look() {
      await lookAtPublishing({
        ping: () => bus.ping(),
        trouble: () => relays.map((relay) => relay.trouble()).find((sentence) => sentence !== undefined),
        waiting,
      });
      const found = await Promise.all(prepared.map((one) => one.look()));
      const sentences = found.filter((one) => one !== undefined);
      if (sentences.length > 0) throw new Degraded(sentences.join('; '));
    },
    async close() {
      for (const one of prepared) one.stop();
      exposeOutboxes(async () => []);
      for (const hide of hidden) hide();
      await Promise.all(deliveries.map((delivery) => delivery.close()));
      await Promise.all(relays.map((relay) => relay.close()));
      await bus.close();
    },
  };
}

function bySource(services: readonly string[], engines: Pick<Engines, 'events'>): Map<EventSource, string[]> {
  const sources = new Map<EventSource, string[]>();
  for (const service of services) {
    const source = engines.events(service);
    if (source) sources.set(source, [...(sources.get(source) ?? []), service]);
  }
  return sources;
}

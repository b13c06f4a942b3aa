import type { Contract } from '../contract/contract.ts';
import type { Consumer, Envelope } from '../contract/events.ts';
import type { DeadLetterStore } from '../db/dead-letters.ts';
import type { Log } from '../observability/log.ts';
import { countLoss, initialiseDeadLetterCounters } from '../observability/metrics.ts';
import type { EventFilter, Subscription } from './bus.ts';
import { attempter, type Bound, bind, handleNow, reasonOf } from './consumers/attempts.ts';
import { payloadOf } from './consumers/payload.ts';
import { deadLetterWriter, letterOfStranger, lostOf, strangerOf } from './dead-letters/writer.ts';

/**
 * How a service listens: every event goes to each consumer of its type, again and again with growing pauses, and
 * at last to the dead letters. What is nobody's fault, such as a database that is away, is waited for; a statement that
 * takes too long is waited for as often as others are tried, and then counts as failed while the database answers.
 */
export interface Subscriber {
  readonly subscription: Subscription;
  /** Handles one event by one consumer once more, now. Throws what the consumer throws. */
  again(consumer: string, envelope: Envelope): Promise<void>;
  /** A sentence when something of what came waits for a person. */
  look(): Promise<string | undefined>;
  /** Lets go of what waits for its next attempt; the bus delivers it again. */
  stop(): void;
}

interface SubscriberOptions<S> {
  readonly service: string;
  readonly consumers: readonly Consumer<S>[];
  /** What they call. */
  readonly api: S;
  /** All there are: an event belongs to the contract that describes it. */
  readonly contracts: readonly Contract[];
  readonly deadLetters: DeadLetterStore;
  readonly log: Log;
  /** Attempts before an event goes to the dead letters. */
  readonly attempts: number;
  readonly firstPauseMs: number;
}

/** The subscription of a service with its consumers. */
export function createSubscriber<S>(parts: SubscriberOptions<S>): Subscriber {
  const { service, consumers, api, deadLetters, log, attempts, firstPauseMs } = parts;
  const stopped = new AbortController();
  const letters = deadLetterWriter({ service, deadLetters, log, stopped: stopped.signal });
  const bound = consumers.map((consumer) => bind(service, api, consumer));
  const byType = Map.groupBy(bound, ({ type }) => type);
  const wanted = wantedOf(consumers, parts.contracts);
  beginCounters(service, bound, wanted);
  const attempt = attempter({ attempts, firstPauseMs, deadLetters, log, stopped: stopped.signal, bury });

  async function bury({ name }: Bound, envelope: Envelope, error: unknown, failures: number): Promise<void> {
    await letters.put(letterOf(name, envelope, error, failures));
    log.error({ err: error, consumer: name, event: envelope.id, type: envelope.type }, 'an event became a dead letter');
  }

  return {
    subscription: {
      group: service,
      filters: wanted,
      handle(envelope, payload = payloadOf(envelope.data)) {
        const own = byType.get(envelope.type) ?? [];
        const [first] = own;
        if (first && own.length === 1) return attempt(first, envelope, payload);
        return Promise.all(own.map((one) => attempt(one, envelope, payload))).then(() => undefined);
      },
      async unreadable(raw, reason) {
        await letters.put(letterOfStranger(service, raw, reason));
        log.error({ service, reason }, 'what came is no event; it lies with the dead letters');
      },
      lost: letters.lost,
      ...concerning(byType),
    },
    look: letters.look,
    async again(consumer, envelope) {
      if (consumer === lostOf(service)) throw new Error('the bus has these events no longer; see docs/events.md');
      const one = bound.find(({ name, type }) => name === consumer && type === envelope.type);
      if (!one) throw new Error(`nobody listens as ${consumer} to ${envelope.type || 'what is no event'}`);
      await handleNow(one, envelope);
    },
    stop: () => stopped.abort(),
  };
}

/** Nothing where each event concerns some consumer: then nobody need be asked. */
function concerning(byType: ReadonlyMap<string, readonly Bound[]>): Pick<Subscription, 'concerns'> {
  if (![...byType.values()].some((own) => own.every(({ concerns }) => concerns))) return {};
  return { concerns: (event) => (byType.get(event.type) ?? []).some(({ concerns }) => concerns?.(event) ?? true) };
}

// From the start, so that a first one is seen as a rise.
function beginCounters(service: string, bound: readonly Bound[], wanted: readonly EventFilter[]): void {
  for (const name of [...bound.map((one) => one.name), strangerOf(service), lostOf(service)])
    initialiseDeadLetterCounters(name);
  for (const { topic } of wanted) countLoss(service, topic, 0);
}

function wantedOf(consumers: readonly Pick<Consumer, 'event'>[], contracts: readonly Contract[]): EventFilter[] {
  const types = new Set(consumers.map(({ event }) => event.type));
  return contracts.flatMap(({ name, topic, events }) => {
    const own = Object.values(events).flatMap(({ type }) => (types.has(type) ? [type] : []));
    return own.length === 0 ? [] : [{ source: name, topic, types: new Set(own) }];
  });
}

function letterOf(consumer: string, envelope: Envelope, error: unknown, attempts: number) {
  return { consumer, envelope, error: reasonOf(error).slice(0, 2_000), attempts, failed_at: new Date().toISOString() };
}

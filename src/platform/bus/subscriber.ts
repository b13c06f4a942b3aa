import { setTimeout as sleep } from 'node:timers/promises';
import type { Contract, Ctx } from '../contract/contract.ts';
import { SYSTEM, textOfNow } from '../contract/ctx.ts';
import { DuplicateEvent } from '../contract/duplicates.ts';
import { AppError, common } from '../contract/errors.ts';
import type { Consumer, Envelope } from '../contract/events.ts';
import { retryOnConflict } from '../contract/retry-on-conflict.ts';
import type { DeadLetterStore } from '../db/dead-letters.ts';
import type { Log } from '../observability/log.ts';
import { countLoss, eventDelays, initialiseDeadLetterCounters } from '../observability/metrics.ts';
import { continueTrace } from '../observability/trace.ts';
import type { EventFilter, Subscription } from './bus.ts';
import { deadLetterWriter, letterOfStranger, lostOf, strangerOf } from './dead-letters/writer.ts';
import { Malformed, type Payload, payloadOf } from './payload.ts';
import { timeoutRunner } from './timeout.ts';

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

const LONGEST_PAUSE_MS = 10_000;
/** A handler that is not done by then has failed; should it end after all, its mark keeps it from happening twice. */
const inTime = timeoutRunner(30_000);

/** The subscription of a service with its consumers. */
export function createSubscriber<S>(parts: SubscriberOptions<S>): Subscriber {
  const { service, consumers, api, deadLetters, log, attempts, firstPauseMs } = parts;
  const stopped = new AbortController();
  const letters = deadLetterWriter({ service, deadLetters, log, stopped: stopped.signal });
  const bound = consumers.map((consumer) => bind(service, api, consumer));
  const byType = Map.groupBy(bound, ({ type }) => type);
  const wanted = wantedOf(consumers, parts.contracts);
  beginCounters(service, bound, wanted);

  async function attempt(one: Bound, envelope: Envelope, payload: Payload): Promise<void> {
    let failures = 0;
    let slow = 0;
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if (stopped.signal.aborted) throw new Error('the process ends');
      let error: unknown;
      try {
        return await inTime(() => one.handle(envelope, payload));
      } catch (thrown) {
        error = thrown ?? new Error('nothing was thrown');
      }
      const tooSlow = isTooSlow(error);
      if (tooSlow) slow++;
      // At first that may be load, or a lock that somebody holds; the statement is at fault when others are answered.
      if (tooSlow ? slow > attempts && (await answers(one)) : !isAway(error)) failures++;
      if (failures >= attempts || error instanceof Malformed) return bury(one, envelope, error, failures);
      log.warn({ consumer: one.name, event: envelope.id, reason: reasonOf(error) }, 'an event is tried again');
      // What was stopped together, in one statement with others, does not come back together.
      await sleep(tooSlow ? pause * (0.5 + Math.random()) : pause, undefined, { signal: stopped.signal });
    }
  }

  const answers = ({ name }: Bound): Promise<boolean> =>
    deadLetters.holds(name).then(
      () => true,
      () => false,
    );

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
      await one.handle(envelope, payloadOf(envelope.data));
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

interface Bound {
  /** `order.follow_shipment`. */
  readonly name: string;
  readonly type: string;
  /** Rejects with what the consumer throws, and with `Malformed`. */
  handle(envelope: Envelope, payload: Payload): Promise<void>;
  concerns?(envelope: Envelope): boolean;
}

function bind<S>(service: string, api: S, { name: short, event, handle, concerns }: Consumer<S>): Bound {
  const name = `${service}.${short}`;
  const delay = eventDelays(name);

  return {
    name,
    type: event.type,
    ...(concerns && { concerns: (envelope) => concerns(api, envelope) }),
    async handle(envelope, payload) {
      const data = payload.as(event);
      try {
        await retryOnConflict(() => handle(api, ctxOf(name, envelope), data, envelope));
      } catch (error) {
        if (!(error instanceof DuplicateEvent)) throw error;
      }
      delay(Math.max(0, Date.now() - Date.parse(envelope.time)) / 1_000);
    },
  };
}

function ctxOf(consumer: string, { id, trace, correlation }: Envelope): Ctx {
  return Object.freeze({
    actor: SYSTEM,
    now: textOfNow(),
    trace: continueTrace(trace),
    requestId: correlation,
    cause: { consumer, eventId: id },
  });
}

function wantedOf(consumers: readonly Pick<Consumer, 'event'>[], contracts: readonly Contract[]): EventFilter[] {
  const types = new Set(consumers.map(({ event }) => event.type));
  return contracts.flatMap(({ name, topic, events }) => {
    const own = Object.values(events).flatMap(({ type }) => (types.has(type) ? [type] : []));
    return own.length === 0 ? [] : [{ source: name, topic, types: new Set(own) }];
  });
}

// Not the event's fault: it is tried until the other side is back.
const isAway = (error: unknown): boolean => error instanceof AppError && error.kind === 'unavailable';

// The database answers, and gave this statement up.
const isTooSlow = (error: unknown): boolean => error instanceof AppError && error.code === common.TOO_SLOW.code;

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What a client is told of a fault of ours says little to who looks after it.
  return isAway(error) && error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

function letterOf(consumer: string, envelope: Envelope, error: unknown, attempts: number) {
  return { consumer, envelope, error: reasonOf(error).slice(0, 2_000), attempts, failed_at: new Date().toISOString() };
}

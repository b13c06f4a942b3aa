import { setTimeout as sleep } from 'node:timers/promises';
import type { Ctx } from '../../contract/contract.ts';
import { SYSTEM, textOfNow } from '../../contract/ctx.ts';
import { DuplicateEvent } from '../../contract/duplicates.ts';
import { AppError, common, isError } from '../../contract/errors.ts';
import type { Consumer, Envelope } from '../../contract/events.ts';
import { isConflict, MAX_CONFLICTS, retryOnConflict } from '../../contract/retry-on-conflict.ts';
import type { DeadLetterStore } from '../../db/dead-letters.ts';
import type { Log } from '../../observability/log.ts';
import { eventDelays } from '../../observability/metrics.ts';
import { continueTrace } from '../../observability/trace.ts';
import { timeoutRunner } from '../timeout.ts';
import { Malformed, type Payload, payloadOf } from './payload.ts';

/** A consumer with the service that it calls. */
export interface Bound {
  /** `order.follow_shipment`. */
  readonly name: string;
  readonly type: string;
  /** One attempt. Rejects with what the consumer throws, and throws `Malformed`. */
  handle(envelope: Envelope, payload: Payload): Promise<unknown>;
  /** To be called when an event has had its effect. */
  measure(envelope: Envelope): void;
  concerns?(envelope: Envelope): boolean;
}

/** Binds a consumer of a service. */
export function bind<S>(service: string, api: S, { name: short, event, handle, concerns }: Consumer<S>): Bound {
  const name = `${service}.${short}`;
  const delay = eventDelays(name);
  return {
    name,
    type: event.type,
    handle: (envelope, payload) => handle(api, ctxOf(name, envelope), payload.as(event), envelope),
    measure: ({ time }) => delay(Math.max(0, Date.now() - Date.parse(time)) / 1_000),
    ...(concerns && { concerns: (envelope) => concerns(api, envelope) }),
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

interface AttemptOptions {
  /** Attempts before an event is given up. */
  readonly attempts: number;
  readonly firstPauseMs: number;
  readonly deadLetters: Pick<DeadLetterStore, 'holds'>;
  readonly log: Log;
  readonly stopped: AbortSignal;
  /** What becomes of an event that is given up. */
  bury(one: Bound, envelope: Envelope, error: unknown, failures: number): Promise<void>;
}

const LONGEST_PAUSE_MS = 10_000;
/** A handler that is not done by then has failed; should it end after all, its mark keeps it from happening twice. */
const inTime = timeoutRunner(30_000);

/** Tries an event with a consumer until it has had its effect, or is given up. Rejects when the process ends before. */
export function attempter({ attempts, firstPauseMs, deadLetters, log, stopped, bury }: AttemptOptions) {
  const answers = ({ name }: Bound): Promise<boolean> =>
    deadLetters.holds(name).then(
      () => true,
      () => false,
    );

  // One function and one promise for each event, of which there are very many.
  return async function attempt(one: Bound, envelope: Envelope, payload: Payload): Promise<void> {
    let failures = 0;
    let slow = 0;
    let conflicts = 0;
    for (let pause = firstPauseMs; ; ) {
      if (stopped.aborted) throw new Error('the process ends');
      let error: unknown;
      try {
        await inTime(() => one.handle(envelope, payload));
        return one.measure(envelope);
      } catch (thrown) {
        error = thrown ?? new Error('nothing was thrown');
      }
      if (error instanceof DuplicateEvent) return one.measure(envelope);
      if (isConflict(error) && ++conflicts < MAX_CONFLICTS) continue;
      conflicts = 0;
      const tooSlow = isTooSlow(error);
      if (tooSlow) slow++;
      // At first that may be load, or a lock that somebody holds; the statement is at fault when others are answered.
      if (tooSlow ? slow > attempts && (await answers(one)) : !isAway(error)) failures++;
      if (failures >= attempts || error instanceof Malformed) return bury(one, envelope, error, failures);
      log.warn({ consumer: one.name, event: envelope.id, reason: reasonOf(error) }, 'an event is tried again');
      // What was stopped together, in one statement with others, does not come back together.
      await sleep(tooSlow ? pause * (0.5 + Math.random()) : pause, undefined, { signal: stopped });
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  };
}

/** Handles an event by one consumer now, without further attempts. Throws what the consumer throws. */
export async function handleNow(one: Bound, envelope: Envelope): Promise<void> {
  const payload = payloadOf(envelope.data);
  try {
    await retryOnConflict(async () => one.handle(envelope, payload));
  } catch (error) {
    if (!(error instanceof DuplicateEvent)) throw error;
  }
  one.measure(envelope);
}

// Not the event's fault: it is tried until the other side is back.
const isAway = (error: unknown): boolean => error instanceof AppError && error.kind === 'unavailable';

// The database answers, and gave this statement up.
const isTooSlow = (error: unknown): boolean => isError(error, common.TOO_SLOW);

/** What went wrong, for who looks after the system. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What a client is told of a fault of ours says little to who looks after it.
  return isAway(error) && error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

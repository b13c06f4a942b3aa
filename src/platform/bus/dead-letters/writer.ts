import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../contract/errors.ts';
import type { Envelope } from '../../contract/events.ts';
import type { DeadLetter, DeadLetterStore } from '../../db/dead-letters.ts';
import { keptPayload, uuidOf } from '../../db/letter.ts';
import type { Log } from '../../observability/log.ts';
import { countDeadLetter, countDeadLetterFailure, countLoss } from '../../observability/metrics.ts';
import type { Loss } from '../bus.ts';

type Letter = Omit<DeadLetter, 'id'>;

/** Where a service puts what it cannot handle, and what a person should know of that. */
export interface DeadLetterWriter {
  /** Resolves when the letter is kept. A store that refuses is asked again, for as long as the process runs. */
  put(letter: Letter): Promise<void>;
  /** Notes that the bus has lost events of this service: in the log, a metric, and a letter for a person. */
  lost(loss: Loss): void;
  /** A sentence when something waits for a person. */
  look(): Promise<string | undefined>;
}

interface AsideParts {
  readonly service: string;
  readonly deadLetters: DeadLetterStore;
  readonly log: Log;
  readonly stopped: AbortSignal;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** A store that refuses is in the log once in so long. */
const LOG_EVERY_MS = 60_000;

/** The name under which a service keeps what the bus has lost. */
export const lostOf = (service: string): string => `${service}.lost`;

/** The name under which a service keeps what came and is no event. */
export const strangerOf = (service: string): string => `${service}.unreadable`;

/** Puts aside for one service. */
export function deadLetterWriter({ service, deadLetters, log, stopped }: AsideParts): DeadLetterWriter {
  let waiting = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;
  // One that lies there from before is known after the first look.
  let mayHoldLosses = true;
  let losses = 0;
  let storing = 0;

  async function put(letter: Letter): Promise<void> {
    let refused = 0;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        await deadLetters.put(refused > 1 ? bare(letter) : letter);
        break;
      } catch (error) {
        if (!isAway(error)) refused++;
        reportRefusal(letter, error);
        waiting++;
        await sleep(pause, undefined, { signal: stopped }).finally(() => waiting--);
      }
    }
    countDeadLetter(letter.consumer);
  }

  function reportRefusal({ consumer, envelope }: Letter, error: unknown): void {
    countDeadLetterFailure(consumer);
    if (performance.now() - loggedAt < LOG_EVERY_MS) return;
    loggedAt = performance.now();
    const sentence = 'what cannot be handled cannot be put aside either; it is tried again, and its subject waits';
    log.error({ err: error, consumer, event: envelope.id }, sentence);
  }

  return {
    put,
    lost(loss) {
      const { topic, place, count, reason } = loss;
      countLoss(service, topic, count);
      log.error({ group: service, topic, place, lost: count ?? 'unknown', reason }, 'the bus has lost events');
      mayHoldLosses = true;
      losses++;
      storing++;
      put(letterOfLoss(service, loss))
        .catch(() => undefined)
        .finally(() => storing--);
    },
    async look() {
      if (waiting > 0) return `${service} cannot keep what it could not handle`;
      if (mayHoldLosses && storing === 0) {
        const before = losses;
        const holds = await deadLetters.holds(lostOf(service)).catch(() => true);
        // Unless something was lost meanwhile.
        if (losses === before) mayHoldLosses = holds;
      }
      return mayHoldLosses ? `${service} missed events that the bus has lost; see its dead letters` : undefined;
    },
  };
}

const isAway = (error: unknown): boolean => error instanceof AppError && error.kind === 'unavailable';

/** A letter with nothing in it that came from outside. */
function bare({ consumer, envelope, attempts, failed_at }: Letter): Letter {
  const error = 'the dead letters refused this event as it came, so that only its place is kept';
  return { consumer, envelope: letterOfNothing(uuidOf(envelope.id), '{}'), error, attempts, failed_at };
}

/** The letter of what came and is no event. The same bytes are the same letter, however often they come. */
export function letterOfStranger(service: string, raw: string | Buffer, reason: string): Letter {
  const envelope = letterOfNothing(uuidOf(raw), JSON.stringify(keptPayload(raw)));
  return letter(strangerOf(service), envelope, reason);
}

// The same loss is the same letter.
function letterOfLoss(service: string, { topic, place, count, reason }: Loss): Letter {
  const what = JSON.stringify({ topic, place, count: count ?? null, reason });
  const error = `${count === undefined ? 'an unknown number of' : `up to ${count}`} events of ${topic} (${place}) are lost: ${reason}`;
  return letter(lostOf(service), letterOfNothing(uuidOf(what), what), error);
}

const letter = (consumer: string, envelope: Envelope, error: string): Letter => ({
  consumer,
  envelope,
  error,
  attempts: 1,
  failed_at: new Date().toISOString(),
});

function letterOfNothing(id: string, data: string): Envelope {
  const time = new Date().toISOString();
  return { id, source: '', type: '', subject: '', time, trace: '', correlation: id, actor: 'system', data };
}

import { isUtf8 } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '../contract/events.ts';
import { MAX_IN_FLIGHT, type Subscription } from './bus.ts';
import { admit, fromHeaders } from './cloudevents.ts';
import { keyedQueue } from './keyed-queue.ts';

/** What a broker delivers. */
export interface BusMessage {
  readonly topic: string;
  /** The attributes, named as the protocol binding names them. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Bytes where the broker gives them: they may be no text at all. */
  readonly data: string | Buffer;
}

/** What every driver does alike with what its broker delivers: order, retries, capacity, what is unreadable. */
export interface Receiver {
  /** Resolves when there is room for one more. */
  room(): Promise<void>;
  /**
   * Handles a message behind the others of its subject. Resolves with true when it may be acknowledged, and with false
   * when it was left to be delivered again: once `active` is aborted, what has not begun does not begin any more.
   */
  take(message: BusMessage, active: AbortSignal): Promise<boolean>;
}

interface Task {
  readonly active: AbortSignal;
  work(): Promise<void>;
}

const AGAIN_MS = 1_000;

/** Makes the receiver of one subscription; `prefix` is what stands before the name of an attribute. */
export function receiver(subscription: Subscription, prefix: string): Receiver {
  const { filters, handle, unreadable } = subscription;
  const wanted = new Set(filters.flatMap(({ source, types }) => [...types].map((type) => `${source} ${type}`)));
  const work = keyedQueue<Task>({ run: begin, again }, MAX_IN_FLIGHT);

  const run = (key: string, task: Task): Promise<boolean> => new Promise((resolve) => work.run(key, task, resolve));

  const concerns = (event: Envelope): boolean =>
    wanted.has(`${event.source} ${event.type}`) && subscription.concerns?.(event) !== false;

  return {
    room: work.room,
    take({ topic, headers, data }, active) {
      const message = read({ headers, data }, prefix, concerns);
      if (message instanceof Error) {
        const reason = `${topic}: ${message.message}`;
        return run(`${topic} unreadable`, { active, work: () => unreadable(data, reason) });
      }
      if (!message) return Promise.resolve(true);
      const { event, payload } = message;
      return run(`${topic} ${event.subject}`, { active, work: () => handle(event, payload) });
    },
  };
}

async function begin({ active, work }: Task): Promise<void> {
  if (active.aborted) throw new Error('left to be delivered again');
  await work();
}

// The others of the key wait meanwhile, so that none overtakes.
async function again({ active }: Task): Promise<boolean> {
  await sleep(AGAIN_MS, undefined, { signal: active }).catch(() => undefined);
  return !active.aborted;
}

/** Undefined for an event that nobody here wants. What is wrong with it is then nobody's concern either. */
function read(
  { headers, data }: Pick<BusMessage, 'headers' | 'data'>,
  prefix: string,
  concerns: (event: Envelope) => boolean,
): ReturnType<typeof admit> | Error | undefined {
  try {
    const text = typeof data === 'string' || isUtf8(data) ? data.toString() : undefined;
    const event = fromHeaders(headers, text ?? '', prefix);
    if (!concerns(event)) return undefined;
    if (text === undefined) throw new Error('the payload is no UTF-8');
    return admit(event);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

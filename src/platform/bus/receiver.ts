import { isUtf8 } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '../contract/events.ts';
import { type Subscription, UNDER_WAY } from './bus.ts';
import { admit, fromHeaders } from './cloudevents.ts';
import { keyedQueue } from './keyed-queue.ts';

/** What a broker hands over. */
export interface BusMessage {
  readonly topic: string;
  /** The attributes, named as the protocol binding names them. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Bytes where the broker gives them: they may be no text at all. */
  readonly data: string | Buffer;
}

/** What every driver does alike with what its broker hands over: order, retries, capacity, what is unreadable. */
export interface Receiver {
  /** Resolves when there is room for one more. */
  room(): Promise<void>;
  /**
   * Puts a message at the end of its subject's lane. Resolves with true when it is done with for good, and with
   * false when it was let go of: once `held` has ended, what has not begun does not begin any more.
   */
  take(message: BusMessage, held: AbortSignal): Promise<boolean>;
}

interface Piece {
  readonly held: AbortSignal;
  work(): Promise<void>;
}

const AGAIN_MS = 1_000;

/** Makes the receiver of one subscription; `prefix` is what stands before the name of an attribute. */
export function receiver({ filters: wanted, handle, unreadable }: Subscription, prefix: string): Receiver {
  const concerns = new Set(wanted.flatMap(({ source, types }) => [...types].map((type) => `${source} ${type}`)));
  const work = keyedQueue<Piece>(untilDone, UNDER_WAY);

  function run(lane: string, piece: Piece): Promise<boolean> {
    return work.run(lane, piece).then(
      () => true,
      () => false,
    );
  }

  return {
    room: work.room,
    take({ topic, headers, data }, held) {
      const event = read(headers, data, prefix, concerns);
      if (event instanceof Error) {
        const reason = `${topic}: ${event.message}`;
        return run(`${topic} unreadable`, { held, work: () => unreadable(data, reason) });
      }
      if (!event) return Promise.resolve(true);
      return run(`${topic} ${event.subject}`, { held, work: () => handle(event) });
    },
  };
}

// The lane stands still meanwhile, so that what follows of the same subject does not overtake.
async function untilDone({ held, work }: Piece): Promise<void> {
  for (;;) {
    if (held.aborted) throw new Error('let go of');
    try {
      return await work();
    } catch {
      await sleep(AGAIN_MS, undefined, { signal: held }).catch(() => undefined);
    }
  }
}

/** Undefined for an event that nobody here wants. What is wrong with it is then nobody's concern either. */
function read(
  headers: BusMessage['headers'],
  data: BusMessage['data'],
  prefix: string,
  concerns: ReadonlySet<string>,
): Envelope | Error | undefined {
  try {
    const text = typeof data === 'string' || isUtf8(data) ? data.toString() : undefined;
    const event = fromHeaders(headers, text ?? '', prefix);
    if (!concerns.has(`${event.source} ${event.type}`)) return undefined;
    if (text === undefined) throw new Error('the payload is no UTF-8');
    return admit(event);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

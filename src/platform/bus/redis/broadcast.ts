import type { Log } from '../../observability/log.ts';
import type { BroadcastTransport } from '../broadcast/transport.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { openReader, type RedisClient } from './stream-client.ts';

interface BroadcastOptions {
  /** Of the bus: what is sent goes over it. */
  readonly client: RedisClient;
  readonly url: string;
  /** Before the name of the stream. */
  readonly prefix: string;
  readonly log: Log;
}

/** So many frames stay in the stream, about: who is further behind has a gap. */
const MOST_FRAMES = 1_000;
const READ_FRAMES = 100;
const BLOCK_MS = 1_000;
const CONNECT_MS = 3_000;
const SENTENCE = 'Redis does not answer.';

/** A capped stream. Whoever listens reads it from its end, over a connection of its own, without a group. */
export function redisBroadcasts({ client, url, prefix, log }: BroadcastOptions): BroadcastTransport {
  const stream = `${prefix}:broadcasts`;
  return {
    async send(frame) {
      const TRIM = { strategy: 'MAXLEN', strategyModifier: '~', threshold: MOST_FRAMES } as const;
      await withTimeout(BROKER_TIMEOUT_MS, SENTENCE, client.xAdd(stream, '*', { frame }, { TRIM }));
    },
    async listen({ begun, frame }, closing) {
      const reader = openReader(url, log);
      const end = (): void => {
        if (reader.isOpen) reader.destroy();
      };
      closing.addEventListener('abort', end, { once: true });
      try {
        await isReady(reader);
        let id = await endOf(reader, stream);
        begun();
        while (!closing.aborted) {
          const reading = reader.xRead({ key: stream, id }, { COUNT: READ_FRAMES, BLOCK: BLOCK_MS });
          const [found] = (await withTimeout(BROKER_TIMEOUT_MS, SENTENCE, reading)) ?? [];
          for (const { message } of found?.messages ?? []) if (message.frame !== undefined) frame(message.frame);
          id = found?.messages.at(-1)?.id ?? id;
        }
      } finally {
        closing.removeEventListener('abort', end);
        end();
      }
    },
  };
}

async function endOf(reader: RedisClient, stream: string): Promise<string> {
  const newest = reader.xRevRange(stream, '+', '-', { COUNT: 1 });
  return (await withTimeout(BROKER_TIMEOUT_MS, SENTENCE, newest))?.[0]?.id ?? '0-0';
}

async function isReady(reader: RedisClient): Promise<void> {
  if (reader.isReady) return;
  const ready = new Promise<void>((resolve) => reader.once('ready', () => resolve()));
  await withTimeout(CONNECT_MS, SENTENCE, ready);
}

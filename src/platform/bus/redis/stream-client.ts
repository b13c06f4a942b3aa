import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, RESP_TYPES } from '@redis/client';
import type { Log } from '../../observability/log.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';

/** A connection that comes back by itself; while it is away, commands are refused at once. */
export type RedisClient = ReturnType<typeof clientOf>;

const clientOf = (url: string, pingInterval: number | undefined) =>
  createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    ...(pingInterval !== undefined && { pingInterval }),
    socket: { connectTimeout: 4_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 5), 1_000) },
  });

/** Opens a connection without waiting for it. */
export const openClient = (url: string, log: Log): RedisClient => watched(clientOf(url, PING_MS), log);

/**
 * Opens a connection for blocking reads, without pings: it asks every second in any case, and the client's timer for
 * pings outlives one that is destroyed while it connects.
 */
export const openReader = (url: string, log: Log): RedisClient => watched(clientOf(url, undefined), log);

function watched(client: RedisClient, log: Log): RedisClient {
  let away = false;
  client.on('error', (error: Error) => {
    if (!away) log.warn({ reason: error.message }, 'Redis does not answer; the bus tries again');
    away = true;
  });
  client.on('ready', () => {
    away = false;
  });
  client.connect().catch(() => undefined);
  return client;
}

const PING_MS = 20_000;

/** What a reader asks of Redis. Everything rejects when Redis does not answer in time. */
export interface StreamClient {
  run(script: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  makeGroup(stream: string, group: string): Promise<void>;
  /** Whether a stream has entries up to this one: it is then the one that they were read from. */
  holds(stream: string, last: string): Promise<boolean>;
  /** The fields of an entry as bytes, which need not be text. */
  bytesOf(stream: string, id: string): Promise<readonly Buffer[]>;
  /** Resolves when one of the streams has an entry after the given one, or after `timeoutMs`. */
  waitForEntries(timeoutMs: number, streams: readonly (readonly [key: string, last: string])[]): Promise<void>;
  /** Resolves when Redis has noted it, or when `leased` is aborted and Redis does not answer. */
  acknowledge(stream: string, group: string, id: string, leased: AbortSignal): Promise<void>;
  pause(ms: number, ended: AbortSignal): Promise<void>;
  /** Ends the connection of the blocking reads. */
  close(): void;
}

const SENTENCE = 'Redis does not answer.';
const AGAIN_MS = 200;

/** The client of one reader: commands go over the shared connection, blocking reads over one of its own. */
export function openStreamClient(shared: RedisClient, url: string, log: Log): StreamClient {
  const waiter = openReader(url, log);
  const acks = new Map<string, Batch>();

  async function flush(key: string, { stream, group, ids, settle, leased }: Batch): Promise<void> {
    acks.delete(key);
    for (;;) {
      try {
        await withTimeout(BROKER_TIMEOUT_MS, SENTENCE, shared.xAck(stream, group, ids));
        return settle();
      } catch {
        if ([...leased].every(({ aborted }) => aborted)) return settle();
        await sleep(AGAIN_MS);
      }
    }
  }

  return {
    run: (script, keys, args) =>
      withTimeout(BROKER_TIMEOUT_MS, SENTENCE, shared.eval(script, { keys: [...keys], arguments: [...args] })),
    async makeGroup(stream, group) {
      await withTimeout(BROKER_TIMEOUT_MS, SENTENCE, shared.xGroupCreate(stream, group, '0', { MKSTREAM: true })).catch(
        (error) => {
          if (!String(error).includes('BUSYGROUP')) throw error;
        },
      );
    },
    async holds(stream, last) {
      const entries = await withTimeout(BROKER_TIMEOUT_MS, SENTENCE, shared.xRange(stream, '-', last, { COUNT: 1 }));
      return (entries?.length ?? 0) > 0;
    },
    async bytesOf(stream, id) {
      const raw = shared.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      const answer = await withTimeout(BROKER_TIMEOUT_MS, SENTENCE, raw.sendCommand(['XRANGE', stream, id, id]));
      return (answer as unknown as [Buffer, Buffer[] | null][])[0]?.[1] ?? [];
    },
    async waitForEntries(timeoutMs, streams) {
      if (!waiter.isReady) return sleep(AGAIN_MS);
      const places = streams.map(([key, id]) => ({ key, id }));
      await withTimeout(BROKER_TIMEOUT_MS, SENTENCE, waiter.xRead(places, { COUNT: 1, BLOCK: timeoutMs }));
    },
    acknowledge(stream, group, id, leased) {
      const key = `${group} ${stream}`;
      let batch = acks.get(key);
      if (!batch) {
        batch = newBatch(stream, group);
        acks.set(key, batch);
        // What ends in the same turn is acknowledged together.
        const made = batch;
        setImmediate(() => void flush(key, made));
      }
      batch.ids.push(id);
      batch.leased.add(leased);
      return batch.done;
    },
    pause: (ms, ended) => sleep(ms, undefined, { signal: ended }).catch(() => undefined),
    close() {
      if (waiter.isOpen) waiter.destroy();
    },
  };
}

interface Batch {
  readonly stream: string;
  readonly group: string;
  readonly ids: string[];
  readonly leased: Set<AbortSignal>;
  readonly done: Promise<void>;
  settle(): void;
}

function newBatch(stream: string, group: string): Batch {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { stream, group, ids: [], leased: new Set(), done: promise, settle: resolve };
}

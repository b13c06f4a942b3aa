import { createClient } from '@redis/client';
import { withTimeout } from '../../../../bus/timeout.ts';
import { ConfigError } from '../../../../config/config.ts';
import type { Log } from '../../../../observability/log.ts';
import { lockUnavailable } from '../locks.ts';

export type LockRedisClient = ReturnType<typeof clientOf>;

/** The way to Redis that keeps writers apart. It comes back by itself; while it is away everything is refused at once. */
export interface RedisConnection {
  /** Runs a script. Throws UNAVAILABLE when Redis does not answer in time. */
  run(script: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  publish(channel: string, text: string): Promise<void>;
  /** Another connection, for what occupies one. */
  another(): Promise<LockRedisClient>;
  close(): Promise<void>;
}

const FIRST_ANSWER_MS = 3_000;
const ANSWER_MS = 2_000;
const LAST_ANSWER_MS = 1_000;

const clientOf = (url: string) =>
  createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    pingInterval: 20_000,
    socket: { connectTimeout: 2_000, reconnectStrategy: (retries) => Math.min(25 * 2 ** Math.min(retries, 5), 500) },
  });

/** Opens it. Throws ConfigError, with a sentence, when Redis does not answer at REDIS_URL. */
export async function openRedisConnection(url: string, log: Log): Promise<RedisConnection> {
  const client = await connected(url, log);
  return {
    run: (script, keys, args) => answered(client.eval(script, { keys: [...keys], arguments: [...args] })),
    async publish(channel, text) {
      await answered(client.publish(channel, text));
    },
    another: () => connected(url, log),
    close: () => closeClient(client),
  };
}

/** Ends a connection after what is on its way over it, if that does not take long. */
export async function closeClient(client: LockRedisClient): Promise<void> {
  if (!client.isOpen) return;
  if (client.isReady) await withTimeout(LAST_ANSWER_MS, 'late', client.close()).catch(() => undefined);
  if (client.isOpen) client.destroy();
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await withTimeout(ANSWER_MS, `no answer in ${ANSWER_MS} ms`, answer);
  } catch (error) {
    throw lockUnavailable(`Redis, which keeps the writers apart, does not answer: ${(error as Error).message}`);
  }
}

async function connected(url: string, log: Log): Promise<LockRedisClient> {
  const client = clientOf(url);
  let reason = `no answer in ${FIRST_ANSWER_MS} ms`;
  let away = true;
  client.on('error', (error: Error & { code?: string }) => {
    reason = error.message || error.code || reason;
    if (!away) log.warn({ reason }, 'Redis does not answer; nothing is written to ClickHouse until it does');
    away = true;
  });
  client.on('ready', () => {
    away = false;
  });
  try {
    await withTimeout(FIRST_ANSWER_MS, reason, client.connect());
    return client;
  } catch {
    if (client.isOpen) client.destroy();
    const { host } = new URL(url);
    throw new ConfigError([
      `Redis does not answer at ${host} (${reason}); check REDIS_URL, which CLICKHOUSE_LOCKS=redis needs.`,
    ]);
  }
}

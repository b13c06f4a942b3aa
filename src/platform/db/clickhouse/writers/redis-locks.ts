import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../../observability/log.ts';
import { LOCK_TIMEOUT_MS, type LockHandle, type Locks, lockUnavailable, queueByName } from './locks.ts';
import { openRedisConnection } from './redis/connection.ts';
import { leasesIn } from './redis/leases.ts';
import { openNotifications } from './redis/notifications.ts';
import { RELEASE_LOCK, RENEW, TAKE } from './redis/scripts.ts';

interface RedisLocksOptions {
  readonly url: string;
  /** Of the databases: whoever names them alike shares the locks. */
  readonly prefix: string;
  readonly log: Log;
}

/** So long a process that died keeps the others out: less than they wait. */
const LEASE_MS = 5_000;
const RENEW_MS = 1_500;
/** The rest of the lease is for the difference of two clocks, and for the block that is then on its way. */
const SAFE_MS = 3_000;

/** Who is the next one looks often; the place is free again when he did not for so long. */
const NEXT_MS = 60;
const LONGEST_PAUSE_MS = 20;
const NEXT_PAUSE_MS = 4;

const TAKEN = 2;
const NEXT = 1;

/**
 * Locks between processes, in Redis. While Redis is away everything throws UNAVAILABLE, and it comes back by itself.
 * A Redis that forgets may let two in at once: the engine then keeps the block of one (see `writer.ts`). Throws
 * ConfigError when Redis does not answer at the start.
 */
export async function openRedisLocks({ url, prefix, log }: RedisLocksOptions): Promise<Locks> {
  const me = randomUUID();
  const line = await openRedisConnection(url, log);
  const queue = queueByName();
  const leases = leasesIn(line, `${prefix}:lead`, me);
  const news = await openNotifications(line, `${prefix}:written`, me).catch(async (error: unknown) => {
    await line.close();
    throw error;
  });

  async function take(key: string, token: string, until: number): Promise<number> {
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const sent = performance.now();
      const place = await line.run(TAKE, [key, `${key}:next`], [token, `${LEASE_MS}`, `${NEXT_MS}`]);
      if (place === TAKEN) return sent;
      if (sent > until) throw lockUnavailable(`another process has had ${key} for ${LOCK_TIMEOUT_MS} ms`);
      const longest = place === NEXT ? Math.min(pause, NEXT_PAUSE_MS) : pause;
      await sleep(longest * (0.5 + Math.random() / 2));
    }
  }

  async function hold<T>(key: string, until: number, work: (turn: LockHandle) => Promise<T>): Promise<T> {
    const token = randomUUID();
    // Not waited for: what this process sends after it is done after it.
    const release = () => void line.run(RELEASE_LOCK, [key], [token]).catch(() => undefined);
    let since = await take(key, token, until).catch((error: unknown) => {
      // Redis may have given it all the same.
      release();
      throw error;
    });
    let lost = false;
    const renew = async (): Promise<void> => {
      const sent = performance.now();
      if ((await line.run(RENEW, [key], [token, `${LEASE_MS}`])) === 1) since = sent;
      else lost = true;
    };
    const renewing = setInterval(() => void renew().catch(() => undefined), RENEW_MS).unref();
    const stillOurs = (): void => {
      if (lost || performance.now() - since > SAFE_MS)
        throw lockUnavailable(`the lock ${key} may have passed to another`);
    };
    try {
      return await work({ term: 0, assertHeld: stillOurs });
    } finally {
      clearInterval(renewing);
      release();
    }
  }

  return {
    shared: true,
    alone(name, work) {
      const until = performance.now() + LOCK_TIMEOUT_MS;
      return queue.next(name, () => hold(`${prefix}:lock:${name}`, until, work));
    },
    leading: leases,
    notify: news.notify,
    onNotification: news.onNotification,
    async close() {
      await queue.empty();
      await Promise.all([leases.close(), news.close()]);
      await line.close();
    },
  };
}

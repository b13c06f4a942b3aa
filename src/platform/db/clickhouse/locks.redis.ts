import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import { type Locks, PATIENCE_MS, queueByName, type Turn, unavailable } from './locks.ts';
import { leasesIn } from './redis/leases.ts';
import { openLine } from './redis/line.ts';
import { openNews } from './redis/news.ts';
import { RELEASE, RENEW, TAKE } from './redis/scripts.ts';

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
  const line = await openLine(url, log);
  const queue = queueByName();
  const leases = leasesIn(line, `${prefix}:lead`, me);
  const news = await openNews(line, `${prefix}:written`, me).catch(async (error: unknown) => {
    await line.close();
    throw error;
  });

  async function take(key: string, token: string, until: number): Promise<number> {
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const sent = performance.now();
      const place = await line.run(TAKE, [key, `${key}:next`], [token, `${LEASE_MS}`, `${NEXT_MS}`]);
      if (place === TAKEN) return sent;
      if (sent > until) throw unavailable(`another process has had ${key} for ${PATIENCE_MS} ms`);
      const longest = place === NEXT ? Math.min(pause, NEXT_PAUSE_MS) : pause;
      await sleep(longest * (0.5 + Math.random() / 2));
    }
  }

  async function hold<T>(key: string, until: number, work: (turn: Turn) => Promise<T>): Promise<T> {
    const token = randomUUID();
    // Not waited for: what this process sends after it is done after it.
    const release = () => void line.run(RELEASE, [key], [token]).catch(() => undefined);
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
      if (lost || performance.now() - since > SAFE_MS) throw unavailable(`the lock ${key} may have passed to another`);
    };
    try {
      return await work({ term: 0, stillOurs });
    } finally {
      clearInterval(renewing);
      release();
    }
  }

  return {
    shared: true,
    alone(name, work) {
      const until = performance.now() + PATIENCE_MS;
      return queue.next(name, () => hold(`${prefix}:lock:${name}`, until, work));
    },
    leading: leases,
    tell: news.tell,
    onTold: news.onTold,
    async close() {
      await queue.empty();
      await Promise.all([leases.close(), news.close()]);
      await line.close();
    },
  };
}

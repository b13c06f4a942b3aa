import { Degraded } from '../../observability/health.ts';
import type { Log } from '../../observability/log.ts';
import { openBroadcasts } from '../broadcast/broadcasts.ts';
import type { Bus } from '../bus.ts';
import { openDeliveries } from '../deliveries.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { redisBroadcasts } from './broadcast.ts';
import { joinGroup } from './group.ts';
import { redisPublisher } from './publisher.ts';
import { redisRefusalOf } from './refusals.ts';
import { openClient, openStreamClient, type RedisClient } from './stream-client.ts';

/**
 * The bus on Redis Streams: a stream for each part of a topic, the attributes as fields, the payload as `data`.
 * What Redis answered is as safe as its append-only file: a crash of Redis loses nothing, a power cut what its
 * `appendfsync` says.
 */
export interface RedisOptions {
  readonly url: string;
  /** Before the name of every stream. */
  readonly prefix: string;
  /** Where the events of a service are: `orders` for `order`. */
  readonly topicOf: (source: string) => string;
  /** How long events are kept that every group is done with. */
  readonly keepMs?: number;
  readonly log: Log;
}

const WEEK_MS = 7 * 24 * 3_600_000;
const FIRST_ANSWER_MS = 3_000;
const PING_KEPT_MS = 60_000;

/** Opens the bus. Redis may still be away: then publishing rejects, and deliveries begin when it comes. */
export async function openRedisBus(options: RedisOptions): Promise<Bus> {
  const { url, prefix, topicOf, keepMs = WEEK_MS, log } = options;
  const client = openClient(url, log);
  const deliveries = openDeliveries();
  await firstAnswer(client);
  if (client.isReady) await warnOfLoss(client, log);

  const broadcasts = openBroadcasts(redisBroadcasts({ client, url, prefix, log }), log);

  return {
    broadcast: broadcasts.broadcast,
    onBroadcast: broadcasts.onBroadcast,
    publish: redisPublisher({ client, prefix, topicOf, keepMs, log }),
    async subscribe(subscription) {
      const streamClient = openStreamClient(client, url, log);
      return deliveries.add(joinGroup({ streamClient, prefix, subscription, log }));
    },
    async ping() {
      // A write: a Redis that is full, or a replica, answers a ping all the same.
      const written = client.set(`${prefix}:ping`, '', { PX: PING_KEPT_MS });
      await withTimeout(BROKER_TIMEOUT_MS, 'Redis does not answer.', written).catch((error: unknown) => {
        const sentence = redisRefusalOf(error);
        throw sentence === undefined ? error : new Degraded(sentence);
      });
    },
    async close() {
      await deliveries.close();
      await broadcasts.close();
      if (client.isOpen) client.destroy();
    },
  };
}

async function firstAnswer(client: RedisClient): Promise<void> {
  if (client.isReady) return;
  const ready = new Promise<void>((resolve) => client.once('ready', () => resolve()));
  await withTimeout(FIRST_ANSWER_MS, 'late', ready).catch(() => undefined);
}

/** A Redis that keeps nothing, or throws things away when it is full, is no place for events. */
async function warnOfLoss(client: RedisClient, log: Log): Promise<void> {
  const { appendonly, 'maxmemory-policy': policy } = await client
    .configGet(['appendonly', 'maxmemory-policy'])
    .catch((): Record<string, string> => ({}));
  if (appendonly === 'no') log.warn('Redis has appendonly off: a restart of it loses the events that still wait');
  if (policy && policy !== 'noeviction') {
    log.warn({ policy }, 'Redis throws data away when it is full: events that still wait may go; set noeviction');
  }
}

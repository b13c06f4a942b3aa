import type { Connection } from 'rabbitmq-client';
import type { Log } from '../../observability/log.ts';
import { openBroadcasts } from '../broadcast/broadcasts.ts';
import type { Bus } from '../bus.ts';
import { openDeliveries } from '../deliveries.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { rabbitBroadcasts } from './broadcast.ts';
import { openAmqpConnection } from './connection.ts';
import { listenTo } from './listener.ts';
import { writeProbe } from './probe.ts';
import { publisher } from './publisher.ts';

/**
 * The bus on RabbitMQ 3.10 or later: one durable topic exchange, and for each group a durable queue for each part,
 * with one active consumer, so that a subject is with one process at a time. A queue holds what was published since
 * it was made: a group that is new, unlike on the other buses, begins with what is published after it first came.
 */
export interface RabbitOptions {
  readonly url: string;
  /** The name of the exchange, and the beginning of the name of every queue. */
  readonly prefix: string;
  /** Where the events of a service are: `orders` for `order`. */
  readonly topicOf: (source: string) => string;
  readonly log: Log;
}

/** Opens the bus. RabbitMQ may still be away: then publishing rejects, and deliveries begin when it comes. */
export async function openRabbitBus({ url, prefix, topicOf, log }: RabbitOptions): Promise<Bus> {
  const connect = (): Connection => openAmqpConnection(url, log);
  const connection = connect();
  const publishing = publisher({ connect, exchange: prefix, topicOf });
  const deliveries = openDeliveries();
  const broadcasts = openBroadcasts(rabbitBroadcasts(connect, `${prefix}.broadcast`), log);

  return {
    publish: publishing.publish,
    subscribe: async (subscription) => deliveries.add(await listenTo({ connect, prefix, subscription, log })),
    broadcast: broadcasts.broadcast,
    onBroadcast: broadcasts.onBroadcast,
    ping: writeProbe(connection, `${prefix}.health`),
    async close() {
      await deliveries.close();
      await broadcasts.close();
      await publishing.close();
      // It would wait for ever for a broker that is away.
      await withTimeout(BROKER_TIMEOUT_MS, 'late', connection.close()).catch(() => connection.unsafeDestroy());
    },
  };
}

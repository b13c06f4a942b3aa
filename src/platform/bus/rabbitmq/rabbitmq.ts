import { Connection } from 'rabbitmq-client';
import type { Log } from '../../observability/log.ts';
import type { ActiveSubscription, Bus } from '../bus.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
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
  const connect = (): Connection => openConnection(url, log);
  const connection = connect();
  const publishing = publisher({ connect, exchange: prefix, topicOf });
  const probe = writeProbe(connection, `${prefix}.health`);
  const deliveries = new Set<ActiveSubscription>();

  return {
    publish: publishing.publish,
    async subscribe(subscription): Promise<ActiveSubscription> {
      const delivery = await listenTo({ connect, prefix, subscription, log });
      deliveries.add(delivery);
      return {
        async close() {
          await delivery.close();
          deliveries.delete(delivery);
        },
      };
    },
    ping: probe,
    async close() {
      await Promise.all([...deliveries].map((delivery) => delivery.close()));
      deliveries.clear();
      await publishing.close();
      // It would wait for ever for a broker that is away.
      await withTimeout(BROKER_TIMEOUT_MS, 'late', connection.close()).catch(() => connection.unsafeDestroy());
    },
  };
}

function openConnection(url: string, log: Log): Connection {
  const connection = new Connection({
    url,
    heartbeat: 10,
    acquireTimeout: 3_000,
    connectionTimeout: 3_000,
    retryLow: 200,
    retryHigh: 2_000,
    noDelay: true,
  });
  let away = false;
  connection.on('error', (error: Error) => {
    if (!away) log.warn({ reason: error.message }, 'RabbitMQ does not answer; the bus tries again');
    away = true;
  });
  connection.on('connection', () => {
    away = false;
  });
  return connection;
}

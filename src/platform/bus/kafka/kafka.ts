import { Admin } from '@platformatic/kafka';
import type { Log } from '../../observability/log.ts';
import { openBroadcasts } from '../broadcast/broadcasts.ts';
import type { Bus } from '../bus.ts';
import { openDeliveries } from '../deliveries.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { kafkaBroadcasts } from './broadcast.ts';
import { kafkaPublisher } from './publisher.ts';
import { readTopics } from './reader.ts';
import { BROADCAST_TOPIC, connectionTo } from './settings.ts';
import { topicMaker } from './topics.ts';

/**
 * The bus on Apache Kafka: a topic for each service that announces, the subject as key, CloudEvents in binary mode,
 * the payload and nothing else as value. Other programs may read and write the same topics.
 */
export interface KafkaOptions {
  readonly brokers: readonly string[];
  /** The beginning of the name of every consumer group. */
  readonly prefix: string;
  /** Where the events of a service are: `orders` for `order`. */
  readonly topicOf: (source: string) => string;
  /** Topics that have another name in this Kafka. */
  readonly topicNames?: Readonly<Record<string, string>>;
  /** Of a topic that is not there yet. */
  readonly partitions?: number;
  readonly log: Log;
}

/** Opens the bus. Kafka may still be away: then publishing rejects, and deliveries begin when it comes. */
export async function openKafkaBus(options: KafkaOptions): Promise<Bus> {
  const { brokers, prefix, topicOf, topicNames = {}, partitions = 8, log } = options;
  const connection = connectionTo(brokers, prefix);
  const nameOf = (topic: string): string => topicNames[topic] ?? topic;
  const admin = new Admin(connection);
  const topics = topicMaker(admin, partitions);
  const deliveries = openDeliveries();
  const publisher = kafkaPublisher({
    connection,
    admin,
    topics,
    topicNameOf: (source) => nameOf(topicOf(source)),
  });

  const broadcasts = openBroadcasts(kafkaBroadcasts({ connection, admin, topic: nameOf(BROADCAST_TOPIC) }), log);

  return {
    publish: publisher.publish,
    broadcast: broadcasts.broadcast,
    onBroadcast: broadcasts.onBroadcast,
    async subscribe(subscription) {
      const group = `${prefix}-${subscription.group}`;
      return deliveries.add(readTopics({ connection, group, nameOf, topics, subscription, log }));
    },
    async ping() {
      await withTimeout(BROKER_TIMEOUT_MS, 'Kafka does not answer.', admin.metadata({ topics: [], forceUpdate: true }));
    },
    async close() {
      await deliveries.close();
      await broadcasts.close();
      const clients = [publisher.close(), admin.close()];
      await withTimeout(BROKER_TIMEOUT_MS, 'late', Promise.all(clients)).catch(() => undefined);
    },
  };
}

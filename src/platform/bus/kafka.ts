import { Admin, Producer, stringSerializers } from '@platformatic/kafka';
import type { Envelope } from '../events.ts';
import type { Log } from '../log.ts';
import type { Bus, Delivery } from './bus.ts';
import { CONTENT_TYPE, toHeaders } from './cloudevents.ts';
import { readTopics } from './kafka/reader.ts';
import { connectionTo, HEADER_PREFIX } from './kafka/settings.ts';
import { topicMaker } from './kafka/topics.ts';
import { PATIENCE_MS, within } from './patience.ts';

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

/** So much goes out at once; a broker refuses more than a megabyte for one partition. */
const CHUNK_BYTES = 400_000;

/** Opens the bus. Kafka may still be away: then publishing rejects, and deliveries begin when it comes. */
export async function openKafkaBus(options: KafkaOptions): Promise<Bus> {
  const { brokers, prefix, topicOf, topicNames = {}, partitions = 8, log } = options;
  const connection = connectionTo(brokers, prefix);
  const nameOf = (topic: string): string => topicNames[topic] ?? topic;
  const admin = new Admin(connection);
  const topics = topicMaker(admin, partitions);
  const deliveries = new Set<Delivery>();
  let producer: Producer<string, string, string, string> | undefined;

  const newProducer = () =>
    new Producer<string, string, string, string>({
      ...connection,
      // Sent again it would go to the same partition, which a topic that was made anew need not have, and the library
      // then throws where nobody catches it. Whoever publishes begins anew, with a producer that asks for the topics.
      retries: 0,
      repeatOnStaleMetadata: false,
      idempotent: true,
      acks: -1,
      serializers: stringSerializers,
    });

  async function send(events: readonly Envelope[]): Promise<void> {
    await topics.make(new Set(events.map(({ source }) => nameOf(topicOf(source)))));
    producer ??= newProducer();
    for (const chunk of chunksOf(events)) await producer.send({ messages: chunk.map(toMessage) });
  }

  function toMessage(event: Envelope) {
    const headers = { ...toHeaders(event, HEADER_PREFIX), 'content-type': CONTENT_TYPE };
    return { topic: nameOf(topicOf(event.source)), key: event.subject, value: event.data, headers };
  }

  // What was sent and not answered must not come behind what is published next: its connection ends.
  function hangUp(): void {
    producer?.close().catch(() => undefined);
    producer = undefined;
    topics.forget();
  }

  return {
    async publish(events) {
      if (events.length === 0) return;
      try {
        await within(PATIENCE_MS, 'Kafka did not confirm the events in time.', send(events));
      } catch (error) {
        hangUp();
        throw error;
      }
    },
    async subscribe(subscription): Promise<Delivery> {
      const group = `${prefix}-${subscription.group}`;
      const delivery = readTopics({ connection, group, nameOf, topics, subscription, log });
      deliveries.add(delivery);
      return {
        async close() {
          await delivery.close();
          deliveries.delete(delivery);
        },
      };
    },
    async ping() {
      await within(PATIENCE_MS, 'Kafka does not answer.', admin.metadata({ topics: [], forceUpdate: true }));
    },
    async close() {
      await Promise.all([...deliveries].map((delivery) => delivery.close()));
      deliveries.clear();
      const clients = [producer, admin].map((client) => client?.close());
      await within(PATIENCE_MS, 'late', Promise.all(clients)).catch(() => undefined);
    },
  };
}

function chunksOf(events: readonly Envelope[]): Envelope[][] {
  const chunks: Envelope[][] = [];
  let room = 0;
  for (const event of events) {
    const bytes = Buffer.byteLength(event.data) + 600;
    const last = chunks.at(-1);
    if (last && bytes <= room) last.push(event);
    else {
      chunks.push([event]);
      room = CHUNK_BYTES;
    }
    room -= bytes;
  }
  return chunks;
}

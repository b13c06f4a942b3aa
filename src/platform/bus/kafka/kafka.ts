import { Admin, defaultPartitioner, Producer, stringSerializers } from '@platformatic/kafka';
import type { Envelope } from '../../contract/events.ts';
import type { Log } from '../../observability/log.ts';
import type { ActiveSubscription, Bus } from '../bus.ts';
import { CONTENT_TYPE, toHeaders } from '../cloudevents.ts';
import { KEPT, type Refusal, type SendResult, sendParts } from '../publishing/refusal.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { readTopics } from './reader.ts';
import { classifyKafkaError, kafkaLocation, placesThatTook } from './refusals.ts';
import { connectionTo, KAFKA_HEADER_PREFIX } from './settings.ts';
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

/** So much goes out at once; a broker refuses more than a megabyte for one partition. */
const CHUNK_BYTES = 400_000;

/** Opens the bus. Kafka may still be away: then publishing rejects, and deliveries begin when it comes. */
export async function openKafkaBus(options: KafkaOptions): Promise<Bus> {
  const { brokers, prefix, topicOf, topicNames = {}, partitions = 8, log } = options;
  const connection = connectionTo(brokers, prefix);
  const nameOf = (topic: string): string => topicNames[topic] ?? topic;
  const admin = new Admin(connection);
  const topics = topicMaker(admin, partitions);
  const deliveries = new Set<ActiveSubscription>();
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

  async function send(part: readonly Envelope[]): Promise<SendResult> {
    try {
      await withTimeout(BROKER_TIMEOUT_MS, 'Kafka did not confirm the events in time.', sendNow(part));
      return KEPT;
    } catch (error) {
      const left = await leftOf(part, error).catch(() => part);
      // What an event or a topic is refused for says nothing of the connection.
      if (classifyKafkaError(error).fault !== 'event') hangUp();
      return { left, error };
    }
  }

  async function sendNow(part: readonly Envelope[]): Promise<void> {
    await topics.make(new Set(part.map(topicNameOf)));
    producer ??= newProducer();
    await producer.send({ messages: part.map(toMessage) });
  }

  // Each partition answers for itself: what one has taken is not sent again because another one refuses.
  async function leftOf(part: readonly Envelope[], error: unknown): Promise<readonly Envelope[]> {
    const took = placesThatTook(error);
    if (took.size === 0) return part;
    const names = [...new Set(part.map(topicNameOf))];
    const metadata = await withTimeout(BROKER_TIMEOUT_MS, 'late', admin.metadata({ topics: names }));
    return part.filter((event) => {
      const count = metadata.topics.get(topicNameOf(event))?.partitionsCount ?? 1;
      const message = toMessage(event);
      const partition = defaultPartitioner({ topic: message.topic }, Buffer.from(message.key)) % count;
      return !took.has(kafkaLocation(message.topic, partition));
    });
  }

  const topicNameOf = ({ source }: Envelope): string => nameOf(topicOf(source));

  function toMessage(event: Envelope) {
    const headers = { ...toHeaders(event, KAFKA_HEADER_PREFIX), 'content-type': CONTENT_TYPE };
    return { topic: topicNameOf(event), key: event.subject, value: event.data, headers };
  }

  // What was sent and not answered must not come behind what is published next: its connection ends.
  function hangUp(): void {
    producer?.close().catch(() => undefined);
    producer = undefined;
    topics.forget();
  }

  return {
    publish: (events): Promise<Refusal[]> => sendParts(chunksOf(events), send, classifyKafkaError),
    async subscribe(subscription): Promise<ActiveSubscription> {
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
      await withTimeout(BROKER_TIMEOUT_MS, 'Kafka does not answer.', admin.metadata({ topics: [], forceUpdate: true }));
    },
    async close() {
      await Promise.all([...deliveries].map((delivery) => delivery.close()));
      deliveries.clear();
      const clients = [producer, admin].map((client) => client?.close());
      await withTimeout(BROKER_TIMEOUT_MS, 'late', Promise.all(clients)).catch(() => undefined);
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

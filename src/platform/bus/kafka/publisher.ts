import { type Admin, type BaseOptions, defaultPartitioner, Producer, stringSerializers } from '@platformatic/kafka';
import type { Envelope } from '../../contract/events.ts';
import { CONTENT_TYPE, toHeaders } from '../cloudevents.ts';
import { KEPT, type Refusal, type SendResult, sendParts } from '../publishing/refusal.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { classifyKafkaError, kafkaLocation, placesThatTook } from './refusals.ts';
import { KAFKA_HEADER_PREFIX } from './settings.ts';
import type { TopicMaker } from './topics.ts';

interface PublisherOptions {
  readonly connection: BaseOptions;
  readonly admin: Admin;
  readonly topics: TopicMaker;
  /** The topic in Kafka for the events of a service. */
  readonly topicNameOf: (source: string) => string;
}

/** Publishes with an idempotent producer, which is made anew after a failure. */
interface KafkaPublisher {
  publish(events: readonly Envelope[]): Promise<Refusal[]>;
  close(): Promise<void>;
}

/** So much goes out at once; a broker refuses more than a megabyte for one partition. */
const CHUNK_BYTES = 400_000;

/** Makes one that connects at the first event. */
export function kafkaPublisher({ connection, admin, topics, topicNameOf }: PublisherOptions): KafkaPublisher {
  let producer: ReturnType<typeof newProducer> | undefined;

  async function send(part: readonly Envelope[]): Promise<SendResult> {
    try {
      await withTimeout(BROKER_TIMEOUT_MS, 'Kafka did not confirm the events in time.', sendNow(part));
      return KEPT;
    } catch (error) {
      const left = await leftOf(part, error).catch(() => part);
      // What an event or a topic is refused for says nothing of the connection.
      if (classifyKafkaError(error).fault !== 'event') reset();
      return { left, error };
    }
  }

  async function sendNow(part: readonly Envelope[]): Promise<void> {
    await topics.make(new Set(part.map(({ source }) => topicNameOf(source))));
    producer ??= newProducer(connection);
    await producer.send({ messages: part.map(toMessage) });
  }

  // Each partition answers for itself: what one has taken is not sent again because another one refuses.
  async function leftOf(part: readonly Envelope[], error: unknown): Promise<readonly Envelope[]> {
    const took = placesThatTook(error);
    if (took.size === 0) return part;
    const names = [...new Set(part.map(({ source }) => topicNameOf(source)))];
    const metadata = await withTimeout(BROKER_TIMEOUT_MS, 'late', admin.metadata({ topics: names }));
    return part.filter((event) => {
      const { topic, key } = toMessage(event);
      const count = metadata.topics.get(topic)?.partitionsCount ?? 1;
      return !took.has(kafkaLocation(topic, defaultPartitioner({ topic }, Buffer.from(key)) % count));
    });
  }

  function toMessage(event: Envelope) {
    const headers = { ...toHeaders(event, KAFKA_HEADER_PREFIX), 'content-type': CONTENT_TYPE };
    return { topic: topicNameOf(event.source), key: event.subject, value: event.data, headers };
  }

  // What was sent and not answered must not come behind what is published next: its connection ends.
  function reset(): void {
    producer?.close().catch(() => undefined);
    producer = undefined;
    topics.forget();
  }

  return {
    publish: (events) => sendParts(chunksOf(events), send, classifyKafkaError),
    close: async () => producer?.close(),
  };
}

/** A producer that never repeats by itself. */
export function newProducer(connection: BaseOptions): Producer<string, string, string, string> {
  return new Producer<string, string, string, string>({
    ...connection,
    // Sent again it would go to the same partition, which a topic that was made anew need not have, and the library
    // then throws where nobody catches it. Whoever publishes begins anew, with a producer that asks for the topics.
    retries: 0,
    repeatOnStaleMetadata: false,
    idempotent: true,
    acks: -1,
    serializers: stringSerializers,
  });
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

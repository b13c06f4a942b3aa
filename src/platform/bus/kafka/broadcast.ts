import { type Admin, type BaseOptions, Consumer } from '@platformatic/kafka';
import type { BroadcastTransport } from '../broadcast/transport.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { fetchPartitions } from './fetcher.ts';
import { newProducer } from './publisher.ts';
import { topicMaker } from './topics.ts';

interface BroadcastOptions {
  readonly connection: BaseOptions;
  readonly admin: Admin;
  readonly topic: string;
}

/** Kafka keeps frames for so long; nobody reads old ones. */
const RETENTION_MS = 3_600_000;
const CLOSE_MS = 3_000;
const END = -1n;
/** All go to one partition, so that the frames of a process stay in their order. */
const PARTITION = 0;

/** A topic of one partition. Whoever listens reads every partition from its end, without a group. */
export function kafkaBroadcasts({ connection, admin, topic }: BroadcastOptions): BroadcastTransport {
  const topics = topicMaker(admin, 1, [{ name: 'retention.ms', value: String(RETENTION_MS) }]);
  let producer: ReturnType<typeof newProducer> | undefined;

  async function sendNow(value: string): Promise<void> {
    await topics.make([topic]);
    producer ??= newProducer(connection);
    await producer.send({ messages: [{ topic, key: '', value, partition: PARTITION }] });
  }

  function reset(): void {
    producer?.close().catch(() => undefined);
    producer = undefined;
    topics.forget();
  }

  async function positions(reader: Consumer) {
    const ends = await reader.listOffsets({ topics: [topic], timestamp: END });
    return (ends.get(topic) ?? []).map((next, partition) => ({ topic, partition, next }));
  }

  return {
    send: (frame) =>
      withTimeout(BROKER_TIMEOUT_MS, 'Kafka did not confirm a broadcast in time.', sendNow(frame)).catch((error) => {
        reset();
        throw error;
      }),
    async listen({ begun, frame }, closing) {
      // It joins no group: the name is only what Kafka sees of a reader.
      const reader = new Consumer({ ...connection, groupId: `${connection.clientId}-broadcasts`, autocommit: false });
      reader.on('error', () => undefined);
      try {
        await withTimeout(BROKER_TIMEOUT_MS, 'Kafka does not answer.', topics.make([topic]));
        const from = await withTimeout(BROKER_TIMEOUT_MS, 'Kafka does not answer.', positions(reader));
        begun();
        const room = async (): Promise<void> => undefined;
        const begin = (_: unknown, __: unknown, { value }: { value: Buffer | null }) => frame(value?.toString() ?? '');
        await fetchPartitions({ member: reader, positions: from, active: closing, room, begin });
      } catch (error) {
        // It may have been deleted.
        topics.forget();
        throw error;
      } finally {
        await withTimeout(CLOSE_MS, 'late', reader.close(true)).catch(() => undefined);
      }
    },
    close: async () => producer?.close(),
  };
}

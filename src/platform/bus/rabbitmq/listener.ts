import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'rabbitmq-client';
import type { Log } from '../../observability/log.ts';
import type { ActiveSubscription, Subscription } from '../bus.ts';
import { PARTITIONS } from '../partition.ts';
import { receiver } from '../receiver.ts';
import { withTimeout } from '../timeout.ts';
import { balanceConsumers } from './balance.ts';
import { ANSWER_MS, replaceableConnection } from './connection.ts';
import { AMQP_HEADER_PREFIX } from './publisher.ts';
import { consumeQueue, type QueueConsumer, queueExists } from './queue-consumer.ts';

interface ListenerParts {
  readonly connect: () => Connection;
  readonly prefix: string;
  readonly subscription: Subscription;
  readonly log: Log;
}

const AGAIN_MS = 500;

/**
 * Begins to listen; resolves when the queues are there, or when RabbitMQ is found to be away. Each process consumes
 * every queue of the group, and RabbitMQ delivers each queue to one of them; who has more than its share leaves some.
 */
export async function listenTo({ connect, prefix, subscription, log }: ListenerParts): Promise<ActiveSubscription> {
  const { group, filters, lost } = subscription;
  const work = receiver(subscription, AMQP_HEADER_PREFIX);
  const topics = [...new Set(filters.map(({ topic }) => topic))];
  const closing = new AbortController();
  const connection = replaceableConnection(connect, closing.signal);
  const consumers = new Map<number, QueueConsumer>();
  // Queues whose consumer the broker cancelled.
  const cancelled = new Set<string>();
  let warned = false;

  async function keepConsumer(n: number, tried: () => void): Promise<void> {
    while (!closing.signal.aborted) {
      const over = connection.current();
      await consume(n, over, tried).catch((error: Error) => trouble(error, over));
      tried();
      consumers.delete(n);
      await sleep(AGAIN_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  /** Resolves when the consumer is closed. Rejects when the queue cannot be consumed. */
  async function consume(n: number, over: Connection, begun: () => void): Promise<void> {
    const name = `${prefix}.${group}.${n}`;
    const queue = { exchange: prefix, name, keys: topics.map((topic) => `${topic}.${n}.#`) };
    if (cancelled.delete(name)) await withTimeout(ANSWER_MS, 'late', reportIfDeleted(over, name));
    const opening = consumeQueue(over, queue, work, () => connection.replace(over));
    const consumer = await withTimeout(ANSWER_MS, 'RabbitMQ does not answer.', opening);
    consumers.set(n, consumer);
    warned = false;
    begun();
    if (closing.signal.aborted) await consumer.leave();
    await consumer.closed;
    if (consumer.cancelled) cancelled.add(name);
  }

  // The broker also cancels when a queue moves to another node; then it is there, with all that is in it.
  async function reportIfDeleted(over: Connection, queue: string): Promise<void> {
    if (await queueExists(over, queue)) return;
    const reason = 'the queue was deleted; what the group had not handled of it is lost';
    lost({ topic: topics.join(', '), place: `queue ${queue}`, reason });
  }

  function trouble({ message }: Error, over: Connection): void {
    if (closing.signal.aborted) return;
    if (!warned) log.warn({ reason: message, group }, 'RabbitMQ cannot be read; the bus tries again');
    warned = true;
    if (over.ready) connection.replace(over);
  }

  const first = Array.from({ length: PARTITIONS }, () => Promise.withResolvers<void>());
  const keeping = first.map(({ resolve }, n) => keepConsumer(n, resolve));
  const members = `${prefix}.${group}.members`;
  const balancing = balanceConsumers({ members, connection, consumers, closing: closing.signal });
  await Promise.all(first.map(({ promise }) => promise));
  return {
    async close() {
      closing.abort();
      await Promise.all([...consumers.values()].map((consumer) => consumer.leave()));
      await Promise.all([...keeping, balancing]);
      await connection.close();
    },
  };
}

import type { Channel, Connection } from 'rabbitmq-client';
import { MAX_IN_FLIGHT } from '../bus.ts';
import { PARTITIONS } from '../partition.ts';
import type { Receiver } from '../receiver.ts';
import { withTimeout } from '../timeout.ts';
import { ANSWER_MS } from './connection.ts';
import { takeFrom } from './intake.ts';

/**
 * A consumer of one queue. Of all consumers of a queue RabbitMQ delivers to one, until that one is closed.
 *
 * | state     | on                                                        | next      |
 * | --------- | --------------------------------------------------------- | --------- |
 * | `standby` | a message                                                 | `active`  |
 * | `active`  | `leave`: it has more than its share, or the process ends  | `closed`  |
 * | any       | the broker cancels it, or the channel or connection ends  | `closed`  |
 */
export interface QueueConsumer {
  readonly state: 'standby' | 'active' | 'closed';
  /** Resolves when the state is `closed`. */
  readonly closed: Promise<void>;
  /** Whether the broker cancelled it: its queue was deleted, or moved to another node. */
  readonly cancelled: boolean;
  /** Binds the queue again: somebody may have removed the binding, or the exchange with all of them. */
  bind(): Promise<void>;
  /** Begins nothing more, acknowledges what comes to its end, and leaves the rest to the next consumer. */
  leave(): Promise<void>;
}

export interface AmqpQueue {
  readonly exchange: string;
  readonly name: string;
  /** The routing keys of what the queue is to keep. */
  readonly keys: readonly string[];
}

/** Declares a queue, binds it and consumes it. `hangUp` is called when its channel cannot be closed. */
export async function consumeQueue(
  connection: Connection,
  { exchange, name, keys }: AmqpQueue,
  work: Receiver,
  hangUp: () => void,
): Promise<QueueConsumer> {
  const channel = await connection.acquire({ emitErrorsFromChannel: true });
  const open = new AbortController();
  const closed = new Promise<void>((resolve) => channel.once('close', resolve));
  let cancelled = false;
  channel.on('error', () => void channel.close());
  channel.on('basic.cancel', () => {
    cancelled = true;
    void channel.close();
  });
  void closed.then(() => open.abort());
  const intake = takeFrom(channel, work, open.signal);

  async function bind(): Promise<void> {
    await channel.exchangeDeclare({ exchange, type: 'topic', durable: true });
    for (const routingKey of keys) await channel.queueBind({ queue: name, exchange, routingKey });
  }

  await declareQueue(channel, name);
  await bind();
  await channel.basicQos({ prefetchCount: MAX_IN_FLIGHT / PARTITIONS });
  await channel.basicConsume({ queue: name }, intake.take);
  return {
    get state() {
      if (open.signal.aborted) return 'closed';
      return intake.some ? 'active' : 'standby';
    },
    closed,
    get cancelled() {
      return cancelled;
    },
    bind,
    async leave() {
      open.abort();
      // The end of the channel gives back what was not begun, in its order, before the next consumer gets anything; a
      // mere cancel would let the next one overtake.
      await intake.idle();
      await withTimeout(ANSWER_MS, 'late', channel.close()).catch(hangUp);
    },
  };
}

/** Whether there is such a queue. */
export async function queueExists(connection: Connection, queue: string): Promise<boolean> {
  const channel = await connection.acquire({ emitErrorsFromChannel: true });
  channel.on('error', () => undefined);
  try {
    await channel.queueDeclare({ queue, passive: true });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'NOT_FOUND') return false;
    throw error;
  } finally {
    void channel.close();
  }
}

// Of the type that the broker takes by default. Not 'quorum' by name: RabbitMQ 3.10 on one node, killed shortly after
// the declaration, was seen to forget such a queue with all that was in it.
async function declareQueue(channel: Channel, queue: string): Promise<void> {
  await channel.queueDeclare({ queue, durable: true, arguments: { 'x-single-active-consumer': true } });
}

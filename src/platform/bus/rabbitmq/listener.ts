import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, Connection } from 'rabbitmq-client';
import type { Log } from '../../observability/log.ts';
import { type ActiveSubscription, type Subscription, UNDER_WAY } from '../bus.ts';
import { PARTITIONS } from '../partition.ts';
import { type Receiver, receiver } from '../receiver.ts';
import { withTimeout } from '../timeout.ts';
import { takeFrom } from './intake.ts';
import { AMQP_HEADER_PREFIX, BIND_EVERY_MS } from './publisher.ts';
import { rosterOf } from './roster.ts';

interface ListenerParts {
  readonly connect: () => Connection;
  readonly prefix: string;
  readonly subscription: Subscription;
  readonly log: Log;
}

/** A place in the line of one queue: of those who wait there, RabbitMQ gives to one, until it goes. */
interface Place {
  /** Whether anything came: then this is the one. */
  readonly active: boolean;
  /** Resolves when the channel has ended. */
  readonly ended: Promise<void>;
  /** Whether the broker took its queue away. */
  readonly cancelled: boolean;
  /** Binds the queue again: somebody may have removed the binding, or the exchange with all of them. */
  bind(): Promise<void>;
  /** Begins nothing more, acknowledges what comes to its end, and gives the rest back to the next in the line. */
  leave(): Promise<void>;
}

const AGAIN_MS = 500;
const LOOK_MS = 1_000;
const ANSWER_MS = 5_000;

/**
 * Begins to listen; resolves when the queues are there, or when RabbitMQ is found to be away. Each process stands in
 * the line of every queue; who is given more queues than a fair share goes to the end of the line with some.
 */
export async function listenTo({ connect, prefix, subscription, log }: ListenerParts): Promise<ActiveSubscription> {
  const work = receiver(subscription, AMQP_HEADER_PREFIX);
  const topics = [...new Set(subscription.filters.map(({ topic }) => topic))];
  const queueOf = (n: number): string => `${prefix}.${subscription.group}.${n}`;
  const ending = new AbortController();
  const places = new Map<number, Place>();
  // Queues that were taken away under their consumer.
  const taken = new Set<string>();
  let connection = connect();
  let warned = false;

  async function standInLine(n: number, tried: () => void): Promise<void> {
    while (!ending.signal.aborted) {
      const over = connection;
      try {
        const queue = { exchange: prefix, name: queueOf(n), keys: topics.map((topic) => `${topic}.${n}.#`) };
        if (taken.delete(queue.name)) await withTimeout(ANSWER_MS, 'late', tellIfGone(over, queue.name));
        const place = await withTimeout(
          ANSWER_MS,
          'RabbitMQ does not answer.',
          openPlace(over, queue, work, () => replace(over)),
        );
        places.set(n, place);
        warned = false;
        tried();
        if (ending.signal.aborted) await place.leave();
        await place.ended;
        if (place.cancelled) taken.add(queue.name);
      } catch (error) {
        tried();
        trouble(error as Error, over);
      }
      places.delete(n);
      await sleep(AGAIN_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  }

  // The broker also cancels when a queue moves to another node; then it is there, with all that is in it.
  async function tellIfGone(over: Connection, queue: string): Promise<void> {
    if (await isThere(over, queue)) return;
    const reason = 'the queue was deleted; what the group had not handled of it is lost';
    subscription.lost({ topic: topics.join(', '), place: `queue ${queue}`, reason });
  }

  // A queue that recovers from a crash may leave a question unanswered for a minute, and its channel cannot even be
  // closed meanwhile: only a new connection helps.
  function trouble({ message }: Error, over: Connection): void {
    if (ending.signal.aborted) return;
    if (!warned)
      log.warn({ reason: message, group: subscription.group }, 'RabbitMQ cannot be read; the bus tries again');
    warned = true;
    if (over.ready) replace(over);
  }

  function replace(over: Connection): void {
    over.unsafeDestroy();
    if (over === connection && !ending.signal.aborted) connection = connect();
  }

  async function share(): Promise<void> {
    const roster = rosterOf(`${prefix}.${subscription.group}.members`, () => connection);
    let bound = performance.now();
    while (!ending.signal.aborted) {
      if (performance.now() - bound > BIND_EVERY_MS) {
        await Promise.all(
          [...places.values()].map((place) => withTimeout(ANSWER_MS, 'late', place.bind()).catch(() => 0)),
        );
        bound = performance.now();
      }
      const members = await withTimeout(ANSWER_MS, 'late', roster.count()).catch(() => 1);
      const active = [...places.values()].filter((place) => place.active);
      await Promise.all(active.slice(Math.ceil(PARTITIONS / members)).map((place) => place.leave()));
      await sleep(LOOK_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
    await withTimeout(ANSWER_MS, 'late', roster.leave()).catch(() => undefined);
  }

  const first = Array.from({ length: PARTITIONS }, () => Promise.withResolvers<void>());
  const running = [...first.map(({ resolve }, n) => standInLine(n, resolve)), share()];
  await Promise.all(first.map(({ promise }) => promise));
  return {
    async close() {
      ending.abort();
      await Promise.all([...places.values()].map((place) => place.leave()));
      await Promise.all(running);
      await withTimeout(ANSWER_MS, 'late', connection.close()).catch(() => connection.unsafeDestroy());
    },
  };
}

interface Queue {
  readonly exchange: string;
  readonly name: string;
  /** Of what the queue is to keep. */
  readonly keys: readonly string[];
}

async function openPlace(
  connection: Connection,
  { exchange, name, keys }: Queue,
  work: Receiver,
  hangUp: () => void,
): Promise<Place> {
  const channel = await connection.acquire({ emitErrorsFromChannel: true });
  const held = new AbortController();
  const ended = new Promise<void>((resolve) => channel.once('close', resolve));
  channel.on('error', () => void channel.close());
  // A queue that is taken away under its consumer: all begins anew.
  let cancelled = false;
  channel.on('basic.cancel', () => {
    cancelled = true;
    void channel.close();
  });
  void ended.then(() => held.abort());
  const intake = takeFrom(channel, work, held.signal);
  async function bind(): Promise<void> {
    await channel.exchangeDeclare({ exchange, type: 'topic', durable: true });
    for (const routingKey of keys) await channel.queueBind({ queue: name, exchange, routingKey });
  }

  await declareQueue(channel, name);
  await bind();
  await channel.basicQos({ prefetchCount: UNDER_WAY / PARTITIONS });
  await channel.basicConsume({ queue: name }, intake.take);
  return {
    get active() {
      return intake.some;
    },
    ended,
    get cancelled() {
      return cancelled;
    },
    bind,
    async leave() {
      held.abort();
      // The end of the channel gives back what was not begun, in its order, before the next in the line gets anything;
      // a mere cancel would let the next one overtake.
      await intake.idle();
      await withTimeout(ANSWER_MS, 'late', channel.close()).catch(hangUp);
    },
  };
}

async function isThere(connection: Connection, queue: string): Promise<boolean> {
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

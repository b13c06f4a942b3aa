import type { Channel, Connection } from 'rabbitmq-client';
import type { Envelope } from '../../contract/events.ts';
import { CONTENT_TYPE, toHeaders } from '../cloudevents.ts';
import { partitionOf } from '../partition.ts';
import { KEPT, type Refusal, type SendResult, sendParts } from '../publishing/refusal.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { alarmText, classifyAmqpError, isNack, roundsOf } from './refusals.ts';

/** What the binding of CloudEvents to AMQP puts before the name of an attribute. */
export const AMQP_HEADER_PREFIX = 'cloudEvents:';

/** So often whoever listens binds its queues again. */
export const BIND_EVERY_MS = 3_000;

/** Publishes on a connection of its own, so that a broker that slows publishers down does not slow consumers. */
export interface Publisher {
  publish(events: readonly Envelope[]): Promise<readonly Refusal[]>;
  close(): Promise<void>;
}

interface PublisherParts {
  readonly connect: () => Connection;
  readonly exchange: string;
  readonly topicOf: (source: string) => string;
}

interface Line {
  readonly connection: Connection;
  readonly channel: Channel;
  /** Rejects when the broker closes the channel: what was not confirmed on it then never is. */
  readonly lost: Promise<never>;
}

/** Makes a publisher; it connects when there is something to say. */
export function publisher({ connect, exchange, topicOf }: PublisherParts): Publisher {
  let line: Promise<Line> | undefined;
  let known = false;
  let quietUntil = Number.NEGATIVE_INFINITY;
  let alarm: string | undefined;

  async function open(): Promise<Line> {
    const connection = connect();
    connection.on('connection.blocked', (reason) => {
      alarm = alarmText(reason);
    });
    connection.on('connection.unblocked', () => {
      alarm = undefined;
    });
    try {
      const channel = await connection.acquire({ emitErrorsFromChannel: true });
      const { promise: lost, reject } = Promise.withResolvers<never>();
      lost.catch(() => undefined);
      channel.on('error', reject);
      if (known) await refuseUnbound(connection);
      await channel.exchangeDeclare({ exchange, type: 'topic', durable: true });
      known = true;
      await channel.confirmSelect();
      return { connection, channel, lost };
    } catch (error) {
      connection.unsafeDestroy();
      throw error;
    }
  }

  // An exchange that was deleted took the bindings with it, and drops what nobody has bound: its events wait, until
  // whoever listens has had the time to bind again.
  async function refuseUnbound(connection: Connection): Promise<void> {
    if (performance.now() >= quietUntil) {
      const channel = await connection.acquire({ emitErrorsFromChannel: true });
      channel.on('error', () => undefined);
      const there = await channel.exchangeDeclare({ exchange, passive: true }).then(
        () => true,
        (error: { code?: string }) => error.code !== 'NOT_FOUND',
      );
      void channel.close();
      if (there) return;
      quietUntil = performance.now() + BIND_EVERY_MS * 2;
    }
    throw new Error(`The exchange ${exchange} was deleted. Events wait until the queues are bound to it again.`);
  }

  async function send(events: readonly Envelope[]): Promise<SendResult> {
    const left = new Set(events);
    const later = new Map<Envelope, unknown>();
    try {
      line ??= open();
      const { channel, lost } = await withTimeout(BROKER_TIMEOUT_MS, 'RabbitMQ does not answer.', line);
      const sent = events.map(async (event) => {
        await channel.basicPublish(address(event), Buffer.from(event.data)).catch((error: unknown) => {
          if (!isNack(error)) throw error;
          later.set(event, error);
        });
        left.delete(event);
      });
      await withTimeout(BROKER_TIMEOUT_MS, LATE, Promise.race([Promise.all(sent), lost]));
      alarm = undefined;
      return later.size === 0 ? KEPT : { ...KEPT, later };
    } catch (error) {
      hangUp();
      return { left: [...left], later, error: alarm === undefined ? error : new Error(alarm, { cause: error }) };
    }
  }

  function address(event: Envelope) {
    return {
      exchange,
      routingKey: `${topicOf(event.source)}.${partitionOf(event.subject)}.${event.type}`,
      durable: true,
      contentType: CONTENT_TYPE,
      // Named, because the client takes a JSON body without it apart, and bytes would come out as others.
      contentEncoding: 'utf-8',
      messageId: event.id,
      headers: toHeaders(event, AMQP_HEADER_PREFIX),
    };
  }

  // What may still wait on the old connection must not be sent behind what is published next.
  function hangUp(): void {
    line?.then(({ connection }) => connection.unsafeDestroy()).catch(() => undefined);
    line = undefined;
  }

  return {
    publish: (events) => sendParts(roundsOf(events), send, (error) => classifyAmqpError(error, alarm)),
    async close() {
      const open = await line?.catch(() => undefined);
      line = undefined;
      if (!open) return;
      const closed = open.channel.close().then(() => open.connection.close());
      await withTimeout(BROKER_TIMEOUT_MS, 'late', closed).catch(() => open.connection.unsafeDestroy());
    },
  };
}

const LATE = 'RabbitMQ did not confirm the events in time.';

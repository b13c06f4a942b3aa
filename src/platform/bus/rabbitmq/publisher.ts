import type { Connection } from 'rabbitmq-client';
import type { Envelope } from '../../contract/events.ts';
import { CONTENT_TYPE, toHeaders } from '../cloudevents.ts';
import { partitionOf } from '../partition.ts';
import { KEPT, type Refusal, type SendResult, sendParts } from '../publishing/refusal.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { type PublishChannel, publishChannels } from './publish-channel.ts';
import { classifyAmqpError, isNack, roundsOf } from './refusals.ts';

/** What the binding of CloudEvents to AMQP puts before the name of an attribute. */
export const AMQP_HEADER_PREFIX = 'cloudEvents:';

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

/** Makes a publisher; it connects at the first event. */
export function publisher({ connect, exchange, topicOf }: PublisherParts): Publisher {
  let open: Promise<PublishChannel> | undefined;
  let alarm: string | undefined;
  const openChannel = publishChannels({
    connect,
    exchange,
    onAlarm(sentence) {
      alarm = sentence;
    },
  });

  async function send(events: readonly Envelope[]): Promise<SendResult> {
    const left = new Set(events);
    const later = new Map<Envelope, unknown>();
    try {
      open ??= openChannel();
      const { channel, lost } = await withTimeout(BROKER_TIMEOUT_MS, 'RabbitMQ does not answer.', open);
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
    open?.then(({ connection }) => connection.unsafeDestroy()).catch(() => undefined);
    open = undefined;
  }

  return {
    publish: (events) => sendParts(roundsOf(events), send, (error) => classifyAmqpError(error, alarm)),
    async close() {
      const last = await open?.catch(() => undefined);
      open = undefined;
      if (!last) return;
      const closed = last.channel.close().then(() => last.connection.close());
      await withTimeout(BROKER_TIMEOUT_MS, 'late', closed).catch(() => last.connection.unsafeDestroy());
    },
  };
}

const LATE = 'RabbitMQ did not confirm the events in time.';

import type { Channel, Connection } from 'rabbitmq-client';
import type { BroadcastTransport } from '../broadcast/transport.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { ANSWER_MS } from './connection.ts';
import { BIND_EVERY_MS } from './publish-channel.ts';

const SENTENCE = 'RabbitMQ does not answer.';

/**
 * A fanout exchange, and for each process that listens an exclusive queue, which goes with its connection. What is sent
 * goes over a connection of its own, so that an alarm does not stop the listening.
 */
export function rabbitBroadcasts(connect: () => Connection, exchange: string): BroadcastTransport {
  let sender: ReturnType<typeof openSender> | undefined;
  let reader: Connection | undefined;

  function openSender() {
    const connection = connect();
    const exchanges = [{ exchange, type: 'fanout', durable: true }];
    return { connection, publisher: connection.createPublisher({ confirm: true, exchanges }) };
  }

  return {
    async send(frame) {
      sender ??= openSender();
      try {
        await withTimeout(BROKER_TIMEOUT_MS, SENTENCE, sender.publisher.send({ exchange }, Buffer.from(frame)));
      } catch (error) {
        // What may still wait on the old connection must not be sent behind a later frame.
        sender?.connection.unsafeDestroy();
        sender = undefined;
        throw error;
      }
    },
    async listen({ begun, frame }, closing) {
      reader ??= connect();
      const channel = await withTimeout(ANSWER_MS, SENTENCE, reader.acquire({ emitErrorsFromChannel: true }));
      const closed = new Promise<void>((resolve) => channel.once('close', resolve));
      const close = (): void => void channel.close();
      channel.on('error', close);
      channel.on('basic.cancel', close);
      closing.addEventListener('abort', close, { once: true });
      try {
        const queue = await withTimeout(ANSWER_MS, SENTENCE, consume(channel, exchange, frame));
        begun();
        // Somebody may remove the exchange, with the binding; the numbers of the frames then show the gap.
        const binding = setInterval(() => void bind(channel, exchange, queue).catch(close), BIND_EVERY_MS);
        await closed.finally(() => clearInterval(binding));
      } finally {
        closing.removeEventListener('abort', close);
        close();
      }
    },
    async close() {
      // A connection is closed when its channels are.
      await sender?.publisher.close().catch(() => undefined);
      for (const connection of [sender?.connection, reader]) {
        if (connection)
          await withTimeout(ANSWER_MS, 'late', connection.close()).catch(() => connection.unsafeDestroy());
      }
    },
  };
}

/** Answers the name of the queue. */
async function consume(channel: Channel, exchange: string, frame: (text: string) => void): Promise<string> {
  const { queue } = await channel.queueDeclare({ exclusive: true, autoDelete: true });
  await bind(channel, exchange, queue);
  await channel.basicConsume({ queue, noAck: true }, ({ body }) => frame(String(body)));
  return queue;
}

async function bind(channel: Channel, exchange: string, queue: string): Promise<void> {
  await channel.exchangeDeclare({ exchange, type: 'fanout', durable: true });
  await channel.queueBind({ queue, exchange });
}

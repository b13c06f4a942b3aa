import type { Channel, Connection } from 'rabbitmq-client';

/** Who of a group is there. RabbitMQ counts those who wait in the line of a queue not at all, so there is a list. */
export interface Roster {
  /** Signs this process in, if it is not, and counts all. */
  count(): Promise<number>;
  leave(): Promise<void>;
}

/** Keeps a list by a queue that nobody writes to and every process of the group listens to. */
export function rosterOf(queue: string, connection: () => Connection): Roster {
  let signed: Channel | undefined;

  async function signIn(): Promise<Channel> {
    const channel = await connection().acquire({ emitErrorsFromChannel: true });
    channel.on('error', () => void channel.close());
    await channel.queueDeclare({ queue, durable: true, autoDelete: true });
    await channel.basicConsume({ queue, noAck: true }, () => undefined);
    return channel;
  }

  return {
    async count() {
      if (!signed?.active) signed = await signIn();
      const { consumerCount } = await signed.queueDeclare({ queue, passive: true });
      return consumerCount;
    },
    async leave() {
      await signed?.close();
    },
  };
}

import type { Channel, Connection } from 'rabbitmq-client';

/** The processes of a group. RabbitMQ does not count the standby consumers of a queue, so they are counted by another. */
export interface Roster {
  /** Adds this process, if it is not counted yet, and counts all. */
  count(): Promise<number>;
  leave(): Promise<void>;
}

/** Counts them by a queue that nobody writes to and every process of the group consumes. */
export function rosterOf(queue: string, connection: () => Connection): Roster {
  let channel: Channel | undefined;

  async function consume(): Promise<Channel> {
    const opened = await connection().acquire({ emitErrorsFromChannel: true });
    opened.on('error', () => void opened.close());
    await opened.queueDeclare({ queue, durable: true, autoDelete: true });
    await opened.basicConsume({ queue, noAck: true }, () => undefined);
    return opened;
  }

  return {
    async count() {
      if (!channel?.active) channel = await consume();
      const { consumerCount } = await channel.queueDeclare({ queue, passive: true });
      return consumerCount;
    },
    async leave() {
      await channel?.close();
    },
  };
}

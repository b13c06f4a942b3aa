import type { Channel, Connection } from 'rabbitmq-client';
import { alarmText } from './refusals.ts';

/** So often whoever listens binds its queues again. */
export const BIND_EVERY_MS = 3_000;

/** A channel with publisher confirms, on a connection of its own. */
export interface PublishChannel {
  readonly connection: Connection;
  readonly channel: Channel;
  /** Rejects when the broker closes the channel: what was not confirmed on it then never is. */
  readonly lost: Promise<never>;
}

interface ChannelOptions {
  readonly connect: () => Connection;
  readonly exchange: string;
  /** Called with a public sentence when an alarm stops publishers, and with undefined when it is over. */
  onAlarm(sentence: string | undefined): void;
}

/** Answers a function that opens a channel. Later calls of it reject while the exchange is not there. */
export function publishChannels({ connect, exchange, onAlarm }: ChannelOptions): () => Promise<PublishChannel> {
  let declared = false;
  let quietUntil = Number.NEGATIVE_INFINITY;

  // A deleted exchange took the bindings with it, and drops what no queue is bound for: events wait until whoever
  // listens has had the time to bind again.
  async function refuseUnbound(connection: Connection): Promise<void> {
    if (performance.now() >= quietUntil) {
      if (await isThere(connection, exchange)) return;
      quietUntil = performance.now() + BIND_EVERY_MS * 2;
    }
    throw new Error(`The exchange ${exchange} was deleted. Events wait until the queues are bound to it again.`);
  }

  return async () => {
    const connection = connect();
    connection.on('connection.blocked', (reason) => onAlarm(alarmText(reason)));
    connection.on('connection.unblocked', () => onAlarm(undefined));
    try {
      const channel = await connection.acquire({ emitErrorsFromChannel: true });
      const { promise: lost, reject } = Promise.withResolvers<never>();
      lost.catch(() => undefined);
      channel.on('error', reject);
      if (declared) await refuseUnbound(connection);
      await channel.exchangeDeclare({ exchange, type: 'topic', durable: true });
      declared = true;
      await channel.confirmSelect();
      return { connection, channel, lost };
    } catch (error) {
      connection.unsafeDestroy();
      throw error;
    }
  };
}

async function isThere(connection: Connection, exchange: string): Promise<boolean> {
  const channel = await connection.acquire({ emitErrorsFromChannel: true });
  channel.on('error', () => undefined);
  const there = await channel.exchangeDeclare({ exchange, passive: true }).then(
    () => true,
    (error: { code?: string }) => error.code !== 'NOT_FOUND',
  );
  void channel.close();
  return there;
}

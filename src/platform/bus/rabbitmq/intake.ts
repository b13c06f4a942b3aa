import type { AsyncMessage, Channel } from 'rabbitmq-client';
import type { Receiver } from '../receiver.ts';

/** What comes over one channel. */
export interface Intake {
  /** Whether anything came. */
  readonly some: boolean;
  take(message: AsyncMessage): void;
  /** Resolves when nothing of this channel is under way. */
  idle(): Promise<void>;
}

/** Takes messages on in their order, and acknowledges what is done with. */
export function takeFrom(channel: Channel, work: Receiver, held: AbortSignal): Intake {
  const waiting: AsyncMessage[] = [];
  const underWay = new Set<Promise<void>>();
  let some = false;
  let pumping = false;

  async function one({ routingKey, headers = {}, body, deliveryTag }: AsyncMessage): Promise<void> {
    const [topic = ''] = routingKey.split('.');
    const done = await work.take({ topic, headers, data: payloadOf(body) }, held);
    if (done && channel.active) channel.basicAck({ deliveryTag });
  }

  // After a lost connection, what came over the old one may still fill the room.
  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    for (let next = waiting.shift(); next && !held.aborted; next = waiting.shift()) {
      await work.room();
      const done = one(next);
      underWay.add(done);
      void done.finally(() => underWay.delete(done));
    }
    pumping = false;
  }

  return {
    get some() {
      return some;
    },
    take(message) {
      if (held.aborted) return;
      some = true;
      waiting.push(message);
      void pump();
    },
    async idle() {
      await Promise.all(underWay);
    },
  };
}

// The client has taken apart what somebody else published as JSON or as text.
function payloadOf(body: unknown): string | Buffer {
  if (Buffer.isBuffer(body)) return body;
  return typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
}

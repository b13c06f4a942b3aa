import type { AsyncMessage, Channel } from 'rabbitmq-client';
import type { Receiver } from '../receiver.ts';

/** What comes over one channel. */
export interface Intake {
  /** Whether anything came. */
  readonly some: boolean;
  take(message: AsyncMessage): void;
  /** Resolves when nothing of this channel is in flight. */
  idle(): Promise<void>;
}

/** Handles messages in their order, and acknowledges what is done with. */
export function takeFrom(channel: Channel, work: Receiver, open: AbortSignal): Intake {
  const waiting: AsyncMessage[] = [];
  const inFlight = new Set<Promise<void>>();
  let some = false;
  let pumping = false;

  async function one({ routingKey, headers = {}, body, deliveryTag }: AsyncMessage): Promise<void> {
    const [topic = ''] = routingKey.split('.');
    const done = await work.take({ topic, headers, data: payloadOf(body) }, open);
    if (done && channel.active) channel.basicAck({ deliveryTag });
  }

  // After a lost connection, what came over the old one may still fill the room.
  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    for (let next = waiting.shift(); next && !open.aborted; next = waiting.shift()) {
      await work.room();
      const done = one(next);
      inFlight.add(done);
      void done.finally(() => inFlight.delete(done));
    }
    pumping = false;
  }

  return {
    get some() {
      return some;
    },
    take(message) {
      if (open.aborted) return;
      some = true;
      waiting.push(message);
      void pump();
    },
    async idle() {
      await Promise.all(inFlight);
    },
  };
}

// The client has taken apart what somebody else published as JSON or as text.
function payloadOf(body: unknown): string | Buffer {
  if (Buffer.isBuffer(body)) return body;
  return typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
}

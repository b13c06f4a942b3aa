import { randomUUID } from 'node:crypto';
import { encodeFrame, encodeMessage, takeFrame } from './frame.ts';
import type { BroadcastTransport } from './transport.ts';

interface Waiting {
  readonly encoded: string;
  readonly sent: PromiseWithResolvers<void>;
}

/**
 * Sends the messages of this process in their order, one frame at a time; what waits meanwhile goes together. A frame
 * that could not be sent has used its number, so that those who listen see a gap when the next one comes.
 */
export function broadcastSender({ send }: Pick<BroadcastTransport, 'send'>) {
  const from = randomUUID();
  const waiting: Waiting[] = [];
  let n = 0;
  let sending = false;

  async function sendAll(): Promise<void> {
    if (sending) return;
    sending = true;
    while (waiting.length > 0) {
      const batch = takeFrame(waiting);
      const frame = encodeFrame(
        from,
        ++n,
        batch.map(({ encoded }) => encoded),
      );
      await send(frame).then(
        () => batch.forEach(({ sent }) => void sent.resolve()),
        (error: unknown) => batch.forEach(({ sent }) => void sent.reject(error)),
      );
    }
    sending = false;
  }

  return async (channel: string, message: unknown): Promise<void> => {
    const one = { encoded: encodeMessage(channel, message), sent: Promise.withResolvers<void>() };
    waiting.push(one);
    void sendAll();
    return one.sent.promise;
  };
}

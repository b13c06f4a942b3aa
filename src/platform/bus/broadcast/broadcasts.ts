import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../observability/log.ts';
import type { BroadcastListener, Bus } from '../bus.ts';
import { decodeFrame } from './frame.ts';
import { broadcastSender } from './sender.ts';
import type { BroadcastTransport } from './transport.ts';

/**
 * The listening of a process, one for all its channels. A gap is told whenever it begins again, after it has: what is
 * read then is followed by every later message.
 *
 * | state        | on                                              | next                                            |
 * | ------------ | ----------------------------------------------- | ----------------------------------------------- |
 * | `idle`       | the first listener                              | `connecting`                                    |
 * | `connecting` | the transport begins                            | `listening`; a gap, unless nobody waits for it yet |
 * | `connecting` | an error                                        | `connecting`, after a pause                     |
 * | `listening`  | the transport ends: messages may be missed      | `connecting`, after a pause                     |
 * | `listening`  | the number of a frame does not follow            | `listening`; a gap                              |
 * | any          | the bus closes                                  | `closed`                                        |
 */
export interface Broadcasts extends Pick<Bus, 'broadcast' | 'onBroadcast'> {
  close(): Promise<void>;
}

const AGAIN_MS = 200;
const CHANNEL_NAME = /^[a-z][a-z0-9._-]{0,99}$/;

/** Makes the broadcasts of a bus; nothing is opened before the first message or listener. */
export function openBroadcasts(transport: BroadcastTransport, log: Log): Broadcasts {
  const send = broadcastSender(transport);
  const dispatch = dispatcher(log);
  const closing = new AbortController();
  // Resolved when listening has begun, or is known not to begin at once.
  const tried = Promise.withResolvers<void>();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    let isFirst = true;
    let warned = false;
    const begun = (): void => {
      warned = false;
      dispatch.restart();
      if (!isFirst) dispatch.gap();
      isFirst = false;
      tried.resolve();
    };
    while (!closing.signal.aborted) {
      try {
        await transport.listen({ begun, frame: dispatch.frame }, closing.signal);
      } catch (error) {
        if (!warned && !closing.signal.aborted)
          log.warn({ reason: (error as Error).message }, 'broadcasts cannot be heard; the bus tries again');
        warned = true;
      }
      isFirst = false;
      tried.resolve();
      await sleep(AGAIN_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  return {
    async broadcast(channel, message) {
      if (!CHANNEL_NAME.test(channel)) throw new TypeError(`'${channel}' is no name of a channel`);
      await send(channel, message);
    },
    async onBroadcast(channel, listener) {
      const remove = dispatch.add(channel, listener);
      running ??= run();
      await tried.promise;
      return { close: async () => remove() };
    },
    async close() {
      closing.abort();
      await running;
      await transport.close?.();
    },
  };
}

/** Gives frames to the listeners, and finds those that are missing. */
function dispatcher(log: Log) {
  const listeners = new Set<{ readonly channel: string; readonly listener: BroadcastListener }>();
  // The last number of each sender since listening began.
  const last = new Map<string, number>();

  function call(work: () => void): void {
    try {
      work();
    } catch (error) {
      log.error({ err: error }, 'a listener to broadcasts failed');
    }
  }

  function gap(): void {
    for (const { listener } of listeners) call(() => listener.onGap());
  }

  return {
    gap,
    restart: () => last.clear(),
    add(channel: string, listener: BroadcastListener): () => void {
      const one = { channel, listener };
      listeners.add(one);
      return () => void listeners.delete(one);
    },
    frame(text: string): void {
      const frame = decodeFrame(text);
      if (!frame) return;
      const before = last.get(frame.from);
      last.set(frame.from, frame.n);
      if (before !== undefined && frame.n !== before + 1) gap();
      for (const [channel, message] of frame.messages) {
        for (const one of listeners) if (one.channel === channel) call(() => one.listener.handle(message));
      }
    },
  };
}

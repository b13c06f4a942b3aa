import { closeClient, type RedisConnection } from './connection.ts';

/** What the processes tell each other: that something was written. */
export interface Notifications {
  notify(): void;
  /** Calls back when another process tells, and when it may have been missed. */
  onNotification(heard: () => void): void;
  close(): Promise<void>;
}

/** Told together: who hears it looks for all that is there. */
const REST_MS = 2;

export async function openNotifications(line: RedisConnection, channel: string, me: string): Promise<Notifications> {
  const listeners = new Set<() => void>();
  const hear = (): void => {
    for (const heard of listeners) heard();
  };
  const subscriber = await line.another();
  await subscriber.subscribe(channel, (by) => {
    if (by !== me) hear();
  });
  subscriber.on('ready', hear);

  let waiting: NodeJS.Timeout | undefined;
  let last = Number.NEGATIVE_INFINITY;
  let closed = false;

  function publish(): void {
    waiting = undefined;
    if (closed) return;
    last = performance.now();
    // Who was not told looks by himself every second.
    line.publish(channel, me).catch(() => undefined);
  }

  return {
    notify() {
      if (waiting !== undefined || closed) return;
      const rest = last + REST_MS - performance.now();
      if (rest <= 0) publish();
      else waiting = setTimeout(publish, rest);
    },
    onNotification(heard) {
      listeners.add(heard);
    },
    async close() {
      closed = true;
      clearTimeout(waiting);
      await closeClient(subscriber);
    },
  };
}

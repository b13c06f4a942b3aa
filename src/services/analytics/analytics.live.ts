import type { Log } from '../../platform/observability/log.ts';

/** Values as they change, for as long as somebody looks. */
export interface Live<T> {
  /** The value now, then each one that is different. One who looks away for a while sees only the newest. */
  watch(): AsyncIterable<T>;
}

interface LiveOptions<T> {
  readonly load: () => Promise<T>;
  /** How often to look; all who watch share one look. */
  readonly everyMs: number;
  readonly log: Pick<Log, 'warn'>;
}

interface Watcher<T> {
  offer(text: string, value: T): void;
}

/**
 * Watches by looking again: what another process counted is seen as soon as what this one did. Nobody watches:
 * nothing is asked.
 */
export function live<T>({ load, everyMs, log }: LiveOptions<T>): Live<T> {
  const watchers = new Set<Watcher<T>>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      const value = await load();
      // A sum beyond 2^53 is a bigint, of which JSON knows nothing.
      const text = JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one));
      for (const watcher of watchers) watcher.offer(text, value);
    } catch (error) {
      log.warn({ err: error }, 'the figures could not be read; those who watch keep the last ones');
    } finally {
      looking = false;
    }
  }

  function join(watcher: Watcher<T>): void {
    watchers.add(watcher);
    timer ??= setInterval(() => void look(), everyMs).unref();
    void look();
  }

  function leave(watcher: Watcher<T>): void {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return { watch: () => ({ [Symbol.asyncIterator]: () => watching<T>(join, leave) }) };
}

function watching<T>(join: (watcher: Watcher<T>) => void, leave: (watcher: Watcher<T>) => void): AsyncIterator<T> {
  let seen: string | undefined;
  let newest: { text: string; value: T } | undefined;
  let wake: (() => void) | undefined;
  let over = false;
  const watcher: Watcher<T> = {
    offer(text, value) {
      newest = text === seen ? undefined : { text, value };
      if (newest) wake?.();
    },
  };
  join(watcher);
  return {
    async next() {
      while (!newest && !over) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (over || !newest) return { done: true, value: undefined };
      const { text, value } = newest;
      seen = text;
      newest = undefined;
      return { done: false, value };
    },
    async return() {
      over = true;
      leave(watcher);
      wake?.();
      return { done: true, value: undefined };
    },
  };
}

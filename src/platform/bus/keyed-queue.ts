/**
 * Work that shares a key runs in order, one item after the other; different keys run side by side. Holds no more than
 * `capacity` items at once.
 */
export interface KeyedQueue<T> {
  /** Whether there is room for one more. */
  hasRoom(): boolean;
  /** Resolves when there is room for one more. */
  room(): Promise<void>;
  /**
   * Queues one behind the others of its key, and calls back when its work has succeeded or was given up. The others of
   * the key run after that.
   */
  run(key: string, item: T, ended: (succeeded: boolean) => void): void;
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>;
}

interface Queued<T> {
  readonly item: T;
  readonly ended: (succeeded: boolean) => void;
}

interface Work<T> {
  /** Rejects when it failed, and never throws. */
  run(item: T): Promise<void>;
  /** After a failure: resolves when it is time to run it again, or with false when it is given up. */
  again(item: T): Promise<boolean>;
}

/** Makes one over some work. */
export function keyedQueue<T>(work: Work<T>, capacity: number): KeyedQueue<T> {
  // Of each key in flight what waits behind it. Most wait for nobody, so callbacks do for them what promises would.
  const behind = new Map<string, Queued<T>[]>();
  const waiting: (() => void)[] = [];
  let inFlight = 0;

  function leave(): void {
    inFlight--;
    if (waiting.length === 0) return;
    // One that waits for room may find it taken again, and asks anew.
    for (const wake of waiting.splice(0)) wake();
  }

  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) await new Promise<void>((resolve) => waiting.push(resolve));
  };

  function start(key: string, queued: Queued<T>): void {
    work.run(queued.item).then(
      () => end(key, queued, true),
      () => afterFailure(key, queued),
    );
  }

  async function afterFailure(key: string, queued: Queued<T>): Promise<void> {
    if (await work.again(queued.item)) start(key, queued);
    else end(key, queued, false);
  }

  function end(key: string, { ended }: Queued<T>, succeeded: boolean): void {
    ended(succeeded);
    const next = behind.get(key)?.shift();
    if (next) start(key, next);
    else behind.delete(key);
    leave();
  }

  const hasRoom = (): boolean => inFlight < capacity;

  return {
    hasRoom,
    room: () => until(hasRoom),
    idle: () => until(() => inFlight === 0),
    run(key, item, ended) {
      inFlight++;
      const others = behind.get(key);
      if (others) {
        if (others === NONE) behind.set(key, [{ item, ended }]);
        else others.push({ item, ended });
        return;
      }
      behind.set(key, NONE);
      start(key, { item, ended });
    },
  };
}

// Shared by all keys behind which nothing waits, and never written to.
const NONE: never[] = [];

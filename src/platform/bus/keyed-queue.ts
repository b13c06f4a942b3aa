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
   * Queues one behind the others of its key, and calls back when its work has ended. After a failure the others of the
   * key still run.
   */
  run(key: string, item: T, ended: (succeeded: boolean) => void): void;
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>;
}

interface Queued<T> {
  readonly item: T;
  readonly ended: (succeeded: boolean) => void;
}

/** Makes one over `work`, which rejects and never throws. */
export function keyedQueue<T>(work: (item: T) => Promise<void>, capacity: number): KeyedQueue<T> {
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

  function start(key: string, { item, ended }: Queued<T>): void {
    const end = (succeeded: boolean): void => {
      ended(succeeded);
      const next = behind.get(key)?.shift();
      if (next) start(key, next);
      else behind.delete(key);
      leave();
    };
    work(item).then(
      () => end(true),
      () => end(false),
    );
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

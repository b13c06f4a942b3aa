/**
 * Work that shares a key runs in order, one item after the other; different keys run side by side. Holds no more than
 * `capacity` items at once.
 */
export interface KeyedQueue<T> {
  /** Resolves when there is room for one more. */
  room(): Promise<void>;
  /** Queues one behind the others of its key. Settles as `work` does; after a failure the others of the key still run. */
  run(key: string, item: T): Promise<void>;
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>;
}

/** Makes one over `work`. */
export function keyedQueue<T>(work: (item: T) => Promise<void>, capacity: number): KeyedQueue<T> {
  const ends = new Map<string, Promise<void>>();
  const waiting: (() => void)[] = [];
  let inFlight = 0;

  function leave(): void {
    inFlight--;
    // One that waits for room may find it taken again, and asks anew.
    for (const wake of waiting.splice(0)) wake();
  }

  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) await new Promise<void>((resolve) => waiting.push(resolve));
  };

  return {
    room: () => until(() => inFlight < capacity),
    idle: () => until(() => inFlight === 0),
    run(key, item) {
      inFlight++;
      const before = ends.get(key);
      const done = before ? before.then(() => work(item)) : work(item);
      const end = done
        .then(undefined, () => undefined)
        .then(() => {
          if (ends.get(key) === end) ends.delete(key);
          leave();
        });
      ends.set(key, end);
      return done;
    },
  };
}

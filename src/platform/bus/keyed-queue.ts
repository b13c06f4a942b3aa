/**
 * Lanes: what shares a key is worked off in its order, one after the other; different keys run side by side.
 * Holds no more than `capacity` at once.
 */
export interface KeyedQueue<T> {
  /** Resolves when there is room for one more. */
  room(): Promise<void>;
  /** Puts one at the end of its lane. Settles as `work` does; after a failure the rest of the lane still runs. */
  run(key: string, item: T): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/** Makes lanes over `work`. */
export function keyedQueue<T>(work: (item: T) => Promise<void>, capacity: number): KeyedQueue<T> {
  const ends = new Map<string, Promise<void>>();
  const waiting: (() => void)[] = [];
  let underWay = 0;

  function leave(): void {
    underWay--;
    // One that waits for room may find it taken again, and asks anew.
    for (const wake of waiting.splice(0)) wake();
  }

  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) await new Promise<void>((resolve) => waiting.push(resolve));
  };

  return {
    room: () => until(() => underWay < capacity),
    idle: () => until(() => underWay === 0),
    run(key, item) {
      underWay++;
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

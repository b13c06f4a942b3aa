/**
 * ClickHouse has no unique key and no conditional update: whoever must look before he writes does both alone. A lock
 * has the table for its key, since its holder writes whatever waits as one block.
 */
export interface Locks {
  /** Other processes may hold them, so what was read before a lock was taken may be old. */
  readonly shared: boolean;
  /** Runs `work` as the only one under `name`. Throws UNAVAILABLE when the lock cannot be had in ten seconds. */
  alone<T>(name: string, work: (turn: Turn) => Promise<T>): Promise<T>;
  /** Locks that a process keeps: who has one is the leader. */
  readonly leading: Leading;
  /** Tells the other processes that rows were written. */
  tell(): void;
  /** Calls back when another process tells so. */
  onTold(heard: () => void): void;
  close(): Promise<void>;
}

/** A lock that is held. */
export interface Turn {
  /** Throws UNAVAILABLE when it may have passed to another meanwhile. To be asked right before writing. */
  stillOurs(): void;
}

export interface Leading {
  /** Those of the names that this process holds now; asks for what it does not have yet, without waiting. */
  claim(names: readonly string[]): Promise<ReadonlySet<string>>;
  holds(name: string): boolean;
  yield(name: string): Promise<void>;
}

const ALWAYS: Turn = { stillOurs: () => undefined };

/** The locks of a process that is the only one to write. */
export function processLocks(): Locks {
  const queues = new Map<string, Promise<unknown>>();
  const held = new Set<string>();
  return {
    shared: false,
    alone(name, work) {
      const before = queues.get(name) ?? Promise.resolve();
      const turn = before.then(() => work(ALWAYS));
      const done = turn.then(nothing, nothing).then(() => {
        if (queues.get(name) === done) queues.delete(name);
      });
      queues.set(name, done);
      return turn;
    },
    leading: {
      async claim(names) {
        for (const name of names) held.add(name);
        return new Set(names);
      },
      holds: (name) => held.has(name),
      async yield(name) {
        held.delete(name);
      },
    },
    tell: nothing,
    onTold: nothing,
    async close() {
      await Promise.all(queues.values());
    },
  };
}

const nothing = (): void => undefined;

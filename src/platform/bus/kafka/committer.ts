import { setTimeout as sleep } from 'node:timers/promises';

interface Offset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly leaderEpoch: number;
}

/** Commits the places of many partitions together, one request at a time, so that none overtakes another. */
export interface Committer {
  /** Resolves when the place is committed. Rejects when that was given up. */
  keep(topic: string, partition: number, offset: bigint): Promise<void>;
  /** Resolves when nothing is left to commit. */
  idle(): Promise<void>;
}

const AGAIN_MS = 300;
const LAST_TRIES = 3;

/** Tries again until it succeeds; once `active` is aborted, a few times more. */
export function committer(commit: (offsets: Offset[]) => Promise<void>, active: AbortSignal): Committer {
  const waiting = new Map<string, Offset>();
  let running: Promise<void> | undefined;

  async function flush(): Promise<void> {
    for (let tries = 0; waiting.size > 0; ) {
      const offsets = [...waiting.values()];
      waiting.clear();
      try {
        await commit(offsets);
        tries = 0;
      } catch (error) {
        if (active.aborted && ++tries >= LAST_TRIES) throw error;
        for (const one of offsets) put(one);
        await sleep(AGAIN_MS);
      }
    }
  }

  // Not over a later one.
  function put(one: Offset): void {
    const key = `${one.topic} ${one.partition}`;
    const known = waiting.get(key);
    if (!known || known.offset < one.offset) waiting.set(key, one);
  }

  return {
    keep(topic, partition, offset) {
      put({ topic, partition, offset, leaderEpoch: -1 });
      running ??= flush().finally(() => {
        running = undefined;
      });
      return running;
    },
    async idle() {
      await running?.catch(() => undefined);
    },
  };
}

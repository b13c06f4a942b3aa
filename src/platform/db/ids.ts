import type { Sql } from './postgres/postgres.ts';

/**
 * Hands out ids in blocks, so that the application knows an id before it writes and several
 * processes never clash. Blocks start small and double while they are used up quickly; what a stopped process
 * did not use is never given again.
 */
export interface Ids {
  next(): Promise<number>;
}

const FIRST_BLOCK = 4;
const LARGEST_BLOCK = 512;
const QUICK_MS = 10_000;

/** Ids from `sequence` (qualified by its schema). */
export function idsFromSequence(sql: Sql, sequence: string): Ids {
  const statement = {
    name: `ids ${sequence}`,
    text: `select nextval('${sequence}') as id from generate_series(1, $1)`,
  };
  return idsFrom(async (size) => (await sql.query<{ id: number }>(statement, [size])).map(({ id }) => id));
}

/** Ids from blocks of `size` that nobody else gets. */
export function idsFrom(take: (size: number) => Promise<readonly number[]>): Ids {
  let free: number[] = [];
  let size = FIRST_BLOCK;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  function fetchBlock(): Promise<void> {
    fetching ??= load().finally(() => {
      fetching = undefined;
    });
    return fetching;
  }

  async function load(): Promise<void> {
    const started = performance.now();
    size = started - fetchedAt < QUICK_MS ? Math.min(size * 2, LARGEST_BLOCK) : FIRST_BLOCK;
    fetchedAt = started;
    const block = await take(size);
    // Kept in descending order: `pop` gives the smallest.
    free = [...block.toReversed(), ...free];
  }

  return {
    async next() {
      for (;;) {
        const id = free.pop();
        if (id !== undefined) {
          // The next block is under way before this one ends, so that nobody waits for it.
          if (size > FIRST_BLOCK && free.length < size / 4) void fetchBlock().catch(() => undefined);
          return id;
        }
        await fetchBlock();
      }
    },
  };
}

import type { Ids } from '../contract/ids.ts';
import type { Sql } from './postgres/postgres.ts';

/**
 * Hands out ids in blocks, so that the application knows an id before it writes and several processes never clash.
 * Blocks start small and double while they are used up quickly. What is left of them when the process stops is written
 * down and given first by whoever takes the next block; a process that is killed loses it.
 */
export interface IdSeries extends Ids {
  /** Writes down what was not used. Afterwards nothing is given out any more. */
  close(): Promise<void>;
}

/** Where a series is kept, so that no two processes are given the same. */
export interface IdKeeper {
  /** Up to `size` ids that nobody else gets, at least one, smallest first; those that were returned go first. */
  take(size: number): Promise<readonly number[]>;
  /** Writes down ids that were taken and not used. */
  giveBack(ids: readonly number[]): Promise<void>;
}

const FIRST_BLOCK = 4;
const LARGEST_BLOCK = 512;
const QUICK_MS = 10_000;

/** Ids from a sequence of a schema, which keeps those that were given back in its table `id_returned`. */
export function idsFromSequence(sql: Sql, schema: string, name: string): IdSeries {
  const sequence = `${schema}.${name}`;
  const returned = `${schema}.id_returned`;
  const take = {
    name: `ids ${sequence}`,
    text: `with back as (
        delete from ${returned} where sequence = '${sequence}' and id = any(array(
          select id from ${returned} where sequence = '${sequence}' order by id limit $1::bigint
          for update skip locked)) returning id)
      select id from back union all
      select nextval('${sequence}') from generate_series(1, $1::bigint - (select count(*) from back))`,
  };
  const giveBack = {
    name: `ids back ${sequence}`,
    text: `insert into ${returned} (sequence, id) select '${sequence}', unnest($1::bigint[]) on conflict do nothing`,
  };
  return idsFrom({
    take: async (size) => (await sql.query<{ id: number }>(take, [size])).map(({ id }) => id).sort(ascending),
    async giveBack(ids) {
      await sql.query(giveBack, [ids]);
    },
  });
}

const ascending = (a: number, b: number): number => a - b;

/** Ids from the blocks of a keeper. */
export function idsFrom(keeper: IdKeeper): IdSeries {
  // In descending order: `pop` gives the smallest.
  const free: number[] = [];
  let size = FIRST_BLOCK;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;
  let closed = false;

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
    add(await keeper.take(size));
  }

  /** A block comes in ascending order, and mostly lies above all that is left. */
  function add(block: readonly number[]): void {
    const [lowest = 0] = block;
    const [highest = 0] = free;
    if (lowest > highest) free.unshift(...block.toReversed());
    else for (const id of block) put(id);
  }

  function put(id: number): void {
    const above = free.findLastIndex((one) => one > id);
    free.splice(above + 1, 0, id);
  }

  return {
    async next() {
      for (;;) {
        if (closed) throw new Error('this process stops, and gives out no ids any more');
        const id = free.pop();
        if (id !== undefined) {
          // The next block is under way before this one ends, so that nobody waits for it.
          if (size > FIRST_BLOCK && free.length < size / 4) void fetchBlock().catch(() => undefined);
          return id;
        }
        await fetchBlock();
      }
    },
    giveBack: put,
    async close() {
      closed = true;
      // A block that was fetched ahead is on its way.
      await fetching?.catch(() => undefined);
      const left = free.splice(0).reverse();
      if (left.length > 0) await keeper.giveBack(left);
    },
  };
}

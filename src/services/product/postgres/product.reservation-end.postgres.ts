import { coalesce } from '../../../platform/db/coalesce.ts';
import { rowFaultInPostgres, type Statement } from '../../../platform/db/postgres/postgres.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { ProductRepository } from '../product.repository.ts';
import { adoptStatement, type Ending, endStatement } from './product.end-statement.postgres.ts';

type Endings = Pick<
  ProductRepository,
  'release' | 'ship' | 'unship' | 'adopt' | 'expired' | 'keep' | 'renew' | 'paid' | 'forgetCustomers'
>;

/** How reservations end in PostgreSQL: released, shipped, kept or renewed, as the repository promises it. */
export function reservationsPostgres(store: PostgresStore): Endings {
  const { schema, db } = store;
  const run = async (name: string, text: string, values: unknown[]): Promise<void> => {
    await db.query({ name: `${schema} ${name}`, text }, values);
  };
  return {
    ...endings(store),
    async expired(now, limit) {
      const rows = await db.query<{ order_id: number }>(
        {
          name: `${schema} expired`,
          text: `select order_id from ${schema}.reservations where expires_at < $1 order by expires_at limit $2`,
        },
        [now, limit],
      );
      return rows.map((row) => row.order_id);
    },
    keep: (order_ids, now) =>
      run('keep', `update ${schema}.reservations set expires_at = null where order_id = any($1) and expires_at < $2`, [
        order_ids,
        now,
      ]),
    renew: (order_id, until) =>
      run('renew', `update ${schema}.reservations set expires_at = $2 where order_id = $1`, [order_id, until]),
    paid: (order_id) =>
      run('paid', `update ${schema}.reservations set user_id = null where order_id = $1 and user_id is not null`, [
        order_id,
      ]),
    forgetCustomers: () =>
      run('forget customers', `update ${schema}.reservations set user_id = null where user_id is not null`, []),
  };
}

interface Ended {
  readonly order_id: number;
  readonly at: string;
}

function endings({ schema, db }: PostgresStore): Pick<Endings, 'release' | 'ship' | 'unship' | 'adopt'> {
  const adoptAll = adoptStatement(schema, 'not counted');
  const adoptThese = adoptStatement(schema, 'not counted and order_id = any($3)');

  async function adopt(statement: Statement, at: string, order_ids?: readonly number[]): Promise<number> {
    const values = [AT_ONCE, at, ...(order_ids ? [order_ids] : [])];
    const [row] = await db.query<{ adopted: number }>(statement, values);
    return row?.adopted ?? 0;
  }

  const ending = (kind: Ending) => {
    const statement = endStatement(schema, kind);
    return coalesce<Ended, void>({
      name: `product ${kind}`,
      run: async (batch) => {
        const order_ids = batch.map(({ order_id }) => order_id);
        await adopt(adoptThese, batch[0]?.at ?? '', order_ids);
        await db.query(statement, [order_ids, batch.map(({ at }) => at)]);
        return batch.map(() => undefined);
      },
      keys: ({ order_id }) => [String(order_id)],
      faultOfOneRow: rowFaultInPostgres,
    });
  };
  const [release, ship, unship] = [ending('release'), ending('shipped'), ending('return')];
  return {
    release: (order_id, at) => release({ order_id, at }),
    ship: (order_id, at) => ship({ order_id, at }),
    unship: (order_id, at) => unship({ order_id, at }),
    async adopt(at) {
      let total = 0;
      for (let count = AT_ONCE; count === AT_ONCE; total += count) count = await adopt(adoptAll, at);
      return total;
    },
  };
}

const AT_ONCE = 500;

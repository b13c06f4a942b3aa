import { coalesce } from '../../../platform/db/coalesce.ts';
import { rowFaultInPostgres } from '../../../platform/db/postgres/postgres.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { ProductRepository } from '../product.repository.ts';

/** How reservations end in PostgreSQL: released, kept or renewed, as the repository promises it. */
export function reservationsPostgres(
  store: PostgresStore,
): Pick<ProductRepository, 'release' | 'expired' | 'keep' | 'renew'> {
  const { schema, db } = store;
  return {
    release: releaser(store),
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
    async keep(order_ids, now) {
      const text = `update ${schema}.reservations set expires_at = null where order_id = any($1) and expires_at < $2`;
      await db.query({ name: `${schema} keep`, text }, [order_ids, now]);
    },
    async renew(order_id, until) {
      const text = `update ${schema}.reservations set expires_at = $2 where order_id = $1`;
      await db.query({ name: `${schema} renew`, text }, [order_id, until]);
    },
  };
}

function releaser({ schema, db }: PostgresStore): ProductRepository['release'] {
  return coalesce<number, void>({
    name: 'product release',
    run: async (order_ids) => {
      await db.query(releaseStatement(schema), [order_ids]);
      return order_ids.map(() => undefined);
    },
    faultOfOneRow: rowFaultInPostgres,
  });
}

// Products are locked in the order of their ids, as a reservation locks them, so that the two cannot deadlock.
function releaseStatement(schema: string): { name: string; text: string } {
  return {
    name: `${schema} release`,
    text: `with released as (delete from ${schema}.reservations where order_id = any($1) returning items),
      returned as materialized (
        select i.product_id, sum(i.quantity) as quantity
        from released, json_to_recordset(released.items) as i(product_id bigint, quantity bigint) group by 1),
      locked as materialized (
        select product_id from ${schema}.products where product_id in (select product_id from returned)
        order by product_id for no key update)
      update ${schema}.products p set stock_quantity = p.stock_quantity + b.quantity
      from returned b join locked using (product_id)
      where p.product_id = b.product_id and p.stock_quantity is not null`,
  };
}

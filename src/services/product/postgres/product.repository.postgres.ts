import { coalesce } from '../../../platform/db/coalesce.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import { rowFaultInPostgres } from '../../../platform/db/postgres/postgres.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { productErrors } from '../product.contract.ts';
import type { ProductState } from '../product.model.ts';
import type { ProductRepository } from '../product.repository.ts';
import { searchOf } from '../search/search.model.ts';
import { lister, postgresFolding, SEARCH_COLUMNS, type SearchColumns, withSearch } from '../search/search.postgres.ts';
import { reserver } from './product.reservations.postgres.ts';

const columns =
  'product_id, name, description, price, currency, category, for_sale, stock_quantity, created_at, updated_at, version, false as restocked';

/** Products in PostgreSQL. */
export function productPostgres(store: PostgresStore): ProductRepository {
  const { schema, db } = store;
  const ids = store.ids('product_ids');
  const read = store.reader<number, ProductState>(
    'product',
    `select ${columns} from ${schema}.products where product_id = any($1)`,
    (row) => row.product_id,
  );
  const list = lister(schema, columns);
  const save = store.saver<ProductState & SearchColumns>({
    table: 'products',
    key: 'product_id',
    columns: {
      product_id: 'bigint',
      name: 'text',
      description: 'text',
      price: 'bigint',
      currency: 'text',
      category: 'text',
      for_sale: 'boolean',
      stock_quantity: 'bigint',
      created_at: 'timestamptz',
      updated_at: 'timestamptz',
      ...SEARCH_COLUMNS,
    },
    secrets: Object.keys(SEARCH_COLUMNS) as (keyof SearchColumns)[],
    transient: { restocked: 'boolean' },
    // Orders take stock without a new version: a change of the name must not bring back what they took.
    updates: { stock_quantity: 'case when r.restocked then r.stock_quantity else t.stock_quantity end' },
    conflicts: { products_pkey: () => productErrors.EXISTS() },
  });
  return {
    ids,
    async get(product_id) {
      const found = await read(product_id);
      if (!found) throw productErrors.NOT_FOUND();
      return found;
    },
    async find(product_ids) {
      const found = await Promise.all([...new Set(product_ids)].map(read));
      return new Map(found.flatMap((one) => (one ? [[one.product_id, one] as const] : [])));
    },
    async list({ in_stock, ...filter }, { limit, cursor }) {
      const after = cursorId(cursor) ?? 0;
      const search = searchOf(filter);
      if (search === undefined) return { items: [] };
      const [statement, values] = list(search, in_stock);
      const rows = await db.query<ProductState>(statement, [after, limit + 1, ...values]);
      return pageOf(rows, limit, (row) => row.product_id);
    },
    save: withSearch(save),
    fold: postgresFolding(store),
    async isNew() {
      const text = `select not is_called and not exists (select from ${schema}.products) as new from ${schema}.product_ids`;
      const [row] = await db.query<{ new: boolean }>({ name: '', text });
      return row?.new === true;
    },
    reserve: reserver(schema, db),
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

// Products are locked in the order of their ids, as the reservation does, so that the two never wait in a circle.
function releaseStatement(schema: string): { name: string; text: string } {
  return {
    name: `${schema} release`,
    text: `with gone as (delete from ${schema}.reservations where order_id = any($1) returning items),
      back as materialized (
        select i.product_id, sum(i.quantity) as quantity
        from gone, json_to_recordset(gone.items) as i(product_id bigint, quantity bigint) group by 1),
      locked as materialized (
        select product_id from ${schema}.products where product_id in (select product_id from back)
        order by product_id for no key update)
      update ${schema}.products p set stock_quantity = p.stock_quantity + b.quantity
      from back b join locked using (product_id)
      where p.product_id = b.product_id and p.stock_quantity is not null`,
  };
}

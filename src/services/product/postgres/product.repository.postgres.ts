import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { productErrors } from '../product.contract.ts';
import type { ProductState } from '../product.model.ts';
import type { ProductRepository } from '../product.repository.ts';
import { searchOf } from '../search/search.model.ts';
import { lister, postgresFolding, SEARCH_COLUMNS, type SearchColumns, withSearch } from '../search/search.postgres.ts';
import { reservationsPostgres } from './product.reservation-end.postgres.ts';
import { reserver } from './product.reservations.postgres.ts';

const columns = `product_id, name, description, price, currency, category, for_sale, stock_quantity, withdrawn_at,
  created_at, updated_at, version, false as restocked`;

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
      withdrawn_at: 'timestamptz',
      created_at: 'timestamptz',
      updated_at: 'timestamptz',
      ...SEARCH_COLUMNS,
    },
    secrets: Object.keys(SEARCH_COLUMNS) as (keyof SearchColumns)[],
    transient: { restocked: 'boolean' },
    // A reservation changes the stock without a new version: saving another field must not undo it.
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
    ...reservationsPostgres(store),
  };
}

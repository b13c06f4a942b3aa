import { common } from '../../../platform/contract/errors.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { productErrors } from '../product.contract.ts';
import type { ProductState } from '../product.model.ts';
import type { ProductRepository } from '../product.repository.ts';
import { searchOf } from '../search/search.model.ts';
import { lister, postgresFolding, SEARCH_COLUMNS, type SearchColumns, withSearch } from '../search/search.postgres.ts';
import { correctionPostgres } from './product.correction.postgres.ts';
import { stockLedgerPostgres } from './product.ledger.postgres.ts';
import { reservationsPostgres } from './product.reservation-end.postgres.ts';
import { reserver } from './product.reservations.postgres.ts';
import {
  STOCK_COLUMNS,
  STOCK_FIELDS,
  STOCK_LOCKS,
  STOCK_UPDATES,
  type StockColumns,
  stockColumnsOf,
  stockEntryOfSave,
} from './product.stock-columns.postgres.ts';

const columns = `product_id, name, description, price, currency, category, for_sale, stock_quantity, withdrawn_at,
  created_at, updated_at, version, null as stock_change`;

const SEARCH = Object.keys(SEARCH_COLUMNS) as (keyof SearchColumns)[];
const STOCK = Object.keys({ ...STOCK_COLUMNS, ...STOCK_FIELDS }) as (keyof StockColumns)[];

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
  const saveProduct = saver(store);
  async function get(product_id: number): Promise<ProductState> {
    const found = await read(product_id);
    if (!found) throw productErrors.NOT_FOUND();
    return found;
  }
  return {
    ids,
    get,
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
    save: saveProduct,
    adjust: (ctx, product_id, decide) => retryOnConflict(async () => saveProduct(ctx, decide(await get(product_id)))),
    fold: postgresFolding(store),
    async isNew() {
      const text = `select not is_called and not exists (select from ${schema}.products) as new from ${schema}.product_ids`;
      const [row] = await db.query<{ new: boolean }>({ name: '', text });
      return row?.new === true;
    },
    reserve: reserver(schema, db),
    ...reservationsPostgres(store),
    ...stockLedgerPostgres(store),
    correct: correctionPostgres(store),
  };
}

/** Saves products with what they are found by and with the entry of the ledger, in one statement. */
function saver(store: PostgresStore): ProductRepository['save'] {
  const save = store.saver<ProductState & SearchColumns & StockColumns>({
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
      ...STOCK_COLUMNS,
      ...SEARCH_COLUMNS,
    },
    secrets: [...SEARCH, ...STOCK, 'stock_change'],
    transient: STOCK_FIELDS,
    updates: STOCK_UPDATES,
    locks: STOCK_LOCKS,
    computed: ['stock_quantity'],
    beside: stockEntryOfSave(store.schema),
    conflicts: {
      products_pkey: () => productErrors.EXISTS(),
      // Orders were faster than an adjustment that takes units out: it is decided again.
      stock_not_negative: () => common.STALE(),
    },
  });
  return withSearch((ctx, { next, events }) => save(ctx, { next: { ...next, ...stockColumnsOf(next) }, events }));
}

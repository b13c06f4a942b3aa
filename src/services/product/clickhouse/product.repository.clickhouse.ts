import { SAME_KEY } from '../../../platform/db/clickhouse/store/save.ts';
import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import type { NewestRows } from '../../../platform/db/clickhouse/store/table.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import type { Columns } from '../../../platform/db/columns.ts';
import { productErrors } from '../product.contract.ts';
import { type ProductState, publicProduct } from '../product.model.ts';
import type { ProductRepository } from '../product.repository.ts';
import { clickhouseFolding, listing } from '../search/search.clickhouse.ts';
import { searchFieldsOf } from '../search/search.model.ts';
import { reservationsClickHouse } from './product.reservations.clickhouse.ts';
import { type KeptProduct, stockReader } from './product.stock.clickhouse.ts';

const COLUMNS: Columns<KeptProduct> = {
  product_id: 'bigint',
  name: 'text',
  description: 'text',
  price: 'bigint',
  currency: 'text',
  category: 'text',
  for_sale: 'boolean',
  stock_quantity: 'bigint',
  stock_version: 'bigint',
  withdrawn_at: 'timestamptz',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
};

/** Products in ClickHouse: a row for each version of a product; what orders took of its stock is in another table. */
export function productClickHouse(store: ClickHouseStore): ProductRepository {
  const { database, engine } = store;
  const products = store.states<KeptProduct>({
    table: 'products',
    key: 'product_id',
    columns: COLUMNS,
    secrets: ['stock_version'],
    conflicts: { [SAME_KEY]: () => productErrors.EXISTS() },
    extra: searchFieldsOf,
  });
  const listed = listing(store);
  const readStock = stockReader(store, products);
  const read = coalesce<number, ProductState | undefined>({
    name: 'product read',
    maxInFlight: 2,
    run: async (product_ids) => {
      const found = await readStock(product_ids);
      return product_ids.map((id) => stateOf(found.get(id)));
    },
  });
  async function find(product_ids: readonly number[]): Promise<Map<number, ProductState>> {
    const found = await Promise.all([...new Set(product_ids)].map(read));
    return new Map(found.flatMap((one) => (one ? [[one.product_id, one] as const] : [])));
  }

  return {
    ids: store.ids('products', { table: 'products', column: 'product_id' }),
    async get(product_id) {
      const found = await read(product_id);
      if (!found) throw productErrors.NOT_FOUND();
      return found;
    },
    find,
    async list(filter, page) {
      const chosen = await listed(filter, page);
      const found = await find(chosen.items);
      // What was sold out or given back since it was chosen is no answer to who asks for the stock.
      return { ...chosen, items: [...found.values()].filter((state) => hasStock(state, filter.in_stock)) };
    },
    async save(ctx, { next, events }) {
      const { restocked, ...state } = next;
      const stock = restocked ? { stock_version: next.version + 1 } : await stockBefore(products, next);
      const { version } = await products.save(ctx, { next: { ...state, ...stock }, events });
      return { ...next, version };
    },
    fold: clickhouseFolding(store, products),
    isNew: async () => (await engine.query(everThere(database))).length === 0,
    ...reservationsClickHouse(store, readStock),
  };
}

/** The stock that a change leaves as it was set: that of the version which it changes. Of this there is one row. */
async function stockBefore(products: NewestRows<KeptProduct>, { product_id, version }: ProductState) {
  const before = await products.get(product_id);
  // When the newest row is of another version, the save will say so.
  return { stock_quantity: before?.stock_quantity ?? null, stock_version: before?.stock_version ?? version };
}

const everThere = (database: string): string =>
  `select 1 from ${database}.ids where name = 'products' limit 1 union all select 1 from ${database}.products limit 1`;

const hasStock = (state: ProductState, wanted: boolean | undefined): boolean =>
  wanted === undefined || publicProduct(state).in_stock === wanted;

function stateOf(kept: KeptProduct | undefined): ProductState | undefined {
  if (!kept) return undefined;
  const { stock_version: _, ...state } = kept;
  return { ...state, restocked: false };
}

import type { Change, Ctx } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
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
import { stockLedgerClickHouse } from './product.ledger.clickhouse.ts';
import { productOpener } from './product.puts.clickhouse.ts';
import { reservationsClickHouse, type StockTurns } from './product.reservations.clickhouse.ts';
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
  const turns = reservationsClickHouse({ store, open: productOpener(store, readStock) });
  const read = coalesce<number, ProductState | undefined>({
    name: 'product read',
    maxInFlight: 2,
    run: async (product_ids) => {
      const found = await readStock(product_ids);
      return product_ids.map((id) => stateOf(found.get(id)?.product));
    },
  });
  async function find(product_ids: readonly number[]): Promise<Map<number, ProductState>> {
    const found = await Promise.all([...new Set(product_ids)].map(read));
    return new Map(found.flatMap((one) => (one ? [[one.product_id, one] as const] : [])));
  }

  const { book, alone: _alone, ...reservations } = turns;
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
    async save(ctx, change) {
      const saved = await save(ctx, change);
      // After a crash in between, the next turn over this product brings it into the ledger.
      if (change.events.length > 0 && change.next.stock_change) await book([saved.product_id]).catch(() => undefined);
      return saved;
    },
    adjust: adjuster(turns, save),
    async adopt() {
      let total = 0;
      for (let ids = await behind(store); ids.length > 0; ids = await behind(store)) {
        await book(ids);
        total += ids.length;
      }
      return total;
    },
    fold: clickhouseFolding(store, products),
    isNew: async () => (await engine.query(everThere(database))).length === 0,
    ...reservations,
    ...stockLedgerClickHouse({ store, readStock, book }),
  };

  async function save(ctx: Ctx, { next, events }: Change<ProductState>): Promise<ProductState> {
    const { stock_change, ...state } = next;
    const sets = stock_change !== null || next.version === 0;
    const stock = sets ? { stock_version: next.version + 1 } : await stockBefore(products, next);
    const { version } = await products.save(ctx, { next: { ...state, ...stock }, events });
    return { ...next, version };
  }
}

/** Saves what a turn decides of a product while nobody else moves its stock. */
function adjuster(turns: StockTurns, save: ProductRepository['save']): ProductRepository['adjust'] {
  return (ctx, product_id, decide) =>
    retryOnConflict(() =>
      turns.alone(product_id, ctx.now, async (moves) => {
        const product = moves.product(product_id);
        if (!product) throw productErrors.NOT_FOUND();
        const change = decide({ ...product, stock_change: null });
        const saved = await save(ctx, change);
        const { stock_change } = change.next;
        if (stock_change) moves.put(keptProduct(saved), { ...stock_change, ...saved, at: saved.updated_at });
        return saved;
      }),
    );
}

function keptProduct({ stock_change: _, ...state }: ProductState): KeptProduct {
  return { ...state, stock_version: state.version };
}

const BOOKED_AT_ONCE = 500;

/** Some products of which the ledger lacks what was set last. */
async function behind({ engine, database }: ClickHouseStore): Promise<number[]> {
  const text = `select p.product_id as product_id from (
      select product_id, stock_version, stock_quantity from ${database}.products
      order by product_id, version desc, position desc limit 1 by product_id) p
    left join (select id, booked, 1 as is_there from ${database}.stock final where kind = 'product') s
      on s.id = p.product_id
    where s.booked < p.stock_version and (s.is_there = 1 or p.stock_quantity is not null)
    order by product_id limit ${BOOKED_AT_ONCE}`;
  return (await engine.query<{ product_id: number }>(text)).map(({ product_id }) => product_id);
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
  return { ...state, stock_change: null };
}

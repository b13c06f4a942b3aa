import { SAME_KEY } from '../../platform/db/clickhouse/save.ts';
import type { ClickHouseStore } from '../../platform/db/clickhouse/store.ts';
import type { Choice, NewestRows } from '../../platform/db/clickhouse/table.ts';
import { coalesce } from '../../platform/db/coalesce.ts';
import { productErrors } from './product.contract.ts';
import { type ProductState, publicProduct } from './product.model.ts';
import type { ProductFilter, ProductRepository } from './product.repository.ts';
import { reservationsClickHouse } from './product.reservations.clickhouse.ts';
import { type KeptProduct, stockReader } from './product.stock.clickhouse.ts';

const COLUMNS = [
  'product_id',
  'name',
  'description',
  'price',
  'currency',
  'category',
  'for_sale',
  'stock_quantity',
  'stock_version',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof KeptProduct)[];

/** Products in ClickHouse: a row for each version of a product; what orders took of its stock is in another table. */
export function productClickHouse(store: ClickHouseStore): ProductRepository {
  const { database, engine } = store;
  const products = store.states<KeptProduct>({
    table: 'products',
    key: 'product_id',
    columns: COLUMNS,
    secrets: ['stock_version'],
    conflicts: { [SAME_KEY]: () => productErrors.EXISTS() },
  });
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
    nextId: store.ids('products').next,
    async get(product_id) {
      const found = await read(product_id);
      if (!found) throw productErrors.NOT_FOUND();
      return found;
    },
    find,
    async list(filter, page) {
      const listed = await products.list(choiceOf(filter, database), 'asc', page);
      const found = await find(listed.items.map(({ product_id }) => product_id));
      // What was sold out or given back since it was chosen is no answer to who asks for the stock.
      return { ...listed, items: [...found.values()].filter((state) => hasStock(state, filter.in_stock)) };
    },
    async save(ctx, { next, events }) {
      const { restocked, ...state } = next;
      const stock = restocked ? { stock_version: next.version + 1 } : await stockBefore(products, next);
      const { version } = await products.save(ctx, { next: { ...state, ...stock }, events });
      return { ...next, version };
    },
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

// As the column `words` has them; the same is done to what is asked for, so that both fold alike.
const wordsOf = (text: string): string => `extractAll(lowerUTF8(normalizeUTF8NFC(${text})), '[\\\\p{L}\\\\p{N}]+')`;

const holdsAll = (words: string): string =>
  `notEmpty(${wordsOf('{q:String}')}) and arrayAll(
    wanted -> arrayExists(word -> startsWith(word, wanted), ${words}), ${wordsOf('{q:String}')})`;

/** `fixed` passes over the products of which no version ever fitted; `now` asks the newest version of the others. */
function choiceOf({ category, q, in_stock }: ProductFilter, database: string): Choice {
  const fixed: string[] = [];
  const now: string[] = [];
  const ever = (condition: string) =>
    fixed.push(`product_id in (select product_id from ${database}.products where ${condition})`);
  if (category !== undefined) {
    const same = 'lowerUTF8(category) = lowerUTF8({category:String})';
    ever(same);
    now.push(same);
  }
  // An empty search box asks for everything.
  if (q !== undefined && q.trim() !== '') {
    ever(holdsAll('words'));
    now.push(holdsAll(wordsOf(`concat(name, ' ', description)`)));
  }
  if (in_stock !== undefined) now.push(`(${toBeHad(database)}) = {in_stock:Bool}`);
  return {
    ...(fixed.length > 0 && { fixed: fixed.join(' and ') }),
    ...(now.length > 0 && { now: now.join(' and ') }),
    params: { category, q, in_stock },
  };
}

function toBeHad(database: string): string {
  const among = (condition: string): string =>
    `(product_id, stock_version) in (
      select id, stock_version from ${database}.stock final where kind = 'product' and ${condition})`;
  return `for_sale and if(ifNull(stock_quantity, 1) = 0, ${among('units > 0')}, not ${among('units = 0')})`;
}

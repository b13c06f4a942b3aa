import type { Page, PageRequest } from '../../../platform/contract/contract.ts';
import { FOLDING } from '../../../platform/contract/text/fold.ts';
import type { ClickHouseStore, States } from '../../../platform/db/clickhouse/store/store.ts';
import { type Choice, newestRows } from '../../../platform/db/clickhouse/store/table.ts';
import { cursorId } from '../../../platform/db/pages.ts';
import type { KeptProduct } from '../clickhouse/product.stock.clickhouse.ts';
import type { ProductFilter } from '../product.repository.ts';
import { type Search, type SearchFields, searchFieldsOf, searchOf } from './search.model.ts';

/** What of a product is asked when it is looked for: reads of products by their ids carry none of it. */
type Listed = SearchFields &
  Pick<KeptProduct, 'product_id' | 'for_sale' | 'stock_quantity' | 'stock_version' | 'withdrawn_at'>;

const LISTED = [
  'product_id',
  'category_key',
  'search_words',
  'for_sale',
  'stock_quantity',
  'stock_version',
  'withdrawn_at',
] as const satisfies readonly (keyof Listed)[];

/** The ids of a page of products, in their order. */
export function listing({
  engine,
  database,
}: ClickHouseStore): (filter: ProductFilter, page: PageRequest) => Promise<Page<number>> {
  const rows = newestRows<Listed>(engine, { table: `${database}.products`, key: 'product_id', columns: LISTED });
  return async (filter, page) => {
    cursorId(page.cursor);
    const search = searchOf(filter);
    if (search === undefined) return { items: [] };
    const listed = await rows.list(choiceOf(search, filter.in_stock, database), 'asc', page);
    return { ...listed, items: listed.items.map(({ product_id }) => product_id) };
  };
}

const SAME_CATEGORY = 'category_key = {category_key:String}';
const HOLDS_ALL = `arrayAll(wanted -> arrayExists(word -> startsWith(word, wanted), search_words), {words:Array(String)})`;

/** `fixed` passes over the products of which no version ever fitted; `now` asks the newest version of the others. */
function choiceOf({ category_key, words }: Search, in_stock: boolean | undefined, database: string): Choice {
  const texts = [...(category_key === undefined ? [] : [SAME_CATEGORY]), ...(words === undefined ? [] : [HOLDS_ALL])];
  const fixed = texts.map((text) => `product_id in (select product_id from ${database}.products where ${text})`);
  const stock = in_stock === undefined ? [] : [`(${toBeHad(database)}) = {in_stock:Bool}`];
  const now = ['withdrawn_at is null', ...texts, ...stock];
  return {
    ...(fixed.length > 0 && { fixed: fixed.join(' and ') }),
    now: now.join(' and '),
    params: { category_key, words, in_stock },
  };
}

function toBeHad(database: string): string {
  const among = (condition: string): string =>
    `(product_id, stock_version) in (
      select id, stock_version from ${database}.stock final where kind = 'product' and ${condition})`;
  return `for_sale and if(ifNull(stock_quantity, 1) = 0, ${among('units > 0')}, not ${among('units = 0')})`;
}

const ROWS_AT_ONCE = 200;

/**
 * Folds the products whose newest row no process of this version has written, until none is left: of two rows of one
 * version the later one is the product. Who writes meanwhile waits for one block. Returns how many.
 */
export function clickhouseFolding(
  { engine, database }: Pick<ClickHouseStore, 'engine' | 'database'>,
  { newest, stateOf, writer }: Pick<States<KeptProduct>, 'newest' | 'stateOf' | 'writer'>,
): () => Promise<number> {
  const table = `${database}.products`;
  const stale = `select product_id from ${table} where product_id > {after:UInt64} group by product_id
    having argMax(folding, (version, position)) < ${FOLDING} order by product_id limit ${ROWS_AT_ONCE}`;
  const rowsOf = newest('product_id in {ids:Array(UInt64)}');

  const batch = (after: number) =>
    writer.write(async () => {
      const found = await engine.query<{ product_id: number }>(stale, { after });
      const ids = found.map(({ product_id }) => product_id);
      const states =
        ids.length === 0 ? [] : (await engine.query<Record<string, unknown>>(rowsOf, { ids })).map(stateOf);
      const rows = states.map((state) => ({ ...state, ...searchFieldsOf(state), ...NOTHING_NEW }));
      return { rows, answer: { last: ids.at(-1), count: rows.length } };
    });

  return async () => {
    // Mostly there is nothing to fold, and then nobody who writes waits for this.
    if ((await engine.query(stale, { after: 0 })).length === 0) return 0;
    let total = 0;
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { last, count } = await batch(after);
      total += count;
      after = last;
    }
    return total;
  };
}

/** A row that announces nothing and answers nothing: what it was announced and answered with stays where it was. */
const NOTHING_NEW = { request_key: '', request_print: '', mark: '', events: '[]' };

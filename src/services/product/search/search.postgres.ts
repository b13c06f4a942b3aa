import type { Change, Ctx } from '../../../platform/contract/contract.ts';
import { FOLDING } from '../../../platform/contract/text/fold.ts';
import type { Statement } from '../../../platform/db/postgres/postgres.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { ProductState } from '../product.model.ts';
import { type Search, searchFieldsOf } from './search.model.ts';

/** The search fields as columns take them from JSON, with the version of the product that they were made of. */
export interface SearchColumns {
  readonly category_key: string;
  readonly search_words: string;
  readonly folding: number;
  readonly folded_version: number;
}

/** Column to type. */
export const SEARCH_COLUMNS = {
  category_key: 'text',
  search_words: 'tsvector',
  folding: 'integer',
  folded_version: 'integer',
} as const satisfies Readonly<Record<keyof SearchColumns, string>>;

type Texts = Parameters<typeof searchFieldsOf>[0];

// A word is of letters, digits and marks alone: nothing in it needs an escape.
const quoted = (word: string): string => `'${word}'`;

/** What is kept beside a version of a product. */
export function searchColumnsOf(texts: Texts, folded_version: number): SearchColumns {
  const { category_key, search_words, folding } = searchFieldsOf(texts);
  return { category_key, search_words: search_words.map(quoted).join(' '), folding, folded_version };
}

// `'blue':* & 'spea':*`: read as it stands, by no configuration of the database.
const wordsQuery = (words: readonly string[]): string => words.map((word) => `${quoted(word)}:*`).join(' & ');

/**
 * A statement for each way in, so that each runs along its own index: $1 is the id that the page comes after, $2 the
 * number of rows, and then what is returned beside the statement.
 */
export function lister(
  schema: string,
  columns: string,
): (search: Search, in_stock: boolean | undefined) => [Statement, unknown[]] {
  return ({ category_key, words }, in_stock) => {
    const values: unknown[] = [];
    const given = (value: unknown): string => `$${values.push(value) + 2}`;
    const where = ['product_id > $1', 'withdrawn_at is null'];
    if (category_key !== undefined) where.push(`category_key = ${given(category_key)}`);
    if (words !== undefined) where.push(`search_words @@ ${given(wordsQuery(words))}::text::tsquery`);
    if (in_stock !== undefined)
      where.push(`(for_sale and coalesce(stock_quantity, 1) > 0) = ${given(in_stock)}::boolean`);
    // Words alone have no order: along the ids every product would be read to find the few that have them.
    const order = words !== undefined && category_key === undefined ? 'product_id + 0' : 'product_id';
    const text = `select ${columns} from ${schema}.products where ${where.join(' and ')} order by ${order} limit $2`;
    const ways = [
      category_key !== undefined && 'category',
      words !== undefined && 'words',
      in_stock !== undefined && 'stock',
    ];
    return [{ name: [schema, 'list', ...ways.filter((way) => way !== false)].join(' '), text }, values];
  };
}

/** A change with its search fields, and a state without them. */
export function withSearch(
  save: (ctx: Ctx, change: Change<ProductState & SearchColumns>) => Promise<ProductState>,
): (ctx: Ctx, change: Change<ProductState>) => Promise<ProductState> {
  return async (ctx, { next, events }) => {
    if (events.length === 0) return next;
    const given = { ...next, ...searchColumnsOf(next, next.version + 1) };
    const { version, stock_quantity } = await save(ctx, { next: given, events });
    return { ...next, version, stock_quantity };
  };
}

const ROWS_AT_ONCE = 200;

interface Unfolded extends Texts {
  readonly product_id: number;
  readonly version: number;
}

/**
 * Folds the rows that no process of this version has written, until none is left. Processes that do so at once take
 * turns. One that was changed meanwhile by a process that does not fold is left for the next time. Returns how many.
 */
export function postgresFolding({ schema, db }: PostgresStore): () => Promise<number> {
  const lock = `select pg_advisory_xact_lock(hashtextextended('${schema} fold', 7205759403))`;
  // As the index products_to_fold has it.
  const stale = `select product_id, name, description, category, version from ${schema}.products
    where (folding < ${FOLDING} or folded_version <> version) and product_id > $1 order by product_id limit $2`;
  const columns = Object.entries(SEARCH_COLUMNS);
  // Locked in the order of their ids, as every statement that touches several does.
  const write = `with given as materialized (select * from json_to_recordset($1::json) as r(
      product_id bigint, ${columns.map(([name, type]) => `${name} ${type}`).join(', ')})),
    locked as materialized (select product_id from ${schema}.products
      where product_id = any(array(select product_id from given)) order by product_id for no key update)
    update ${schema}.products p set ${columns.map(([name]) => `${name} = g.${name}`).join(', ')}
    from given g join locked using (product_id)
    where p.product_id = g.product_id and p.version = g.folded_version`;

  async function batch(after: number): Promise<{ last: number | undefined; count: number }> {
    return db.transaction(async (sql) => {
      await sql.query({ name: '', text: lock });
      const rows = await sql.query<Unfolded>({ name: '', text: stale }, [after, ROWS_AT_ONCE]);
      const folded = rows.map((row) => ({ product_id: row.product_id, ...searchColumnsOf(row, row.version) }));
      if (folded.length > 0) await sql.query({ name: '', text: write }, [JSON.stringify(folded)]);
      return { last: rows.at(-1)?.product_id, count: rows.length };
    });
  }

  return async () => {
    let total = 0;
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { last, count } = await batch(after);
      total += count;
      after = last;
    }
    return total;
  };
}

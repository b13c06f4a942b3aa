import type { Page, PageRequest } from '../../../platform/contract/contract.ts';
import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import type { LineItem } from '../product.contract.ts';
import type { ProductRepository } from '../product.repository.ts';
import type { StockEntry, StockFigures } from '../stock/product.stock.contract.ts';
import { lacksEntry } from './product.puts.clickhouse.ts';
import type { ReadStock } from './product.stock.clickhouse.ts';

type Ledger = Pick<ProductRepository, 'ledger' | 'stockFigures' | 'orderUnits' | 'findOrderUnits'>;

interface LedgerParts {
  readonly store: ClickHouseStore;
  readonly readStock: ReadStock;
  /** Brings into the ledger what was set since. */
  readonly book: (product_ids: readonly number[]) => Promise<void>;
}

/** The fields of an entry, out of a row of `stock`; 0 and '' are nobody and nothing there. */
export const ENTRY_FIELDS = `bitAnd(id, 4294967295) as entry, intDiv(id, 4294967296) as product_id, movement, quantity,
  if(tracked, units, null) as on_hand, held, nullIf(reason, '') as why, nullIf(order_id, 0) as order, nullIf(user_id, 0) as who,
  at`;

export interface EntryRow {
  readonly entry: number;
  readonly product_id: number;
  readonly movement: StockEntry['kind'];
  readonly quantity: number;
  readonly on_hand: number | null;
  readonly held: number;
  readonly why: string | null;
  readonly order: number | null;
  readonly who: number | null;
  readonly at: string;
}

/** An entry as both stores have it. */
export function entryOf({ movement: kind, why: reason, order: order_id, who: user_id, ...row }: EntryRow) {
  const { product_id, entry, quantity, on_hand, held, at } = row;
  return { product_id, entry, kind, quantity, on_hand, held, reason, order_id, user_id, at };
}

/** Reads what became of the units, in ClickHouse. */
export function stockLedgerClickHouse({ store, readStock, book }: LedgerParts): Ledger {
  const { engine, database } = store;
  const stock = `${database}.stock final`;

  async function booked(product_ids: readonly number[]) {
    const found = await readStock(product_ids);
    if (![...found.values()].some(lacksEntry)) return found;
    await book(product_ids);
    return readStock(product_ids);
  }

  const before = ({ cursor }: PageRequest): number => cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;

  return {
    async ledger(product_id, page) {
      await booked([product_id]);
      const after = Math.min(before(page), 4_294_967_296);
      const text = `select ${ENTRY_FIELDS} from ${stock} where kind = 'entry'
        and id >= bitShiftLeft({product_id:UInt64}, 32) and id < bitShiftLeft({product_id:UInt64}, 32) + {after:UInt64}
        order by id desc limit {limit:UInt32}`;
      const rows = await engine.query<EntryRow>(text, { product_id, after, limit: page.limit + 1 });
      const entries = rows.map((row): StockEntry => {
        const { entry: id, ...rest } = entryOf(row);
        return { id, ...rest };
      });
      return pageOf(entries, page.limit, ({ id }) => id);
    },
    async stockFigures(page): Promise<Page<StockFigures>> {
      const ids = `select distinct product_id from ${database}.products where product_id > {after:UInt64}
        order by product_id limit {limit:UInt32}`;
      const after = cursorId(page.cursor) ?? 0;
      const found = await engine.query<{ product_id: number }>(ids, { after, limit: page.limit + 1 });
      const product_ids = found.map(({ product_id }) => product_id);
      const products = await booked(product_ids);
      const last = await lastEntries(store, product_ids);
      const figures = product_ids.flatMap((product_id) => {
        const one = products.get(product_id);
        return one ? [figuresOf(product_id, one.product.stock_quantity ?? 0, one.totals, last.get(product_id))] : [];
      });
      return pageOf(figures, page.limit, ({ product_id }) => product_id);
    },
    async orderUnits(page, onlyHeld = false) {
      const text = `select id as order_id, items, shipped from ${stock}
        where kind = 'reservation' and not released and id < {before:UInt64}
        and not ({only_held:Bool} and shipped) order by id desc limit {limit:UInt32}`;
      const rows = await engine.query<UnitsRow>(text, {
        before: before(page),
        only_held: onlyHeld,
        limit: page.limit + 1,
      });
      return pageOf(rows.map(unitsOf), page.limit, ({ order_id }) => order_id);
    },
    async findOrderUnits(order_ids) {
      const text = `select id as order_id, items, shipped from ${stock}
        where kind = 'reservation' and not released and id in {order_ids:Array(UInt64)}`;
      return (await engine.query<UnitsRow>(text, { order_ids: [...order_ids] })).map(unitsOf);
    },
  };
}

interface UnitsRow {
  readonly order_id: number;
  readonly items: string;
  readonly shipped: boolean;
}

const unitsOf = ({ items, ...row }: UnitsRow) => ({ ...row, items: JSON.parse(items) as LineItem[] });

interface LastEntry {
  readonly on_hand: number;
  readonly held: number;
}

/** The last entry of each product, by its id: the number that the product has of it. */
async function lastEntries(
  { engine, database }: ClickHouseStore,
  ids: readonly number[],
): Promise<Map<number, LastEntry>> {
  const text = `select intDiv(id, 4294967296) as product_id, if(tracked, units, 0) as on_hand, held
    from ${database}.stock final where kind = 'entry' and id in (
      select bitShiftLeft(id, 32) + entries from ${database}.stock final
      where kind = 'product' and id in {ids:Array(UInt64)})`;
  const rows = await engine.query<LastEntry & { product_id: number }>(text, { ids });
  return new Map(rows.map((row) => [row.product_id, row]));
}

type Totals = Pick<StockFigures, 'put_in' | 'held' | 'gone' | 'entries'>;

function figuresOf(product_id: number, on_hand: number, totals: Totals, last: LastEntry | undefined): StockFigures {
  const { put_in, held, gone, entries } = totals;
  return {
    product_id,
    put_in,
    on_hand,
    held,
    gone,
    difference: put_in - on_hand - held - gone,
    entries,
    on_hand_difference: on_hand - (last?.on_hand ?? 0),
    held_difference: held - (last?.held ?? 0),
  };
}

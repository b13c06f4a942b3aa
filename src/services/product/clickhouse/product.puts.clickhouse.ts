import { actorOf } from '../../../platform/contract/events.ts';
import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import { stockEvents } from '../stock/product.stock.contract.ts';
import type { StockChange } from '../stock/product.stock-change.model.ts';
import type { ReadStock, StockedProduct } from './product.stock.clickhouse.ts';

/** What a version of a product has set its stock to, as the ledger is to have it. */
export interface Put extends Omit<StockChange, 'quantity'> {
  readonly version: number;
  readonly stock_quantity: number | null;
  readonly at: string;
}

/** What an earlier version has left behind: units that moved without an entry. */
export interface Unbooked {
  /** What reservations hold of the product now, and what its entries come to. */
  readonly held: number;
  readonly gone: number;
  readonly put_in: number;
  readonly entries: number;
  /** After the last entry. */
  readonly on_hand: number;
  readonly held_then: number;
}

/** Products for a turn, with what the ledger does not have of them yet. */
export interface OpenedProducts {
  readonly products: ReadonlyMap<number, StockedProduct>;
  readonly puts: ReadonlyMap<number, readonly Put[]>;
  readonly unbooked: ReadonlyMap<number, Unbooked>;
}

/** `anew`: what the ledger has to have is made from what orders hold and is on hand, and not from what was set. */
export type OpenProducts = (product_ids: Iterable<number>, anew?: boolean) => Promise<OpenedProducts>;

/** Whether a version has set the stock of a product and the ledger does not say so. */
export function lacksEntry({ product, totals, isThere }: StockedProduct): boolean {
  return totals.booked < product.stock_version && (isThere || product.stock_quantity !== null);
}

/**
 * Reads products and what a turn has to bring into the ledger first. What is set is a row of the product, in another
 * table than the ledger, so its entry is written by the next turn: nearly always that of the same action.
 */
export function productOpener(store: ClickHouseStore, readStock: ReadStock): OpenProducts {
  const puts = putsReader(store);
  const unbooked = unbookedReader(store);
  return async (product_ids, anew = false) => {
    const products = await readStock(product_ids);
    if (anew) return { products, puts: new Map(), unbooked: await unbooked([...products.values()]) };
    const behind = [...products.values()].filter(lacksEntry);
    if (behind.length === 0) return { products, puts: new Map(), unbooked: new Map() };
    const [adopted, known] = [behind.filter(isOfEarlierVersion), behind.filter((one) => !isOfEarlierVersion(one))];
    return { products, puts: await puts(known), unbooked: await unbooked(adopted) };
  };
}

const isOfEarlierVersion = ({ totals, isThere }: StockedProduct): boolean => isThere && totals.booked === 0;

const idOf = ({ product }: StockedProduct): number => product.product_id;

interface PutRow {
  readonly product_id: number;
  readonly version: number;
  readonly stock_quantity: number | null;
  readonly at: string;
  readonly events: string;
}

function putsReader({ engine, database }: ClickHouseStore) {
  // A version that was folded again has a second row, which announces nothing.
  const text = `select product_id, version, any(stock_quantity) as stock_quantity, any(updated_at) as at,
      max(events) as events
    from ${database}.products
    where product_id in {ids:Array(UInt64)} and stock_version = version and version > {least:UInt32}
    group by product_id, version order by product_id, version`;
  return async (behind: readonly StockedProduct[]): Promise<Map<number, Put[]>> => {
    if (behind.length === 0) return new Map();
    const least = Math.min(...behind.map(({ totals }) => totals.booked));
    const rows = await engine.query<PutRow>(text, { ids: behind.map(idOf), least });
    const byId = Map.groupBy(rows, ({ product_id }) => product_id);
    return new Map(
      behind.map((one) => {
        const { totals, product } = one;
        const mine = (byId.get(idOf(one)) ?? []).filter(
          ({ version }) => version > totals.booked && version <= product.stock_version,
        );
        return [idOf(one), mine.map(putOf)];
      }),
    );
  };
}

function putOf({ version, stock_quantity, at, events }: PutRow): Put {
  const announced = JSON.parse(events) as { type: string; actor: string; data: { reason?: string } }[];
  const adjusted = announced.find(({ type }) => type === stockEvents.adjusted.type);
  const user_id = actorOf(announced[0]?.actor ?? '').id ?? null;
  const kind = adjusted ? 'adjustment' : version === 1 ? 'opening' : 'set';
  return { version, stock_quantity, at, kind, reason: adjusted?.data.reason ?? null, user_id };
}

function unbookedReader({ engine, database }: ClickHouseStore) {
  const stock = `${database}.stock final`;
  const entered = `select intDiv(id, 4294967296) as product_id, max(bitAnd(id, 4294967295)) as entries,
      sumIf(quantity, movement in ('opening', 'set', 'adjustment', 'correction')) as put_in,
      -sumIf(quantity, movement in ('shipped', 'return')) as gone, argMax(if(tracked, units, 0), id) as on_hand,
      argMax(held, id) as held_then
    from ${stock} where kind = 'entry' and intDiv(id, 4294967296) in {ids:Array(UInt64)} group by product_id`;
  const held = `select item.1 as product_id, sum(item.2) as held from (
      select arrayJoin(JSONExtract(items, 'Array(Tuple(product_id UInt64, quantity Int64))')) as item
      from ${stock} where kind = 'reservation' and not released and not shipped)
    where product_id in {ids:Array(UInt64)} group by product_id`;
  return async (adopted: readonly StockedProduct[]): Promise<Map<number, Unbooked>> => {
    if (adopted.length === 0) return new Map();
    const ids = adopted.map(idOf);
    const [inEntries, inOrders] = await Promise.all([
      engine.query<Omit<Unbooked, 'held'> & { product_id: number }>(entered, { ids }),
      engine.query<{ product_id: number; held: number }>(held, { ids }),
    ]);
    return new Map(
      ids.map((id) => {
        const known = inEntries.find(({ product_id }) => product_id === id) ?? NO_ENTRY;
        const held_now = inOrders.find(({ product_id }) => product_id === id)?.held ?? 0;
        return [id, { ...known, held: held_now }];
      }),
    );
  };
}

const NO_ENTRY = { entries: 0, put_in: 0, gone: 0, on_hand: 0, held_then: 0 };

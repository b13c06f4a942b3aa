import { rowFaultInClickHouse } from '../../../platform/db/clickhouse/refusals.ts';
import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import type { LineItem } from '../product.contract.ts';
import type { ProductRepository, ReservationRequest } from '../product.repository.ts';
import type { ReadStock } from './product.stock.clickhouse.ts';
import { openStockSession, type StockSession, type StoredReservation } from './product.stock-session.clickhouse.ts';

type Renewal = Pick<ReservationRequest, 'order_id' | 'until'>;
type Reservations = Pick<ProductRepository, 'reserve' | 'release' | 'expired' | 'keep' | 'renew'>;

/** So many calls are one block: the engine takes as long for one as for hundreds. */
const LARGEST_BLOCK = 512;

/**
 * Reservations in ClickHouse: rows of the same table as the units that are left, because the two change in one block.
 * Whoever moves stock reads and writes as the only one at work on that table; calls that wait at the same moment
 * share one turn.
 */
export function reservationsClickHouse(store: ClickHouseStore, readStock: ReadStock): Reservations {
  const table = `${store.database}.stock`;
  const into = store.writer('stock');
  const held = heldReader(store, table);

  const inTurn = <T>(open: () => Promise<StockSession>, decide: (moves: StockSession) => T): Promise<T> =>
    into.write(async () => {
      const moves = await open();
      const answer = decide(moves);
      return { rows: moves.rows(), answer };
    });

  const together = <In, Out>(
    name: string,
    open: (batch: readonly In[]) => Promise<StockSession>,
    decide: (moves: StockSession, one: In) => Out,
  ): ((one: In) => Promise<Out>) =>
    coalesce<In, Out>({
      name: `product ${name}`,
      maxBatch: LARGEST_BLOCK,
      faultOfOneRow: rowFaultInClickHouse,
      run: (batch) =>
        inTurn(
          () => open(batch),
          (moves) => batch.map((one) => decide(moves, one)),
        ),
    });

  const renewal = async (order_ids: readonly number[]) => openStockSession(await held(order_ids));

  async function taking(batch: readonly ReservationRequest[]): Promise<StockSession> {
    const order_ids = batch.map(({ order_id }) => order_id);
    const requests = batch.flatMap(({ request }) => (request === undefined ? [] : [request]));
    const wanted = batch.flatMap(({ lines }) => productsOf(lines));
    return openStockSession(...(await Promise.all([held(order_ids, requests), readStock(wanted)])));
  }

  async function givingBack(order_ids: readonly number[]): Promise<StockSession> {
    const before = await held(order_ids);
    return openStockSession(before, await readStock(before.flatMap(({ items }) => productsOf(items))));
  }

  const reserve = together('reserve', taking, (moves, one) => moves.reserve(one));
  const renew = together(
    'renew',
    (batch: readonly Renewal[]) => renewal(batch.map(({ order_id }) => order_id)),
    (moves, { order_id, until }) => moves.renew(order_id, until),
  );
  return {
    reserve,
    release: together('release', givingBack, (moves, order_id) => moves.release(order_id)),
    renew: (order_id, until) => renew({ order_id, until }),
    keep: (order_ids, now) =>
      inTurn(
        () => renewal(order_ids),
        (moves) => moves.keep(order_ids, now),
      ),
    expired: expiredReader(store, table),
  };
}

const productsOf = (lines: readonly LineItem[]): number[] => lines.map(({ product_id }) => product_id);

type ReadHeld = (order_ids: readonly number[], requests?: readonly string[]) => Promise<StoredReservation[]>;

/** Reads the reservations of orders, and those that requests have made: those that are not released. */
function heldReader({ engine }: ClickHouseStore, table: string): ReadHeld {
  // Looks at older rows of an order, too; whether its newest one still names the request is seen later.
  const made = `or id in (select id from ${table} where request in {requests:Array(String)})`;
  const text = (keyed: boolean) => `select id, items, request, expires_at from ${table} final
    where kind = 'reservation' and not released and (id in {order_ids:Array(UInt64)} ${keyed ? made : ''})`;
  return async (order_ids, requests = []) => {
    if (order_ids.length === 0) return [];
    const params = { order_ids: [...new Set(order_ids)], requests };
    const rows = await engine.query<StoredReservation & { items: string }>(text(requests.length > 0), params);
    return rows.map((row) => ({ ...row, items: JSON.parse(row.items) as LineItem[] }));
  };
}

function expiredReader({ engine }: ClickHouseStore, table: string): Reservations['expired'] {
  // Kept ones, which are nearly all, are passed over by the index: they have no time.
  const text = `select id from ${table} final
    where kind = 'reservation' and not released and expires_at < parseDateTime64BestEffort({now:String}, 3, 'UTC')
    order by expires_at limit {limit:UInt32}`;
  return async (now, limit) => (await engine.query<{ id: number }>(text, { now, limit })).map(({ id }) => id);
}

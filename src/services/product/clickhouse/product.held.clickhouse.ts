import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import type { LineItem } from '../product.contract.ts';
import type { StoredReservation } from './product.stock-session.clickhouse.ts';

/** Reads reservations that are not released. */
export interface HeldReader {
  /** Those of orders, and those that requests have made. */
  of(order_ids: readonly number[], requests?: readonly string[]): Promise<StoredReservation[]>;
  /** The unpaid ones of customers. */
  ofCustomers(user_ids: readonly number[]): Promise<StoredReservation[]>;
  /** The orders of some that name a customer. */
  unpaid(limit: number): Promise<number[]>;
  /** Orders whose reservations expired before `now`. */
  expired(now: string, limit: number): Promise<number[]>;
}

export function heldReader({ engine, database }: ClickHouseStore): HeldReader {
  const table = `${database}.stock`;
  const select = `select id, items, request, expires_at, user_id, shipped, at from ${table} final
    where kind = 'reservation' and not released`;
  // Looks at older rows of an order, too; whether its newest one still names the request is seen later.
  const made = `or id in (select id from ${table} where request in {requests:Array(String)})`;
  // A customer is taken out of a reservation and never put into one.
  const named = `id in (select id from ${table} where kind = 'reservation' and user_id in {user_ids:Array(UInt64)})`;

  async function read(where: string, params: Readonly<Record<string, unknown>>): Promise<StoredReservation[]> {
    const rows = await engine.query<StoredReservation & { items: string }>(`${select} and (${where})`, params);
    return rows.map((row) => ({ ...row, items: JSON.parse(row.items) as LineItem[] }));
  }
  const ids = async (text: string, params: Readonly<Record<string, unknown>>): Promise<number[]> =>
    (await engine.query<{ id: number }>(text, params)).map(({ id }) => id);

  return {
    async of(order_ids, requests = []) {
      if (order_ids.length === 0) return [];
      const params = { order_ids: [...new Set(order_ids)], requests };
      return read(`id in {order_ids:Array(UInt64)} ${requests.length > 0 ? made : ''}`, params);
    },
    async ofCustomers(user_ids) {
      if (user_ids.length === 0) return [];
      const found = await read(named, { user_ids: [...new Set(user_ids)] });
      return found.filter(({ user_id }) => user_id !== 0);
    },
    unpaid: (limit) =>
      ids(
        `select id from ${table} final where kind = 'reservation' and not released and user_id != 0
          limit {limit:UInt32}`,
        { limit },
      ),
    // Kept ones, which are nearly all, are passed over by the index: they have no time.
    expired: (now, limit) =>
      ids(
        `select id from ${table} final
          where kind = 'reservation' and not released and expires_at < parseDateTime64BestEffort({now:String}, 3, 'UTC')
          order by expires_at limit {limit:UInt32}`,
        { now, limit },
      ),
  };
}

import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import { pageFrom } from '../../../platform/db/pages.ts';
import { ORDER_COLUMNS } from '../order.columns.ts';
import { orderErrors } from '../order.contract.ts';
import type { OrderState } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';
import { timelineClickHouse } from '../timeline/order.timeline.clickhouse.ts';

/** Orders in ClickHouse: a row for each version of an order, its lines as JSON in it. */
export function orderClickHouse(store: ClickHouseStore): OrderRepository {
  const orders = store.states<OrderState>({
    table: 'orders',
    key: 'order_id',
    columns: ORDER_COLUMNS,
  });

  return {
    ids: store.ids('orders', { table: 'orders', column: 'order_id' }),
    async get(order_id) {
      const found = await orders.get(order_id);
      if (!found) throw orderErrors.NOT_FOUND();
      return found;
    },
    async find(order_ids) {
      const found = await Promise.all(order_ids.map(orders.get));
      return new Map(found.flatMap((one) => (one ? [[one.order_id, one] as const] : [])));
    },
    list({ user_id, status }, page) {
      const fixed = user_id === undefined ? undefined : 'user_id = {user_id:UInt64}';
      const now = status === undefined ? undefined : 'status = {status:String}';
      return orders.list({ fixed, now, params: { user_id, status } }, 'desc', pageFrom(page));
    },
    expired(period, page) {
      const at = (name: string) => `parseDateTime64BestEffort({${name}:String}, 3, 'UTC')`;
      const fixed = `expires_at > ${at('from')} and expires_at <= ${at('until')}`;
      return orders.list({ fixed, now: "status = 'pending'", params: { ...period } }, 'desc', page);
    },
    timeline: timelineClickHouse(store),
    figures: orders.figures({ status: 'status', amount: 'total', updated: 'updated_at' }),
    save: orders.save,
  };
}

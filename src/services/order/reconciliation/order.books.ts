import type { Actions } from '../../../platform/app/actions.ts';
import type { orderOps } from '../order.contract.ts';
import type { OrderState } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';
import { totalsOf } from '../statuses/order.money.model.ts';
import type { OrderInBooks } from './order.books.contract.ts';

type BookActions = Pick<Actions<typeof orderOps>, 'inBooks' | 'findInBooks' | 'newestEvents'>;

/** What a comparison of the books asks of orders: a statement a call. */
export function orderBookActions(orders: Pick<OrderRepository, 'find' | 'list' | 'timeline'>): BookActions {
  return {
    async inBooks(_ctx, { limit = 50, ...page }) {
      const { items, next } = await orders.list({}, { limit, ...page });
      return { items: items.map(inBooks), next };
    },
    async findInBooks(_ctx, { order_ids }) {
      return { items: [...(await orders.find(order_ids)).values()].map(inBooks) };
    },
    newestEvents: async (_ctx, { order_ids }) => ({ items: await orders.timeline.newest(order_ids) }),
  };
}

function inBooks(order: OrderState): OrderInBooks {
  const { order_id, user_id, total, currency, status, payment_status, fulfillment_status } = order;
  const { shipment_status, sent_again, updated_at } = order;
  const statuses = { status, payment_status, fulfillment_status, shipment_status, sent_again };
  return { order_id, user_id, total, currency, ...statuses, ...totalsOf(order), updated_at };
}

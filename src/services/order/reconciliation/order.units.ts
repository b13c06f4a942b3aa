import type { ApiOf, Ctx, OutputOf } from '../../../platform/contract/contract.ts';
import type { productOps } from '../../product/product.contract.ts';
import type { orderOps } from '../order.contract.ts';
import type { OrderState } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';

interface UnitParts {
  readonly orders: Pick<OrderRepository, 'find'>;
  readonly product: Pick<ApiOf<typeof productOps>, 'orderUnits' | 'ship'>;
}

const PAGE = 200;
const IN_THE_SHOP: readonly OrderState['fulfillment_status'][] = ['not_fulfilled', 'packed'];

/**
 * Compares the orders for which units are held with what has left: those of parcels from before the stock ledger, and of
 * an event that was lost, are gone from then on.
 */
export function unitComparison({ orders, product }: UnitParts) {
  return async function compareUnits(ctx: Ctx): Promise<OutputOf<typeof orderOps.compareUnits>> {
    let shipped = 0;
    let cursor: string | undefined;
    do {
      const page = await product.orderUnits(ctx, { held: true, limit: PAGE, cursor });
      const found = await orders.find(page.items.map(({ order_id }) => order_id));
      const order_ids = [...found.values()].filter(parcelHasLeft).map(({ order_id }) => order_id);
      if (order_ids.length > 0) await product.ship(ctx, { order_ids });
      shipped += order_ids.length;
      cursor = page.next;
    } while (cursor !== undefined);
    return { shipped };
  };
}

const parcelHasLeft = ({ status, fulfillment_status }: OrderState): boolean =>
  status !== 'cancelled' && !IN_THE_SHOP.includes(fulfillment_status);

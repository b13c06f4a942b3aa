import type { Actions } from '../../../platform/app/actions.ts';
import type { ApiOf, Ctx } from '../../../platform/contract/contract.ts';
import type { productOps } from '../../product/product.contract.ts';
import type { orderOps } from '../order.contract.ts';
import type { OrderRepository } from '../order.repository.ts';

interface ReservationParts {
  readonly orders: Pick<OrderRepository, 'find'>;
  readonly product: Pick<ApiOf<typeof productOps>, 'expired' | 'keep' | 'release'>;
}

const BATCH = 500;

/** Settles expired reservations: that of an order is kept, that of none or of a cancelled order is released. */
export function reservationActions({ orders, product }: ReservationParts) {
  return {
    async settleReservations(ctx) {
      const total = { kept: 0, released: 0 };
      for (;;) {
        const { kept, released } = await settleBatch(ctx);
        total.kept += kept;
        total.released += released;
        if (kept + released < BATCH) return total;
      }
    },
  } satisfies Pick<Actions<typeof orderOps>, 'settleReservations'>;

  async function settleBatch(ctx: Ctx) {
    const { order_ids } = await product.expired(ctx, { limit: BATCH });
    const found = await orders.find(order_ids);
    const kept = order_ids.filter((id) => (found.get(id)?.status ?? 'cancelled') !== 'cancelled');
    const released = order_ids.filter((id) => !kept.includes(id));
    if (kept.length > 0) await product.keep(ctx, { order_ids: kept });
    await Promise.all(released.map((order_id) => product.release(ctx, { order_id })));
    return { kept: kept.length, released: released.length };
  }
}

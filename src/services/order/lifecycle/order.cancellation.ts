import type { Actions } from '../../../platform/app/actions.ts';
import type { ApiOf, Ctx } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { productOps } from '../../product/product.contract.ts';
import type { OrderAccess } from '../order.access.ts';
import type { orderOps } from '../order.contract.ts';
import { cancelOrder, type OrderState } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';

interface CancellationParts {
  readonly orders: Pick<OrderRepository, 'save'>;
  readonly product: Pick<ApiOf<typeof productOps>, 'renew' | 'release'>;
  readonly access: OrderAccess;
}

/** Cancels orders and releases their stock. */
export function cancellationActions({ orders, product, access }: CancellationParts) {
  return {
    // A payment or a shipment may change the order at the same moment: then it is decided again.
    cancel: (ctx, { order_id }) => retryOnConflict(() => cancel(ctx, order_id)),
  } satisfies Pick<Actions<typeof orderOps>, 'cancel'>;

  async function cancel(ctx: Ctx, order_id: number): Promise<OrderState> {
    const order = await access.visible(ctx, order_id);
    const change = cancelOrder(order, ctx);
    if (change.events.length === 0) return order;
    // The reservation is renewed first: after a crash between save and release it expires, and is settled then.
    await product.renew(ctx, { order_id });
    const cancelled = await orders.save(ctx, change);
    await product.release(ctx, { order_id });
    return cancelled;
  }
}

import type { Actions } from '../../../platform/app/actions.ts';
import type { ApiOf, Ctx } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { Cancellation, deliveryOps } from '../../delivery/delivery.contract.ts';
import type { productOps } from '../../product/product.contract.ts';
import type { OrderAccess } from '../order.access.ts';
import { orderErrors, type orderOps } from '../order.contract.ts';
import { cancelOrder, type OrderState, orderToShip } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';
import { followShipment, type ShipmentStatusChange } from '../statuses/order.statuses.model.ts';

interface CancellationParts {
  readonly orders: Pick<OrderRepository, 'get' | 'save'>;
  readonly product: Pick<ApiOf<typeof productOps>, 'renew' | 'release'>;
  readonly delivery: Pick<ApiOf<typeof deliveryOps>, 'stop'>;
  readonly access: OrderAccess;
}

/**
 * Cancels orders: asks delivery to stop the parcel, saves, and releases the stock. Delivery decides whether the parcel has
 * left. A crash between its answer and the save is finished by the event of the stop, or by `compareShipments`.
 */
export function cancellationActions({ orders, product, delivery, access }: CancellationParts) {
  return {
    async cancel(ctx, { order_id }) {
      return (await cancel(ctx, await access.visible(ctx, order_id), 'requested')).order;
    },
    cancelExpired: async (ctx: Ctx, order: OrderState) => (await cancel(ctx, order, 'expired')).done,
    async followShipment(ctx: Ctx, { order_id, ...change }: ShipmentStatusChange & { readonly order_id: number }) {
      const save = async () => orders.save(ctx, followShipment(await orders.get(order_id), change, ctx));
      return change.reason === 'order_cancelled' ? withRelease(ctx, order_id, save) : save();
    },
  } satisfies Pick<Actions<typeof orderOps>, 'cancel'> & Record<'cancelExpired' | 'followShipment', unknown>;

  /** `done`: by this call, and not by another before it. */
  async function cancel(ctx: Ctx, order: OrderState, cancellation: Cancellation) {
    if (cancelOrder(order, cancellation, ctx).events.length === 0) return { order, done: false };
    const { order_id } = order;
    let done = false;
    const cancelled = await withRelease(ctx, order_id, async () => {
      const { stopped, status } = await delivery.stop(ctx, { order: orderToShip(order), cancellation });
      if (!stopped) throw orderErrors.NOT_CANCELLABLE({ state: status });
      // A payment may change the order at the same moment: then it is decided again. The event may have cancelled it.
      return retryOnConflict(async () => {
        const change = cancelOrder(await orders.get(order_id), cancellation, ctx);
        const saved = await orders.save(ctx, change);
        done = change.events.length > 0;
        return saved;
      });
    });
    return { order: cancelled, done };
  }

  /** Saves the cancellation of an order and releases its stock. */
  async function withRelease(ctx: Ctx, order_id: number, save: () => Promise<OrderState>): Promise<OrderState> {
    // The reservation is renewed first: after a crash between save and release it expires, and is settled then.
    await product.renew(ctx, { order_id });
    const cancelled = await save();
    await product.release(ctx, { order_id });
    return cancelled;
  }
}

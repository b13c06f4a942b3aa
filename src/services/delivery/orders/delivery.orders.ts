import type { Actions } from '../../../platform/app/actions.ts';
import type { Ctx } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { deliveryOps } from '../delivery.contract.ts';
import { cancellationOf, deliveredAt, type ShipmentState, stopShipment } from '../delivery.model.ts';
import type { ShipmentRepository } from '../delivery.repository.ts';
import type { ShipmentCreation } from './delivery.creation.ts';
import type { Cancellation, OrderToShip } from './delivery.orders.contract.ts';

interface OrdersParts {
  readonly shipments: Pick<ShipmentRepository, 'findByOrder' | 'save'>;
  readonly creation: ShipmentCreation;
}

/** What the order service asks of shipments. One row decides between the stop of a parcel and its departure. */
export function orderShipmentActions({ shipments, creation }: OrdersParts) {
  return {
    async stop(ctx, { order, cancellation }) {
      const { status } = await retryOnConflict(() => stop(ctx, order, cancellation));
      return { stopped: status === 'cancelled', status };
    },
    openFor: async (ctx, { order }) => ({ made: (await creation.open(ctx, order)) !== undefined }),
    async findByOrders(_ctx, { order_ids }) {
      const found = await Promise.all(order_ids.map(shipments.findByOrder));
      return { items: found.flatMap((one) => (one ? [ofOrder(one)] : [])) };
    },
  } satisfies Pick<Actions<typeof deliveryOps>, 'stop' | 'openFor' | 'findByOrders'>;

  async function stop(ctx: Ctx, order: OrderToShip, cancellation: Cancellation): Promise<ShipmentState> {
    const shipment = await shipments.findByOrder(order.order_id);
    if (shipment) return shipments.save(ctx, stopShipment(shipment, cancellation, ctx));
    // The event of the order is still on its way. When it arrives first after all, its shipment is stopped.
    return (await creation.openStopped(ctx, order, cancellation)) ?? stop(ctx, order, cancellation);
  }
}

function ofOrder(shipment: ShipmentState) {
  const { shipment_id, order_id, status, sent_again, updated_at } = shipment;
  return {
    shipment_id,
    order_id,
    status,
    sent_again,
    delivered_at: deliveredAt(shipment),
    cancellation: cancellationOf(shipment),
    updated_at,
  };
}

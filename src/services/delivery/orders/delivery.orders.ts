import type { Actions } from '../../../platform/app/actions.ts';
import type { Ctx } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { deliveryOps } from '../delivery.contract.ts';
import { cancellationOf, deliveredAt, type ShipmentState, stopShipment } from '../delivery.model.ts';
import type { ShipmentRepository } from '../delivery.repository.ts';
import type { ShipmentCreation } from './delivery.creation.ts';
import type { Destination } from './delivery.destination.model.ts';
import type { Cancellation, OrderToShip } from './delivery.orders.contract.ts';

interface OrdersParts {
  readonly shipments: Pick<ShipmentRepository, 'findByOrder' | 'save' | 'setDestination'>;
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
    async setShippingAddress(ctx, { order, shipping_address }) {
      const destination = await creation.destination(ctx, order, shipping_address);
      return setDestination(ctx, order, destination);
    },
    async findByOrders(_ctx, { order_ids }) {
      const found = await Promise.all(order_ids.map(shipments.findByOrder));
      return { items: found.flatMap((one) => (one ? [ofOrder(one)] : [])) };
    },
  } satisfies Pick<Actions<typeof deliveryOps>, 'stop' | 'openFor' | 'setShippingAddress' | 'findByOrders'>;

  // Packing and this change write the same row. The event of the order may make its shipment at the same moment.
  async function setDestination(ctx: Ctx, order: OrderToShip, destination: Destination) {
    for (;;) {
      if (await shipments.setDestination(order.order_id, destination)) return { set: true, status: 'pending' as const };
      const found = await shipments.findByOrder(order.order_id);
      if (found && found.status !== 'pending') return { set: false, status: found.status };
      if (!found && (await creation.open(ctx, order, destination))) return { set: true, status: 'pending' as const };
    }
  }

  async function stop(ctx: Ctx, order: OrderToShip, cancellation: Cancellation): Promise<ShipmentState> {
    const shipment = await shipments.findByOrder(order.order_id);
    if (shipment) return shipments.save(ctx, stopShipment(shipment, cancellation, ctx));
    // The event of the order is still on its way. When it arrives first after all, its shipment is stopped.
    return (await creation.openStopped(ctx, order, cancellation)) ?? stop(ctx, order, cancellation);
  }
}

function ofOrder(shipment: ShipmentState) {
  const { shipment_id, order_id, status, sent_again, shipping_address, updated_at } = shipment;
  return {
    shipment_id,
    order_id,
    status,
    sent_again,
    shipping_address,
    delivered_at: deliveredAt(shipment),
    cancellation: cancellationOf(shipment),
    updated_at,
  };
}

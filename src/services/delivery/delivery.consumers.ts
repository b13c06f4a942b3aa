import type { Ctx } from '../../platform/contract.ts';
import { type Consumer, on } from '../../platform/events.ts';
import { orderEvents } from '../order/order.contract.ts';
import { deliveryErrors } from './delivery.contract.ts';
import { cancelShipment } from './delivery.model.ts';
import { opening, type Profiles } from './delivery.opening.ts';
import type { ShipmentRepository } from './delivery.repository.ts';

export function deliveryConsumers(shipments: ShipmentRepository, { user }: { user: Profiles }): readonly Consumer[] {
  const open = opening(shipments, user);
  return [on(orderEvents.created, 'open_shipment', open), on(orderEvents.cancelled, 'cancel_shipment', cancel)];

  async function cancel(ctx: Ctx, { order_id }: { order_id: number }): Promise<void> {
    const shipment = await shipments.findByOrder(order_id);
    // It is still to be made, and the event comes again.
    if (!shipment) throw deliveryErrors.NOT_FOUND();
    await shipments.save(ctx, cancelShipment(shipment, ctx));
  }
}

import type { ApiOf, Ctx } from '../../platform/contract.ts';
import { AppError } from '../../platform/errors.ts';
import { type Consumer, on } from '../../platform/events.ts';
import { type OrderPlaced, orderEvents } from '../order/order.contract.ts';
import type { userOps } from '../user/user.contract.ts';
import { deliveryErrors, type ShipTo } from './delivery.contract.ts';
import { cancelShipment, openShipment, shipToOf } from './delivery.model.ts';
import type { ShipmentRepository } from './delivery.repository.ts';

/** What shipments need of others: where the buyer lives. */
export interface DeliveryPeers {
  readonly user: Pick<ApiOf<typeof userOps>, 'profileOf'>;
}

export function deliveryConsumers(shipments: ShipmentRepository, { user }: DeliveryPeers): readonly Consumer[] {
  return [on(orderEvents.created, 'open_shipment', open), on(orderEvents.cancelled, 'cancel_shipment', cancel)];

  async function open(ctx: Ctx, order: OrderPlaced): Promise<void> {
    const ship_to = await shipTo(ctx, order.user_id);
    const change = openShipment(order, { shipment_id: await shipments.nextId(), ship_to }, ctx);
    await shipments.save(ctx, change).catch((error: unknown) => {
      // The order has its shipment, so nothing is left to do.
      if (!isA(error, deliveryErrors.EXISTS)) throw error;
    });
  }

  async function cancel(ctx: Ctx, { order_id }: { order_id: number }): Promise<void> {
    const shipment = await shipments.findByOrder(order_id);
    // It is still to be made, and the event comes again.
    if (!shipment) throw deliveryErrors.NOT_FOUND();
    await shipments.save(ctx, cancelShipment(shipment, ctx));
  }

  // An account may be gone; its order is still to be delivered.
  async function shipTo(ctx: Ctx, user_id: number): Promise<ShipTo | null> {
    const profile = await user.profileOf(ctx, { user_id }).catch((error: unknown) => {
      if (error instanceof AppError && error.kind === 'not_found') return undefined;
      throw error;
    });
    return shipToOf(profile);
  }
}

const isA = (error: unknown, { code }: { code: string }): boolean => error instanceof AppError && error.code === code;

import type { Ctx } from '../../../platform/contract/contract.ts';
import { type ShipmentOfOrder, shipmentProgress } from '../../delivery/delivery.contract.ts';
import { isSameAddress } from '../lifecycle/order.address.model.ts';
import type { OrderState } from '../order.model.ts';
import { followShipment, type ShipmentStatusChange } from '../statuses/order.statuses.model.ts';

/** What is younger than this may only not have arrived yet. */
const SETTLED_MS = 60_000;

/** What an order and its shipment differ in: it has none, it should be stopped, or its progress or address
 * is not that of the order. */
export type ShipmentDifference = 'missing' | 'not_stopped' | 'not_followed' | 'other_address';

/** Compares an order with its shipment; undefined when they agree, or when an event may still be on its way. */
export function shipmentDifference(
  order: OrderState,
  shipment: ShipmentOfOrder | undefined,
  ctx: Ctx,
): ShipmentDifference | undefined {
  const settled = (at: string) => Date.parse(ctx.now) - Date.parse(at) > SETTLED_MS;
  if (!shipment) return isWaiting(order) && settled(order.created_at) ? 'missing' : undefined;
  if (!settled(shipment.updated_at)) return undefined;
  if (order.status === 'cancelled' && shipmentProgress(shipment.status) < shipmentProgress('cancelled'))
    return settled(order.updated_at) ? 'not_stopped' : undefined;
  if (followShipment(order, presentStatus(shipment), ctx).events.length > 0) return 'not_followed';
  return isSameAddress(order.shipping_address, shipment.shipping_address) ? undefined : 'other_address';
}

/** The present status of a shipment as the change that brought it there. */
export function presentStatus(shipment: ShipmentOfOrder): ShipmentStatusChange {
  const { status, sent_again, delivered_at, updated_at, cancellation } = shipment;
  return {
    from: delivered_at === null ? status : 'delivered',
    to: status,
    sent_again,
    at: delivered_at ?? updated_at,
    ...(cancellation && { reason: 'order_cancelled', cancellation }),
  };
}

const isWaiting = ({ status, shipment_status }: OrderState): boolean =>
  (status === 'pending' || status === 'confirmed') && shipment_status === 'pending';

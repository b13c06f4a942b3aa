import { type Consumer, on } from '../../platform/contract/events.ts';
import { orderEvents } from '../order/order.contract.ts';
import type { DeliveryInternalActions } from './delivery.service.ts';

/** What shipments follow from what orders announce. */
export const deliveryConsumers: readonly Consumer<DeliveryInternalActions>[] = [
  on(orderEvents.created, 'open_shipment', (delivery, ctx, order) => delivery.openShipment(ctx, order)),
  on(orderEvents.cancelled, 'cancel_shipment', (delivery, ctx, { order_id, reason }) =>
    delivery.stopOfOrder(ctx, order_id, reason === 'expired' ? reason : 'requested'),
  ),
];

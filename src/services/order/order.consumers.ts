import { type Consumer, on } from '../../platform/contract/events.ts';
import { deliveryEvents } from '../delivery/delivery.contract.ts';
import { invoiceEvents } from '../invoice/invoice.contract.ts';
import { paymentEvents } from '../payment/payment.contract.ts';
import type { OrderInternalActions } from './order.service.ts';

// Every event that says which order it concerns; what orders announce themselves is recorded as they do.
const RECORDED_EVENTS = [deliveryEvents, invoiceEvents, paymentEvents].flatMap((events) => Object.values(events));

/** What orders follow from what others announce. */
export const orderConsumers: readonly Consumer<OrderInternalActions>[] = [
  on(deliveryEvents.statusChanged, 'follow_shipment', (order, ctx, change) => order.followShipment(ctx, change)),
  on(paymentEvents.captured, 'follow_payment', (order, ctx, movement) => order.followPayment(ctx, movement)),
  on(paymentEvents.refunded, 'follow_refund', (order, ctx, movement) => order.followPayment(ctx, movement)),
  ...RECORDED_EVENTS.map(
    (event): Consumer<OrderInternalActions> =>
      on(event, `tell_${event.type}`, (order, ctx, _data, envelope) => order.recordEvent(ctx, envelope)),
  ),
];

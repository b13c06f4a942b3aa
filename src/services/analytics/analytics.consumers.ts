import type { Ctx } from '../../platform/contract/contract.ts';
import { type Consumer, type Envelope, on } from '../../platform/contract/events.ts';
import { deliveryEvents } from '../delivery/delivery.contract.ts';
import { invoiceEvents } from '../invoice/invoice.contract.ts';
import { orderEvents } from '../order/order.contract.ts';
import { paymentEvents } from '../payment/payment.contract.ts';
import { productEvents } from '../product/product.contract.ts';
import { userEvents } from '../user/user.contract.ts';
import type { AnalyticsInternalActions } from './analytics.service.ts';
import {
  countedOnly,
  type EventHeader,
  type Fact,
  invoiceCreated,
  invoiceStatusChanged,
  orderPlaced,
  orderStatusChanged,
  paymentCaptured,
  paymentRefunded,
  productDescribed,
  shipmentCreated,
  shipmentStatusChanged,
  transactionVoided,
  userRegistered,
} from './model/analytics.facts.model.ts';

/** `about` names the order that an event concerns. */
type Arrival = EventHeader & Pick<Envelope, 'about'>;

/** Every event that is counted. */
export const analyticsConsumers: readonly Consumer<AnalyticsInternalActions>[] = [
  on(userEvents.registered, 'count_user', count(userRegistered)),
  on(productEvents.created, 'count_product', count(productDescribed)),
  on(productEvents.updated, 'count_product_change', count(productDescribed)),
  on(orderEvents.created, 'count_order', count(orderPlaced)),
  on(orderEvents.cancelled, 'count_cancellation', count(cancelled)),
  on(orderEvents.statusChanged, 'count_order_status', count(orderStatusChanged)),
  on(invoiceEvents.created, 'count_invoice', count(invoiceCreated)),
  on(invoiceEvents.statusChanged, 'count_invoice_status', count(invoiceStatusChanged)),
  on(paymentEvents.transactionCreated, 'count_transaction', (analytics, ctx, made, arrival) => {
    analytics.noteChange(arrival.about);
    return analytics.recordTransaction(ctx, arrival, made);
  }),
  on(paymentEvents.transactionVoided, 'count_voiding', count(transactionVoided)),
  // Its payments are counted one by one as they are captured.
  on(paymentEvents.transactionPaid, 'count_paying', count(countedOnly)),
  on(paymentEvents.captured, 'count_payment', count(paymentCaptured)),
  on(paymentEvents.refunded, 'count_refund', count(paymentRefunded)),
  on(deliveryEvents.created, 'count_shipment', count(shipmentCreated)),
  on(deliveryEvents.statusChanged, 'count_shipment_status', count(shipmentStatusChanged)),
];

function count<D>(factOf: (arrival: EventHeader, data: D) => Fact) {
  return (analytics: AnalyticsInternalActions, ctx: Ctx, data: D, arrival: Arrival) => {
    analytics.noteChange(arrival.about);
    return analytics.record(ctx, factOf(arrival, data));
  };
}

function cancelled(arrival: EventHeader, { order_id }: { order_id: number }): Fact {
  return orderStatusChanged(arrival, { order_id, status: 'cancelled' });
}

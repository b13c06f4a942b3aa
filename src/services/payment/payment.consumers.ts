import type { Static, TSchema } from 'typebox';
import type { EventType } from '../../platform/contract/contract.ts';
import { type Consumer, on } from '../../platform/contract/events.ts';
import { deliveryEvents } from '../delivery/delivery.contract.ts';
import { invoiceEvents } from '../invoice/invoice.contract.ts';
import { orderEvents } from '../order/order.contract.ts';
import { paymentEvents } from './payment.contract.ts';
import type { PaymentInternalActions } from './payment.service.ts';

/** What payments follow from what others announce. */
export const paymentConsumers: readonly Consumer<PaymentInternalActions>[] = [
  on(orderEvents.cancelled, 'give_back', (payment, ctx, order) => payment.settleCancelledOrder(ctx, order)),
  // Events from before webhooks became a service: whatever the bus or the dead letters still have of them.
  queue(orderEvents.statusChanged, 'tell_order_status'),
  queue(orderEvents.cancelled, 'tell_order_cancelled'),
  queue(deliveryEvents.statusChanged, 'tell_shipment_status'),
  queue(invoiceEvents.statusChanged, 'tell_invoice_status'),
  queue(paymentEvents.captured, 'tell_captured'),
  queue(paymentEvents.refunded, 'tell_refunded'),
];

function queue<D extends TSchema>(event: EventType<string, D>, name: string): Consumer<PaymentInternalActions> {
  return on(event, name, (payment, ctx, data, { id, type, time, data: text }) => {
    const { user_id } = data as Static<D> & { readonly user_id: number };
    return payment.queueForExport(ctx, { event_id: id, type, time, data: text, user_id });
  });
}

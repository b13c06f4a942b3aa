import type { Static, TSchema } from 'typebox';
import type { EventType } from '../../../platform/contract/contract.ts';
import { type Consumer, on } from '../../../platform/contract/events.ts';
import { deliveryEvents } from '../../delivery/delivery.contract.ts';
import { invoiceEvents } from '../../invoice/invoice.contract.ts';
import { orderEvents } from '../../order/order.contract.ts';
import { userEvents } from '../../user/user.contract.ts';
import { paymentEvents } from '../payment.contract.ts';
import type { WebhookInternalActions } from './webhook.service.ts';

/** What endpoints are told of, one line an event. */
export const webhookConsumers: readonly Consumer<WebhookInternalActions>[] = [
  tell(orderEvents.statusChanged, 'tell_order_status'),
  tell(orderEvents.cancelled, 'tell_order_cancelled'),
  tell(deliveryEvents.statusChanged, 'tell_shipment_status'),
  tell(invoiceEvents.statusChanged, 'tell_invoice_status'),
  tell(paymentEvents.captured, 'tell_captured'),
  tell(paymentEvents.refunded, 'tell_refunded'),
  on(userEvents.updated, 'follow_role', (webhook, ctx, account) => webhook.followRole(ctx, account)),
];

function tell<D extends TSchema>(event: EventType<string, D>, name: string): Consumer<WebhookInternalActions> {
  return on(event, name, (webhook, ctx, data, { id, type, time, data: text }) => {
    const { user_id } = data as Static<D> & { readonly user_id: number };
    return webhook.enqueue(ctx, { event_id: id, type, time, data: text, user_id });
  });
}

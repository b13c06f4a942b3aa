import type { Static, TSchema } from 'typebox';
import type { EventType } from '../../../platform/contract.ts';
import { type Consumer, on } from '../../../platform/events.ts';
import { deliveryEvents } from '../../delivery/delivery.contract.ts';
import { invoiceEvents } from '../../invoice/invoice.contract.ts';
import { orderEvents } from '../../order/order.contract.ts';
import { userEvents } from '../../user/user.contract.ts';
import { paymentEvents } from '../payment.contract.ts';
import { disable } from './webhook.model.ts';
import type { WebhookRepository } from './webhook.repository.ts';

/** What endpoints are told of, one line an event. */
export function webhookConsumers(webhooks: WebhookRepository): readonly Consumer[] {
  return [
    tell(orderEvents.statusChanged, 'tell_order_status'),
    tell(orderEvents.cancelled, 'tell_order_cancelled'),
    tell(deliveryEvents.statusChanged, 'tell_shipment_status'),
    tell(invoiceEvents.statusChanged, 'tell_invoice_status'),
    tell(paymentEvents.captured, 'tell_captured'),
    tell(paymentEvents.refunded, 'tell_refunded'),
    // Who is no longer of the staff is no longer told of everyone.
    on(userEvents.updated, 'follow_role', async (ctx, { user_id, role }) => {
      if (role !== 'customer') return;
      for (const one of await webhooks.everyoneOf(user_id)) {
        await webhooks.save({ ...ctx, cause: undefined }, disable(one, 'its owner is no longer of the staff', ctx));
      }
    }),
  ];

  function tell<D extends TSchema>(event: EventType<string, D>, name: string): Consumer {
    return on(event, name, (_ctx, data, { id, type, time, data: text }) => {
      const { user_id } = data as Static<D> & { readonly user_id: number };
      return webhooks.enqueue({ event_id: id, type, time, data: text, user_id });
    });
  }
}

import { type Consumer, on } from '../../platform/contract/events.ts';
import { orderEvents } from '../order/order.contract.ts';
import type { PaymentInternalActions } from './payment.service.ts';
import { webhookConsumers } from './webhooks/webhook.consumers.ts';

/** What payments follow from what others announce. */
export const paymentConsumers: readonly Consumer<PaymentInternalActions>[] = [
  on(orderEvents.cancelled, 'give_back', (payment, ctx, order) => payment.settleCancelledOrder(ctx, order)),
  ...webhookConsumers,
];

import { type Consumer, on } from '../../platform/events.ts';
import type { Tools } from '../../platform/module.ts';
import { orderEvents } from '../order/order.contract.ts';
import type { PaymentRepository } from './payment.repository.ts';
import { settling } from './payment.settling.ts';
import { providersOf } from './providers/providers.ts';
import { webhookConsumers } from './webhooks/webhook.consumers.ts';

/** What payments follow from what others announce. */
export function paymentConsumers(
  payments: PaymentRepository,
  _peers: object,
  { config, log }: Tools,
): readonly Consumer[] {
  const settle = settling(payments, providersOf(config), log);
  return [
    on(orderEvents.cancelled, 'give_back', (ctx, order) => settle.cancelled(ctx, order)),
    ...webhookConsumers(payments.webhooks),
  ];
}

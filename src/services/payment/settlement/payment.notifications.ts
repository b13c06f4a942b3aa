import type { Actions } from '../../../platform/app/actions.ts';
import type { paymentOps } from '../payment.contract.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import type { Providers } from '../providers/providers.ts';
import type { Settlement } from './payment.settlement.ts';

interface NotificationParts {
  readonly payments: Pick<PaymentRepository, 'findPayment' | 'findRefund'>;
  readonly providers: Providers;
  readonly settlement: Pick<Settlement, 'payment' | 'failedPayment' | 'refund'>;
}

/** Follows the webhooks of providers. They are only a reason to ask the provider: nothing that they say is saved. */
export function notificationActions({ payments, providers, settlement }: NotificationParts) {
  return {
    async stripeWebhook(ctx, { body, signature }) {
      const notification = await providers.named('stripe').readWebhook?.(body, signature);
      if (notification?.kind === 'payment') {
        const found = await payments.findPayment({ payment_id: notification.id });
        if (found?.created_at !== notification.created_at) return { received: true };
        await (found.status === 'failed' ? settlement.failedPayment(ctx, found) : settlement.payment(ctx, found));
      } else if (notification) {
        const found = await payments.findRefund(notification.id);
        if (found?.created_at === notification.created_at) await settlement.refund(ctx, found);
      }
      return { received: true };
    },
  } satisfies Pick<Actions<typeof paymentOps>, 'stripeWebhook'>;
}

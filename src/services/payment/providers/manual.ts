import type { PaymentProvider } from './provider.ts';

/** Records money that reaches the shop without a provider: cash, a bank transfer. Every payment succeeds at once. */
export const manualProvider: PaymentProvider = {
  name: 'manual',
  immediate: true,
  pay: async ({ payment_id }) => ({ state: 'captured', ref: String(payment_id) }),
  cancel: async ({ payment_id }) => ({ state: 'captured', ref: String(payment_id) }),
  refund: async ({ refund_id }) => ({ state: 'done', ref: String(refund_id) }),
};

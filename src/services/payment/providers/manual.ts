import type { PaymentProvider } from './provider.ts';

/** Money that is taken as paid on our word: cash, a transfer that somebody saw arrive, a demonstration. */
export const manualProvider: PaymentProvider = {
  name: 'manual',
  immediate: true,
  pay: async ({ payment_id }) => ({ state: 'captured', ref: String(payment_id) }),
  giveUp: async ({ payment_id }) => ({ state: 'captured', ref: String(payment_id) }),
  refund: async ({ refund_id }) => ({ state: 'done', ref: String(refund_id) }),
};

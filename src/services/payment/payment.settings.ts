import { amount, oneOf, type Settings, url } from '../../platform/config/setting-kinds.ts';

/** The settings of payments and their providers. */
export const paymentSettings = {
  PAYMENT_MAX_TOTAL: amount("what a user's transactions that belong to no invoice may total, paid or not", '1000'),
  PAYMENT_PROVIDER: {
    about: 'who moves the money: manual (it is taken as paid at once), or stripe',
    takes: 'manual or stripe',
    otherwise: 'manual',
    read: oneOf('manual', 'stripe'),
  },
  STRIPE_SECRET_KEY: {
    about: 'the secret key of the Stripe account, for PAYMENT_PROVIDER=stripe',
    takes: 'a key that begins with sk_ or rk_',
    read: (given: string): string | undefined => (/^[sr]k_\w+$/.test(given) ? given : undefined),
  },
  STRIPE_WEBHOOK_SECRET: {
    about: 'the signing secret of the webhook at /webhooks/stripe',
    takes: 'a secret that begins with whsec_',
    read: (given: string): string | undefined => (/^whsec_\S+$/.test(given) ? given : undefined),
  },
  STRIPE_API_URL: {
    about: 'where the Stripe interface is; for tests',
    takes: 'an http or https URL',
    otherwise: 'https://api.stripe.com',
    read: url('http:', 'https:'),
  },
} satisfies Settings;

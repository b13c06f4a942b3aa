import type { Config } from '../../../platform/config/config.ts';
import { paymentErrors } from '../payment.contract.ts';
import { paymentSettings } from '../payment.settings.ts';
import { manualProvider } from './manual.ts';
import type { PaymentProvider } from './provider.ts';
import { stripeProvider } from './stripe.ts';

/** The providers of an installation. */
export interface Providers {
  /** The one that new payments go through. */
  readonly current: PaymentProvider;
  /** The one that a payment went through. Throws PAYMENT_NO_SUCH_PROVIDER when it is not configured any more. */
  named(name: string): PaymentProvider;
}

/** Makes the providers that the settings name. Throws when one lacks its keys. */
export function providersOf({ valuesOf }: Pick<Config, 'valuesOf'>): Providers {
  const settings = valuesOf(paymentSettings);
  const stripe = stripeProvider(settings);
  if (settings.PAYMENT_PROVIDER === 'stripe' && !stripe) {
    throw new Error('STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET must be set when PAYMENT_PROVIDER is stripe.');
  }
  return {
    current: settings.PAYMENT_PROVIDER === 'stripe' && stripe ? stripe : manualProvider,
    named(name) {
      // What came from outside is given back there, too.
      if (name === manualProvider.name || name.startsWith('outside/')) return manualProvider;
      if (name === stripe?.name) return stripe;
      throw paymentErrors.NO_SUCH_PROVIDER();
    },
  };
}

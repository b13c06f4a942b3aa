import type { Payment, Refund } from '../model/payment.operation.model.ts';

/** What became of a payment at its provider. */
export type PaymentOutcome =
  | { readonly state: 'captured'; readonly ref: string }
  /** The customer has to go on at the provider's own page. */
  | { readonly state: 'waiting'; readonly ref: string; readonly client_secret?: string }
  | { readonly state: 'failed'; readonly ref?: string; readonly reason: string };

export type RefundOutcome =
  | { readonly state: 'done'; readonly ref: string | null }
  | { readonly state: 'waiting'; readonly ref: string | null }
  | { readonly state: 'failed'; readonly reason: string };

/** A webhook of a provider: something happened to a payment or a refund of this installation. */
export interface ProviderNotification {
  readonly kind: 'payment' | 'refund';
  readonly id: number;
  /** When it was created here: another installation at the same provider may use the same id. */
  readonly created_at: string;
}

/**
 * Who moves the money. Every call is idempotent: it carries the id of the payment or refund. Throws UNAVAILABLE when
 * the provider gave no answer: then it is not known whether the call had an effect, and it is repeated later.
 */
export interface PaymentProvider {
  readonly name: string;
  /** Every call succeeds at once, so that a payment needs no second step. */
  readonly immediate: boolean;
  /** Authorises and captures as far as that is possible without the customer. */
  pay(payment: Payment): Promise<PaymentOutcome>;
  /** Cancels a payment that is not captured yet; one that was captured meanwhile stays captured. */
  cancel(payment: Payment): Promise<PaymentOutcome>;
  refund(refund: Refund, payment: Payment): Promise<RefundOutcome>;
  /** Reads a signed webhook. Undefined: it is about something else. Throws PAYMENT_BAD_SIGNATURE. */
  readWebhook?(body: string, signature: string): Promise<ProviderNotification | undefined>;
}

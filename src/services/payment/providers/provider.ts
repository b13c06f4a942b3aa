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

/** What a provider says by itself: something happened to a payment or a refund of ours, go and look. */
export interface Notice {
  readonly kind: 'payment' | 'refund';
  readonly id: number;
  /** When ours was made: another installation at the same provider may have the same id. */
  readonly created_at: string;
}

/**
 * Who moves the money. Every call may be repeated: it carries the id of the payment or refund, and the provider does
 * once what is asked twice. What throws is not known to have happened or not, and is asked again later.
 */
export interface PaymentProvider {
  readonly name: string;
  /** It gives its word at once, so that a payment needs no second step. */
  readonly immediate: boolean;
  /** Authorises and captures as far as that goes without the customer. */
  pay(payment: Payment): Promise<PaymentOutcome>;
  /** Takes a payment back that has not come to its end; if its money is here by now, it stays. */
  giveUp(payment: Payment): Promise<PaymentOutcome>;
  refund(refund: Refund, payment: Payment): Promise<RefundOutcome>;
  /** Reads a signed message of the provider. Undefined: nothing to us. Throws PAYMENT_BAD_SIGNATURE. */
  notice?(body: string, signature: string): Promise<Notice | undefined>;
}

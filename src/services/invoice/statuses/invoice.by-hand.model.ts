import type { Ctx, InputOf } from '../../../platform/contract/contract.ts';
import { invalid } from '../../../platform/contract/errors.ts';
import type { Minor } from '../../../platform/contract/money.ts';
import { shopDay } from '../../../platform/contract/shop-time.ts';
import type { OutsideMethod } from '../../payment/receivables/payment.receivables.contract.ts';
import type { invoiceOps } from '../invoice.contract.ts';
import type { InvoiceState } from '../invoice.model.ts';

/** What staff say of money that came without a provider. */
export type PaymentByHand = NonNullable<InputOf<typeof invoiceOps.setStatus>['payment']>;

/** What payment is asked to record. */
export interface PaymentToRecord {
  readonly order_id: number;
  readonly invoice_id: number;
  /** Equal for a repetition, of any length. */
  readonly identity: string;
  readonly method: OutsideMethod;
  readonly reference?: string;
  readonly date: string;
  /** All that is owed when it is left out. */
  readonly amount?: Minor;
}

/**
 * What is recorded for an invoice that staff set to paid: all that is owed, by `other`, today, unless they say more.
 * Throws INVALID for a day that is none, or in the future of the shop.
 */
export function paymentToRecord(
  state: InvoiceState,
  given: PaymentByHand | undefined,
  time_zone: string,
  ctx: Ctx,
): PaymentToRecord {
  const { order_id, invoice_id } = state;
  const today = shopDay(ctx.now, time_zone);
  const { method = 'other', date = today, ...more } = given ?? {};
  if (!isDay(date)) throw invalid(`payment.date: ${date} is no day of the calendar`);
  if (date > today) throw invalid(`payment.date: ${date} is in the future; today is ${today}`);
  return { order_id, invoice_id, identity: identityOf(state, given, ctx), method, date, ...more };
}

/**
 * What makes a payment the same as another, which pays nothing twice: the Idempotency-Key of its request, else its
 * reference until something was given back, else all that was said while nothing about the invoice has changed.
 */
function identityOf(state: InvoiceState, given: PaymentByHand | undefined, { request }: Ctx): string {
  const { version, refunded_total } = state;
  const known = given?.reference === undefined ? { version } : { refunded_total };
  const said = [known, given?.method, given?.reference, given?.date, given?.amount];
  return JSON.stringify(request ? [request.key] : said);
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
}

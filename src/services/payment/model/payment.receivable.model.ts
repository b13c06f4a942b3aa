import { type Change, type Ctx, unchanged } from '../../../platform/contract/contract.ts';
import { paymentErrors, paymentEvents } from '../payment.contract.ts';
import { openAmount } from '../payment.totals.contract.ts';
import type { Receivable } from '../receivables/payment.receivables.contract.ts';
import { type Account, isClosed, type OrderBalance, paymentFactsOf, ZERO } from './payment.model.ts';
import { balanceChanges, emptyOperation, type PaymentOperation } from './payment.operation.model.ts';
import { voidTransaction } from './payment.refunds.model.ts';

/** A receivable, and whether a provider is being asked for money for it. */
export type ProcessedBalance = OrderBalance & { readonly processing: boolean };

/** What an invoice is opened with. */
export interface InvoiceOpening {
  readonly order_id: number;
  readonly invoice_id: number;
  readonly user_id: number;
  readonly subtotal: number;
  readonly tax: number;
  readonly tax_rate: string;
  readonly total: number;
  readonly currency: string;
  /** When it is opened. */
  readonly at: string;
}

/** What other services see of a receivable. */
export function publicReceivable(balance: ProcessedBalance): Receivable {
  const { order_id, user_id, invoice_id, currency, total, processing, closed } = balance;
  const facts = paymentFactsOf(balance);
  const { paid_total, refunded_total, credited_total } = facts;
  return {
    order_id,
    user_id,
    invoice_id: isClosed(balance) ? null : invoice_id,
    currency,
    total,
    ...{ paid_total, refunded_total, credited_total },
    open: openAmount(facts),
    processing,
    closed,
  };
}

/**
 * Voids what is open of a cancelled invoice; what was paid stays paid. An invoice that is not the open one of its order
 * changes nothing. Throws PAYMENT_CAPTURE_RUNNING while a provider may capture, and PAYMENT_INVOICE_PAID when nothing is
 * owed.
 */
export function closeInvoice(
  account: Account,
  facts: { readonly act_id: number; readonly order_id: number; readonly invoice_id: number; readonly currency: string },
  ctx: Ctx,
): Change<PaymentOperation> {
  const { transactions, balances } = account;
  const { act_id, order_id, invoice_id } = facts;
  const balance = balances.get(order_id);
  const operation = emptyOperation(act_id, 'close', balance?.user_id ?? 0, ctx);
  if (!balance || balance.invoice_id !== invoice_id || isClosed(balance)) return unchanged(operation);
  if (transactions.some(({ status }) => status === 'processing')) throw paymentErrors.CAPTURE_RUNNING();
  const owed = openAmount(paymentFactsOf(balance));
  // Its invoice is paid already, or becomes so in a moment.
  if (balance.total !== null && owed === 0) throw paymentErrors.INVOICE_PAID();
  const changes = balanceChanges(balances);
  const voided = transactions
    .filter(({ status }) => status === 'open')
    .map((one) => voidTransaction(one, account, changes, ctx));
  changes.add(balance, { close: true });
  const currency = balance.currency ?? facts.currency;
  const reversed = changes.reverse(order_id, ZERO, currency);
  const closed = { order_id, user_id: balance.user_id, invoice_id, amount: owed, currency, at: ctx.now };
  return {
    next: {
      ...operation,
      transactions: voided.map(({ transaction }) => transaction),
      balances: changes.list(),
      entries: [...voided.flatMap(({ entries = [] }) => entries), ...reversed],
    },
    events: [
      ...voided.map(({ event }) => event),
      paymentEvents.receivableClosed(order_id, closed, `order/${order_id}`),
    ],
  };
}

import type { Change, Ctx, Versioned } from '../../../platform/contract/contract.ts';
import { type Minor, minor, toDecimalText } from '../../../platform/contract/money.ts';
import { paymentErrors, paymentEvents, type Transaction, type TransactionStatus } from '../payment.contract.ts';
/** A transaction as it is kept. */
export interface TransactionState extends Versioned {
  readonly transaction_id: number;
  readonly user_id: number;
  readonly amount: Minor;
  readonly currency: string;
  readonly description: string;
  readonly invoice_id: number | null;
  readonly order_id: number | null;
  readonly status: TransactionStatus;
  readonly refunded: Minor;
  /** On its way back through a provider. */
  readonly refunding: Minor;
  readonly payment_id: number | null;
  readonly created_at: string;
  readonly paid_at: string | null;
}

/** A new transaction; `bill_total` is what its invoice comes to, and undefined without one. */
export interface Charge extends TransactionState {
  readonly bill_total?: Minor;
}

/** What the transactions of one invoice claim, paid and gave back. */
export interface OrderBalance extends Versioned {
  readonly order_id: number;
  readonly user_id: number;
  readonly invoice_id: number | null;
  readonly total: Minor | null;
  readonly claimed: Minor;
  readonly paid: Minor;
  readonly refunded: Minor;
  /** Its order was cancelled: nothing more is claimed or paid. */
  readonly closed: boolean;
}

/** Some transactions of one user, and the bills that they belong to by order. */
export interface Account {
  readonly transactions: readonly TransactionState[];
  readonly bills: ReadonlyMap<number, OrderBalance>;
}

export const ZERO = minor(0);

/** A number as a problem document has it. */
export const decimal = (amount: Minor): number => Number(toDecimalText(amount));

/** What is wanted of a new transaction. */
export interface ChargeRequest {
  readonly transaction_id: number;
  readonly user_id: number;
  readonly amount: Minor;
  readonly currency: string;
  readonly description: string;
  readonly invoice?: { readonly invoice_id: number; readonly order_id: number; readonly total: Minor };
}

/** Makes an amount due. Whether there is room for it, only the save can tell. */
export function createCharge({ invoice, ...wanted }: ChargeRequest, ctx: Ctx): Change<Charge> {
  const { transaction_id, user_id, amount, description } = wanted;
  const next: Charge = {
    ...wanted,
    invoice_id: invoice?.invoice_id ?? null,
    order_id: invoice?.order_id ?? null,
    bill_total: invoice?.total,
    status: 'open',
    refunded: ZERO,
    refunding: ZERO,
    payment_id: null,
    created_at: ctx.now,
    paid_at: null,
    version: 0,
  };
  const data = { transaction_id, user_id, amount, description, timestamp: ctx.now };
  const created = paymentEvents.transactionCreated(
    transaction_id,
    { event_type: 'transaction.created', ...data },
    orderSubject(next),
  );
  return { next, events: [created] };
}

/** The order that something belongs to. */
export function orderSubject({ order_id }: { readonly order_id: number | null }): string | undefined {
  return order_id === null ? undefined : `order/${order_id}`;
}

/** What the world sees of a transaction. */
export function publicTransaction(state: TransactionState): Transaction {
  const {
    transaction_id: id,
    refunded: refunded_total,
    refunding: _way,
    payment_id: _by,
    version: _v,
    ...open
  } = state;
  return { id, ...open, refunded_total, is_paid: PAID.includes(state.status) };
}

const PAID: readonly TransactionStatus[] = ['paid', 'partially_refunded', 'refunded'];

/** Whether an invoice may be claimed for. Throws what stands in the way. */
export function mustBePayable(
  invoice: { readonly user_id: number; readonly status: string; readonly currency: string },
  wanted: { readonly user_id: number; readonly currency: string },
): void {
  if (invoice.user_id !== wanted.user_id) throw paymentErrors.OTHER_OWNER();
  if (invoice.status === 'cancelled') throw paymentErrors.INVOICE_CANCELLED();
  if (invoice.status === 'paid') throw paymentErrors.INVOICE_PAID();
  if (invoice.currency !== wanted.currency) {
    throw paymentErrors.OTHER_CURRENCY({ invoice: invoice.currency, ours: wanted.currency });
  }
}

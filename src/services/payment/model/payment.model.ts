import type { Change, Ctx, EventOf, Versioned } from '../../../platform/contract/contract.ts';
import { type Minor, minor, toDecimalText } from '../../../platform/contract/money.ts';
import { paymentErrors, paymentEvents, type Transaction, type TransactionStatus } from '../payment.contract.ts';
import { owesNothing, type PaymentFacts } from '../payment.totals.contract.ts';

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
  /** What refunds that wait for their provider come to. */
  readonly refunding: Minor;
  readonly payment_id: number | null;
  readonly created_at: string;
  readonly paid_at: string | null;
}

/** A new transaction; `bill_total` is what its invoice comes to, and undefined without one. */
export interface Charge extends TransactionState {
  readonly invoice_total?: Minor;
}

/** The receivable of one order (a row of `bills`): what its invoice comes to, charged (`claimed`), paid and refunded. */
export interface OrderBalance extends Versioned {
  readonly order_id: number;
  readonly user_id: number;
  readonly invoice_id: number | null;
  readonly total: Minor | null;
  readonly claimed: Minor;
  readonly paid: Minor;
  readonly refunded: Minor;
  /** Of what was refunded, what is owed again: all other refunds are credits. */
  readonly corrected: Minor;
  /** The tax in the total, and its rate as a decimal such as 0.1. */
  readonly tax: Minor | null;
  readonly tax_rate: string | null;
  /** What of the total is posted in the ledger as owed, and the tax in it; null where each charge is posted by itself. */
  readonly posted: Minor | null;
  readonly posted_tax: Minor | null;
  /** Null until its invoice has opened it: a charge of a version before made it. */
  readonly currency: string | null;
  /** Its invoice was cancelled: nothing more is charged or paid until the next invoice opens it again. */
  readonly invoice_closed: boolean;
  /** Its order was cancelled: nothing more is charged or paid. */
  readonly closed: boolean;
}

/** Whether nothing more is charged or paid: the order or its invoice was cancelled. */
export const isClosed = ({ closed, invoice_closed }: OrderBalance): boolean => closed || invoice_closed;

/** Transactions of one user, and the balances of their orders by order id. */
export interface Account {
  readonly transactions: readonly TransactionState[];
  readonly balances: ReadonlyMap<number, OrderBalance>;
}

export const ZERO = minor(0);

/** An amount as the decimal number of a problem document. */
export const decimal = (amount: Minor): number => Number(toDecimalText(amount));

/** What a new transaction is made of. */
export interface ChargeRequest {
  readonly transaction_id: number;
  readonly user_id: number;
  readonly amount: Minor;
  readonly currency: string;
  readonly description: string;
  readonly invoice?: { readonly invoice_id: number; readonly order_id: number; readonly total: Minor };
}

/** Makes an amount due. The limits of the user and of the invoice are checked by the save. */
export function createCharge({ invoice, ...request }: ChargeRequest, ctx: Ctx): Change<Charge> {
  const next: Charge = {
    ...request,
    invoice_id: invoice?.invoice_id ?? null,
    order_id: invoice?.order_id ?? null,
    invoice_total: invoice?.total,
    status: 'open',
    refunded: ZERO,
    refunding: ZERO,
    payment_id: null,
    created_at: ctx.now,
    paid_at: null,
    version: 0,
  };
  return { next, events: [createdEvent(next)] };
}

/** An amount is to be paid. */
export function createdEvent(state: TransactionState): EventOf {
  const { transaction_id, user_id, amount, description, created_at } = state;
  const data = { transaction_id, user_id, amount, description, timestamp: created_at };
  return paymentEvents.transactionCreated(
    transaction_id,
    { event_type: 'transaction.created', ...data },
    orderSubject(state),
  );
}

/** The subject of the order that something belongs to; undefined when there is none. */
export function orderSubject({ order_id }: { readonly order_id: number | null }): string | undefined {
  return order_id === null ? undefined : `order/${order_id}`;
}

/** A transaction as the API shows it. */
export function publicTransaction(state: TransactionState): Transaction {
  const {
    transaction_id: id,
    refunded: refunded_total,
    refunding: _refunding,
    payment_id: _payment,
    version: _version,
    ...open
  } = state;
  return { id, ...open, refunded_total, is_paid: PAID.includes(state.status) };
}

const PAID: readonly TransactionStatus[] = ['paid', 'partially_refunded', 'refunded'];

/** What moved for the order of a receivable, and what it comes to. */
export function paymentFactsOf(balance: OrderBalance): PaymentFacts {
  const { total, paid, refunded, corrected, closed } = balance;
  return {
    total: total ?? ZERO,
    paid_total: paid,
    refunded_total: refunded,
    credited_total: minor(refunded - corrected),
    cancelled: closed,
  };
}

/**
 * Throws PAYMENT_OTHER_OWNER, PAYMENT_INVOICE_CANCELLED, PAYMENT_INVOICE_PAID or PAYMENT_OTHER_CURRENCY when a user
 * cannot be charged for the invoice of a receivable.
 */
export function mustBePayable(
  balance: OrderBalance,
  charge: { readonly user_id: number; readonly currency: string },
): void {
  if (balance.user_id !== charge.user_id) throw paymentErrors.OTHER_OWNER();
  if (isClosed(balance)) throw paymentErrors.INVOICE_CANCELLED();
  if (owesNothing(paymentFactsOf(balance))) throw paymentErrors.INVOICE_PAID();
  if (balance.currency !== null && balance.currency !== charge.currency) {
    throw paymentErrors.OTHER_CURRENCY({ invoice: balance.currency, ours: charge.currency });
  }
}

import type { Ctx, Versioned } from '../../../platform/contract/contract.ts';
import { type Minor, minor, sum } from '../../../platform/contract/money.ts';
import type { MoneyMovement, ProviderPaymentStatus, RefundKind, RefundStatus } from '../payment.contract.ts';
import { type OrderBalance, orderSubject, type TransactionState, ZERO } from './payment.model.ts';
import { claimReversal, isPosted, type Posting } from './payment.posting.model.ts';

export interface Payment extends Versioned {
  readonly payment_id: number;
  readonly user_id: number;
  readonly provider: string;
  readonly provider_ref: string | null;
  readonly method: string | null;
  readonly status: ProviderPaymentStatus;
  readonly amount: Minor;
  readonly currency: string;
  readonly transaction_ids: readonly number[];
  /** The Idempotency-Key that it came from, and what was asked with it. */
  readonly request: string | null;
  readonly fingerprint: string | null;
  readonly failure: string | null;
  /** Of money from outside: what the payer wrote, and the day that it came. */
  readonly reference: string | null;
  readonly received_on: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface Refund extends Versioned {
  readonly refund_id: number;
  readonly transaction_id: number;
  readonly payment_id: number;
  readonly user_id: number;
  readonly invoice_id: number | null;
  readonly order_id: number | null;
  readonly provider: string;
  readonly provider_ref: string | null;
  readonly amount: Minor;
  readonly currency: string;
  readonly reason: string;
  readonly kind: RefundKind;
  readonly status: RefundStatus;
  /** Only the database can give it, when the credit is done. */
  readonly number: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What an operation changes of an order's balance: its new totals, and how much of its charges is voided. */
export interface BalanceChange extends Versioned {
  readonly order_id: number;
  readonly paid: Minor;
  readonly refunded: Minor;
  readonly corrected: Minor;
  /** Charged by this operation itself. */
  readonly charged: Minor;
  readonly released: Minor;
  /** What was charged when it was read; null where a charge at the same moment does no harm. */
  readonly claimed: Minor | null;
  readonly invoice_closed: boolean;
  readonly posted: Minor | null;
  readonly posted_tax: Minor | null;
}

/**
 * One operation on the money of one user: all that it changes, saved at once or not at all. Each part carries the
 * version that was read; if one of them has changed since, nothing is saved.
 */
export interface PaymentOperation extends Versioned {
  /** The column of its row in `acts`. */
  readonly act_id: number;
  readonly kind:
    | 'pay'
    | 'start'
    | 'fail'
    | 'refund'
    | 'start_refund'
    | 'fail_refund'
    | 'cancel'
    | 'note'
    | 'close'
    | 'pay_outside'
    | 'withdraw';
  readonly user_id: number;
  readonly created_at: string;
  /** As they are afterwards; one without a version is made by this operation. */
  readonly transactions: readonly TransactionState[];
  readonly balances: readonly BalanceChange[];
  readonly payments: readonly Payment[];
  readonly refunds: readonly Refund[];
  readonly entries: readonly Posting[];
  /**
   * What no longer counts for the limit of the user: given back or voided, of transactions without an invoice. Less than
   * zero for what counts from now on, whatever the limit.
   */
  readonly unbilled_released: Minor;
  /** More is open than one payment takes. */
  readonly more?: boolean;
}

/** The id that an operation is saved under; undefined when it changed nothing and was not saved. */
export const savedId = ({ act_id, version }: PaymentOperation): number | undefined =>
  version > 0 ? act_id : undefined;

/** An operation that changes nothing yet. */
export function emptyOperation(
  act_id: number,
  kind: PaymentOperation['kind'],
  user_id: number,
  ctx: Ctx,
): PaymentOperation {
  const nothing = { transactions: [], balances: [], payments: [], refunds: [], entries: [], unbilled_released: ZERO };
  return { act_id, kind, user_id, created_at: ctx.now, ...nothing, version: 0 };
}

/** What is added to a balance. */
interface BalanceStep {
  readonly paid?: Minor;
  readonly refunded?: Minor;
  /** Of what is refunded now, what is owed again. */
  readonly corrected?: Minor;
  readonly charged?: Minor;
  readonly released?: Minor;
  /** Its invoice is closed. */
  readonly close?: boolean;
}

/** The balances that an operation changes, as they are after each change. */
export interface BalanceChanges {
  /** Throws when the balance of the order was not read. */
  add(of: { readonly order_id: number | null }, by: BalanceStep): void;
  totals(of: TransactionState): Pick<MoneyMovement, 'paid_total' | 'refunded_total' | 'credited_total'>;
  /**
   * Reverses what is posted of the order's claim and neither paid nor `processing`, as it is after the changes so far.
   * Returns the entries, none where nothing is left.
   */
  reverse(order_id: number, processing: Minor, currency: string): Posting[];
  list(): BalanceChange[];
}

/** Starts from the balances as they were read. */
export function balanceChanges(balances: ReadonlyMap<number, OrderBalance>): BalanceChanges {
  const changed = new Map<number, BalanceChange>();
  return {
    add({ order_id }, step) {
      if (order_id === null) return;
      const read = balances.get(order_id);
      if (!read) throw new Error(`the balance of order ${order_id} was not read`);
      changed.set(order_id, after(changed.get(order_id) ?? unchangedBalance(read), step, read));
    },
    totals({ order_id }) {
      const change = order_id === null ? undefined : changed.get(order_id);
      if (!change) return { paid_total: null, refunded_total: null, credited_total: null };
      const { paid, refunded, corrected } = change;
      return { paid_total: paid, refunded_total: refunded, credited_total: minor(refunded - corrected) };
    },
    reverse(order_id, processing, currency) {
      const read = balances.get(order_id);
      if (!isPosted(read)) return [];
      const before = changed.get(order_id) ?? unchangedBalance(read);
      const unpaid = minor(read.posted - before.paid + before.corrected - processing);
      if (unpaid <= 0) return [];
      const { entries, ...rest } = claimReversal(read, unpaid, currency);
      changed.set(order_id, { ...before, ...rest });
      return entries;
    },
    list: () => [...changed.values()],
  };
}

function unchangedBalance(read: OrderBalance): BalanceChange {
  const { order_id, paid, refunded, corrected, invoice_closed, posted, posted_tax, version } = read;
  const now = { paid, refunded, corrected, charged: ZERO, released: ZERO, claimed: null };
  return { order_id, ...now, invoice_closed, posted, posted_tax, version };
}

function after(before: BalanceChange, step: BalanceStep, read: OrderBalance): BalanceChange {
  const { paid = ZERO, refunded = ZERO, corrected = ZERO, charged = ZERO, released = ZERO } = step;
  const { close = false } = step;
  return {
    ...before,
    paid: sum([before.paid, paid]),
    refunded: sum([before.refunded, refunded]),
    corrected: sum([before.corrected, corrected]),
    released: sum([before.released, released]),
    charged: sum([before.charged, charged]),
    invoice_closed: before.invoice_closed || close,
    // Nothing else may have been charged since it was read.
    claimed: close || charged > 0 ? read.claimed : before.claimed,
  };
}

/** The data of an event about money that was paid or refunded. */
export function movementData(of: TransactionState, amount: Minor, changes: BalanceChanges, ctx: Ctx): MoneyMovement {
  const { transaction_id, user_id, currency, invoice_id, order_id } = of;
  return { transaction_id, user_id, amount, currency, invoice_id, order_id, ...changes.totals(of), at: ctx.now };
}

/** The subject of the one order that all of them belong to; undefined when there are several or none. */
export function commonOrderSubject(transactions: readonly TransactionState[]): string | undefined {
  const orders = new Set(transactions.map(({ order_id }) => order_id));
  const [first] = transactions;
  return first && orders.size === 1 ? orderSubject(first) : undefined;
}

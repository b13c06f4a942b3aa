import type { Ctx, Versioned } from '../../../platform/contract/contract.ts';
import { type Minor, sum } from '../../../platform/contract/money.ts';
import type { MoneyMovement, ProviderPaymentStatus, RefundStatus } from '../payment.contract.ts';
import type { PostingKind } from '../payment.ledger.contract.ts';
import { type OrderBalance, orderSubject, type TransactionState, ZERO } from './payment.model.ts';

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
  readonly status: RefundStatus;
  /** Only the database can give it, when the refund is done. */
  readonly number: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** One amount from the account `credit` to the account `debit`, for a version of a transaction. */
export interface Posting {
  readonly transaction_id: number;
  readonly nth: number;
  readonly kind: PostingKind;
  readonly debit: string;
  readonly credit: string;
  readonly amount: Minor;
  readonly currency: string;
}

/** What an act does to a bill: its new totals, and how much of its claims it gives up. */
export interface BalanceChange extends Versioned {
  readonly order_id: number;
  readonly paid: Minor;
  readonly refunded: Minor;
  readonly released: Minor;
}

/**
 * One act on the money of one user: everything that it changes, saved at once or not at all. Each part carries the
 * version that was looked at; if one of them has moved since, nothing is saved.
 */
export interface PaymentOperation extends Versioned {
  readonly act_id: number;
  readonly kind: 'pay' | 'start' | 'fail' | 'refund' | 'start_refund' | 'fail_refund' | 'cancel' | 'note';
  readonly user_id: number;
  readonly created_at: string;
  readonly transactions: readonly TransactionState[];
  readonly bills: readonly BalanceChange[];
  readonly payments: readonly Payment[];
  readonly refunds: readonly Refund[];
  readonly entries: readonly Posting[];
  /** More is open than one act pays. */
  readonly more?: boolean;
}

/** The id that an act is kept under; undefined when nothing happened, so that it was not saved. */
export const savedAs = ({ act_id, version }: PaymentOperation): number | undefined =>
  version > 0 ? act_id : undefined;

/** The account of what a user owes. */
export const receivable = (user_id: number): string => `receivable/${user_id}`;
/** The account of what a provider holds for the shop. */
export const cash = (provider: string): string => `cash/${provider}`;
export const SALES = 'sales';
export const REFUNDS = 'refunds';

/** An act that changes nothing yet. */
export function emptyOperation(
  act_id: number,
  kind: PaymentOperation['kind'],
  user_id: number,
  ctx: Ctx,
): PaymentOperation {
  const nothing = { transactions: [], bills: [], payments: [], refunds: [], entries: [] };
  return { act_id, kind, user_id, created_at: ctx.now, ...nothing, version: 0 };
}

/** The entry of the next version of a transaction. */
export function posting(
  of: TransactionState,
  kind: PostingKind,
  debit: string,
  credit: string,
  amount: Minor,
): Posting {
  const { transaction_id, currency, version } = of;
  return { transaction_id, nth: version + 1, kind, debit, credit, amount, currency };
}

/** The totals of the bills that an act moves, as they are after each of its movements. */
export interface BalanceChanges {
  add(of: TransactionState, by: { paid?: Minor; refunded?: Minor; released?: Minor }): void;
  totalsOf(of: TransactionState): { paid_total: Minor | null; refunded_total: Minor | null };
  made(): BalanceChange[];
}

/** Starts from the bills as they were looked at. Throws when one is missing: then the account was read badly. */
export function balanceChanges(bills: ReadonlyMap<number, OrderBalance>): BalanceChanges {
  const moved = new Map<number, BalanceChange>();
  return {
    add({ order_id }, { paid = ZERO, refunded = ZERO, released = ZERO }) {
      if (order_id === null) return;
      const before = moved.get(order_id) ?? bills.get(order_id);
      if (!before) throw new Error(`the bill of order ${order_id} is missing`);
      const had = 'released' in before ? before.released : ZERO;
      moved.set(order_id, {
        order_id,
        paid: sum([before.paid, paid]),
        refunded: sum([before.refunded, refunded]),
        released: sum([had, released]),
        version: before.version,
      });
    },
    totalsOf({ order_id }) {
      const bill = order_id === null ? undefined : moved.get(order_id);
      return { paid_total: bill?.paid ?? null, refunded_total: bill?.refunded ?? null };
    },
    made: () => [...moved.values()],
  };
}

/** What is announced of money that moved. */
export function movementOf(of: TransactionState, amount: Minor, moves: BalanceChanges, ctx: Ctx): MoneyMovement {
  const { transaction_id, user_id, currency, invoice_id, order_id } = of;
  return { transaction_id, user_id, amount, currency, invoice_id, order_id, ...moves.totalsOf(of), at: ctx.now };
}

/** The one order that all of them belong to: what concerns several is told by the events of each. */
export function aboutOne(transactions: readonly TransactionState[]): string | undefined {
  const orders = new Set(transactions.map(({ order_id }) => order_id));
  const [first] = transactions;
  return first && orders.size === 1 ? orderSubject(first) : undefined;
}

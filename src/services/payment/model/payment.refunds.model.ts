import { type Change, type Ctx, type EventOf, unchanged } from '../../../platform/contract/contract.ts';
import { type Minor, minor, sum } from '../../../platform/contract/money.ts';
import { type CreditNote, paymentErrors, paymentEvents, type RefundKind } from '../payment.contract.ts';
import { type Account, decimal, orderSubject, type TransactionState, ZERO } from './payment.model.ts';
import {
  type BalanceChanges,
  balanceChanges,
  emptyOperation,
  movementData,
  type Payment,
  type PaymentOperation,
  type Refund,
} from './payment.operation.model.ts';
import { chargeReversal, correctionPosting, creditPostings, type Posting } from './payment.posting.model.ts';

/** An account with the payments of its transactions. */
export interface PaidAccount extends Account {
  readonly payments: ReadonlyMap<number, Payment>;
}

interface RefundFacts {
  readonly refund_id: number;
  readonly amount: Minor;
  readonly reason: string;
  readonly kind: RefundKind;
  /** The provider refunds without being asked first. */
  readonly immediate: boolean;
}

/**
 * Refunds a paid transaction, by default all that is left of it. Throws PAYMENT_NOT_FOUND, PAYMENT_NOT_REFUNDABLE or
 * PAYMENT_REFUND_TOO_LARGE.
 */
export function refund(
  account: PaidAccount,
  facts: Omit<RefundFacts, 'amount'> & { readonly act_id: number; readonly amount?: Minor },
  ctx: Ctx,
): Change<PaymentOperation> {
  const [transaction] = account.transactions;
  if (!transaction) throw paymentErrors.NOT_FOUND();
  const left = refundable(transaction);
  const { amount = left } = facts;
  if (!isPaid(transaction)) throw paymentErrors.NOT_REFUNDABLE({ status: transaction.status });
  if (left === 0 && amount === 0) throw paymentErrors.NOT_REFUNDABLE({ status: 'refunded' });
  if (amount > left) throw paymentErrors.REFUND_TOO_LARGE({ left: decimal(left) });
  const changes = balanceChanges(account.balances);
  const { user_id, order_id } = transaction;
  // Only what an order still owes can be owed again.
  const owing = order_id !== null && !account.balances.get(order_id)?.closed;
  const kind = owing ? facts.kind : 'credit';
  const change = refundTransaction(transaction, account, { ...facts, amount, kind }, changes, ctx);
  return assemble(
    emptyOperation(facts.act_id, facts.immediate ? 'refund' : 'start_refund', user_id, ctx),
    [change],
    changes,
  );
}

/** What may still be refunded of a transaction; a refund that waits for its provider counts as made. */
export function refundable(transaction: TransactionState): Minor {
  const { amount, refunded, refunding } = transaction;
  return isPaid(transaction) ? minor(amount - refunded - refunding) : ZERO;
}

const isPaid = ({ status }: TransactionState): boolean =>
  status === 'paid' || status === 'partially_refunded' || status === 'refunded';

/** The provider has refunded. */
export function completeRefund(
  started: Refund,
  account: PaidAccount,
  facts: { act_id: number; provider_ref: string | null },
  ctx: Ctx,
): Change<PaymentOperation> {
  const [transaction] = account.transactions;
  if (!transaction || started.status !== 'started') return unchanged(emptyOperation(facts.act_id, 'refund', 0, ctx));
  const refunding = minor(transaction.refunding - started.amount);
  const changes = balanceChanges(account.balances);
  // The order may have been cancelled since the refund was started.
  const closed = transaction.order_id !== null && account.balances.get(transaction.order_id)?.closed;
  const kind = closed ? 'credit' : started.kind;
  const done = { ...started, kind, status: 'done' as const, provider_ref: facts.provider_ref, updated_at: ctx.now };
  const change = completedRefund({ ...transaction, refunding }, account, done, changes, ctx);
  return assemble(emptyOperation(facts.act_id, 'refund', started.user_id, ctx), [change], changes);
}

/** The provider refused the refund: the amount may be refunded again. */
export function failRefund(
  started: Refund,
  account: PaidAccount,
  facts: { act_id: number; reason: string },
  ctx: Ctx,
): Change<PaymentOperation> {
  const [transaction] = account.transactions;
  const operation = emptyOperation(facts.act_id, 'fail_refund', started.user_id, ctx);
  if (!transaction || started.status !== 'started') return unchanged(operation);
  const failed = { ...started, status: 'failed' as const, updated_at: ctx.now };
  const { refund_id, user_id, amount, currency, provider } = started;
  const data = { user_id, amount, currency, provider, reason: facts.reason, at: ctx.now };
  const refunding = minor(transaction.refunding - amount);
  return {
    next: { ...operation, transactions: [{ ...transaction, refunding }], refunds: [failed] },
    events: [paymentEvents.refundFailed(refund_id, data, orderSubject(transaction))],
  };
}

/** Withdraws an open transaction. Throws PAYMENT_NOT_OPEN. */
export function withdraw(account: Account, act_id: number, ctx: Ctx): Change<PaymentOperation> {
  const [transaction] = account.transactions;
  if (!transaction) throw paymentErrors.NOT_FOUND();
  const { transaction_id, user_id, status } = transaction;
  if (status !== 'open') throw paymentErrors.NOT_OPEN({ transaction_id, status });
  const changes = balanceChanges(account.balances);
  const change = voidTransaction(transaction, account, changes, ctx);
  return assemble(emptyOperation(act_id, 'withdraw', user_id, ctx), [change], changes);
}

/** What an operation changes of one transaction. */
export interface TransactionChange {
  readonly transaction: TransactionState;
  readonly refund?: Refund;
  readonly entries?: readonly Posting[];
  readonly unbilled_released?: Minor;
  readonly event: EventOf;
}

/** One operation of these changes. */
export function assemble(
  operation: PaymentOperation,
  changed: readonly TransactionChange[],
  changes: BalanceChanges,
): Change<PaymentOperation> {
  const next: PaymentOperation = {
    ...operation,
    transactions: changed.map(({ transaction }) => transaction),
    balances: changes.list(),
    refunds: changed.flatMap((one) => one.refund ?? []),
    entries: changed.flatMap(({ entries = [] }) => entries),
    unbilled_released: sum(changed.map(({ unbilled_released = ZERO }) => unbilled_released)),
  };
  return { next, events: changed.map(({ event }) => event) };
}

/** Refunds of one transaction, or asks its provider to. Throws when its payment was not read. */
export function refundTransaction(
  transaction: TransactionState,
  account: PaidAccount,
  { refund_id, amount, reason, kind, immediate }: RefundFacts,
  changes: BalanceChanges,
  ctx: Ctx,
): TransactionChange {
  const { payment_id, provider } = paymentOf(transaction, account.payments);
  const { transaction_id, user_id, invoice_id, order_id, currency } = transaction;
  const times = { created_at: ctx.now, updated_at: ctx.now };
  const created: Refund = {
    ...{
      refund_id,
      transaction_id,
      payment_id,
      user_id,
      invoice_id,
      order_id,
      provider,
      amount,
      currency,
      reason,
      kind,
    },
    ...{ provider_ref: null, status: immediate ? 'done' : 'started', number: null, ...times, version: 0 },
  };
  return immediate
    ? completedRefund(transaction, account, created, changes, ctx)
    : startedRefund(transaction, created, ctx);
}

/** The payment of a transaction that was paid. Throws when it was not read. */
export function paymentOf({ payment_id }: TransactionState, payments: ReadonlyMap<number, Payment>): Payment {
  const payment = payment_id === null ? undefined : payments.get(payment_id);
  if (!payment) throw new Error(`the payment ${payment_id} is missing`);
  return payment;
}

function completedRefund(
  transaction: TransactionState,
  { balances }: Account,
  done: Refund,
  changes: BalanceChanges,
  ctx: Ctx,
): TransactionChange {
  const { amount, provider, kind } = done;
  const refunded = sum([transaction.refunded, amount]);
  const status = refunded === transaction.amount ? 'refunded' : 'partially_refunded';
  const { order_id, currency } = transaction;
  const corrected = kind === 'correction';
  const credited = changes.totals(transaction).credited_total ?? creditedOf(balances, order_id);
  changes.add(transaction, { refunded: amount, corrected: corrected ? amount : ZERO });
  const data = { ...movementData(transaction, amount, changes, ctx), kind };
  const balance = balances.get(order_id ?? 0);
  // What is owed again of an invoice that was cancelled meanwhile is owed to the next one, which posts it.
  const reopened = corrected && balance?.invoice_closed ? changes.reverse(balance.order_id, ZERO, currency) : [];
  return {
    transaction: { ...transaction, refunded, status },
    refund: done,
    entries: corrected
      ? [correctionPosting(transaction, provider, amount, balance), ...reopened]
      : creditPostings(transaction, provider, amount, balance, credited),
    unbilled_released: unbilled(transaction, amount),
    event: paymentEvents.refunded(transaction.transaction_id, data, orderSubject(transaction)),
  };
}

const creditedOf = (balances: Account['balances'], order_id: number | null): Minor => {
  const balance = balances.get(order_id ?? 0);
  return balance ? minor(balance.refunded - balance.corrected) : ZERO;
};

const unbilled = ({ order_id }: TransactionState, amount: Minor): Minor => (order_id === null ? amount : ZERO);

function startedRefund(transaction: TransactionState, started: Refund, ctx: Ctx): TransactionChange {
  const { refund_id, user_id, amount, currency, provider } = started;
  const data = { user_id, amount, currency, provider, reason: null, at: ctx.now };
  return {
    transaction: { ...transaction, refunding: sum([transaction.refunding, amount]) },
    refund: started,
    event: paymentEvents.refundStarted(refund_id, data, orderSubject(transaction)),
  };
}

/** An open transaction is not to be paid any more. */
export function voidTransaction(
  transaction: TransactionState,
  { balances }: Account,
  changes: BalanceChanges,
  ctx: Ctx,
): TransactionChange {
  const { transaction_id, user_id, amount, currency, invoice_id, order_id } = transaction;
  changes.add(transaction, { released: amount });
  const data = { transaction_id, user_id, amount, currency, invoice_id, order_id, at: ctx.now };
  return {
    transaction: { ...transaction, status: 'voided' },
    entries: chargeReversal(transaction, balances.get(order_id ?? 0)),
    unbilled_released: unbilled(transaction, amount),
    event: paymentEvents.transactionVoided(transaction_id, data, orderSubject(transaction)),
  };
}

/** What the world sees of a refund. */
export function creditNoteOf(state: Refund): CreditNote {
  const { refund_id: credit_note_id, number, transaction_id, user_id, invoice_id, order_id } = state;
  const { amount, currency, reason, kind, status, created_at } = state;
  return {
    credit_note_id,
    number,
    kind,
    transaction_id,
    user_id,
    invoice_id,
    order_id,
    amount,
    currency,
    reason,
    status,
    created_at,
  };
}

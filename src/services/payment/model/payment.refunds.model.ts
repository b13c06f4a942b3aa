import { type Change, type Ctx, type EventOf, unchanged } from '../../../platform/contract/contract.ts';
import { type Minor, minor, sum } from '../../../platform/contract/money.ts';
import { type CreditNote, paymentErrors, paymentEvents } from '../payment.contract.ts';
import { type Account, decimal, orderSubject, type TransactionState, ZERO } from './payment.model.ts';
import {
  type BalanceChanges,
  balanceChanges,
  cash,
  emptyOperation,
  movementOf,
  type Payment,
  type PaymentOperation,
  type Posting,
  posting,
  REFUNDS,
  type Refund,
  receivable,
  SALES,
} from './payment.operation.model.ts';

/** Transactions with the payments that they were paid by. */
export interface PaidAccount extends Account {
  readonly payments: ReadonlyMap<number, Payment>;
}

interface RefundFacts {
  readonly refund_id: number;
  readonly amount: Minor;
  readonly reason: string;
  /** The provider gives it back on our word; otherwise it is asked first. */
  readonly immediate: boolean;
}

/** Gives back a part of a paid transaction, by default all that is left. Throws NOT_REFUNDABLE, REFUND_TOO_LARGE. */
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
  const moves = balanceChanges(account.bills);
  const parts = partsOf(transaction, account.payments, { ...facts, amount }, moves, ctx);
  const { user_id } = transaction;
  return assemble(
    emptyOperation(facts.act_id, facts.immediate ? 'refund' : 'start_refund', user_id, ctx),
    [parts],
    moves,
  );
}

/** What may still be given back of a transaction; what is on its way counts as given. */
export function refundable(transaction: TransactionState): Minor {
  const { amount, refunded, refunding } = transaction;
  return isPaid(transaction) ? minor(amount - refunded - refunding) : ZERO;
}

const isPaid = ({ status }: TransactionState): boolean =>
  status === 'paid' || status === 'partially_refunded' || status === 'refunded';

/**
 * What a cancelled order leaves behind: open transactions are voided, paid ones are given back. What a provider
 * is still asked about waits until it has answered. `refund_ids` are as many as transactions may be refunded.
 */
export function settleCancelled(
  account: PaidAccount,
  facts: { act_id: number; refund_ids: readonly number[]; immediate: (provider: string) => boolean },
  ctx: Ctx,
): Change<PaymentOperation> {
  const moves = balanceChanges(account.bills);
  const ids = [...facts.refund_ids];
  const parts = account.transactions.flatMap((one): Parts[] => {
    if (one.status === 'open') return [voided(one, moves, ctx)];
    const amount = refundable(one);
    const refund_id = amount > 0 ? ids.shift() : undefined;
    if (refund_id === undefined) return [];
    const immediate = facts.immediate(paymentOf(one, account.payments).provider);
    return [partsOf(one, account.payments, { refund_id, amount, reason: CANCELLED, immediate }, moves, ctx)];
  });
  const act = emptyOperation(facts.act_id, 'cancel', account.transactions[0]?.user_id ?? 0, ctx);
  return parts.length === 0 ? unchanged(act) : assemble(act, parts, moves);
}

const CANCELLED = 'the order was cancelled';

/** The provider gave it back. */
export function completeRefund(
  started: Refund,
  account: PaidAccount,
  facts: { act_id: number; provider_ref: string | null },
  ctx: Ctx,
): Change<PaymentOperation> {
  const [transaction] = account.transactions;
  if (!transaction || started.status !== 'started') return unchanged(emptyOperation(facts.act_id, 'refund', 0, ctx));
  const refunding = minor(transaction.refunding - started.amount);
  const moves = balanceChanges(account.bills);
  const done = { ...started, status: 'done' as const, provider_ref: facts.provider_ref, updated_at: ctx.now };
  const parts = given({ ...transaction, refunding }, done, moves, ctx);
  return assemble(emptyOperation(facts.act_id, 'refund', started.user_id, ctx), [parts], moves);
}

/** The provider gave nothing back: the sum may be refunded again. */
export function failRefund(
  started: Refund,
  account: PaidAccount,
  facts: { act_id: number; reason: string },
  ctx: Ctx,
): Change<PaymentOperation> {
  const [transaction] = account.transactions;
  const act = emptyOperation(facts.act_id, 'fail_refund', started.user_id, ctx);
  if (!transaction || started.status !== 'started') return unchanged(act);
  const failed = { ...started, status: 'failed' as const, updated_at: ctx.now };
  const { refund_id, user_id, amount, currency, provider } = started;
  const data = { user_id, amount, currency, provider, reason: facts.reason, at: ctx.now };
  const refunding = minor(transaction.refunding - amount);
  return {
    next: { ...act, transactions: [{ ...transaction, refunding }], refunds: [failed] },
    events: [paymentEvents.refundFailed(refund_id, data, orderSubject(transaction))],
  };
}

/** What an act does to one transaction. */
interface Parts {
  readonly transaction: TransactionState;
  readonly refund?: Refund;
  readonly entry?: Posting;
  readonly event: EventOf;
}

function assemble(act: PaymentOperation, parts: readonly Parts[], moves: BalanceChanges): Change<PaymentOperation> {
  const next: PaymentOperation = {
    ...act,
    transactions: parts.map(({ transaction }) => transaction),
    bills: moves.made(),
    refunds: parts.flatMap((one) => one.refund ?? []),
    entries: parts.flatMap((one) => one.entry ?? []),
  };
  return { next, events: parts.map(({ event }) => event) };
}

function partsOf(
  transaction: TransactionState,
  payments: ReadonlyMap<number, Payment>,
  { refund_id, amount, reason, immediate }: RefundFacts,
  moves: BalanceChanges,
  ctx: Ctx,
): Parts {
  const { payment_id, provider } = paymentOf(transaction, payments);
  const { transaction_id, user_id, invoice_id, order_id, currency } = transaction;
  const times = { created_at: ctx.now, updated_at: ctx.now };
  const made: Refund = {
    ...{ refund_id, transaction_id, payment_id, user_id, invoice_id, order_id, provider, amount, currency, reason },
    ...{ provider_ref: null, status: immediate ? 'done' : 'started', number: null, ...times, version: 0 },
  };
  return immediate ? given(transaction, made, moves, ctx) : asked(transaction, made, ctx);
}

function paymentOf({ payment_id }: TransactionState, payments: ReadonlyMap<number, Payment>): Payment {
  const payment = payment_id === null ? undefined : payments.get(payment_id);
  if (!payment) throw new Error(`the payment ${payment_id} is missing`);
  return payment;
}

function given(transaction: TransactionState, done: Refund, moves: BalanceChanges, ctx: Ctx): Parts {
  const { amount, provider } = done;
  const refunded = sum([transaction.refunded, amount]);
  const status = refunded === transaction.amount ? 'refunded' : 'partially_refunded';
  moves.add(transaction, { refunded: amount });
  const data = movementOf(transaction, amount, moves, ctx);
  return {
    transaction: { ...transaction, refunded, status },
    refund: done,
    entry: posting(transaction, 'refund', REFUNDS, cash(provider), amount),
    event: paymentEvents.refunded(transaction.transaction_id, data, orderSubject(transaction)),
  };
}

function asked(transaction: TransactionState, started: Refund, ctx: Ctx): Parts {
  const { refund_id, user_id, amount, currency, provider } = started;
  const data = { user_id, amount, currency, provider, reason: null, at: ctx.now };
  return {
    transaction: { ...transaction, refunding: sum([transaction.refunding, amount]) },
    refund: started,
    event: paymentEvents.refundStarted(refund_id, data, orderSubject(transaction)),
  };
}

function voided(transaction: TransactionState, moves: BalanceChanges, ctx: Ctx): Parts {
  const { transaction_id, user_id, amount, currency, invoice_id, order_id } = transaction;
  moves.add(transaction, { released: amount });
  const data = { transaction_id, user_id, amount, currency, invoice_id, order_id, at: ctx.now };
  return {
    transaction: { ...transaction, status: 'voided' },
    entry: posting(transaction, 'void', SALES, receivable(user_id), amount),
    event: paymentEvents.transactionVoided(transaction_id, data, orderSubject(transaction)),
  };
}

/** What the world sees of a refund. */
export function creditNoteOf(state: Refund): CreditNote {
  const { refund_id: credit_note_id, number, transaction_id, user_id, invoice_id, order_id } = state;
  const { amount, currency, reason, status, created_at } = state;
  return {
    credit_note_id,
    number,
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

import { type Change, type Ctx, type EventOf, unchanged } from '../../../platform/contract/contract.ts';
import { type Minor, sum } from '../../../platform/contract/money.ts';
import { paymentEvents } from '../payment.contract.ts';
import { type Account, createdEvent, isClosed, orderSubject, type TransactionState, ZERO } from './payment.model.ts';
import {
  balanceChanges,
  commonOrderSubject,
  emptyOperation,
  movementData,
  type Payment,
  type PaymentOperation,
} from './payment.operation.model.ts';
import { cash, chargePosting, isPosted, type Posting, posting, receivable } from './payment.posting.model.ts';

/** The most transactions that one payment takes. */
export const MAX_TRANSACTIONS = 500;

/**
 * The transactions that one payment takes: the oldest open ones, in one currency, none of a cancelled order.
 */
export function payable({ transactions, balances }: Account): TransactionState[] {
  const open = transactions.filter(
    ({ status, order_id }) => status === 'open' && !(order_id !== null && isClosedIn(balances, order_id)),
  );
  const currency = open[0]?.currency;
  return open.filter((one) => one.currency === currency).slice(0, MAX_TRANSACTIONS);
}

function isClosedIn(balances: Account['balances'], order_id: number): boolean {
  const balance = balances.get(order_id);
  return balance !== undefined && isClosed(balance);
}

/** Whether another payment is needed for what is open. */
export function hasMore(account: Account, taken: readonly TransactionState[]): boolean {
  const left = account.transactions.filter((one) => !taken.includes(one));
  return payable({ ...account, transactions: left }).length > 0;
}

interface PaymentFacts {
  readonly payment_id: number;
  readonly user_id: number;
  readonly currency: string;
  readonly provider: string;
  readonly method?: string;
  /** The payment is found again by the request's key. */
  readonly keyed?: boolean;
}

type PayFacts = PaymentFacts & { readonly act_id: number };

/** A payment of these transactions, before it is saved. */
export function createPayment(transactions: readonly TransactionState[], facts: PaymentFacts, ctx: Ctx): Payment {
  const { payment_id, user_id, provider, method = null } = facts;
  return {
    payment_id,
    user_id,
    provider,
    provider_ref: null,
    method,
    status: 'started',
    amount: sum(transactions.map(({ amount }) => amount)),
    currency: transactions[0]?.currency ?? facts.currency,
    transaction_ids: transactions.map(({ transaction_id }) => transaction_id),
    request: facts.keyed ? (ctx.request?.key ?? null) : null,
    fingerprint: facts.keyed ? (ctx.request?.fingerprint ?? null) : null,
    failure: null,
    reference: null,
    received_on: null,
    created_at: ctx.now,
    updated_at: ctx.now,
    version: 0,
  };
}

/** Pays all that is open, as much as one payment takes, without asking a provider. */
export function payAll(account: Account, facts: PayFacts, ctx: Ctx): Change<PaymentOperation> {
  return payChosen(account, payable(account), facts, ctx);
}

/** Pays these transactions without asking a provider; one without a version is made. */
export function payChosen(
  account: Account,
  transactions: readonly TransactionState[],
  facts: PayFacts,
  ctx: Ctx,
): Change<PaymentOperation> {
  const payment = createPayment(transactions, facts, ctx);
  if (transactions.length > 0) {
    const { next, events } = capture(payment, { ...account, transactions }, facts.act_id, ctx);
    return { next: { ...next, more: hasMore(account, transactions) }, events };
  }
  return payNothing(facts, ctx);
}

/** Nothing is open. The operation is saved only when there is an Idempotency-Key to keep with it. */
export function payNothing(facts: { act_id: number; user_id: number }, ctx: Ctx): Change<PaymentOperation> {
  const operation = emptyOperation(facts.act_id, 'pay', facts.user_id, ctx);
  return ctx.request ? { next: operation, events: [paidEvent(facts.user_id, [], ctx)] } : unchanged(operation);
}

/** The provider has the money: the transactions of the payment become paid. */
export function capture(
  payment: Payment,
  { transactions, balances }: Account,
  act_id: number,
  ctx: Ctx,
  changes = balanceChanges(balances),
): Change<PaymentOperation> {
  const { payment_id, provider, user_id } = payment;
  const paid = transactions.map((one) => ({ ...one, status: 'paid' as const, payment_id, paid_at: ctx.now }));
  const captured = paid.map((one) => {
    changes.add(one, { paid: one.amount, charged: chargedNow(one) });
    const movement = { ...movementData(one, one.amount, changes, ctx), provider };
    return paymentEvents.captured(one.transaction_id, movement, orderSubject(one));
  });
  const next: PaymentOperation = {
    ...emptyOperation(act_id, 'pay', user_id, ctx),
    transactions: paid,
    balances: changes.list(),
    payments: [{ ...payment, status: 'captured', failure: null, updated_at: ctx.now }],
    entries: [
      ...charges(transactions, balances),
      ...paid.map((one) => posting(one, 'payment', cash(provider), receivable(user_id), one.amount)),
    ],
  };
  return { next, events: [...creations(transactions), paidEvent(user_id, paid, ctx), ...captured] };
}

/** Sets transactions aside for a payment until its provider has answered: no other payment takes them. */
export function startPayment(
  payment: Payment,
  { transactions, balances }: Account,
  act_id: number,
  ctx: Ctx,
): Change<PaymentOperation> {
  const { payment_id, user_id } = payment;
  // With their balances, so that an invoice is not closed at the same moment.
  const touched = balanceChanges(balances);
  for (const one of transactions) touched.add(one, { charged: chargedNow(one) });
  const next: PaymentOperation = {
    ...emptyOperation(act_id, 'start', user_id, ctx),
    transactions: transactions.map((one) => ({ ...one, status: 'processing', payment_id })),
    balances: touched.list(),
    payments: [payment],
    entries: charges(transactions, balances),
  };
  return {
    next,
    events: [
      ...creations(transactions),
      paymentEvents.started(payment_id, providerData(payment, ctx), commonOrderSubject(transactions)),
    ],
  };
}

const isNew = ({ version }: TransactionState): boolean => version === 0;
const chargedNow = (one: TransactionState): Minor => (isNew(one) ? one.amount : ZERO);
const creations = (transactions: readonly TransactionState[]): EventOf[] =>
  transactions.filter(isNew).map(createdEvent);

/** A transaction that is made by the operation that pays it is posted by it, too, unless its invoice was. */
const charges = (transactions: readonly TransactionState[], balances: Account['balances']): Posting[] =>
  transactions.filter((one) => isNew(one) && !isPosted(balances.get(one.order_id ?? 0))).map(chargePosting);

/** The provider declined the payment: its transactions are open again. */
export function failPayment(
  payment: Payment,
  { transactions }: Account,
  facts: { act_id: number; reason: string },
  ctx: Ctx,
): Change<PaymentOperation> {
  const { payment_id, user_id } = payment;
  const failed: Payment = { ...payment, status: 'failed', failure: facts.reason, updated_at: ctx.now };
  const next: PaymentOperation = {
    ...emptyOperation(facts.act_id, 'fail', user_id, ctx),
    transactions: transactions.map((one) => ({ ...one, status: 'open', payment_id: null })),
    payments: [failed],
  };
  return {
    next,
    events: [paymentEvents.failed(payment_id, providerData(failed, ctx), commonOrderSubject(transactions))],
  };
}

function providerData({ user_id, amount, currency, provider, failure }: Payment, ctx: Ctx) {
  return { user_id, amount, currency, provider, reason: failure, at: ctx.now };
}

function paidEvent(user_id: number, paid: readonly TransactionState[], ctx: Ctx): EventOf {
  const data = { user_id, transactions_paid: paid.length, timestamp: ctx.now };
  return paymentEvents.transactionPaid(user_id, { event_type: 'transaction.paid', ...data }, commonOrderSubject(paid));
}

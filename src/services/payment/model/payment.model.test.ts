import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minor } from '../../../platform/contract/money.ts';
import { aCharge, aTransaction, at, INVOICE, NOW } from '../payment.fixture.ts';
import { settleCancelled } from './payment.cancellation.model.ts';
import {
  createPayment,
  failPayment,
  hasMore,
  MAX_TRANSACTIONS,
  payAll,
  payable,
  startPayment,
} from './payment.capture.model.ts';
import {
  type Account,
  mustBePayable,
  type OrderBalance,
  publicTransaction,
  type TransactionState,
} from './payment.model.ts';
import type { Payment, PaymentOperation } from './payment.operation.model.ts';
import { completeRefund, failRefund, refund, refundable } from './payment.refunds.model.ts';

const ctx = at();
const facts = { act_id: 1, payment_id: 3, user_id: 2, currency: 'USD', provider: 'manual' };
const billed = { invoice_id: 7, order_id: 17 };

function aBill(more: Partial<OrderBalance> = {}): OrderBalance {
  const sums = { total: INVOICE.total, claimed: minor(4_000), paid: minor(0), refunded: minor(0) };
  const claim = { tax: minor(1_000), tax_rate: '0.1', posted: INVOICE.total, posted_tax: minor(1_000) };
  const state = { ...claim, corrected: minor(0), currency: 'USD', invoice_closed: false, closed: false };
  return { order_id: 17, user_id: 2, invoice_id: 7, ...sums, ...state, version: 1, ...more };
}

function account(transactions: TransactionState[], bill?: OrderBalance): Account {
  return { transactions, balances: new Map(bill ? [[bill.order_id, bill]] : []) };
}

function paid(more: Partial<TransactionState> = {}, provider = 'manual') {
  const state = aTransaction({ ...billed, status: 'paid', payment_id: 3, paid_at: NOW, version: 2, ...more });
  const payment: Payment = { ...createPayment([state], { ...facts, provider }, ctx), status: 'captured', version: 1 };
  return { ...account([state], aBill({ paid: minor(4_000) })), payments: new Map([[3, payment]]) };
}

const unchangedBill = {
  ...{ order_id: 17, paid: 0, refunded: 0, corrected: 0, charged: 0, released: 0 },
  ...{ claimed: null, invoice_closed: false, posted: 10_000, posted_tax: 1_000, version: 1 },
};

const types = ({ events }: { events: readonly { type: string }[] }) => events.map(({ type }) => type);
const statuses = ({ transactions }: PaymentOperation) => transactions.map(({ status }) => status);
const sumOf = (act: PaymentOperation) =>
  act.entries.map(({ kind, debit, credit, amount }) => [kind, debit, credit, amount]);

test('a new transaction is open, and says so in the words of its first clients', () => {
  const { next, events } = aCharge({ invoice: INVOICE });
  assert.deepEqual([next.status, next.invoice_id, next.order_id, next.invoice_total], ['open', 7, 17, 10_000]);
  const data = { event_type: 'transaction.created', transaction_id: 5, user_id: 2, amount: 4_000 };
  const rest = { description: 'a coffee', timestamp: NOW };
  assert.deepEqual(events, [
    { type: 'transaction.created', subject: '5', data: { ...data, ...rest }, about: 'order/17' },
  ]);
});

test('the world sees neither the version nor what is on its way', () => {
  const seen = publicTransaction(aTransaction({ status: 'partially_refunded' }));
  assert.equal(seen.is_paid, true);
  assert.deepEqual(
    ['version', 'refunding', 'payment_id', 'transaction_id'].filter((name) => name in seen),
    [],
  );
});

test('paying all pays what is open, oldest first, and counts up the totals of the invoice', () => {
  const two = [aTransaction({ ...billed }), aTransaction({ ...billed, transaction_id: 6 })];
  const change = payAll(account(two, aBill({ claimed: minor(8_000) })), facts, ctx);
  assert.deepEqual(types(change), ['transaction.paid', 'payment.captured', 'payment.captured']);
  assert.deepEqual(
    change.events.map(({ data }) => (data as { paid_total?: number }).paid_total),
    [undefined, 4_000, 8_000],
  );
  assert.deepEqual(
    change.events.map(({ about }) => about),
    Array(3).fill('order/17'),
  );
  assert.deepEqual(statuses(change.next), ['paid', 'paid']);
  assert.deepEqual(change.next.balances, [{ ...unchangedBill, paid: 8_000 }]);
  assert.deepEqual(sumOf(change.next), Array(2).fill(['payment', 'cash/manual', 'receivable/2', 4_000]));
  assert.deepEqual([change.next.payments[0]?.amount, change.next.payments[0]?.status], [8_000, 'captured']);
});

test('a payment over several orders is about none of them, and each of its parts about its own', () => {
  const two = [aTransaction({ ...billed }), aTransaction({ transaction_id: 6 })];
  const { events } = payAll(account(two, aBill()), facts, ctx);
  assert.deepEqual(
    events.map(({ about }) => about),
    [undefined, 'order/17', undefined],
  );
});

test('nothing open is nothing paid; under a key it is kept that nothing was', () => {
  assert.deepEqual(payAll(account([]), facts, ctx).events, []);
  const keyed = at({ request: { op: 'payment.pay', key: 'k', fingerprint: 'f' } });
  assert.deepEqual(types(payAll(account([]), facts, keyed)), ['transaction.paid']);
});

test('one act pays one currency, nothing of a cancelled order, and so many at most', () => {
  const other = aTransaction({ transaction_id: 6, currency: 'EUR' });
  assert.deepEqual(
    payable(account([aTransaction(), other])).map((one) => one.transaction_id),
    [5],
  );
  assert.equal(hasMore(account([aTransaction(), other]), [aTransaction()]), true);
  assert.equal(hasMore(account([other]), [other]), false);
  assert.deepEqual(payable(account([aTransaction({ ...billed })], aBill({ closed: true }))), []);
  const many = Array.from({ length: MAX_TRANSACTIONS + 1 }, (_, n) => aTransaction({ transaction_id: n + 1 }));
  assert.equal(payAll(account(many), facts, ctx).next.transactions.length, MAX_TRANSACTIONS);
  assert.equal(payAll(account(many), facts, ctx).next.more, true);
});

test('while a provider is asked nobody else pays; when it refuses all is open again', () => {
  const one = aTransaction({ ...billed });
  const payment = createPayment([one], { ...facts, provider: 'stripe' }, ctx);
  const started = startPayment(payment, account([one], aBill()), 1, ctx);
  assert.deepEqual([statuses(started.next), types(started)], [['processing'], ['payment.started']]);
  assert.deepEqual(started.next.entries, []);
  const failed = failPayment(payment, account([one]), { act_id: 2, reason: 'no money' }, ctx);
  assert.deepEqual([statuses(failed.next), types(failed)], [['open'], ['payment.failed']]);
  assert.deepEqual([failed.next.payments[0]?.status, failed.next.payments[0]?.failure], ['failed', 'no money']);
});

test('a refund takes back a payment in part, and then the rest', () => {
  const part = refund(
    paid(),
    { act_id: 1, refund_id: 9, amount: minor(1_000), reason: 'late', kind: 'credit', immediate: true },
    ctx,
  );
  assert.deepEqual(statuses(part.next), ['partially_refunded']);
  assert.deepEqual(sumOf(part.next), [
    ['refund', 'refunds', 'cash/manual', 900],
    ['refund', 'tax/0.1', 'cash/manual', 100],
  ]);
  const { data, about } = part.events[0] as { data: Record<string, unknown>; about?: string };
  assert.deepEqual([data.amount, data.paid_total, data.refunded_total, about], [1_000, 4_000, 1_000, 'order/17']);
  const rest = refund(
    paid({ refunded: minor(1_000) }),
    { act_id: 1, refund_id: 9, reason: 'late', kind: 'credit', immediate: true },
    ctx,
  );
  assert.deepEqual([statuses(rest.next), rest.next.refunds[0]?.amount], [['refunded'], 3_000]);
});

test('no more is given back than was paid, counting what is on its way', () => {
  const give = (more: Partial<TransactionState>, amount?: number) => () =>
    refund(
      paid(more),
      {
        act_id: 1,
        refund_id: 9,
        amount: amount === undefined ? undefined : minor(amount),
        reason: 'late',
        kind: 'credit',
        immediate: false,
      },
      ctx,
    );
  assert.throws(give({}, 4_001), { code: 'PAYMENT_REFUND_TOO_LARGE' });
  assert.throws(give({ refunding: minor(3_000) }, 1_001), { code: 'PAYMENT_REFUND_TOO_LARGE' });
  assert.throws(give({ refunding: minor(4_000) }), { code: 'PAYMENT_NOT_REFUNDABLE' });
  assert.throws(give({ status: 'open' }), { code: 'PAYMENT_NOT_REFUNDABLE' });
  assert.throws(give({ status: 'voided' }, 1), { code: 'PAYMENT_NOT_REFUNDABLE' });
  assert.equal(refundable(aTransaction()), 0);
});

test('a correction makes owed again what it gives back; one that its order outlives not is a credit', () => {
  const given = { act_id: 1, refund_id: 9, amount: minor(1_000), reason: 'wrong card', kind: 'correction' } as const;
  const done = refund(paid(), { ...given, immediate: true }, ctx);
  assert.deepEqual(done.next.balances, [{ ...unchangedBill, paid: 4_000, refunded: 1_000, corrected: 1_000 }]);
  const { kind, credited_total } = (done.events[0]?.data ?? {}) as { kind?: string; credited_total?: number };
  assert.deepEqual([kind, credited_total, done.next.refunds[0]?.kind], ['correction', 0, 'correction']);
  const asked = refund(paid({}, 'stripe'), { ...given, immediate: false }, ctx);
  const [held] = asked.next.transactions;
  const [started] = asked.next.refunds;
  assert.ok(held && started);
  const cancelled = aBill({ paid: minor(4_000), closed: true });
  const later = { ...paid(), transactions: [held], balances: new Map([[17, cancelled]]) };
  const late = completeRefund({ ...started, version: 1 }, later, { act_id: 2, provider_ref: 're_1' }, ctx);
  assert.deepEqual([late.next.refunds[0]?.kind, late.next.balances[0]?.corrected], ['credit', 0]);
});

test('what a provider is asked to give back is held until it has, and free again when it has not', () => {
  const asked = refund(
    paid({}, 'stripe'),
    { act_id: 1, refund_id: 9, reason: 'late', kind: 'credit', immediate: false },
    ctx,
  );
  assert.deepEqual(types(asked), ['refund.started']);
  const [held] = asked.next.transactions;
  const [started] = asked.next.refunds;
  assert.ok(held && started);
  assert.deepEqual([held.refunding, held.refunded, asked.next.entries], [4_000, 0, []]);
  const later = { ...paid(), transactions: [{ ...held, version: 3 }] };
  const done = completeRefund({ ...started, version: 1 }, later, { act_id: 2, provider_ref: 're_1' }, ctx);
  assert.deepEqual([statuses(done.next), done.next.transactions[0]?.refunding], [['refunded'], 0]);
  const failed = failRefund({ ...started, version: 1 }, later, { act_id: 2, reason: 'closed' }, ctx);
  assert.deepEqual([statuses(failed.next), failed.next.transactions[0]?.refunding], [['paid'], 0]);
  const twice = completeRefund({ ...started, status: 'done' }, later, { act_id: 3, provider_ref: 're_1' }, ctx);
  assert.deepEqual(twice.events, []);
});

test('of a cancelled order open transactions are voided and paid ones given back; the second time nothing is', () => {
  const { balances, payments, transactions } = paid();
  const open = aTransaction({ ...billed, transaction_id: 6 });
  const waiting = aTransaction({ ...billed, transaction_id: 8, status: 'processing' });
  const before = { balances, payments, transactions: [...transactions, open, waiting] };
  const given = { act_id: 1, refund_ids: [9], immediate: () => true };
  const { next, events } = settleCancelled(before, given, ctx);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['payment.refunded', 'transaction.voided', 'receivable.closed'],
  );
  assert.deepEqual(statuses(next), ['refunded', 'voided']);
  // What may still be captured, 40.00, stays posted with what was paid.
  const posted = { posted: 8_000, posted_tax: 800 };
  assert.deepEqual(next.balances, [{ ...unchangedBill, ...posted, paid: 4_000, refunded: 4_000, released: 4_000 }]);
  assert.deepEqual(sumOf(next).slice(-2), [
    ['reversal', 'sales', 'receivable/2', 1_800],
    ['reversal', 'tax/0.1', 'receivable/2', 200],
  ]);
  const later = new Map([[17, aBill({ ...next.balances[0], claimed: minor(4_000), version: 2 })]]);
  assert.deepEqual(
    settleCancelled({ balances: later, payments, transactions: [...next.transactions, waiting] }, given, ctx).events,
    [],
  );
});

test('an invoice is paid by its owner, in its currency, while it waits to be paid', () => {
  const code = (more: Partial<OrderBalance>) => {
    try {
      mustBePayable(aBill(more), { user_id: 2, currency: 'USD' });
      return 'payable';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const paid = { paid: INVOICE.total };
  const part = { ...paid, refunded: minor(5_000) };
  const cases = [{}, { user_id: 3 }, { closed: true }, { invoice_closed: true }, paid, part, { currency: 'EUR' }];
  assert.deepEqual([...cases, { ...part, corrected: minor(5_000) }].map(code), [
    'payable',
    'PAYMENT_OTHER_OWNER',
    'PAYMENT_INVOICE_CANCELLED',
    'PAYMENT_INVOICE_CANCELLED',
    'PAYMENT_INVOICE_PAID',
    'PAYMENT_INVOICE_PAID',
    'PAYMENT_OTHER_CURRENCY',
    'payable',
  ]);
});

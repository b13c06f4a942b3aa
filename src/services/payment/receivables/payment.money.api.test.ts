import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { minor } from '../../../platform/contract/money.ts';
import type { TestAnswer, TestClient } from '../../../testing/client.ts';
import { settle } from '../../../testing/settle.ts';
import { startSystem } from '../../../testing/system.ts';
import { type World, world } from '../../../testing/world.ts';

/** The fields that these tests look at. */
interface Seen {
  readonly id: number;
  readonly order_id: number;
  readonly invoice_id: number;
  readonly product_id: number;
  readonly code: string;
  readonly status: string;
  readonly kind: string;
  readonly number: string | null;
  readonly total: number;
  readonly current_total: number;
  readonly transactions_paid: number;
  readonly total_paid: number;
  readonly left: number;
  readonly ok: boolean;
}

const read = ({ body }: TestAnswer) => body as unknown as Seen;
const readList = ({ body }: TestAnswer) => body as unknown as Seen[];

let shop: World;
let system: Awaited<ReturnType<typeof startSystem>>;
let admin: TestClient;
let product_id: number;
let customers = 0;

before(async () => {
  shop = await world();
  system = await startSystem(shop.databaseUrl, {});
  admin = await shop.as('admin');
  ({ product_id } = read(await admin.post('/products', { name: 'A chair', price: 100, category: 'Furniture' })));
});

after(async () => {
  await system.close();
  await shop.close();
});

const customer = (): Promise<TestClient> => shop.as(`buyer-${++customers}`);
const due = (who: TestClient, amount: number, more: object = {}) =>
  who.post('/transactions', { amount, description: 'a chair', ...more });
const refund = (id: number, amount: number, kind?: string) =>
  admin.post(`/transactions/${id}/refund`, { amount, reason: 'wrong card', kind });

/** An order of 110.00 with its invoice. */
async function invoiced(who: TestClient): Promise<Seen> {
  const { order_id } = read(await who.post('/orders', { items: [{ product_id, quantity: 1 }] }));
  return read(await who.post('/invoices', { order_id }));
}

const ctx = () => ({
  actor: { kind: 'system' as const },
  now: new Date().toISOString(),
  trace: '',
  requestId: 'test',
});

/** What an order owes, in cents. */
async function receivable(order_id: number) {
  const { items } = await system.services.payment.findReceivables(ctx(), { order_ids: [order_id] });
  const [one] = items;
  assert.ok(one);
  return one;
}

async function totals(order_id: number): Promise<number[]> {
  const { paid_total, refunded_total, credited_total, open } = await receivable(order_id);
  return [paid_total, refunded_total, credited_total, open];
}

test('what was given back as a correction is owed again, and can be collected', async () => {
  const alice = await customer();
  const { invoice_id, order_id, total } = await invoiced(alice);
  assert.equal(total, 110);
  const first = read(await due(alice, 50, { invoice_id }));
  await alice.post('/transactions/pay');
  const corrected = read(await refund(first.id, 50, 'correction'));
  assert.deepEqual([corrected.kind, corrected.number, corrected.status], ['correction', null, 'done']);
  assert.deepEqual(await totals(order_id), [5_000, 5_000, 0, 11_000]);
  for (const amount of [60, 50]) {
    assert.equal((await due(alice, amount, { invoice_id })).status, 201);
    assert.equal(read(await alice.post('/transactions/pay')).total_paid, amount);
  }
  assert.deepEqual(await totals(order_id), [16_000, 5_000, 0, 0]);
  assert.equal(read(await due(alice, 0.01, { invoice_id })).code, 'PAYMENT_INVOICE_PAID');
});

test('what was given back as a credit is not owed any more', async () => {
  const alice = await customer();
  const { invoice_id, order_id } = await invoiced(alice);
  const first = read(await due(alice, 50, { invoice_id }));
  await alice.post('/transactions/pay');
  const credit = read(await refund(first.id, 50));
  assert.deepEqual([credit.kind, typeof credit.number], ['credit', 'string']);
  assert.deepEqual(await totals(order_id), [5_000, 5_000, 5_000, 6_000]);
  const refused = read(await due(alice, 60.01, { invoice_id }));
  assert.deepEqual([refused.code, refused.left], ['PAYMENT_INVOICE_COVERED', 60]);
  await due(alice, 60, { invoice_id });
  await alice.post('/transactions/pay');
  assert.deepEqual(await totals(order_id), [11_000, 5_000, 5_000, 0]);
});

test('the limit of a user counts what is open or kept, and not what was given back', async () => {
  const alice = await customer();
  const { id } = read(await due(alice, 1000));
  await alice.post('/transactions/pay');
  assert.equal(read(await due(alice, 1)).current_total, 1000);
  const back = read(await refund(id, 400, 'correction'));
  assert.equal(back.kind, 'credit', 'without an invoice nothing can be owed again');
  const answers = await Promise.all(Array.from({ length: 100 }, () => due(alice, 30)));
  assert.equal(answers.filter(({ status }) => status === 201).length, 13);
  assert.equal(read(await due(alice, 30)).current_total, 990);
  assert.equal(read(await admin.get('/ledger/check')).ok, true);
});

test('a hundred who correct, charge and pay at once collect what is owed, and not a cent more', async () => {
  const alice = await customer();
  const { invoice_id, order_id } = await invoiced(alice);
  const first = read(await due(alice, 110, { invoice_id }));
  await alice.post('/transactions/pay');
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => {
      if (n % 4 === 0) return refund(first.id, 10, 'correction');
      return n % 4 === 1 ? alice.post('/transactions/pay') : due(alice, 10, { invoice_id });
    }),
  );
  assert.ok(answers.every(({ status }) => status < 500 && status !== 400));
  await alice.post('/transactions/pay');
  const { paid_total, refunded_total, credited_total, open } = await receivable(order_id);
  assert.equal(credited_total, 0);
  assert.equal(open, 11_000 - (paid_total - refunded_total));
  assert.ok(open >= 0 && refunded_total <= 11_000);
  const kept = readList(await alice.get(`/transactions/list?invoice_id=${invoice_id}&limit=200`)) as unknown as {
    status: string;
    amount: number;
    refunded_total: number;
  }[];
  const net = kept.reduce((sum, one) => sum + Math.round(one.amount * 100) - Math.round(one.refunded_total * 100), 0);
  assert.equal(net, paid_total - refunded_total);
  assert.equal(read(await admin.get('/ledger/check')).ok, true);
});

test('what is named is paid, and nothing else; when one of it cannot be, nothing is', async () => {
  const [alice, bob] = [await customer(), await customer()];
  const [one, two, three] = [read(await due(alice, 10)), read(await due(alice, 20)), read(await due(alice, 30))];
  const strange = read(await due(bob, 5));
  const pay = (transaction_ids: number[], more: object = {}) =>
    alice.post('/transactions/pay', { transaction_ids, ...more });
  const refused = await pay([one.id, strange.id]);
  assert.deepEqual([refused.status, read(refused).code], [404, 'PAYMENT_NO_TRANSACTION']);
  assert.equal((await pay([one.id], { invoice_id: 1 })).status, 400);
  assert.equal((await pay([])).status, 400);
  assert.equal((await pay([one.id, one.id])).status, 400);
  const paid = read(await pay([one.id, three.id]));
  assert.deepEqual([paid.transactions_paid, paid.total_paid], [2, 40]);
  const again = await pay([two.id, one.id]);
  assert.deepEqual([again.status, read(again).code], [409, 'PAYMENT_NOT_OPEN']);
  assert.equal(read(await alice.get(`/transactions/${two.id}`)).status, 'open');
  assert.equal(read(await admin.post('/transactions/pay', { transaction_ids: [two.id] })).total_paid, 20);
});

test('an invoice that nothing was charged for is charged and paid at once', async () => {
  const [alice, bob] = [await customer(), await customer()];
  const { invoice_id, order_id } = await invoiced(alice);
  const pay = (who: TestClient, more: object = {}) => who.post('/transactions/pay', { invoice_id, ...more });
  assert.equal(read(await pay(bob)).code, 'PAYMENT_INVOICE_NOT_FOUND');
  const { id } = read(await due(alice, 30, { invoice_id }));
  await due(alice, 7);
  assert.deepEqual([read(await pay(alice)).total_paid, await totals(order_id)], [30, [3_000, 0, 0, 8_000]]);
  const key = { 'idempotency-key': 'the-rest' };
  const rest = await alice.post('/transactions/pay', { invoice_id }, key);
  assert.deepEqual([read(rest).total_paid, await totals(order_id)], [80, [11_000, 0, 0, 0]]);
  assert.deepEqual((await alice.post('/transactions/pay', { invoice_id }, key)).body, rest.body);
  assert.equal(read(await pay(alice)).code, 'PAYMENT_INVOICE_PAID');
  assert.equal(read(await refund(id, 30, 'correction')).kind, 'correction');
  assert.equal(read(await pay(alice)).total_paid, 30);
  assert.equal(read(await alice.post('/transactions/pay')).total_paid, 7, 'an empty request pays all that is open');
  await settle(async () => assert.equal(read(await alice.get(`/invoices/${invoice_id}`)).status, 'paid'));
  assert.equal(read(await admin.get('/ledger/check')).ok, true);
});

test('an invoice that fifty pay at once is paid once', async () => {
  const alice = await customer();
  const { invoice_id, order_id } = await invoiced(alice);
  const answers = await Promise.all(Array.from({ length: 50 }, () => alice.post('/transactions/pay', { invoice_id })));
  assert.ok(answers.every(({ status }) => status === 200 || status === 409));
  assert.equal(
    answers.reduce((sum, one) => sum + (read(one).total_paid ?? 0), 0),
    110,
  );
  assert.deepEqual(await totals(order_id), [11_000, 0, 0, 0]);
});

test('what is open can be withdrawn, once, by its owner, and is free again', async () => {
  const [alice, bob] = [await customer(), await customer()];
  const { invoice_id } = await invoiced(alice);
  const { id } = read(await due(alice, 110, { invoice_id }));
  const other = read(await due(alice, 1000));
  assert.equal((await bob.delete(`/transactions/${id}`)).status, 404);
  const withdrawn = await alice.delete(`/transactions/${id}`);
  assert.deepEqual([withdrawn.status, read(withdrawn).status], [200, 'voided']);
  assert.equal((await alice.delete(`/transactions/${id}`)).status, 409);
  assert.equal((await due(alice, 110, { invoice_id })).status, 201);
  assert.equal((await due(alice, 1)).status, 400);
  assert.equal((await admin.delete(`/payment/transactions/${other.id}`)).status, 200);
  assert.equal((await due(alice, 1000)).status, 201);
  assert.equal(read(await admin.get('/ledger/check')).ok, true);
});

test('one is withdrawn or paid, never both', async () => {
  const alice = await customer();
  const made = await Promise.all(Array.from({ length: 20 }, () => due(alice, 5)));
  await Promise.all(
    made.flatMap((one) => [
      alice.delete(`/transactions/${read(one).id}`),
      alice.post('/transactions/pay', { transaction_ids: [read(one).id] }),
    ]),
  );
  const fates = await Promise.all(
    made.map(async (one) => read(await alice.get(`/transactions/${read(one).id}`)).status),
  );
  assert.ok(
    fates.every((status) => status === 'paid' || status === 'voided'),
    String(fates),
  );
  assert.equal(read(await admin.get('/ledger/check')).ok, true);
});

const outside = (order: Seen, more: object = {}) => ({
  ...{ order_id: order.order_id, invoice_id: order.invoice_id, key: 'one', method: 'bank_transfer' as const },
  ...{ reference: 'RF18 5390', date: '2026-11-28' },
  ...more,
});

test('money from outside is one paid transaction; what is open and no longer fits is voided', async () => {
  const alice = await customer();
  const order = await invoiced(alice);
  const { invoice_id, order_id } = order;
  const [kept, voided] = [await due(alice, 40, { invoice_id }), await due(alice, 70, { invoice_id })].map(read);
  const { payment } = system.services;
  const part = await payment.payOutside(ctx(), outside(order, { amount: minor(5_000) }));
  assert.deepEqual([part.transaction.amount, part.transaction.status, part.receivable.open], [5_000, 'paid', 6_000]);
  assert.equal(part.transaction.description, 'paid by bank transfer: RF18 5390');
  const statuses = async () =>
    Promise.all([kept, voided].map(async (one) => read(await alice.get(`/transactions/${one?.id}`)).status));
  assert.deepEqual(await statuses(), ['open', 'voided']);
  const again = await payment.payOutside(ctx(), outside(order, { amount: minor(5_000) }));
  assert.equal(again.transaction.id, part.transaction.id);
  await assert.rejects(payment.payOutside(ctx(), outside(order, { key: 'two', amount: minor(6_001) })), {
    code: 'PAYMENT_INVOICE_COVERED',
  });
  const rest = await payment.payOutside(ctx(), outside(order, { key: 'two', method: 'cash' }));
  assert.deepEqual([rest.transaction.amount, rest.receivable.open], [6_000, 0]);
  assert.deepEqual(await statuses(), ['voided', 'voided']);
  await settle(async () => assert.equal(read(await alice.get(`/invoices/${invoice_id}`)).status, 'paid'));
  assert.equal(read(await refund(rest.transaction.id, 10)).status, 'done');
  assert.deepEqual(await totals(order_id), [11_000, 1_000, 1_000, 0]);
  assert.equal(read(await admin.get('/ledger/check')).ok, true);
});

test('payments, outside payments, withdrawals, refunds and a closing at once keep the books equal', async () => {
  const alice = await customer();
  const order = await invoiced(alice);
  const { invoice_id, order_id } = order;
  const first = read(await due(alice, 20, { invoice_id }));
  await alice.post('/transactions/pay');
  const { payment } = system.services;
  const quiet = (work: Promise<unknown>) =>
    work.catch((error: { code?: string }) => assert.ok(error.code, String(error)));
  await Promise.all(
    Array.from({ length: 60 }, (_, n) => {
      if (n % 6 === 0) return due(alice, 10, { invoice_id });
      if (n % 6 === 1) return alice.post('/transactions/pay', { invoice_id });
      if (n % 6 === 2) return refund(first.id, 3, n % 4 ? 'correction' : 'credit');
      if (n % 6 === 3) return quiet(payment.payOutside(ctx(), outside(order, { key: `k${n}`, amount: minor(700) })));
      if (n % 6 === 4) return alice.post('/transactions/pay');
      return n === 29 ? quiet(payment.closeReceivable(ctx(), { order_id, invoice_id })) : due(alice, 5, { invoice_id });
    }),
  );
  // Closed, unless all of it was paid.
  await quiet(payment.closeReceivable(ctx(), { order_id, invoice_id }));
  const { invoice_id: left, open, paid_total, refunded_total } = await receivable(order_id);
  assert.ok(left === null || open === 0);
  const kept = readList(await alice.get(`/transactions/list?invoice_id=${invoice_id}&limit=200`)) as unknown as {
    is_paid: boolean;
    status: string;
    amount: number;
    refunded_total: number;
  }[];
  assert.ok(kept.every(({ is_paid, status }) => is_paid || status === 'voided'));
  const net = kept
    .filter(({ is_paid }) => is_paid)
    .reduce((sum, one) => sum + Math.round(one.amount * 100) - Math.round(one.refunded_total * 100), 0);
  assert.equal(net, paid_total - refunded_total);
  assert.equal(read(await admin.get('/ledger/check')).ok, true);
});

test('a closed invoice leaves its money with the order, and the next one asks for the rest', async () => {
  const alice = await customer();
  const { invoice_id, order_id } = await invoiced(alice);
  await due(alice, 30, { invoice_id });
  await alice.post('/transactions/pay');
  await due(alice, 20, { invoice_id });
  const { payment } = system.services;
  for (let n = 0; n < 2; n++) await payment.closeReceivable(ctx(), { order_id, invoice_id });
  assert.equal(read(await due(alice, 1, { invoice_id })).code, 'PAYMENT_INVOICE_CANCELLED');
  const sums = { subtotal: minor(10_000), tax: minor(1_000), total: minor(11_000) };
  const amounts = { ...sums, tax_rate: '0.1', currency: 'USD' };
  const next = { order_id, invoice_id: invoice_id + 1_000, user_id: alice.id, ...amounts };
  const opened = await payment.openReceivable(ctx(), next);
  assert.deepEqual([opened.open, opened.paid_total], [8_000, 3_000]);
  await assert.rejects(payment.openReceivable(ctx(), { ...next, invoice_id: invoice_id + 2_000 }), {
    code: 'PAYMENT_INVOICE_OPEN',
  });
  assert.equal(read(await alice.post('/transactions/pay', { invoice_id: next.invoice_id })).total_paid, 80);
  assert.equal(read(await admin.get('/ledger/check')).ok, true);
});

test('the trial balance of every currency is zero, as JSON and as CSV, now and before', async () => {
  interface Trial {
    readonly accounts: { readonly account: string; readonly currency: string; readonly balance: number }[];
    readonly totals: { readonly currency: string; readonly debit: number; readonly credit: number; balance: number }[];
  }
  const { body } = await admin.get<Trial>('/ledger/trial-balance');
  const [total] = body.totals;
  assert.deepEqual([body.totals.length, total?.currency, total?.balance], [1, 'USD', 0]);
  assert.equal(total?.debit, total?.credit);
  for (const account of ['receivable', 'sales', 'tax/0.1', 'refunds', 'cash/manual', 'outside/cash'])
    assert.ok(
      body.accounts.some((one) => one.account === account),
      account,
    );
  const file = await fetch(`${shop.url}/ledger/trial-balance.csv`, {
    headers: { authorization: `Bearer ${admin.token}` },
  });
  assert.equal(file.headers.get('content-type')?.split(';')[0], 'text/csv');
  const [header, ...lines] = (await file.text()).trim().split('\r\n');
  assert.equal(header, 'account,currency,debit,credit,balance');
  assert.equal(lines.length, body.accounts.length);
  assert.deepEqual((await admin.get<Trial>('/ledger/trial-balance?at=2020-01-01T00:00:00Z')).body.accounts, []);
  assert.equal((await (await customer()).get('/ledger/trial-balance')).status, 403);
});

test('what was paid for a cancelled order is given back as a credit, and nothing of it is left to correct', async () => {
  const alice = await customer();
  const { invoice_id, order_id } = await invoiced(alice);
  const { id } = read(await due(alice, 110, { invoice_id }));
  await alice.post('/transactions/pay');
  await settle(async () => assert.equal((await alice.post(`/orders/${order_id}/cancel`)).status, 200));
  await settle(async () => assert.deepEqual(await totals(order_id), [11_000, 11_000, 11_000, 0]));
  assert.equal(read(await refund(id, 1, 'correction')).code, 'PAYMENT_REFUND_TOO_LARGE');
});

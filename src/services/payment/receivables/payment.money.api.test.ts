import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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

test('what was paid for a cancelled order is given back as a credit, and nothing of it is left to correct', async () => {
  const alice = await customer();
  const { invoice_id, order_id } = await invoiced(alice);
  const { id } = read(await due(alice, 110, { invoice_id }));
  await alice.post('/transactions/pay');
  await settle(async () => assert.equal((await alice.post(`/orders/${order_id}/cancel`)).status, 200));
  await settle(async () => assert.deepEqual(await totals(order_id), [11_000, 11_000, 11_000, 0]));
  assert.equal(read(await refund(id, 1, 'correction')).code, 'PAYMENT_REFUND_TOO_LARGE');
});

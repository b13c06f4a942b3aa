import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemCtx } from '../../../platform/contract/ctx.ts';
import { minor } from '../../../platform/contract/money.ts';
import type { TestAnswer, TestClient } from '../../../testing/client.ts';
import { settle } from '../../../testing/settle.ts';
import { startSystem } from '../../../testing/system.ts';
import { type World, world } from '../../../testing/world.ts';

/** The fields that these tests look at. */
interface Seen {
  readonly id: number;
  readonly invoice_id: number;
  readonly order_id: number;
  readonly product_id: number;
  readonly invoice_number: string;
  readonly status: string;
  readonly paid_total: number;
  readonly open: number;
  readonly amount: number;
  readonly left: number;
  readonly payment_status: string;
  readonly transactions_paid: number;
  readonly code: string;
  readonly error: string;
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
  // A second process beside it, whose services these tests also call past the door.
  system = await startSystem(shop.databaseUrl, {});
  admin = await shop.as('admin');
  ({ product_id } = read(await admin.post('/products', { name: 'A chair', price: 100, category: 'Furniture' })));
});

after(async () => {
  await system.close();
  await shop.close();
});

/** The invoice of a new order of 110.00 of a new customer. */
async function invoiced(): Promise<Seen & { readonly buyer: TestClient }> {
  const buyer = await shop.as(`buyer-${++customers}`);
  const { order_id } = read(await buyer.post('/orders', { items: [{ product_id, quantity: 1 }] }));
  return { ...read(await buyer.post('/invoices', { order_id })), buyer };
}

const put = ({ invoice_id }: Seen, body: object, headers: Record<string, string> = {}) =>
  admin.put(`/invoices/${invoice_id}`, body, headers);
const pay = (invoice: Seen, payment?: object, headers?: Record<string, string>) =>
  put(invoice, { status: 'paid', payment }, headers);
const transactions = async ({ invoice_id }: Seen) =>
  readList(await admin.get(`/transactions/list?all=true&invoice_id=${invoice_id}`));
const now = async ({ invoice_id }: Seen) => read(await admin.get(`/invoices/${invoice_id}`));
const paidBy = async (invoice: Seen) =>
  (await transactions(invoice)).filter(({ status }) => status === 'paid').map(({ amount }) => amount);
const orderIs = ({ order_id }: Seen, status: string) =>
  settle(async () => assert.equal(read(await admin.get(`/orders/${order_id}`)).payment_status, status));

test('a draft that is set to paid was paid outside: its money is a transaction, and its order is paid', async () => {
  const invoice = await invoiced();
  const { status, body } = await pay(invoice);
  const { buyer, ...made } = invoice;
  assert.deepEqual([status, body], [200, { ...made, status: 'paid', paid_total: 110, open: 0 }]);
  assert.deepEqual(await paidBy(invoice), [110]);
  await orderIs(invoice, 'paid');
  assert.equal(read(await buyer.post('/transactions/pay')).transactions_paid, 0);
  assert.deepEqual(read(await pay(invoice)), body, 'it is paid already');
  assert.deepEqual(await paidBy(invoice), [110]);
  assert.equal(read(await put(invoice, { status: 'cancelled' })).code, 'INVOICE_ILLEGAL_STATUS');
  assert.equal(read(await admin.get('/ledger/check')).ok, true);
});

test('what was asked for is voided, and nobody pays it a second time', async () => {
  const invoice = await invoiced();
  await invoice.buyer.post('/transactions', { amount: 110, description: 'a chair', invoice_id: invoice.invoice_id });
  assert.equal((await pay(invoice, { method: 'cash' })).status, 200);
  assert.deepEqual((await transactions(invoice)).map(({ status }) => status).sort(), ['paid', 'voided']);
  assert.equal(read(await invoice.buyer.post('/transactions/pay')).transactions_paid, 0);
});

test('a part leaves the status, the rest pays it, and more than the rest is refused by name', async () => {
  const invoice = await invoiced();
  const part = await pay(invoice, { method: 'bank_transfer', reference: 'A-17', date: '2026-01-05', amount: 60 });
  assert.deepEqual([part.status, read(part).status, read(part).open], [200, 'draft', 50]);
  await orderIs(invoice, 'partially_paid');
  assert.equal(read(await put(invoice, { status: 'sent' })).status, 'sent');
  const more = await pay(invoice, { amount: 50.01 });
  assert.deepEqual([more.status, read(more).code], [409, 'PAYMENT_INVOICE_COVERED']);
  assert.match(read(more).error, /50\.00/);
  const rest = read(await pay(invoice));
  assert.deepEqual([rest.status, rest.paid_total, rest.open], ['paid', 110, 0]);
  assert.deepEqual((await paidBy(invoice)).sort(), [50, 60]);
});

test('a payment with a reference is recorded once, one with an Idempotency-Key too', async () => {
  const invoice = await invoiced();
  const transfer = { method: 'bank_transfer', reference: 'B-1', date: '2026-01-05', amount: 10 };
  for (let n = 0; n < 3; n++) assert.equal(read(await pay(invoice, transfer)).paid_total, 10);
  const key = { 'idempotency-key': 'ten-more' };
  const first = await pay(invoice, { amount: 10 }, key);
  const again = await pay(invoice, { amount: 10 }, key);
  assert.deepEqual([again.body, again.headers.get('idempotent-replayed')], [first.body, 'true']);
  assert.equal(read(await pay(invoice, { amount: 10 })).paid_total, 30, 'without either it is another one');
  assert.deepEqual(await paidBy(invoice), [10, 10, 10]);
  assert.equal((await pay(invoice, { amount: 11 }, key)).status, 422);
});

test('what cannot be is refused before anything is recorded', async () => {
  const invoice = await invoiced();
  const tomorrow = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
  const wrong: object[] = [
    { amount: 0 },
    { amount: -1 },
    { amount: 1.001 },
    { date: tomorrow },
    { date: '2026-02-30' },
    { date: 'yesterday' },
    { method: 'card' },
    { reference: ' ' },
    { who: 'me' },
  ];
  for (const payment of wrong) assert.equal((await pay(invoice, payment)).status, 400, JSON.stringify(payment));
  for (const status of ['sent', 'cancelled', 'draft']) {
    assert.equal((await put(invoice, { status, payment: { amount: 1 } })).status, 400, status);
  }
  assert.equal((await invoice.buyer.put(`/invoices/${invoice.invoice_id}`, { status: 'paid' })).status, 403);
  assert.equal((await now(invoice)).status, 'draft');
  assert.deepEqual(await transactions(invoice), []);
  assert.equal((await admin.put('/invoices/999999', { status: 'paid' })).status, 404);
});

test('a draft that is set to draft stays one, and one is sent while money for it moves', async () => {
  const invoice = await invoiced();
  assert.equal(read(await put(invoice, { status: 'draft' })).status, 'draft');
  const answers = await Promise.all([
    ...[11, 12, 13].map((amount) => pay(invoice, { amount })),
    ...Array.from({ length: 3 }, () => put(invoice, { status: 'sent' })),
  ]);
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.deepEqual([(await now(invoice)).status, (await now(invoice)).open], ['sent', 74]);
  assert.equal((await put(invoice, { status: 'draft' })).status, 409);
});

test('of twenty requests at once, one pays; of different parts at once, all that fit', async () => {
  const [once, parts] = [await invoiced(), await invoiced()];
  const all = await Promise.all(Array.from({ length: 20 }, () => pay(once)));
  assert.deepEqual(new Set(all.map(({ status }) => status)), new Set([200]));
  assert.deepEqual(await paidBy(once), [110]);
  const amounts = [20, 21, 22, 23, 24];
  const answers = await Promise.all(amounts.map((amount) => pay(parts, { amount })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 200]);
  assert.deepEqual(read(await pay(parts, { amount: 1 })).code, 'PAYMENT_INVOICE_PAID');
  assert.deepEqual((await paidBy(parts)).sort(), amounts);
  await settle(async () => assert.deepEqual([(await now(parts)).status, (await now(parts)).open], ['paid', 0]));
});

test('a cancelled invoice takes what was asked for along, and its order is invoiced anew', async () => {
  const invoice = await invoiced();
  const { order_id, invoice_id } = invoice;
  await invoice.buyer.post('/transactions', { amount: 110, description: 'a chair', invoice_id });
  assert.equal(read(await put(invoice, { status: 'cancelled' })).status, 'cancelled');
  assert.equal(read(await put(invoice, { status: 'cancelled' })).status, 'cancelled');
  assert.deepEqual(
    (await transactions(invoice)).map(({ status }) => status),
    ['voided'],
  );
  assert.equal((await pay(invoice)).status, 409);
  const refused = await invoice.buyer.post('/transactions', { amount: 1, description: 'a chair', invoice_id });
  assert.equal(refused.status, 409);
  const second = await invoice.buyer.post('/invoices', { order_id });
  assert.equal(second.status, 201);
  assert.equal(read(await pay(read(second))).status, 'paid');
  await orderIs(invoice, 'paid');
});

test('what was paid for a cancelled invoice counts for the next one', async () => {
  const invoice = await invoiced();
  const { order_id } = invoice;
  await pay(invoice, { amount: 60 });
  await put(invoice, { status: 'cancelled' });
  const second = read(await invoice.buyer.post('/invoices', { order_id }));
  assert.deepEqual([second.paid_total, second.open, second.status], [60, 50, 'draft']);
  const { paid_total, status, open } = read(await pay(second));
  assert.deepEqual([status, paid_total, open], ['paid', 110, 0]);
  await orderIs(invoice, 'paid');
});

test('paid and cancelled at the same moment: one of the two, and the books know which', async () => {
  for (let round = 0; round < 6; round++) {
    const invoice = await invoiced();
    const asked = [() => pay(invoice), () => put(invoice, { status: 'cancelled' })];
    if (round % 2) asked.reverse();
    const answers = await Promise.all(asked.map((ask) => ask()));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    const { status, open } = await now(invoice);
    assert.equal(open, 0);
    assert.deepEqual(await paidBy(invoice), status === 'paid' ? [110] : []);
  }
});

test('what was paid a moment ago is not cancelled, though the invoice has not heard of it', async () => {
  const invoice = await invoiced();
  const { order_id, invoice_id } = invoice;
  const money = { method: 'other' as const, date: '2026-01-05', amount: minor(11_000) };
  await system.services.payment.payOutside(systemCtx(), { order_id, invoice_id, key: 'k', ...money });
  assert.equal((await put(invoice, { status: 'cancelled' })).status, 409);
  await settle(async () => assert.equal((await now(invoice)).status, 'paid'));
});

test('what payment did before a crash is finished by its event', async () => {
  const { payment } = system.services;
  const [paid, closed] = [await invoiced(), await invoiced()];
  const of = ({ order_id, invoice_id }: Seen) => ({ order_id, invoice_id });
  await payment.payOutside(systemCtx(), {
    ...of(paid),
    key: 'k',
    method: 'other',
    date: '2026-01-05',
    amount: minor(11_000),
  });
  await settle(async () => assert.equal((await now(paid)).status, 'paid'));
  await payment.closeReceivable(systemCtx(), of(closed));
  await settle(async () => assert.equal((await now(closed)).status, 'cancelled'));
});

test('a correction makes a paid invoice owed again, and it is collected again', async () => {
  const invoice = await invoiced();
  await pay(invoice, { reference: 'C-1' });
  const [transaction] = await transactions(invoice);
  const back = { amount: 50, reason: 'wrong account', kind: 'correction' };
  assert.equal((await admin.post(`/transactions/${transaction?.id}/refund`, back)).status, 201);
  await settle(async () => assert.deepEqual([(await now(invoice)).status, (await now(invoice)).open], ['sent', 50]));
  await orderIs(invoice, 'partially_paid');
  const again = read(await pay(invoice, { reference: 'C-1' }));
  assert.deepEqual([again.status, again.paid_total, again.open], ['paid', 160, 0]);
  await orderIs(invoice, 'paid');
});

test('an order over 0 is paid, its invoice at once', async () => {
  const free = read(await admin.post('/products', { name: 'A leaflet', price: 0, category: 'Paper' }));
  const buyer = await shop.as(`buyer-${++customers}`);
  const placed = read(await buyer.post('/orders', { items: [{ product_id: free.product_id, quantity: 1 }] }));
  const invoice = read(await buyer.post('/invoices', { order_id: placed.order_id }));
  assert.deepEqual([invoice.status, invoice.open, invoice.paid_total], ['paid', 0, 0]);
  await orderIs(invoice, 'paid');
  assert.equal(read(await pay(invoice)).status, 'paid');
  assert.deepEqual(await transactions(invoice), []);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDatabase } from '../../platform/db/postgres/postgres.ts';
import type { TestAnswer, TestClient } from '../../testing/client.ts';
import { publishedEvents } from '../../testing/published-events.ts';
import { settle } from '../../testing/settle.ts';
import { type World, world } from '../../testing/world.ts';

/** The fields that these tests look at. */
interface Seen {
  readonly id: number;
  readonly user_id: number;
  readonly amount: number;
  readonly is_paid: boolean;
  readonly status: string;
  readonly refunded_total: number;
  readonly transactions_paid: number;
  readonly total_paid: number;
  readonly transactions: Seen[];
  readonly message: string;
  readonly current_total: number;
  readonly max_allowed: number;
  readonly error: string;
  readonly code: string;
  readonly number: string;
  readonly transaction_id: number;
  readonly credit_note_id: number;
  readonly order_id: number;
  readonly invoice_id: number;
  readonly total: number;
  readonly ok: boolean;
  readonly account: string;
  readonly balance: number;
  readonly kind: string;
  readonly postings: { readonly account: string; readonly amount: number }[];
}

const read = ({ body }: TestAnswer) => body as unknown as Seen;
const readList = ({ body }: TestAnswer) => body as unknown as Seen[];

let shop: World;
let admin: TestClient;
let customers = 0;

before(async () => {
  shop = await world();
  admin = await shop.as('admin');
});

after(() => shop.close());

const customer = (): Promise<TestClient> => shop.as(`customer-${++customers}`);
const due = async (who: TestClient, amount: number, more: object = {}): Promise<TestAnswer> =>
  who.post('/transactions', { amount, description: 'a coffee', ...more });

async function invoiced(who: TestClient): Promise<Seen> {
  const { order_id } = read(await who.post('/orders', { items: [{ product_id: 2, quantity: 1 }] }));
  return read(await who.post('/invoices', { order_id }));
}

async function told(
  of: string,
  value: number,
): Promise<{ type: string; data: Record<string, unknown>; about: string }[]> {
  const db = openDatabase(shop.databaseUrl, { poolSize: 1 });
  const text = `select type, data from ${publishedEvents('payment')} e where (data ->> '${of}')::bigint = $1 order by n`;
  const rows = await db.query<{ type: string; data: Record<string, unknown>; about: string }>({ name: '', text }, [
    value,
  ]);
  await db.close();
  return rows;
}

// Events may move the order at the same moment; whoever is told so asks again.
async function cancelled(who: TestClient, order_id: number): Promise<void> {
  await settle(async () => {
    const { status, body } = await who.post(`/orders/${order_id}/cancel`);
    assert.equal(status, 200, JSON.stringify(body));
  });
}

test('an amount is made due, listed and paid, with and without the prefix of the gateway', async () => {
  const alice = await customer();
  const made = await due(alice, 12.5);
  const { created_at, ...rest } = made.body;
  assert.equal(made.status, 201);
  assert.ok(created_at);
  const open = { is_paid: false, status: 'open', currency: 'USD', invoice_id: null, order_id: null };
  const id = made.body.id;
  assert.deepEqual(rest, {
    id,
    user_id: alice.id,
    amount: 12.5,
    description: 'a coffee',
    ...open,
    refunded_total: 0,
    paid_at: null,
  });
  const prefixed = await alice.post('/payment/transactions', { amount: 7.5, description: 'a cake' });
  assert.equal(prefixed.status, 201);
  for (const path of ['/transactions/list', '/payment/transactions/list', `/transactions/list?user_id=${alice.id}`]) {
    assert.deepEqual(
      readList(await alice.get(path)).map((one) => one.amount),
      [7.5, 12.5],
      path,
    );
  }
  const paid = await alice.post('/payment/transactions/pay');
  const { message, transactions_paid, total_paid, transactions } = read(paid);
  assert.deepEqual(
    [paid.status, message, transactions_paid, total_paid],
    [200, 'transactions paid successfully', 2, 20],
  );
  assert.deepEqual(
    transactions.map((one) => [one.amount, one.is_paid, one.status]),
    [
      [12.5, true, 'paid'],
      [7.5, true, 'paid'],
    ],
  );
  assert.equal(read(await alice.get(`/payment/transactions/${id}`)).is_paid, true);
  const again = read(await alice.post('/transactions/pay'));
  assert.deepEqual([again.transactions_paid, again.total_paid, again.transactions], [0, 0, []]);
});

test('what belongs to no invoice may total 1000, paid or not, and the refusal says how much there is', async () => {
  const alice = await customer();
  assert.equal((await due(alice, 900.5)).status, 201);
  await alice.post('/transactions/pay');
  const refused = await due(alice, 100);
  const { error, current_total, max_allowed, code } = read(refused);
  assert.deepEqual([refused.status, error], [400, 'total amount exceeds maximum of 1000']);
  assert.deepEqual([current_total, max_allowed, code], [900.5, 1000, 'PAYMENT_LIMIT']);
  assert.equal((await due(alice, 99.5)).status, 201);
  assert.equal(read(await due(alice, 0.01)).current_total, 1000);
  assert.equal(read(await due(await customer(), 1000.01)).current_total, 0);
});

test('a hundred requests at once never pass the maximum by a cent', async () => {
  const alice = await customer();
  const answers = await Promise.all(Array.from({ length: 100 }, () => due(alice, 30)));
  const made = answers.filter(({ status }) => status === 201);
  assert.equal(made.length, 33);
  assert.ok(answers.every(({ status }) => status === 201 || status === 400));
  const list = readList(await alice.get('/transactions/list?limit=200'));
  assert.equal(list.length, 33);
});

test('many who pay at once pay each transaction once', async () => {
  const alice = await customer();
  await Promise.all(Array.from({ length: 10 }, () => due(alice, 5)));
  const answers = await Promise.all(Array.from({ length: 8 }, () => alice.post('/transactions/pay')));
  assert.deepEqual(
    answers.map(({ status }) => status),
    Array(8).fill(200),
  );
  assert.equal(
    answers.map((one) => read(one).transactions_paid).reduce((a, b) => a + b),
    10,
  );
  const paid = (await told('user_id', alice.id)).filter(({ type }) => type === 'payment.captured');
  assert.equal(new Set(paid.map(({ data }) => data.transaction_id)).size, 10);
  assert.equal(paid.length, 10);
});

test('a payment with an Idempotency-Key says again what it paid, whatever became due since', async () => {
  const alice = await customer();
  await due(alice, 5);
  const key = { 'idempotency-key': 'pay-once' };
  const first = await alice.post('/transactions/pay', {}, key);
  await due(alice, 6);
  const replay = await alice.post('/transactions/pay', {}, key);
  assert.deepEqual([replay.status, replay.body], [200, first.body]);
  assert.equal(replay.headers.get('idempotent-replayed'), 'true');
  const bob = await customer();
  const nothing = await bob.post('/transactions/pay', {}, key);
  await due(bob, 7);
  assert.deepEqual((await bob.post('/transactions/pay', {}, key)).body, nothing.body);
});

test('a transaction with an Idempotency-Key is made once, however often it is asked for', async () => {
  const alice = await customer();
  const key = { 'idempotency-key': 'make-once' };
  const body = { amount: 5, description: 'a coffee' };
  const answers = await Promise.all(Array.from({ length: 20 }, () => alice.post('/transactions', body, key)));
  assert.deepEqual([...new Set(answers.map(({ status, body: { id } }) => `${status} ${id}`))].length, 1);
  assert.equal((await alice.post('/transactions', { ...body, amount: 6 }, key)).status, 422);
  assert.equal(readList(await alice.get('/transactions/list')).length, 1);
});

test('to another customer transactions are not there, and nobody but staff makes them for another', async () => {
  const [alice, bob] = [await customer(), await customer()];
  const { id } = read(await due(alice, 5));
  const statusOf = async (answer: Promise<TestAnswer>) => (await answer).status;
  assert.equal(await statusOf(bob.get(`/transactions/${id}`)), 404);
  assert.equal(await statusOf(bob.get(`/transactions/list?user_id=${alice.id}`)), 404);
  assert.equal(await statusOf(bob.post(`/transactions/pay?user_id=${alice.id}`)), 404);
  assert.equal(await statusOf(bob.post('/transactions/pay', { user_id: alice.id })), 404);
  assert.equal(await statusOf(due(bob, 5, { user_id: alice.id })), 403);
  assert.equal(await statusOf(bob.post(`/transactions/${id}/refund`, { reason: 'mine' })), 403);
  for (const path of ['accounts', 'entries', 'check']) assert.equal(await statusOf(bob.get(`/ledger/${path}`)), 403);
  assert.equal(await statusOf(shop.guest.get('/transactions/list')), 401);
  assert.equal(await statusOf(shop.guest.post('/transactions/pay')), 401);
  assert.equal(read(await due(admin, 5, { user_id: alice.id })).user_id, alice.id);
  assert.equal(await statusOf(due(admin, 5, { user_id: 999_999 })), 404);
  assert.equal(read(await admin.post(`/transactions/pay?user_id=${alice.id}`)).transactions_paid, 2);
  assert.equal(await statusOf(admin.get(`/transactions/${id}`)), 200);
  assert.ok(readList(await admin.get('/transactions/list?all=true')).length > 1);
});

test('what makes no sense is refused', async () => {
  const alice = await customer();
  const wrong = [
    { amount: 0, description: 'x' },
    { amount: -5, description: 'x' },
    { amount: 0.001, description: 'x' },
    { amount: 1e308, description: 'x' },
    { amount: '5', description: 'x' },
    { amount: 5 },
    { amount: 5, description: '' },
    { amount: 5, description: 'a\u0000b' },
    { amount: 5, description: 'x', is_paid: true },
    { amount: 5, description: 'x', invoice_id: 0 },
  ];
  for (const body of wrong) assert.equal((await alice.post('/transactions', body)).status, 400, JSON.stringify(body));
  assert.equal((await alice.post('/transactions/pay?nobody=1')).status, 400);
  assert.equal((await alice.post('/transactions/pay?user_id=abc')).status, 400);
  assert.equal(read(await due(alice, 5, { invoice_id: 999_999 })).code, 'PAYMENT_INVOICE_NOT_FOUND');
});

test('a list goes page by page through the Link header', async () => {
  const alice = await customer();
  for (const amount of [1, 2, 3]) await due(alice, amount);
  const first = await alice.get('/payment/transactions/list?limit=2');
  const link = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
  const second = await alice.get(link);
  assert.deepEqual(
    [...readList(first), ...readList(second)].map(({ amount }) => amount),
    [3, 2, 1],
  );
  assert.equal(second.headers.get('link'), null);
});

test('an invoice is paid when its total is covered, in as many parts as it takes', async () => {
  const alice = await customer();
  const { invoice_id, order_id, total } = await invoiced(alice);
  assert.equal(total, 32.99);
  assert.equal((await due(alice, 20, { invoice_id })).status, 201);
  const covered = await due(alice, 13, { invoice_id });
  assert.deepEqual([covered.status, read(covered).code], [409, 'PAYMENT_INVOICE_COVERED']);
  await alice.post('/transactions/pay');
  const rest = read(await due(alice, 12.99, { invoice_id }));
  assert.deepEqual([rest.invoice_id, rest.order_id], [invoice_id, order_id]);
  assert.equal(read(await alice.get(`/invoices/${invoice_id}`)).status, 'draft');
  await alice.post('/transactions/pay');
  await settle(async () => assert.equal(read(await alice.get(`/invoices/${invoice_id}`)).status, 'paid'));
  assert.equal(read(await due(alice, 1, { invoice_id })).code, 'PAYMENT_INVOICE_PAID');
  const captured = (await told('order_id', order_id)).filter(({ type }) => type === 'payment.captured');
  assert.deepEqual(
    captured.map(({ data }) => [data.amount, data.paid_total, data.refunded_total, data.invoice_id]),
    [
      [20, 20, 0, invoice_id],
      [12.99, 32.99, 0, invoice_id],
    ],
  );
});

test('many at once never claim more for an invoice than it comes to', async () => {
  const alice = await customer();
  const { invoice_id } = await invoiced(alice);
  const answers = await Promise.all(Array.from({ length: 30 }, () => due(alice, 5, { invoice_id })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array(6).fill(201), ...Array(24).fill(409)]);
});

test('an invoice of another user is not paid from here', async () => {
  const [alice, bob] = [await customer(), await customer()];
  const { invoice_id } = await invoiced(alice);
  assert.equal(read(await due(bob, 5, { invoice_id })).code, 'PAYMENT_INVOICE_NOT_FOUND');
  assert.equal(read(await due(admin, 5, { invoice_id })).code, 'PAYMENT_OTHER_OWNER');
  assert.equal((await due(admin, 5, { invoice_id, user_id: alice.id })).status, 201);
});

test('what was paid is given back in parts, never more than was paid, with a credit note each', async () => {
  const alice = await customer();
  const { invoice_id, order_id } = await invoiced(alice);
  const { id } = read(await due(alice, 32.99, { invoice_id }));
  const refund = (body: object, headers = {}) =>
    admin.post(`/transactions/${id}/refund`, { reason: 'it was late', ...body }, headers);
  assert.equal(read(await refund({})).code, 'PAYMENT_NOT_REFUNDABLE');
  await alice.post('/transactions/pay');
  await settle(async () => assert.equal(read(await alice.get(`/invoices/${invoice_id}`)).status, 'paid'));
  const key = { 'idempotency-key': 'give-back' };
  const first = await refund({ amount: 10 }, key);
  assert.equal(first.status, 201);
  assert.match(read(first).number, /^CN-\d{4}-\d{6}$/);
  assert.deepEqual((await refund({ amount: 10 }, key)).body, first.body);
  assert.equal(read(await refund({ amount: 23 })).code, 'PAYMENT_REFUND_TOO_LARGE');
  assert.equal(read(await alice.get(`/transactions/${id}`)).status, 'partially_refunded');
  assert.equal(read(await refund({})).amount, 22.99);
  assert.equal(read(await refund({})).code, 'PAYMENT_NOT_REFUNDABLE');
  const { status, refunded_total, is_paid } = read(await alice.get(`/transactions/${id}`));
  assert.deepEqual([status, refunded_total, is_paid], ['refunded', 32.99, true]);
  const notes = readList(await alice.get('/credit-notes'));
  assert.deepEqual(
    notes.map(({ amount }) => amount),
    [22.99, 10],
  );
  assert.deepEqual((await alice.get(`/payment/credit-notes/${notes[0]?.credit_note_id}`)).body, notes[0]);
  assert.equal((await (await customer()).get(`/credit-notes/${notes[0]?.credit_note_id}`)).status, 404);
  assert.equal(read(await alice.get(`/invoices/${invoice_id}`)).status, 'paid');
  const refunded = (await told('order_id', order_id)).filter(({ type }) => type === 'payment.refunded');
  assert.deepEqual(
    refunded.map(({ data }) => [data.amount, data.paid_total, data.refunded_total]),
    [
      [10, 32.99, 10],
      [22.99, 32.99, 32.99],
    ],
  );
});

test('fifty refunds at once give back no more than was paid, and their numbers have no gap', async () => {
  const alice = await customer();
  const { id } = read(await due(alice, 100));
  await alice.post('/transactions/pay');
  const before = Math.max(0, ...(await numbers()));
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => admin.post(`/transactions/${id}/refund`, { amount: 15, reason: 'race' })),
  );
  assert.equal(answers.filter(({ status }) => status === 201).length, 6);
  assert.ok(answers.every(({ status }) => status === 201 || status === 409));
  assert.deepEqual(
    (await numbers()).filter((one) => one > before).sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6].map((n) => before + n),
  );
});

async function numbers(): Promise<number[]> {
  return readList(await admin.get('/credit-notes?all=true&limit=200')).map(({ number }) => Number(number.slice(8)));
}

test('when an order is cancelled, what is open is voided and what was paid goes back, once', async () => {
  const alice = await customer();
  const { invoice_id, order_id } = await invoiced(alice);
  const paid = read(await due(alice, 20, { invoice_id }));
  await alice.post('/transactions/pay');
  const open = read(await due(alice, 10, { invoice_id }));
  await cancelled(alice, order_id);
  await settle(async () => {
    assert.equal(read(await alice.get(`/transactions/${paid.id}`)).status, 'refunded');
    assert.equal(read(await alice.get(`/transactions/${open.id}`)).status, 'voided');
    assert.equal(read(await alice.get(`/invoices/${invoice_id}`)).status, 'cancelled');
  });
  assert.equal(read(await due(alice, 1, { invoice_id })).code, 'PAYMENT_INVOICE_CANCELLED');
  assert.equal(read(await alice.post('/transactions/pay')).transactions_paid, 0);
  assert.deepEqual(
    readList(await alice.get('/credit-notes')).map(({ amount }) => amount),
    [20],
  );
});

test('payments and a cancellation at the same moment leave nothing paid and nothing open', async () => {
  const alice = await customer();
  const { invoice_id, order_id } = await invoiced(alice);
  await due(alice, 10, { invoice_id });
  await Promise.all([
    alice.post(`/orders/${order_id}/cancel`),
    ...Array.from({ length: 5 }, () => due(alice, 3, { invoice_id })),
    ...Array.from({ length: 5 }, () => alice.post('/transactions/pay')),
  ]);
  await settle(async () => {
    const left = readList(await alice.get('/transactions/list')).map(({ status }) => status);
    assert.deepEqual(
      left.filter((status) => status !== 'voided' && status !== 'refunded'),
      [],
    );
  });
});

test('each entry of the ledger sums to zero, and the ledger says what the transactions say', async () => {
  const alice = await customer();
  const { id } = read(await due(alice, 40));
  await alice.post('/transactions/pay');
  await admin.post(`/transactions/${id}/refund`, { amount: 15, reason: 'a part of it' });
  const entries = readList(await admin.get(`/ledger/entries?transaction_id=${id}`));
  assert.deepEqual(
    entries.map(({ kind }) => kind),
    ['refund', 'payment', 'charge'],
  );
  for (const { postings } of entries)
    assert.equal(
      postings.reduce((sum, { amount }) => sum + amount, 0),
      0,
    );
  const [owed] = readList(await admin.get(`/ledger/accounts?prefix=receivable/${alice.id}`));
  assert.deepEqual([owed?.account, owed?.balance], [`receivable/${alice.id}`, 0]);
  const all = readList(await admin.get('/payment/ledger/accounts?limit=200'));
  assert.equal(Math.round(all.reduce((sum, { balance }) => sum + balance * 100, 0)), 0);
  const check = await admin.get('/ledger/check');
  assert.deepEqual([read(check).ok, check.body.differences], [true, []]);
});

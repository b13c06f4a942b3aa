import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDatabase } from '../../platform/db/postgres/postgres.ts';
import type { TestAnswer, TestClient } from '../../testing/client.ts';
import { publishedEvents } from '../../testing/published-events.ts';
import { type World, world } from '../../testing/world.ts';

/** The fields that these tests look at. */
interface Seen {
  readonly order_id: number;
  readonly invoice_id: number;
  readonly invoice_number: string;
  readonly user_id: number;
  readonly username: string;
  readonly status: string;
  readonly created_at: string;
  readonly due_date: string;
  readonly code: string;
  readonly error: string;
}

const read = ({ body }: TestAnswer) => body as unknown as Seen;
const readList = ({ body }: TestAnswer) => body as unknown as Seen[];

const LAPTOP = 1;
const MOUSE = 2;

let shop: World;
let admin: TestClient;
let alice: TestClient;
let bob: TestClient;

before(async () => {
  shop = await world();
  [admin, alice, bob] = await Promise.all([shop.as('admin'), shop.as('alice'), shop.as('bob')]);
});

after(() => shop.close());

async function order(buyer = alice, product_id = MOUSE, quantity = 1): Promise<number> {
  return read(await buyer.post('/orders', { items: [{ product_id, quantity }] })).order_id;
}

async function invoiced(buyer = alice): Promise<Seen> {
  return read(await buyer.post('/invoices', { order_id: await order(buyer) }));
}

async function written(text: string, invoice_id: number): Promise<object[]> {
  const db = openDatabase(shop.databaseUrl, { poolSize: 1 });
  const rows = await db.query({ name: '', text }, [invoice_id]);
  await db.close();
  return rows;
}

const placeOf = ({ invoice_number }: Seen): number => Number(invoice_number.slice('INV-2026-'.length));

test('an order is invoiced once: 201 the first time, 200 and the same invoice after that', async () => {
  const order_id = await order(alice, LAPTOP, 2);
  const first = await alice.post('/invoices', { order_id });
  assert.equal(first.status, 201);
  const { invoice_id, invoice_number, created_at, due_date, ...rest } = read(first);
  assert.equal(invoice_number, `INV-${created_at.slice(0, 4)}-000001`);
  assert.equal(Date.parse(due_date) - Date.parse(created_at), 30 * 86_400_000);
  assert.equal(invoice_id, 1);
  const description = '14-inch display, 16 GB of memory, 512 GB of storage';
  const line = { product_id: LAPTOP, product_name: 'Laptop', description, quantity: 2 };
  assert.deepEqual(rest, {
    order_id,
    user_id: alice.id,
    username: 'alice',
    items: [{ ...line, unit_price: 1299.99, total_price: 2599.98 }],
    subtotal: 2599.98,
    tax: 260,
    total: 2859.98,
    currency: 'USD',
    status: 'draft',
    paid_total: 0,
    refunded_total: 0,
    credited_total: 0,
    open: 2859.98,
  });
  const again = await alice.post('/invoices', { order_id });
  assert.deepEqual([again.status, again.body], [200, first.body]);
});

test('fifty requests at once make one invoice, and the next number follows it', async () => {
  const order_id = await order();
  const answers = await Promise.all(Array.from({ length: 50 }, () => alice.post('/invoices', { order_id })));
  assert.deepEqual(answers.map((one) => one.status).sort(), [...Array(49).fill(200), 201]);
  const numbers = new Set(answers.map((one) => placeOf(read(one))));
  const next = await invoiced();
  assert.deepEqual([...numbers], [placeOf(next) - 1]);
});

test('requests for many orders at once, each repeated, make one invoice an order and leave no gap', async () => {
  const orders = await Promise.all(Array.from({ length: 20 }, () => order()));
  const before = placeOf(await invoiced());
  const answers = await Promise.all(
    [...orders, ...orders, ...orders].map((order_id, i) =>
      alice.post('/invoices', { order_id }, i % 2 ? { 'idempotency-key': `mixed-${i}` } : {}),
    ),
  );
  assert.equal(answers.filter((one) => one.status === 201).length, 20);
  const numbers = [...new Set(answers.map((one) => placeOf(read(one))))].sort((a, b) => a - b);
  assert.deepEqual(
    numbers,
    orders.map((_, i) => before + 1 + i),
  );
});

test('a request that is repeated with its Idempotency-Key has its first answer again', async () => {
  const order_id = await order();
  const key = { 'idempotency-key': 'again' };
  const first = await alice.post('/invoices', { order_id }, key);
  const replay = await alice.post('/invoices', { order_id }, key);
  assert.deepEqual([replay.status, replay.body], [201, first.body]);
  assert.equal(replay.headers.get('idempotent-replayed'), 'true');
  assert.equal((await alice.post('/invoices', { order_id: await order() }, key)).status, 422);
});

test('a cancelled order is not invoiced', async () => {
  const order_id = await order();
  await alice.post(`/orders/${order_id}/cancel`);
  const answer = await alice.post('/invoices', { order_id });
  assert.deepEqual([answer.status, read(answer).code], [409, 'INVOICE_ORDER_CANCELLED']);
});

test('an order whose invoice was cancelled is invoiced anew', async () => {
  const order_id = await order();
  const { invoice_id } = read(await alice.post('/invoices', { order_id }));
  await admin.put(`/invoices/${invoice_id}`, { status: 'cancelled' });
  assert.equal(read(await alice.get(`/invoices/order/${order_id}`)).invoice_id, invoice_id);
  const second = await alice.post('/invoices', { order_id });
  assert.deepEqual([second.status, read(second).status], [201, 'draft']);
  assert.deepEqual((await alice.get(`/invoices/order/${order_id}`)).body, second.body);
  assert.equal((await alice.post('/invoices', { order_id })).status, 200);
  assert.equal(read(await alice.get(`/invoices/${invoice_id}`)).status, 'cancelled');
});

test('to another customer an order and its invoice are not there', async () => {
  const order_id = await order();
  assert.equal(read(await bob.post('/invoices', { order_id })).code, 'ORDER_NOT_FOUND');
  const { invoice_id } = read(await alice.post('/invoices', { order_id }));
  assert.equal(read(await bob.post('/invoices', { order_id })).code, 'ORDER_NOT_FOUND');
  const paths = [`/${invoice_id}`, `/order/${order_id}`, `/user/${alice.id}`, `/${invoice_id}/pdf`];
  for (const path of paths) {
    const answers = await Promise.all([bob, admin, alice, shop.guest].map((one) => one.get(`/invoices${path}`)));
    assert.deepEqual(
      answers.map((one) => one.status),
      [404, 200, 200, 401],
      path,
    );
  }
});

test('staff may invoice any order; it belongs to its buyer', async () => {
  const answer = await admin.post('/invoices', { order_id: await order(bob) });
  const { user_id, username } = read(answer);
  assert.deepEqual([answer.status, user_id, username], [201, bob.id, 'bob']);
});

test('a customer lists their own invoices, and staff everybody’s when they ask', async () => {
  await invoiced(bob);
  const own = readList(await bob.get('/invoices'));
  assert.deepEqual([...new Set(own.map((one) => one.user_id))], [bob.id]);
  assert.deepEqual((await bob.get('/invoices?all=true')).body, own);
  assert.deepEqual((await admin.get(`/invoices/user/${bob.id}`)).body, own);
  assert.deepEqual((await admin.get('/invoices')).body, []);
  assert.ok(readList(await admin.get('/invoices?all=true')).length > own.length);
});

test('a list goes page by page through the Link header', async () => {
  const answer = await alice.get('/invoices?limit=2');
  const page = readList(answer);
  const link = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
  const next = readList(await alice.get(link ?? ''));
  assert.equal(page.length, 2);
  assert.ok(Number(next[0]?.invoice_id) < Number(page[1]?.invoice_id));
});

test('staff move an invoice along; customers do not', async () => {
  const { invoice_id } = await invoiced();
  const put = (status: string, as = admin) => as.put(`/invoices/${invoice_id}`, { status });
  assert.equal((await put('sent', alice)).status, 403);
  assert.equal(read(await put('sent')).status, 'sent');
  assert.equal((await put('sent')).status, 200);
  assert.equal(read(await put('canceled')).status, 'cancelled');
  const illegal = await put('sent');
  assert.deepEqual([illegal.status, read(illegal).error], [409, 'an invoice that is cancelled cannot become sent']);
  assert.equal((await put('lost')).status, 400);
  assert.equal((await admin.put('/invoices/999999', { status: 'sent' })).status, 404);
  const cancelled = readList(await alice.get('/invoices?status=canceled'));
  assert.ok(cancelled.map((one) => one.invoice_id).includes(invoice_id));
});

test('an invoice keeps the address that its buyer had when it was made', async () => {
  const address = { line1: '2 Example Road', postal_code: '10000', city: 'Example Town', country: 'DE' };
  await bob.patch('/users/me', { display_name: 'Bob Example', address });
  const { invoice_id } = await invoiced(bob);
  await bob.patch('/users/me', { display_name: 'Robert', address: { ...address, city: 'Elsewhere' } });
  const [row] = await written('select buyer from tradepost_invoice.invoices where invoice_id = $1', invoice_id);
  assert.deepEqual(row, { buyer: { name: 'Bob Example', lines: ['2 Example Road', '10000 Example Town', 'DE'] } });
});

test('what is announced carries the number and decimal amounts', async () => {
  const { invoice_id, invoice_number } = await invoiced();
  await admin.put(`/invoices/${invoice_id}`, { status: 'sent' });
  const events = await written(
    `select type, data ->> 'invoice_number' as number, data ->> 'total' as total
     from ${publishedEvents('invoice')} a where subject = $1::text order by n`,
    invoice_id,
  );
  assert.deepEqual(events, [
    { type: 'invoice.created', number: invoice_number, total: '32.99' },
    { type: 'invoice.status_changed', number: invoice_number, total: '32.99' },
  ]);
});

test('the page of an invoice is a PDF that is named after its number', async () => {
  const { invoice_id, invoice_number } = await invoiced();
  const { headers, body } = await alice.get(`/invoices/${invoice_id}/pdf`);
  assert.equal(headers.get('content-type'), 'application/pdf');
  assert.ok(headers.get('content-disposition')?.includes(`filename="${invoice_number}.pdf"`));
  assert.ok(String(body).startsWith('%PDF-'));
});

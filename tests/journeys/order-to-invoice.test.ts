import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { eachEngine, engine } from '../../src/testing/engines.ts';
import { settle } from '../../src/testing/settle.ts';
import { testApart } from '../../src/testing/shapes.ts';
import { type WorldOptions, world } from '../../src/testing/world.ts';
import type { Order, Product } from './shop.fixture.ts';

interface Account {
  readonly message: string;
  readonly id: number;
  readonly username: string;
  readonly token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly user: { readonly id: number; readonly username: string; readonly role: string };
}

interface Invoice extends Order {
  readonly invoice_id: number;
  readonly invoice_number: string;
  readonly due_date: string;
}

const ALICE = { username: 'alice', password: 'password123' };
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const THIRTY_DAYS = 30 * 86_400_000;
const MOUSE = { product_id: 2, product_name: 'Wireless Mouse', quantity: 1, unit_price: 29.99 };
const TOTALS = { subtotal: 29.99, tax: 3, total: 32.99, currency: 'USD' };

eachEngine('in one process', (on) => tellTheStory({ engine: on }));
testApart('with each service in a process of its own', () => story({ engine, processes: 'each' }));

function tellTheStory(options: WorldOptions): void {
  test('a shop is opened, and its first order is invoiced and paid', () => story(options));
}

async function story(options: WorldOptions): Promise<void> {
  const shop = await world(options);
  try {
    const alice = await signUp(shop.guest, shop.url);
    await browse(shop.guest);
    await stockTheShelves(alice);
    const order = await buy(alice);
    const invoice = await bill(alice, order);
    await collect(alice, invoice);
    await isHealthy(shop.guest, options.processes === 'each');
  } finally {
    await shop.close();
  }
}

async function signUp(guest: TestClient, url: string): Promise<TestClient> {
  const registered = await guest.post<Account>('/register', ALICE);
  assert.equal(registered.status, 201);
  const { token: first, refresh_token, message, ...account } = registered.body;
  assert.deepEqual(account, { id: 1, username: 'alice', expires_in: 86_400 });
  assert.ok(first && refresh_token && message);
  assert.equal((await guest.post('/register', ALICE)).status, 409);

  const wrong = await guest.post('/login', { ...ALICE, password: 'password124' });
  const unknown = await guest.post('/login', { ...ALICE, username: 'malice' });
  for (const refused of [wrong, unknown]) {
    assert.deepEqual([refused.status, refused.body.error], [401, 'Invalid credentials']);
  }
  const { status, body } = await guest.post<Account>('/login', ALICE);
  assert.deepEqual(
    [status, body.id, body.username, body.expires_in, body.user],
    [200, 1, 'alice', 86_400, { id: 1, username: 'alice', role: 'admin' }],
  );
  return clientOf(url, body.token, body.id);
}

async function browse(guest: TestClient): Promise<void> {
  const { status, body } = await guest.get<Product[]>('/products');
  assert.equal(status, 200);
  assert.deepEqual(
    body.map((product) => product.product_id),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  const { created_at, updated_at, description, ...mouse } = (
    await guest.get<Product & { created_at: string; updated_at: string; description: string }>('/products/2')
  ).body;
  assert.match(created_at, TIME);
  assert.match(updated_at, TIME);
  assert.ok(description);
  assert.deepEqual(mouse, {
    product_id: 2,
    name: 'Wireless Mouse',
    price: 29.99,
    currency: 'USD',
    category: 'Electronics',
    in_stock: true,
    stock_quantity: null,
  });
}

async function stockTheShelves(alice: TestClient): Promise<void> {
  const laptop = { name: 'Laptop', description: 'Gaming laptop', price: 1299.99, category: 'Electronics' };
  const created = await alice.post<Product & { created_at: string; updated_at: string }>('/products', laptop);
  const { product_id, created_at, updated_at, ...fields } = created.body;
  assert.equal(created.status, 201);
  assert.ok(product_id > 8);
  assert.equal(created_at, updated_at);
  assert.deepEqual(fields, { ...laptop, currency: 'USD', in_stock: true, stock_quantity: null });

  const gone = await alice.put<Product>('/products/2', { in_stock: false });
  assert.deepEqual([gone.status, gone.body.in_stock], [200, false]);
  const refused = await alice.post('/orders/alice', { product_id: 2, quantity: 1 });
  const sentence = "item 1: product 'Wireless Mouse' is currently out of stock";
  assert.deepEqual([refused.status, refused.body.error, refused.body.code], [400, sentence, 'ORDER_OUT_OF_STOCK']);
  const missing = await alice.post('/orders', {
    items: [
      { product_id: 3, quantity: 1 },
      { product_id: 999, quantity: 1 },
    ],
  });
  assert.deepEqual([missing.status, missing.body.error], [400, 'item 2: product not found']);
  assert.equal((await alice.put<Product>('/products/2', { in_stock: true })).body.in_stock, true);
}

async function buy(alice: TestClient): Promise<Order> {
  const { status, body } = await alice.post<Order>('/orders/alice', { product_id: 2, quantity: 1 });
  assert.equal(status, 201);
  const { order_id, created_at, updated_at, ...fields } = body;
  assert.ok(Number.isSafeInteger(order_id) && order_id > 0);
  assert.match(created_at, TIME);
  assert.equal(updated_at, created_at);
  assert.deepEqual(fields, {
    user_id: 1,
    items: [{ ...MOUSE, total: 29.99 }],
    ...TOTALS,
    status: 'pending',
    payment_status: 'not_paid',
    fulfillment_status: 'not_fulfilled',
    shipping_address: null,
  });
  for (const path of ['/orders/alice', '/orders/Alice', '/orders']) {
    assert.deepEqual((await alice.get(path)).body, [body], path);
  }
  assert.deepEqual((await alice.get(`/orders/${order_id}`)).body, body);
  return body;
}

async function bill(alice: TestClient, { order_id }: Order): Promise<Invoice> {
  const { status, body } = await alice.post<Invoice>('/invoices', { order_id });
  assert.equal(status, 201);
  const { invoice_id, created_at, due_date, items, ...fields } = body;
  assert.equal(Date.parse(due_date) - Date.parse(created_at), THIRTY_DAYS);
  assert.deepEqual(fields, {
    order_id,
    user_id: 1,
    username: 'alice',
    invoice_number: `INV-${created_at.slice(0, 4)}-000001`,
    ...TOTALS,
    status: 'draft',
    ...{ paid_total: 0, refunded_total: 0, credited_total: 0, open: TOTALS.total },
  });
  const description = 'Three buttons, one AA battery, 2.4 GHz receiver';
  assert.deepEqual(items, [{ ...MOUSE, description, total_price: 29.99 }]);
  const again = await alice.post('/invoices', { order_id });
  assert.deepEqual([again.status, again.body], [200, body]);
  assert.deepEqual((await alice.get(`/invoices/${invoice_id}`)).body, body);
  assert.deepEqual((await alice.get(`/invoices/order/${order_id}`)).body, body);
  assert.deepEqual((await alice.get('/invoices/user/1')).body, [body]);
  return body;
}

async function collect(alice: TestClient, invoice: Invoice): Promise<void> {
  const path = `/invoices/${invoice.invoice_id}`;
  const paid = await alice.put(path, { status: 'paid' });
  const expected = { ...invoice, status: 'paid', paid_total: TOTALS.total, open: 0 };
  assert.deepEqual([paid.status, paid.body], [200, expected]);
  assert.equal((await alice.put(path, { status: 'cancelled' })).status, 409);
  const pdf = await alice.get<string>(`${path}/pdf`);
  assert.deepEqual([pdf.status, pdf.headers.get('content-type')], [200, 'application/pdf']);
  assert.ok(pdf.headers.get('content-disposition')?.includes(`${invoice.invoice_number}.pdf`));
  assert.ok(pdf.body.startsWith('%PDF-') && pdf.body.trimEnd().endsWith('%%EOF'));
}

interface Health {
  readonly status: string;
  readonly timestamp: string;
  readonly services: Readonly<Record<string, { readonly status: string }>>;
}

async function isHealthy(guest: TestClient, apart: boolean): Promise<void> {
  const { status, body } = await settle(async () => {
    const answer = await guest.get<Health>('/health');
    // A process that has just begun may be slow to answer.
    assert.equal(answer.body.status, 'ok', JSON.stringify(answer.body));
    return answer;
  });
  const { timestamp, services, ...health } = body;
  assert.match(timestamp, TIME);
  const others = ['user', 'product', 'order', 'invoice', 'payment', 'delivery', 'analytics', 'webhook'];
  const checks = Object.fromEntries((apart ? others : ['database', 'events']).map((name) => [name, 'ok']));
  assert.deepEqual([status, health], [200, { status: 'ok', service: 'gateway', checks }]);
  const told = Object.entries(services).map(([name, one]) => [name, one.status]);
  assert.deepEqual(Object.fromEntries(told), Object.fromEntries(others.map((name) => [name, 'ok'])));
  const ready = await guest.get('/health/ready');
  assert.deepEqual([ready.status, ready.body.status], [200, 'ok']);
  for (const name of others) assert.equal((await guest.get(`/health?service=${name}`)).status, 200, name);
}

import assert from 'node:assert/strict';
import type { Contract } from '../../src/platform/contract/contract.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { settle } from '../../src/testing/settle.ts';
import { contracts } from '../../src/testing/system.ts';
import { readable } from './readable.fixture.ts';

/** What a running shop answered: by service, operation and status; problems by status. */
export interface Answers {
  readonly services: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly problems: Readonly<Record<string, unknown>>;
}

type Input = Readonly<Record<string, unknown>>;

/**
 * Lives through the story of an order, refused requests and all, and keeps each answer. `caughtUp` resolves when every
 * event so far has been handled.
 */
export async function liveThrough(url: string, caughtUp: () => Promise<void>): Promise<Answers> {
  const services: Record<string, Record<string, Record<string, unknown>>> = {};

  /** Calls an operation with its own example, or with what is given. */
  async function call(client: TestClient, id: string, params: Input = {}, given?: Input): Promise<{ body: Input }> {
    const [service = '', name = ''] = id.split('.');
    const op = opOf(contracts, service, name);
    const { path, query } = addressOf(op.path, params, op.method);
    const body = given ?? op.example;
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await client.raw<Input>(op.method, path + query, body && JSON.stringify(body), headers);
    assert.ok(answer.status < 300, `${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
    services[service] ??= {};
    services[service][name] = { ...services[service][name], [answer.status]: readable(answer.body) };
    return answer;
  }

  const admin = await register(url, 'boss');
  const guest = clientOf(url);
  const { body: registered } = await call(guest, 'user.register');
  const { body: signedIn } = await call(guest, 'user.login');
  const ada = clientOf(url, String(signedIn.token), Number(registered.id));
  const told: Story = { call, admin, guest, ada };
  await accounts(told, String(registered.refresh_token));
  await catalogue(told);
  await orders(told);
  await money(told);
  await parcels(told);
  await figures(told, caughtUp);
  const problems = await refusals(told);
  await webhooks(told);
  return { services, problems };
}

interface Story {
  readonly call: (client: TestClient, id: string, params?: Input, body?: Input) => Promise<{ body: Input }>;
  readonly admin: TestClient;
  readonly guest: TestClient;
  readonly ada: TestClient;
}

async function register(url: string, username: string): Promise<TestClient> {
  const { body } = await clientOf(url).post('/register', { username, password: 'a long password' });
  return clientOf(url, body.token, body.id);
}

function opOf(all: readonly Contract[], service: string, name: string) {
  const op = all.find((one) => one.name === service)?.ops[name];
  assert.ok(op, `${service}.${name}`);
  return op;
}

function addressOf(form: string, params: Input, method: string) {
  const rest = new URLSearchParams();
  let path = form;
  for (const [name, value] of Object.entries(params)) {
    if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, String(value));
    else if (method === 'GET') rest.set(name, String(value));
  }
  return { path, query: rest.size === 0 ? '' : `?${rest}` };
}

async function accounts({ call, admin, guest, ada }: Story, refresh_token: string): Promise<void> {
  await call(guest, 'user.token', {}, { grant_type: 'refresh_token', refresh_token });
  await call(guest, 'user.jwks');
  await call(ada, 'user.sessions');
  await call(ada, 'user.updateMe');
  await call(ada, 'user.me');
  await call(admin, 'user.list');
  await call(admin, 'user.get', { user_id: ada.id });
  await call(admin, 'user.setRole', { user_id: admin.id });
}

async function catalogue({ call, admin, guest }: Story): Promise<void> {
  const { body } = await call(admin, 'product.create');
  await call(admin, 'product.update', { product_id: body.product_id });
  await call(guest, 'product.list');
  await call(guest, 'product.get', { product_id: 1 });
  await call(guest, 'product.byCategory', { name: 'Electronics' });
  await call(guest, 'product.availability');
  await call(admin, 'product.adjust', { product_id: body.product_id });
  await call(admin, 'product.ledger', { product_id: body.product_id });
  await call(admin, 'product.withdraw', { product_id: body.product_id });
  await call(admin, 'product.restore', { product_id: body.product_id });
}

async function orders({ call, ada }: Story): Promise<void> {
  const shipped = (order_id: number) =>
    settle(async () => {
      assert.equal((await ada.get(`/shipments/order/${order_id}`)).status, 200);
      const { body } = await ada.get<Input[]>(`/orders/${order_id}/timeline`);
      assert.ok(body.some(({ type }) => type === 'shipment.created'));
    });
  await call(ada, 'order.place');
  await shipped(1);
  await call(ada, 'order.timeline', { order_id: 1 });
  await call(ada, 'order.explain', { order_id: 1 });
  await call(ada, 'order.placeSingle');
  await shipped(2);
  await call(ada, 'order.placeFor', { username: 'ada' });
  await shipped(3);
  await call(ada, 'order.cancel', { order_id: 3 });
  await settle(async () => assert.equal((await ada.get('/shipments/order/3')).body.status, 'cancelled'));
  await call(ada, 'order.changeAddress', { order_id: 1 });
  await call(ada, 'order.list', { status: 'pending' });
  await call(ada, 'order.listOf', { username: 'ada' });
  await call(ada, 'order.get', { order_id: 1 });
}

async function money({ call, admin, ada }: Story): Promise<void> {
  const { body: invoice } = await call(ada, 'invoice.create');
  await call(ada, 'invoice.create');
  await call(admin, 'invoice.setStatus', { invoice_id: invoice.invoice_id });
  await call(ada, 'invoice.list');
  await call(ada, 'invoice.get', { invoice_id: invoice.invoice_id });
  await call(ada, 'invoice.byOrder', { order_id: 1 });
  await call(ada, 'invoice.byUser', { user_id: ada.id });
  const due = { amount: invoice.total, description: `order 1`, invoice_id: invoice.invoice_id };
  const { body: transaction } = await call(ada, 'payment.create', {}, due);
  await call(ada, 'payment.pay');
  await settle(async () => {
    assert.equal((await ada.get('/orders/1')).body.payment_status, 'paid');
    assert.equal((await ada.get('/invoices/1')).body.status, 'paid');
  });
  await call(ada, 'payment.get', { transaction_id: transaction.id });
  await call(ada, 'payment.list');
  const { body: mistaken } = await ada.post('/transactions', { amount: 5, description: 'a mistake' });
  await call(ada, 'payment.withdraw', { transaction_id: mistaken.id });
  await call(admin, 'payment.refund', { transaction_id: transaction.id });
  await settle(async () => assert.equal((await ada.get('/orders/1')).body.payment_status, 'partially_refunded'));
  const { body: notes } = await call(ada, 'payment.creditNotes');
  await call(ada, 'payment.creditNote', { credit_note_id: (notes as unknown as Input[])[0]?.credit_note_id });
  await call(admin, 'payment.accounts');
  await call(admin, 'payment.entries');
  await call(admin, 'payment.trialBalance');
  await call(admin, 'payment.check');
}

async function parcels({ call, admin, ada }: Story): Promise<void> {
  await admin.put('/shipments/1', { status: 'packed' });
  await call(admin, 'delivery.setStatus', { shipment_id: 1 });
  const { example } = opOf(contracts, 'delivery', 'carrierUpdate');
  await call(admin, 'delivery.carrierUpdate', { carrier: 'DHL' }, { ...example, at: new Date().toISOString() });
  await settle(async () => assert.equal((await ada.get('/orders/1')).body.fulfillment_status, 'in_transit'));
  await call(ada, 'delivery.get', { shipment_id: 1 });
  await call(ada, 'delivery.byOrder', { order_id: 1 });
  await call(ada, 'delivery.list');
}

async function figures({ call, admin }: Story, caughtUp: () => Promise<void>): Promise<void> {
  await caughtUp();
  await settle(async () => {
    const { body } = await admin.get<{ agrees: boolean }>('/stats/check');
    assert.ok(body.agrees, JSON.stringify(body));
  });
  await call(admin, 'analytics.check');
  await call(admin, 'analytics.books');
  await call(admin, 'analytics.stats');
  await call(admin, 'analytics.timeseries', { metric: 'orders', interval: 'day' });
  await call(admin, 'analytics.topProducts');
  await call(admin, 'analytics.revenue');
  await call(admin, 'analytics.rebuild');
}

async function webhooks({ call, ada }: Story): Promise<void> {
  const { body } = await call(ada, 'webhook.createEndpoint');
  const params = { endpoint_id: body.endpoint_id };
  await call(ada, 'webhook.updateEndpoint', params);
  await call(ada, 'webhook.listEndpoints');
  await call(ada, 'webhook.getEndpoint', params);
  await call(ada, 'webhook.rotateSecret', params);
  await call(ada, 'webhook.enableEndpoint', params);
}

/** One problem of each kind that a client meets. */
async function refusals({ guest, admin, ada }: Story): Promise<Record<string, unknown>> {
  const key = { 'idempotency-key': 'one' };
  await ada.post('/orders/single', { product_id: 2, quantity: 1 }, key);
  const large = JSON.stringify({ items: [], note: 'x'.repeat(70_000) });
  const json = { 'content-type': 'application/json' };
  const answers = [
    await ada.post('/orders', { items: [{ product: 1, quantity: 0 }] }),
    await guest.get('/orders'),
    await ada.post('/products', { name: 'Desk lamp', price: 39.9, category: 'Home' }),
    await ada.get('/orders/999'),
    await ada.post('/orders/1/cancel'),
    await admin.raw('POST', '/orders', large, json),
    await ada.raw('POST', '/orders', 'one mouse', { 'content-type': 'text/plain' }),
    await ada.post('/orders/single', { product_id: 2, quantity: 2 }, key),
  ];
  return Object.fromEntries(answers.map(({ status, body }) => [status, readable(body)]));
}

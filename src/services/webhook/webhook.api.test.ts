import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { systemCtx } from '../../platform/contract/ctx.ts';
import { openDatabase } from '../../platform/db/postgres/postgres.ts';
import type { TestAnswer, TestClient } from '../../testing/client.ts';
import { testDatabase } from '../../testing/databases.ts';
import { engine } from '../../testing/engines.ts';
import { settle } from '../../testing/settle.ts';
import { startSystem } from '../../testing/system.ts';
import { type World, world } from '../../testing/world.ts';
import { type Received, receiver } from './webhook.fixture.ts';

interface Seen {
  readonly endpoint_id: number;
  readonly secret: string;
  readonly status: string;
  readonly disabled_reason: string | null;
  readonly url: string;
  readonly code: string;
  readonly order_id: number;
  readonly invoice_id: number;
  readonly delivery_id: number;
  readonly message_id: string;
  readonly type: string;
  readonly attempts: { readonly status: number | null; readonly error: string | null }[];
}

const read = ({ body }: TestAnswer) => body as unknown as Seen;
const readList = ({ body }: TestAnswer) => body as unknown as Seen[];

let shop: World;
let open: Awaited<ReturnType<typeof receiver>>;
let database: Awaited<ReturnType<typeof testDatabase>>;
let sender: Awaited<ReturnType<typeof startSystem>>;
let admin: TestClient;
let customers = 0;

before(async () => {
  open = await receiver();
  database = await testDatabase(engine);
  shop = await world({ database, env: { WEBHOOK_ALLOW_PRIVATE: 'on' } });
  sender = await startSystem(database.url, { WEBHOOK_ALLOW_PRIVATE: 'on' });
  admin = await shop.as('admin');
});

after(async () => {
  await sender.close();
  await shop.close();
  await open.close();
  await database.drop();
});

const customer = (): Promise<TestClient> => shop.as(`customer-${++customers}`);
const listen = async (who: TestClient, path: string, more: object = {}) =>
  read(await who.post('/webhooks/endpoints', { url: open.url + path, ...more }));
const deliveries = async (who: TestClient, { endpoint_id }: Seen) =>
  readList(await who.get(`/payment/webhooks/endpoints/${endpoint_id}/deliveries`));

async function pay(who: TestClient): Promise<number> {
  const { body } = await who.post('/transactions', { amount: 5, description: 'a coffee' });
  await who.post('/transactions/pay');
  return body.id;
}

/** What is due at a moment, minutes from now, is sent. */
const send = (minutes = 0) =>
  sender.services.webhook.sendDue(systemCtx(new Date(Date.now() + minutes * 60_000).toISOString()), {});

async function sent(path: string, count = 1): Promise<Received[]> {
  return settle(async () => {
    await send();
    assert.equal(open.at(path).length, count);
    return open.at(path);
  });
}

// Events may move the order at the same moment; whoever is told so asks again.
async function cancelled(who: TestClient, order_id: number): Promise<void> {
  await settle(async () => {
    const { status, body } = await who.post(`/orders/${order_id}/cancel`);
    assert.equal(status, 200, JSON.stringify(body));
  });
}

test('an endpoint is told what concerns its owner, signed, and nothing that concerns others', async () => {
  const [alice, bob] = [await customer(), await customer()];
  const path = '/200/alice';
  const { secret, endpoint_id } = await listen(alice, path, { types: ['payment.captured'] });
  await pay(bob);
  const id = await pay(alice);
  const [message] = await sent(path);
  assert.ok(message);
  const { type, timestamp, data } = JSON.parse(message.body) as {
    type: string;
    timestamp: string;
    data: Record<string, unknown>;
  };
  assert.deepEqual([type, data.transaction_id, data.amount], ['payment.captured', id, 5]);
  assert.ok(timestamp);
  const { 'webhook-id': name, 'webhook-timestamp': time, 'webhook-signature': signature } = message.headers;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  assert.equal(signature, `v1,${createHmac('sha256', key).update(`${name}.${time}.${message.body}`).digest('base64')}`);
  await settle(async () => assert.equal((await deliveries(alice, { endpoint_id } as Seen))[0]?.status, 'delivered'));
  await send(60);
  assert.equal(open.at(path).length, 1);
});

test('an endpoint of the staff may be told of everyone, until its owner is staff no more', async () => {
  const [alice, helper] = [await customer(), await customer()];
  await admin.put(`/users/${helper.id}/role`, { role: 'staff' });
  const { body } = await shop.guest.post('/login', { username: `customer-${customers}`, password: 'password123' });
  const path = '/200/everyone';
  const asStaff = (method: string, where: string, text?: string) =>
    shop.guest.raw(method, where, text, { authorization: `Bearer ${body.token}`, 'content-type': 'application/json' });
  const given = JSON.stringify({ url: open.url + path, types: ['payment.captured'], everyone: true });
  const endpoint = read(await asStaff('POST', '/webhooks/endpoints', given));
  assert.equal((await alice.post('/webhooks/endpoints', JSON.parse(given))).status, 403);
  await pay(alice);
  await sent(path);
  await admin.put(`/users/${helper.id}/role`, { role: 'customer' });
  await settle(async () => {
    const { status } = read(await admin.get(`/webhooks/endpoints/${endpoint.endpoint_id}`));
    assert.equal(status, 'disabled');
  });
  await pay(alice);
  assert.equal(open.at(path).length, 1);
});

test('what fails is tried again later under the same id, and every attempt can be seen', async () => {
  const alice = await customer();
  const path = '/500/broken';
  const endpoint = await listen(alice, path, { types: ['payment.captured'] });
  await pay(alice);
  await sent(path);
  await settle(async () => assert.equal((await deliveries(alice, endpoint))[0]?.attempts.length, 1));
  await send(1);
  await send(8);
  const tries = open.at(path);
  assert.equal(tries.length, 3);
  assert.equal(new Set(tries.map(({ headers }) => headers['webhook-id'])).size, 1);
  const [delivery] = await deliveries(alice, endpoint);
  assert.deepEqual([delivery?.status, delivery?.attempts.map(({ status }) => status)], ['waiting', [500, 500, 500]]);
});

test('a redirect is not followed, and 410 disables the endpoint at once', async () => {
  const alice = await customer();
  await listen(alice, '/302/moved', { types: ['payment.captured'] });
  const gone = await listen(alice, '/410/gone', { types: ['payment.captured'] });
  await pay(alice);
  await sent('/302/moved');
  assert.deepEqual(open.at('/200/redirected'), []);
  await settle(async () => {
    const { status, disabled_reason } = read(await alice.get(`/webhooks/endpoints/${gone.endpoint_id}`));
    assert.deepEqual([status, disabled_reason], ['disabled', 'it answered 410: it is gone']);
  });
  const [delivery] = await deliveries(alice, gone);
  assert.equal(delivery?.status, 'failed');
  const again = `/webhooks/endpoints/${gone.endpoint_id}/deliveries/${delivery?.delivery_id}/resend`;
  assert.equal(read(await alice.post(again)).code, 'WEBHOOK_NOT_ACTIVE');
  assert.equal(read(await alice.post(`/webhooks/endpoints/${gone.endpoint_id}/enable`)).status, 'active');
  assert.equal(read(await alice.post(again)).status, 'waiting');
  await settle(async () => {
    await send();
    assert.equal(open.at('/410/gone').length, 2);
  });
});

test('after a change of the secret a message has the signature of both', async () => {
  const alice = await customer();
  const path = '/200/rotated';
  const first = await listen(alice, path, { types: ['payment.captured'] });
  const second = read(await alice.post(`/webhooks/endpoints/${first.endpoint_id}/rotate`));
  assert.notEqual(second.secret, first.secret);
  await pay(alice);
  const [message] = await sent(path);
  const { 'webhook-id': name, 'webhook-timestamp': time, 'webhook-signature': signature } = message?.headers ?? {};
  const sign = (secret: string) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${name}.${time}.${message?.body}`).digest('base64')}`;
  };
  assert.equal(signature, `${sign(second.secret)} ${sign(first.secret)}`);
});

test('to another customer an endpoint is not there; deleted, it is there for nobody', async () => {
  const [alice, bob] = [await customer(), await customer()];
  const { endpoint_id, secret } = await listen(alice, '/200/deleted');
  assert.match(secret, /^whsec_/);
  const base = `/webhooks/endpoints/${endpoint_id}`;
  for (const path of [base, `${base}/deliveries`]) assert.equal((await bob.get(path)).status, 404);
  for (const path of ['rotate', 'enable', 'deliveries/1/resend'])
    assert.equal((await bob.post(`${base}/${path}`)).status, 404);
  assert.equal((await bob.delete(base)).status, 404);
  assert.equal((await shop.guest.get(base)).status, 401);
  assert.ok(!('secret' in (await alice.get(base)).body));
  assert.equal((await admin.get(base)).status, 200);
  assert.equal((await alice.delete(base)).status, 204);
  assert.equal((await alice.get(base)).status, 404);
  await pay(alice);
  await send();
  assert.deepEqual(open.at('/200/deleted'), []);
});

test('the whole way of an order is told: paid, invoiced, cancelled', async () => {
  const alice = await customer();
  const path = '/200/story';
  await listen(alice, path);
  const { order_id } = read(await alice.post('/orders', { items: [{ product_id: 2, quantity: 1 }] }));
  const { invoice_id } = read(await alice.post('/invoices', { order_id }));
  await alice.post('/transactions', { amount: 32.99, description: 'the order', invoice_id });
  await alice.post('/transactions/pay');
  await settle(async () => assert.equal(read(await alice.get(`/invoices/${invoice_id}`)).status, 'paid'));
  await cancelled(alice, order_id);
  await settle(async () => {
    await send();
    const types = new Set(open.at(path).map(({ body }) => (JSON.parse(body) as { type: string }).type));
    for (const type of ['payment.captured', 'invoice.status_changed', 'order.cancelled', 'payment.refunded']) {
      assert.ok(types.has(type), type);
    }
  });
  const ids = open.at(path).map(({ headers }) => headers['webhook-id']);
  assert.equal(new Set(ids).size, ids.length);
});

test('two processes that send at the same moment send each message once', async () => {
  const alice = await customer();
  const path = '/200/once';
  const endpoint = await listen(alice, path, { types: ['payment.captured'] });
  for (let n = 0; n < 6; n++) await pay(alice);
  await settle(async () => assert.equal((await deliveries(alice, endpoint)).length, 6));
  await Promise.all([send(), send(), send(), send()]);
  await settle(() => assert.equal(open.at(path).length, 6));
});

test('where private addresses are not allowed, none is taken and none is called', async () => {
  const strict = await world();
  const [first] = [await strict.as('admin')];
  const urls = [
    open.url,
    'https://127.0.0.1/',
    'https://[::ffff:127.0.0.1]/',
    'https://localhost/x',
    'https://169.254.169.254/',
  ];
  for (const url of urls) {
    const refused = await first.post('/webhooks/endpoints', { url });
    assert.deepEqual([refused.status, read(refused).code], [400, 'WEBHOOK_BAD_URL'], url);
  }
  const { endpoint_id } = read(
    await first.post('/webhooks/endpoints', { url: 'https://example.com/hook', types: ['payment.captured'] }),
  );
  // As if the setting had been changed since.
  const db = openDatabase(strict.databaseUrl, { poolSize: 1 });
  await db.query({ name: '', text: 'update tradepost_webhook.endpoints set url = $1' }, [`${open.url}/200/strict`]);
  await db.close();
  await pay(first);
  await settle(async () => {
    const [delivery] = readList(await first.get(`/webhooks/endpoints/${endpoint_id}/deliveries`));
    assert.deepEqual(delivery?.attempts[0]?.error, 'the address leads into a closed network');
  });
  assert.deepEqual(open.at('/200/strict'), []);
  await strict.close();
});

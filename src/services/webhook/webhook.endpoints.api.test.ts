import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemCtx } from '../../platform/contract/ctx.ts';
import type { TestAnswer, TestClient } from '../../testing/client.ts';
import { testDatabase } from '../../testing/databases.ts';
import { engine } from '../../testing/engines.ts';
import { settle } from '../../testing/settle.ts';
import { startSystem } from '../../testing/system.ts';
import { type World, world } from '../../testing/world.ts';
import { type Received, receiver } from './webhook.fixture.ts';

interface Seen {
  readonly endpoint_id: number;
  readonly url: string;
  readonly types: string[];
  readonly everyone: boolean;
  readonly status: string;
  readonly code: string;
  readonly detail: string;
  readonly message_id: string;
  readonly type: string;
}

const read = ({ body }: TestAnswer) => body as unknown as Seen;

let shop: World;
let open: Awaited<ReturnType<typeof receiver>>;
let database: Awaited<ReturnType<typeof testDatabase>>;
let sender: Awaited<ReturnType<typeof startSystem>>;
let admin: TestClient;
let people = 0;

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

const person = (): Promise<TestClient> => shop.as(`person-${++people}`);
const endpoint = async (who: TestClient, path: string, more: object = {}) =>
  read(await who.post('/webhooks/endpoints', { url: open.url + path, ...more }));
const typeOf = ({ body }: Received) => (JSON.parse(body) as { type: string }).type;

async function sent(path: string, count: number): Promise<Received[]> {
  return settle(async () => {
    await sender.services.webhook.sendDue(systemCtx(), {});
    assert.equal(open.at(path).length, count);
    return open.at(path);
  });
}

test('any event that concerns its owner can be chosen, and the new address and types hold from then on', async () => {
  const [alice, bob] = [await person(), await person()];
  const { endpoint_id } = await endpoint(alice, '/200/before', { types: ['order.created'] });
  await alice.post('/orders', { items: [{ product_id: 2, quantity: 1 }] });
  assert.deepEqual((await sent('/200/before', 1)).map(typeOf), ['order.created']);
  const change = { url: `${open.url}/200/after`, types: ['transaction.created', 'user.updated'] };
  assert.equal((await bob.put(`/webhooks/endpoints/${endpoint_id}`, change)).status, 404);
  const changed = await alice.put(`/webhooks/endpoints/${endpoint_id}`, change);
  assert.deepEqual([changed.status, read(changed).url, read(changed).types], [200, change.url, change.types]);
  assert.ok(!('secret' in changed.body));
  await alice.post('/orders', { items: [{ product_id: 2, quantity: 1 }] });
  await alice.post('/transactions', { amount: 5, description: 'a coffee' });
  assert.equal((await alice.patch('/users/me', { phone: '+43 1 234567' })).status, 200);
  const types = (await sent('/200/after', 2)).map(typeOf);
  assert.deepEqual(types.toSorted(), ['transaction.created', 'user.updated']);
  assert.equal(open.at('/200/before').length, 1);
  const local = { url: 'ftp://example.com/', types: ['order.created'] };
  assert.equal(read(await alice.put(`/webhooks/endpoints/${endpoint_id}`, local)).code, 'WEBHOOK_BAD_URL');
});

test('an unknown type is refused with the nearest one', async () => {
  const alice = await person();
  const refused = await alice.post('/webhooks/endpoints', { url: `${open.url}/200/x`, types: ['payment.capturd'] });
  assert.equal(refused.status, 400);
  assert.match(read(refused).detail, /did you mean 'payment\.captured'\?/);
});

test('what concerns no single user is for the staff, until its owner is staff no more', async () => {
  const [alice, helper] = [await person(), await person()];
  const name = `person-${people}`;
  const types = ['product.updated'];
  const refused = await alice.post('/webhooks/endpoints', { url: `${open.url}/200/none`, types });
  assert.deepEqual([refused.status, read(refused).code], [403, 'WEBHOOK_TYPE_NOT_FOR_YOU']);
  const own = await endpoint(alice, '/200/none', { types: ['order.created'] });
  const wider = await alice.put(`/webhooks/endpoints/${own.endpoint_id}`, { url: own.url, types });
  assert.equal(wider.status, 403);

  await admin.put(`/users/${helper.id}/role`, { role: 'staff' });
  const { body } = await shop.guest.post('/login', { username: name, password: 'password123' });
  const headers = { authorization: `Bearer ${body.token}`, 'content-type': 'application/json' };
  const given = JSON.stringify({ url: `${open.url}/200/catalogue`, types });
  const made = read(await shop.guest.raw('POST', '/webhooks/endpoints', given, headers));
  await admin.put('/products/2', { name: 'A mouse of another name' });
  assert.deepEqual((await sent('/200/catalogue', 1)).map(typeOf), ['product.updated']);
  await admin.put(`/users/${helper.id}/role`, { role: 'customer' });
  await settle(async () =>
    assert.equal(read(await admin.get(`/webhooks/endpoints/${made.endpoint_id}`)).status, 'disabled'),
  );
});

test('a role that changed and changed back disables nothing, however late its first change is heard', async () => {
  const helper = await person();
  await admin.put(`/users/${helper.id}/role`, { role: 'staff' });
  const { body } = await shop.guest.post('/login', { username: `person-${people}`, password: 'password123' });
  const headers = { authorization: `Bearer ${body.token}`, 'content-type': 'application/json' };
  const given = JSON.stringify({ url: `${open.url}/200/back`, types: ['payment.captured'], everyone: true });
  const made = read(await shop.guest.raw('POST', '/webhooks/endpoints', given, headers));
  // Its profile changes while it is of the staff: the event says nothing of the role that it will have.
  await shop.guest.raw('PATCH', '/users/me', JSON.stringify({ display_name: 'A helper' }), headers);
  await admin.post('/transactions', { amount: 5, description: 'a coffee' });
  await admin.post('/transactions/pay');
  await sent('/200/back', 1);
  assert.equal(read(await admin.get(`/webhooks/endpoints/${made.endpoint_id}`)).status, 'active');
});

test('a test message is sent to an active endpoint, signed as any other, and seen among its deliveries', async () => {
  const [alice, bob] = [await person(), await person()];
  const { endpoint_id } = await endpoint(alice, '/200/tried', { types: ['payment.captured'] });
  const base = `/webhooks/endpoints/${endpoint_id}`;
  assert.equal((await bob.post(`${base}/test`)).status, 404);
  const tried = await alice.post(`${base}/test`);
  assert.deepEqual([tried.status, read(tried).type, read(tried).status], [201, 'webhook.test', 'waiting']);
  const [message] = await sent('/200/tried', 1);
  assert.equal(message?.headers['webhook-id'], read(tried).message_id);
  assert.match(String(message?.headers['webhook-signature']), /^v1,/);
  const { type, data } = JSON.parse(message?.body ?? '') as { type: string; data: { endpoint_id: number } };
  assert.deepEqual([type, data.endpoint_id], ['webhook.test', endpoint_id]);
  const gone = await endpoint(alice, '/410/tried');
  await alice.post(`/webhooks/endpoints/${gone.endpoint_id}/test`);
  await sent('/410/tried', 1);
  await settle(async () => {
    const refused = await alice.post(`/webhooks/endpoints/${gone.endpoint_id}/test`);
    assert.deepEqual([refused.status, read(refused).code], [409, 'WEBHOOK_NOT_ACTIVE']);
  });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestClient } from '../../src/testing/client.ts';
import { settle } from '../../src/testing/settle.ts';
import { eachShape } from '../../src/testing/shapes.ts';
import { type World, world } from '../../src/testing/world.ts';
import { MOUSE, type Order } from './shop.fixture.ts';

interface Change {
  readonly read: string;
  readonly method?: 'put' | 'patch' | 'post';
  /** Where the change is sent; by default where the thing is read. */
  readonly to?: string;
  /** The body of the nth change. */
  readonly body: (n: number) => object;
}

// What is declared with `changes` in a contract, met over HTTP: the ETag that was read decides which change happens.
eachShape('conditions', (shape) => {
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;
  before(async () => {
    shop = await world(shape);
    admin = await shop.as('admin');
    alice = await shop.as('alice');
  });
  after(() => shop.close());

  const order = async (): Promise<Order> =>
    (await alice.post<Order>('/orders', { items: [{ product_id: MOUSE, quantity: 1 }] })).body;
  const tagOf = async (client: TestClient, path: string) => (await client.get(path)).headers.get('etag') ?? '';

  /** The second of two changes that name one ETag is refused, and so are all but one of many at once. */
  async function refusesTheSecond(
    client: TestClient,
    { read, method = 'put', to = read, body }: Change,
  ): Promise<void> {
    const etag = await tagOf(client, read);
    assert.match(etag, /^"/, read);
    const change = (n: number, match: string) => client[method](to, body(n), { 'if-match': match });
    const first = await change(1, etag);
    assert.equal(first.status, 200, `${to}: ${JSON.stringify(first.body)}`);
    const next = await tagOf(client, read);
    assert.equal(first.headers.get('etag'), next, `${to}: the tag of the answer is that of the next read`);
    assert.notEqual(next, etag);
    assert.deepEqual((await change(2, etag)).body.code, 'TRADEPOST_PRECONDITION_FAILED', to);
    assert.equal(await tagOf(client, read), next, `${to}: what is refused changes nothing`);
    const { status } = await client.get(read, { 'if-none-match': next });
    assert.equal(status, 304, read);
  }

  test('a product, a profile, a role and an endpoint change as they were read', async () => {
    const prices = (n: number) => ({ price: 10 + n });
    await refusesTheSecond(admin, { read: `/products/${MOUSE}`, body: prices });
    const names = (n: number) => ({ display_name: `Alice ${n}` });
    await refusesTheSecond(alice, { read: '/users/me', method: 'patch', body: names });
    const roles = (n: number) => ({ role: n % 2 ? 'staff' : 'customer' });
    const bob = await shop.as('bob');
    await refusesTheSecond(admin, { read: `/users/${bob.id}`, to: `/users/${bob.id}/role`, body: roles });
    const urls = (n: number) => ({ url: `https://shop.example/${n}`, types: ['order.created'] });
    const { endpoint_id } = (await alice.post('/webhooks/endpoints', urls(0))).body;
    const read = `/webhooks/endpoints/${endpoint_id}`;
    await refusesTheSecond(alice, { read, body: urls });
    const remove = (match: string) => alice.delete(read, { 'if-match': match });
    assert.equal((await remove('"old"')).status, 412);
    assert.equal((await remove(await tagOf(alice, read))).status, 204);
  });

  test('an invoice, a shipment and an order too', async () => {
    const { order_id } = await order();
    const { invoice_id } = (await alice.post('/invoices', { order_id })).body;
    const sent = () => ({ status: 'sent' });
    await refusesTheSecond(admin, { read: `/invoices/${invoice_id}`, body: sent });
    const shipment = await settle(async () => {
      const { status, body } = await admin.get(`/shipments/order/${order_id}`);
      assert.equal(status, 200);
      return `/shipments/${body.shipment_id}`;
    });
    await refusesTheSecond(admin, { read: shipment, body: () => ({ status: 'packed' }) });
    const cancelled = await order();
    const read = `/orders/${cancelled.order_id}`;
    await refusesTheSecond(alice, { read, method: 'post', to: `${read}/cancel`, body: () => ({}) });
  });

  test('of many changes at once that name one ETag one happens', async () => {
    const path = `/products/${MOUSE}`;
    for (let round = 0; round < 3; round++) {
      const etag = await tagOf(admin, path);
      const prices = Array.from({ length: 12 }, (_, n) => 100 + round * 12 + n);
      const answers = await Promise.all(prices.map((price) => admin.put(path, { price }, { 'if-match': etag })));
      const statuses = answers.map(({ status }) => status);
      assert.deepEqual(statuses.toSorted(), [200, ...Array<number>(11).fill(412)]);
      assert.equal((await admin.get(path)).body.price, prices[statuses.indexOf(200)]);
    }
  });

  test('the catalogue is sent once', async () => {
    const { headers } = await shop.guest.get('/products?limit=2');
    const again = await shop.guest.get('/products?limit=2', { 'if-none-match': headers.get('etag') ?? '' });
    assert.deepEqual([again.status, again.body, again.headers.get('link')], [304, '', headers.get('link')]);
  });
});

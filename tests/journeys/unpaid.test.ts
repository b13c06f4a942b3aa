import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { eachEngine } from '../../src/testing/engines.ts';
import { freePort } from '../../src/testing/ports.ts';
import { settle } from '../../src/testing/settle.ts';
import { type World, world } from '../../src/testing/world.ts';
import { MOUSE } from './shop.fixture.ts';

// What an order may and may not do before it is paid.
eachEngine('an order that is not paid', (engine) => {
  let database: TestDatabase;
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;

  before(async () => {
    database = await testDatabase(engine);
    shop = await world({ database });
    [admin, alice] = await Promise.all([shop.as('admin'), shop.as('alice')]);
  });
  after(async () => {
    await shop.close();
    await database.drop();
  });

  const place = async (product_id = MOUSE): Promise<number> =>
    (await alice.post('/orders/single', { product_id, quantity: 1 })).body.order_id;
  const shipmentOf = (order_id: number) =>
    settle(async () => {
      const { status, body } = await admin.get<{ shipment_id: number; status: string }>(`/shipments/order/${order_id}`);
      assert.equal(status, 200);
      return body.shipment_id;
    });
  const put = async (order_id: number, body: object, as = admin) =>
    as.put(`/shipments/${await shipmentOf(order_id)}`, body);
  const LEAVES = { status: 'shipped', skip: ['packed'] };

  /** Pays this much of an order; its amounts are decimals. */
  async function pay(order_id: number, amount?: number): Promise<void> {
    const { invoice_id, total } = (await alice.post<{ invoice_id: number; total: number }>('/invoices', { order_id }))
      .body;
    await alice.post('/payment/transactions', { amount: amount ?? total, description: 'a mouse', invoice_id });
    assert.equal((await alice.post('/payment/transactions/pay', {})).status, 200);
  }

  test('is packed, and leaves only when the staff say so', async () => {
    const order_id = await place();
    assert.equal((await put(order_id, { status: 'packed' })).status, 200);
    const { status, body } = await put(order_id, { status: 'shipped', carrier: 'DHL' });
    assert.deepEqual([status, body.code], [409, 'SHIPMENT_UNPAID']);
    assert.match(
      body.error,
      /^32\.99 USD of its order is not paid; .* send \{"status":"shipped","carrier":"DHL","unpaid":true\}$/,
    );
    assert.equal((await put(order_id, { status: 'shipped', carrier: 'DHL', unpaid: true })).status, 200);
    assert.equal((await put(order_id, { status: 'in_transit' })).status, 200);
  });

  test('says what is still owed when a part is paid, and leaves when all is', async () => {
    const order_id = await place();
    await pay(order_id, 30);
    const { body } = await put(order_id, LEAVES);
    assert.match(body.error, /^2\.99 USD of its order is not paid/);
    const { invoice_id } = (await alice.get(`/invoices/order/${order_id}`)).body;
    await alice.post('/payment/transactions', { amount: 2.99, description: 'the rest', invoice_id });
    await alice.post('/payment/transactions/pay', {});
    assert.equal((await put(order_id, LEAVES)).status, 200, 'payment knows at once, before any event');
  });

  test('leaves when its carrier reports that it has', async () => {
    const order_id = await place();
    await put(order_id, { status: 'packed', carrier: 'DHL', tracking_number: 'UNPAID-1' });
    const word = { tracking_number: 'UNPAID-1', status: 'in_transit', at: new Date().toISOString(), update_id: 'u-1' };
    assert.equal((await admin.post('/carriers/DHL/updates', word)).body.applied, true);
  });

  test('and costs nothing is paid, and leaves without a word', async () => {
    const { product_id } = (await admin.post('/products', { name: 'Leaflet', price: 0, category: 'Paper' })).body;
    const order_id = await place(product_id);
    const { status, payment_status } = (await alice.get(`/orders/${order_id}`)).body;
    assert.deepEqual([status, payment_status], ['confirmed', 'paid']);
    assert.equal((await put(order_id, LEAVES)).status, 200);
  });

  test('stays while nobody can say whether it is paid, unless the staff say that it may leave', async () => {
    const order_id = await place();
    await shipmentOf(order_id);
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const services = 'user,product,delivery,order,invoice,analytics,webhook,gateway';
    const alone = await world({ database, env: { SERVICES: services, PAYMENT_URL: nowhere } });
    const there = clientOf(alone.url, admin.token);
    const refused = await put(order_id, LEAVES, there);
    assert.deepEqual([refused.status, refused.headers.has('retry-after')], [503, true]);
    assert.equal((await put(order_id, { ...LEAVES, unpaid: true }, there)).status, 200);
    await alone.close();
  });
});

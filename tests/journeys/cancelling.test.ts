import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { eachEngine } from '../../src/testing/engines.ts';
import { freePort } from '../../src/testing/ports.ts';
import { settle } from '../../src/testing/settle.ts';
import { type World, world } from '../../src/testing/world.ts';
import { left, stocked, times } from './shop.fixture.ts';

const LEAVES = { status: 'shipped', skip: ['packed'], unpaid: true };

interface Entry {
  readonly type: string;
  readonly data: { readonly reason?: string };
}

// Two systems on one database, as two processes of a company would run it: delivery decides whether a parcel has left.
eachEngine('cancelling an order', (engine) => {
  let database: TestDatabase;
  let shop: World;
  let other: World;
  let admin: TestClient;
  let alice: TestClient;
  let product_id: number;

  before(async () => {
    database = await testDatabase(engine);
    [shop, other] = await Promise.all([world({ database }), world({ database })]);
    [admin, alice] = await Promise.all([shop.as('admin'), shop.as('alice')]);
    product_id = await stocked(admin, 1_000);
  });
  after(async () => {
    await Promise.all([shop.close(), other.close()]);
    await database.drop();
  });

  const elsewhere = (client: TestClient): TestClient => clientOf(other.url, client.token, client.id);
  const order = async (): Promise<number> =>
    (await alice.post('/orders/single', { product_id, quantity: 1 })).body.order_id;
  const shipmentOf = (order_id: number) =>
    settle(async () => {
      const { status, body } = await admin.get<{ shipment_id: number; status: string }>(`/shipments/order/${order_id}`);
      assert.equal(status, 200);
      return body;
    });

  test('a parcel leaves or is stopped, and never both, whoever asks at the same moment and where', async () => {
    const before = Number(await left(admin, product_id));
    const orders = await times(40, order);
    const shipments = await Promise.all(orders.map(shipmentOf));
    const outcomes = await times(40, async (n) => {
      const client = n % 2 ? alice : elsewhere(alice);
      const ship = () => admin.put(`/shipments/${shipments[n]?.shipment_id}`, LEAVES);
      const cancel = () => client.post(`/orders/${orders[n]}/cancel`);
      const [shipped, cancelled] =
        n % 3 ? await Promise.all([ship(), cancel()]) : (await Promise.all([cancel(), ship()])).reverse();
      return [shipped?.status, cancelled?.status];
    });
    let stopped = 0;
    for (const [n, [shipped, cancelled]] of outcomes.entries()) {
      assert.ok((shipped === 200) !== (cancelled === 200), `${shipped} ${cancelled}`);
      stopped += Number(cancelled === 200);
      const expected = cancelled === 200 ? ['cancelled', 'cancelled'] : ['confirmed', 'shipped'];
      await settle(async () => {
        const { status } = (await admin.get(`/orders/${orders[n]}`)).body;
        assert.deepEqual([status, (await shipmentOf(orders[n] ?? 0)).status], expected);
      });
    }
    await settle(async () => assert.equal(await left(admin, product_id), before - 40 + stopped));
  });

  test('after the word that a parcel has left no cancellation succeeds', async () => {
    const orders = await times(16, order);
    const answers = await Promise.all(
      orders.map(async (order_id) => {
        const { shipment_id } = await shipmentOf(order_id);
        await admin.put(`/shipments/${shipment_id}`, LEAVES);
        return elsewhere(alice).post(`/orders/${order_id}/cancel`);
      }),
    );
    for (const { status, body } of answers) {
      assert.deepEqual([status, body.error], [409, 'an order that is shipped cannot be cancelled']);
    }
  });

  test('an order is cancelled once, however often and wherever it is asked, and says why', async () => {
    const before = Number(await left(admin, product_id));
    const order_id = await order();
    const answers = await times(10, (n) => (n % 2 ? alice : elsewhere(alice)).post(`/orders/${order_id}/cancel`));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    await settle(async () => {
      const { body } = await alice.get<Entry[]>(`/orders/${order_id}/timeline`);
      const cancelled = body.filter(({ type }) => type === 'order.cancelled');
      assert.deepEqual(
        cancelled.map(({ data }) => data.reason),
        ['requested'],
      );
      assert.equal(body.filter(({ type }) => type === 'shipment.status_changed').length, 1);
    });
    await settle(async () => assert.equal(await left(admin, product_id), before));
  });

  test('while delivery is out of reach nothing is cancelled, and the answer says to try again', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const services = 'user,product,order,invoice,payment,analytics,webhook,gateway';
    const alone = await world({ database, env: { SERVICES: services, DELIVERY_URL: nowhere } });
    const order_id = await order();
    const before = await left(admin, product_id);
    const { status, headers } = await clientOf(alone.url, alice.token).post(`/orders/${order_id}/cancel`);
    assert.deepEqual([status, headers.has('retry-after')], [503, true]);
    await alone.close();
    assert.equal((await alice.get(`/orders/${order_id}`)).body.status, 'pending');
    assert.equal(await left(admin, product_id), before);
    assert.equal((await alice.post(`/orders/${order_id}/cancel`)).status, 200);
  });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestClient } from '../../src/testing/client.ts';
import { eachEngine } from '../../src/testing/engines.ts';
import { settle } from '../../src/testing/settle.ts';
import { type World, world } from '../../src/testing/world.ts';
import { MOUSE, times } from './shop.fixture.ts';

interface Addressed {
  readonly shipping_address: object | null;
}

interface Parcel {
  readonly shipment_id: number;
  readonly status: string;
  readonly ship_to: { readonly name: string; readonly lines: string[] } | null;
}

const HOME = { line1: '2 Example Road', postal_code: '10000', city: 'Example Town', country: 'DE' };
const WORK = { line1: '5 New Road', postal_code: '20000', city: 'Newtown', country: 'DE' };

eachEngine('where a parcel goes', (engine) => {
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;
  let bob: TestClient;
  before(async () => {
    shop = await world({ engine });
    [admin, alice, bob] = await Promise.all([shop.as('admin'), shop.as('alice'), shop.as('bob')]);
    await alice.patch('/users/me', { display_name: 'Alice Example', address: HOME });
  });
  after(() => shop.close());

  const place = async (buyer = alice): Promise<number> =>
    (await buyer.post('/orders/single', { product_id: MOUSE, quantity: 1 })).body.order_id;
  const parcelOf = (order_id: number) =>
    settle(async () => {
      const { status, body } = await admin.get<Parcel>(`/shipments/order/${order_id}`);
      assert.equal(status, 200);
      return body;
    });
  const set = (order_id: number, shipping_address: object, as = alice) =>
    as.patch<Addressed & { error: string; code: string }>(`/orders/${order_id}`, { shipping_address });

  test('is the address of the profile, until its owner or the staff set another', async () => {
    const order_id = await place();
    assert.equal((await alice.get<Addressed>(`/orders/${order_id}`)).body.shipping_address, null);
    assert.deepEqual((await parcelOf(order_id)).ship_to?.lines, ['2 Example Road', '10000 Example Town', 'DE']);
    const answer = await set(order_id, WORK);
    assert.deepEqual([answer.status, answer.body.shipping_address], [200, WORK]);
    assert.deepEqual((await alice.get<Addressed>(`/orders/${order_id}`)).body.shipping_address, WORK);
    const { ship_to } = await parcelOf(order_id);
    assert.deepEqual([ship_to?.name, ship_to?.lines[0]], ['Alice Example', '5 New Road']);
    assert.equal((await set(order_id, { ...WORK, name: 'The porter' }, admin)).status, 200);
    assert.equal((await parcelOf(order_id)).ship_to?.name, 'The porter');
    assert.equal((await set(order_id, HOME, bob)).status, 404);
    assert.equal((await set(order_id, HOME, shop.guest)).status, 401);
    assert.equal((await set(order_id, { ...WORK, country: 'Germany' })).status, 400);
    assert.equal((await set(order_id, { ...WORK, line1: ' ' })).status, 400);
  });

  test('can be set by a customer whose profile had none when they ordered', async () => {
    const order_id = await place(bob);
    assert.equal((await parcelOf(order_id)).ship_to, null);
    assert.equal((await set(order_id, WORK, bob)).status, 200);
    assert.deepEqual((await parcelOf(order_id)).ship_to, { name: 'bob', lines: ['5 New Road', '20000 Newtown', 'DE'] });
  });

  test('can be set before delivery knows the order, and stays', async () => {
    const orders = await times(10, () => place());
    const answers = await Promise.all(orders.map((order_id) => set(order_id, WORK)));
    assert.ok(answers.every(({ status }) => status === 200));
    for (const order_id of orders) {
      await settle(async () => assert.equal((await parcelOf(order_id)).ship_to?.lines[0], '5 New Road'));
    }
  });

  test('is fixed once the parcel is packed, also before the order knows, and when it is cancelled', async () => {
    const order_id = await place();
    const { shipment_id } = await parcelOf(order_id);
    await admin.put(`/shipments/${shipment_id}`, { status: 'packed' });
    const late = await set(order_id, WORK);
    assert.deepEqual([late.status, late.body.error], [409, 'the address of an order that is packed cannot be changed']);
    assert.deepEqual((await parcelOf(order_id)).ship_to?.lines[0], '2 Example Road');
    const cancelled = await place();
    await alice.post(`/orders/${cancelled}/cancel`);
    assert.deepEqual((await set(cancelled, WORK)).body.code, 'ORDER_ADDRESS_FIXED');
  });

  test('is either changed or packed, whoever comes first', async () => {
    const orders = await times(20, () => place());
    const parcels = await Promise.all(orders.map(parcelOf));
    await times(20, async (n) => {
      const [packed, changed] = await Promise.all([
        admin.put(`/shipments/${parcels[n]?.shipment_id}`, { status: 'packed' }),
        set(orders[n] ?? 0, WORK),
      ]);
      const { ship_to } = await parcelOf(orders[n] ?? 0);
      assert.equal(ship_to?.lines[0], changed.status === 200 ? '5 New Road' : '2 Example Road');
      assert.ok(packed.status === 200 || packed.body.code === 'TRADEPOST_STALE', packed.body.code);
    });
  });
});

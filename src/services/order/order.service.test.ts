import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { asPeer } from '../../platform/app/guard.ts';
import { createSeal } from '../../platform/auth/seal.ts';
import { type Remote, remote } from '../../platform/http/peers/remote.ts';
import type { TestClient } from '../../testing/client.ts';
import { eachEngine } from '../../testing/engines.ts';
import { settle as eventually } from '../../testing/settle.ts';
import { WORLD_SETTINGS, type World, world } from '../../testing/world.ts';
import { productContract } from '../product/product.contract.ts';
import { orderContract } from './order.contract.ts';
import { at, user } from './order.fixture.ts';

const MINUTE = 60_000;

eachEngine('what a peer asks of orders', (engine) => {
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;
  let orders: Remote<typeof orderContract>;
  let products: Remote<typeof productContract>;

  // One service is left out, so that the others serve calls between processes; the test is such a process.
  before(async () => {
    shop = await world({ engine, env: { SERVICES: 'user,product,delivery,order,gateway' } });
    [admin, alice] = await Promise.all([shop.as('admin'), shop.as('alice')]);
    const seal = createSeal(WORLD_SETTINGS.JWT_SECRET);
    orders = remote(orderContract, shop.url, seal);
    products = remote(productContract, shop.url, seal);
  });
  after(async () => {
    await Promise.all([orders.close(), products.close()]);
    await shop.close();
  });

  const inMinutes = (minutes: number) => at(new Date(Date.now() + minutes * MINUTE).toISOString());
  const settle = (minutes: number) => orders.api.settleReservations(inMinutes(minutes), {});
  const stockOf = async (product_id: number) => (await shop.guest.get(`/products/${product_id}`)).body.stock_quantity;

  async function stocked(stock_quantity: number): Promise<number> {
    const body = { name: 'Kettle', price: 39.95, category: 'Kitchen', stock_quantity };
    return (await admin.post('/products', body)).body.product_id;
  }
  async function order(product_id: number, quantity: number): Promise<number> {
    return (await alice.post('/orders', { items: [{ product_id, quantity }] })).body.order_id;
  }
  /** Sets units aside as an order does that never appears. */
  async function hold(order_id: number, product_id: number, quantity: number): Promise<void> {
    const { reserved } = await products.api.reserve(inMinutes(0), { order_id, items: [{ product_id, quantity }] });
    assert.equal(reserved, true);
  }

  test('the units of an order that never appeared come back when their time is over, and not before', async () => {
    const kettle = await stocked(5);
    await hold(900_001, kettle, 3);
    assert.deepEqual([await settle(14), await stockOf(kettle)], [{ kept: 0, released: 0 }, 2]);
    assert.deepEqual([await settle(16), await stockOf(kettle)], [{ kept: 0, released: 1 }, 5]);
    assert.deepEqual([await settle(16), await stockOf(kettle)], [{ kept: 0, released: 0 }, 5]);
  });

  test('the units of an order that is there stay with it, and are not asked about again', async () => {
    const kettle = await stocked(5);
    const order_id = await order(kettle, 2);
    await hold(900_002, kettle, 1);
    assert.deepEqual([await settle(16), await stockOf(kettle)], [{ kept: 1, released: 1 }, 3]);
    assert.deepEqual([await settle(10_000), await stockOf(kettle)], [{ kept: 0, released: 0 }, 3]);
    await alice.post(`/orders/${order_id}/cancel`);
    assert.equal(await stockOf(kettle), 5);
  });

  test('the units of an order that was cancelled come back, even when the process stopped before it gave them', async () => {
    const kettle = await stocked(5);
    const order_id = await order(kettle, 2);
    await alice.post(`/orders/${order_id}/cancel`);
    await hold(order_id, kettle, 2);
    // The event of the stopped parcel may have released them before.
    await settle(16);
    assert.equal(await stockOf(kettle), 5);
  });

  test('units of a parcel that left before product heard of it are gone once the two were compared', async () => {
    const [kettle, untracked] = [await stocked(5), 2];
    const ids = [await order(untracked, 1), await order(untracked, 1)] as const;
    for (const order_id of ids) {
      await eventually(async () => assert.equal((await admin.get(`/shipments/order/${order_id}`)).status, 200));
      await hold(order_id, kettle, 1);
    }
    const { shipment_id } = (await admin.get(`/shipments/order/${ids[0]}`)).body;
    const left = { status: 'shipped', skip: ['packed'], unpaid: true };
    assert.equal((await admin.put(`/shipments/${shipment_id}`, left)).status, 200);
    await eventually(async () => {
      assert.equal((await alice.get(`/orders/${ids[0]}`)).body.fulfillment_status, 'shipped');
      const { items } = await products.api.orderUnits(at(), { held: true });
      assert.ok(!items.some(({ order_id }) => order_id === ids[0]));
    });
    // As a shop from before the ledger has it: units that are held for an order whose parcel has left.
    await products.api.release(at(), { order_id: ids[0] });
    await hold(ids[0], kettle, 1);
    assert.deepEqual(await orders.api.compareUnits(inMinutes(1), {}), { shipped: 1 });
    assert.deepEqual(await orders.api.compareUnits(inMinutes(1), {}), { shipped: 0 });
    const { items } = await products.api.orderUnits(at(), { held: true });
    assert.deepEqual([items.some(({ order_id }) => order_id === ids[1]), await stockOf(kettle)], [true, 3]);
  });

  test('processes that settle at the same moment give back once', async () => {
    const kettle = await stocked(5);
    const placed = await order(kettle, 1);
    await hold(900_003, kettle, 3);
    await Promise.all(Array.from({ length: 10 }, () => settle(16)));
    assert.equal(await stockOf(kettle), 4);
    await alice.post(`/orders/${placed}/cancel`);
    assert.equal(await stockOf(kettle), 5);
  });

  test('an invoice has the order with its buyer, its rate and the description of its lines', async () => {
    const kettle = await stocked(5);
    const order_id = await order(kettle, 1);
    const peer = asPeer('invoice', orders.api);
    const { username, tax_rate, items, total } = await peer.forInvoice(at(), { order_id });
    assert.deepEqual([username, tax_rate, items[0]?.description, total], ['alice', '0.1', '', 4_395]);
    const asOther = peer.forInvoice(at(undefined, { actor: user(alice.id + 1) }), { order_id });
    await assert.rejects(asOther, { code: 'ORDER_NOT_FOUND' });
  });

  test('what is between services is refused to everybody else', async () => {
    for (const one of [shop.guest, alice, admin]) {
      assert.equal((await one.post('/internal/orders/settle-reservations', {})).status, 403);
      assert.equal((await one.get('/internal/orders/1')).status, 403);
    }
  });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestClient } from '../../testing/client.ts';
import { eachEngine } from '../../testing/engines.ts';
import { settle } from '../../testing/settle.ts';
import { type World, world } from '../../testing/world.ts';

eachEngine('what stock follows from orders', (engine) => {
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;

  before(async () => {
    shop = await world({ engine, env: { MAX_HELD_PER_CUSTOMER: '2' } });
    [admin, alice] = [await shop.as('admin'), await shop.as('alice')];
  });
  after(() => shop.close());

  const stocked = async () =>
    Number(
      (await admin.post('/products', { name: 'Kettle', price: 20, category: 'Home', stock_quantity: 9 })).body
        .product_id,
    );
  const order = (product_id: number, quantity: number) => alice.post('/orders/single', { product_id, quantity });
  const ledger = async (product_id: number) =>
    ((await admin.get(`/products/${product_id}/stock-ledger`)).body as unknown as { kind: string; held: number }[]).map(
      ({ kind, held }) => `${kind} ${held}`,
    );

  test('a customer holds so many unpaid units, and may order again what is paid; staff order for a customer', async () => {
    const product_id = await stocked();
    const { order_id } = (await order(product_id, 2)).body;
    const refused = await order(product_id, 1);
    assert.deepEqual(
      [refused.status, refused.body.code, refused.body.error],
      [
        400,
        'ORDER_HELD_LIMIT',
        "item 1: a customer may hold 2 unpaid units of product 'Kettle', and 2 are held already",
      ],
    );
    assert.equal((await admin.post('/orders/alice', { product_id, quantity: 1 })).body.code, 'ORDER_HELD_LIMIT');
    assert.equal((await admin.post('/orders/single', { product_id, quantity: 2 })).status, 201);
    const { invoice_id, total } = (await alice.post('/invoices', { order_id })).body;
    await alice.post('/transactions', { amount: total, description: 'kettles', invoice_id });
    assert.equal((await alice.post('/transactions/pay', {})).status, 200);
    await settle(async () => assert.equal((await order(product_id, 1)).status, 201));
  });

  test('units of a parcel that left are gone, of one that came back held again', async () => {
    const product_id = await stocked();
    const { order_id } = (await order(product_id, 1)).body;
    const shipment = async () => (await admin.get(`/shipments/order/${order_id}`)).body;
    await settle(async () => assert.equal((await admin.get(`/shipments/order/${order_id}`)).status, 200));
    const { shipment_id } = await shipment();
    const move = async (body: object) => {
      const { status, body: answer } = await admin.put(`/shipments/${shipment_id}`, body);
      assert.equal(status, 200, JSON.stringify(answer));
    };
    await move({ status: 'packed' });
    await move({ status: 'shipped', unpaid: true });
    await settle(async () => assert.deepEqual(await ledger(product_id), ['shipped 0', 'reservation 1', 'opening 0']));
    await move({ status: 'failed' });
    await move({ status: 'packed' });
    await settle(async () => assert.equal((await ledger(product_id))[0], 'return 1'));
  });
});

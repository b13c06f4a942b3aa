import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemCtx } from '../../src/platform/contract/ctx.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { eachEngine } from '../../src/testing/engines.ts';
import { startSystem } from '../../src/testing/system.ts';
import { PASSWORD, world } from '../../src/testing/world.ts';
import { left, MOUSE, type Order, rowsOf, stocked, tally, times } from './shop.fixture.ts';

type System = Awaited<ReturnType<typeof startSystem>>;

const MINUTES = 60_000;
const inMinutes = (minutes: number) => systemCtx(new Date(Date.now() + minutes * MINUTES).toISOString());

// What comes after: a request that is repeated once the system was restarted, and units that were set aside for an
// order that never came.
eachEngine('later', (engine) => {
  let database: TestDatabase;
  let system: System;
  let admin: TestClient;

  before(async () => {
    database = await testDatabase(engine);
    system = await startSystem(database.url);
    const guest = clientOf(system.urls.gateway ?? '');
    const { body } = await guest.post('/register', { username: 'boss', password: PASSWORD });
    admin = clientOf(system.urls.gateway ?? '', body.token, body.id);
  });

  after(async () => {
    await system.close();
    await database.drop();
  });

  const order = async (product_id: number, quantity = 1): Promise<Order> =>
    (await admin.post<Order>('/orders/single', { product_id, quantity })).body;

  /** Settles as if it were so many minutes later. */
  const settle = (minutes: number) => system.services.order.settleReservations(inMinutes(minutes), {});

  const held = async (order_id: number): Promise<string | null | undefined> =>
    (
      await rowsOf<{ expires_at: string | null }>(
        database.url,
        'select expires_at from tradepost_product.reservations where order_id = $1',
        [order_id],
      )
    )[0]?.expires_at;

  test('a request that is repeated after a restart has its first answer', async () => {
    const key = { 'idempotency-key': 'before-and-after' };
    const body = { items: [{ product_id: MOUSE, quantity: 1 }] };
    const first = await admin.post<Order>('/orders', body, key);
    const invoice = await admin.post('/invoices', { order_id: first.body.order_id }, key);
    await admin.post(`/orders/${first.body.order_id}/cancel`);

    const restarted = await world({ database });
    const again = clientOf(restarted.url, admin.token);
    const replay = await again.post('/orders', body, key);
    assert.deepEqual([replay.status, replay.body], [201, first.body]);
    assert.equal(replay.headers.get('idempotent-replayed'), 'true');
    const bill = await again.post('/invoices', { order_id: first.body.order_id }, key);
    assert.deepEqual([bill.status, bill.body], [201, invoice.body]);
    assert.equal((await again.post('/orders', { items: [{ product_id: MOUSE, quantity: 9 }] }, key)).status, 422);
    await restarted.close();
  });

  test('units that were set aside for an order that never came are given back', async () => {
    const product_id = await stocked(admin, 10);
    const items = [{ product_id, quantity: 4 }];
    const reservation = await system.services.product.reserve(systemCtx(), { order_id: 900_001, items });
    assert.deepEqual([reservation.reserved, await left(admin, product_id)], [true, 6]);
    await settle(14);
    assert.equal(await left(admin, product_id), 6);
    assert.equal((await settle(16)).released, 1);
    assert.equal(await left(admin, product_id), 10);
    assert.equal((await settle(16)).released, 0);
    assert.equal(await left(admin, product_id), 10);
  });

  test('however many were left behind, one settling gives them all back', async () => {
    const product_id = await stocked(admin, 1_300);
    const items = [{ product_id, quantity: 1 }];
    await times(1_200, (i) => system.services.product.reserve(systemCtx(), { order_id: 910_000 + i, items }));
    assert.equal(await left(admin, product_id), 100);
    await settle(16);
    assert.equal(await left(admin, product_id), 1_300);
  });

  test('units of an order that exists stay with it', async () => {
    const product_id = await stocked(admin, 10);
    const { order_id } = await order(product_id, 3);
    assert.notEqual(await held(order_id), null);
    assert.ok((await settle(16)).kept >= 1);
    assert.equal(await held(order_id), null);
    assert.equal(await left(admin, product_id), 7);
    assert.deepEqual(await settle(60), { kept: 0, released: 0 });
    await admin.post(`/orders/${order_id}/cancel`);
    assert.equal(await left(admin, product_id), 10);
  });

  test('units of an order whose cancelling stopped half way are given back', async () => {
    const product_id = await stocked(admin, 10);
    const { order_id } = await order(product_id, 3);
    await settle(16);
    // As far as a process came that was killed between the two steps: the hold is renewed, the order is cancelled.
    await system.services.product.renew(systemCtx(), { order_id });
    await rowsOf(database.url, `update tradepost_order.orders set status = 'cancelled' where order_id = $1`, [
      order_id,
    ]);
    assert.equal(await left(admin, product_id), 7);
    await settle(16);
    assert.equal(await left(admin, product_id), 10);
  });

  test('a settling that meets a cancelling gives the units back once', async () => {
    const product_id = await stocked(admin, 40);
    const orders = await times(20, () => order(product_id, 2));
    assert.equal(await left(admin, product_id), 0);
    const [cancelled] = await Promise.all([
      Promise.all(orders.map(({ order_id }) => admin.post(`/orders/${order_id}/cancel`))),
      times(10, () => settle(16)),
    ]);
    assert.deepEqual(tally(cancelled), { 200: 20 });
    await settle(60);
    assert.equal(await left(admin, product_id), 40);
    assert.deepEqual(await settle(60), { kept: 0, released: 0 });
  });

  test('a reservation that is asked for twice is one, and is renewed', async () => {
    const product_id = await stocked(admin, 5);
    const items = [{ product_id, quantity: 5 }];
    await system.services.product.reserve(systemCtx(), { order_id: 900_002, items });
    const again = await system.services.product.reserve(inMinutes(10), { order_id: 900_002, items });
    assert.deepEqual([again.reserved, await left(admin, product_id)], [true, 0]);
    assert.equal((await settle(16)).released, 0);
    assert.equal((await settle(26)).released, 1);
    assert.equal(await left(admin, product_id), 5);
  });
});

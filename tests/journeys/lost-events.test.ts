import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Bus } from '../../src/platform/bus/bus.ts';
import { systemCtx } from '../../src/platform/contract/ctx.ts';
import type { OrderToShip } from '../../src/services/delivery/delivery.contract.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { settle } from '../../src/testing/settle.ts';
import { startSystem } from '../../src/testing/system.ts';
import { PASSWORD } from '../../src/testing/world.ts';
import { left, stocked } from './shop.fixture.ts';

const MINUTE_MS = 60_000;
const MOUSE = 2;
const LEAVES = { status: 'shipped', skip: ['packed'], unpaid: true };

describe('events that a broker loses', () => {
  const lost = new Set<string>();
  const dropped: string[] = [];
  let database: TestDatabase;
  let shop: Awaited<ReturnType<typeof startSystem>>;
  let admin: TestClient;
  // What is published and then lost before anybody reads it.
  const losing = (bus: Bus): Bus => ({
    ...bus,
    publish(events) {
      const [gone = [], kept = []] = [true, false].map((is) => events.filter(({ type }) => lost.has(type) === is));
      for (const { type } of gone) dropped.push(type);
      return bus.publish(kept);
    },
  });
  const inMinutes = (minutes: number) => systemCtx(new Date(Date.now() + minutes * MINUTE_MS).toISOString());
  const compare = (minutes: number) => shop.services.order.compareShipments(inMinutes(minutes), {});

  before(async () => {
    database = await testDatabase(engine);
    shop = await startSystem(database.url, { LOG_LEVEL: 'fatal' }, { aroundBus: losing });
    const url = shop.urls.gateway ?? '';
    const { body } = await clientOf(url).post('/register', { username: 'boss', password: PASSWORD });
    admin = clientOf(url, body.token, body.id);
  });
  beforeEach(() => {
    lost.clear();
    dropped.length = 0;
  });
  after(async () => {
    await shop.close();
    await database.drop();
  });

  const order = async (): Promise<number> =>
    (await admin.post('/orders', { items: [{ product_id: MOUSE, quantity: 1 }] })).body.order_id;
  const shipmentOf = async (order_id: number) => admin.get(`/shipments/order/${order_id}`);
  async function toShip(order_id: number): Promise<OrderToShip> {
    const { user_id, username, items, total, currency } = await shop.services.order.forInvoice(inMinutes(0), {
      order_id,
    });
    const lines = items.map(({ product_id, product_name, quantity }) => ({ product_id, product_name, quantity }));
    return { order_id, user_id, username, items: lines, total, currency };
  }
  /** As far as a cancellation comes in a process that is killed as soon as delivery has answered. */
  const stopAndEnd = async (order_id: number) =>
    shop.services.delivery.stop(inMinutes(0), { order: await toShip(order_id), cancellation: 'requested' });
  /** Waits until so many events of a type were published and lost; what comes then is heard again. */
  async function areLost(type: string, count: number): Promise<void> {
    await settle(() => assert.equal(dropped.filter((one) => one === type).length, count));
    lost.delete(type);
  }
  const heard = (order_id: number) =>
    settle(async () => assert.equal((await shipmentOf(order_id)).status, 200, 'its shipment is there'));

  test('an order whose event is lost gets its shipment, once, whoever compares and however often', async () => {
    lost.add('order.created');
    const orders = [await order(), await order()];
    await areLost('order.created', 2);
    const later = await order();
    await heard(later);
    for (const order_id of orders) assert.equal((await shipmentOf(order_id)).status, 404);
    assert.deepEqual(await compare(0), { opened: 0, stopped: 0, followed: 0 }, 'what is young may be on its way');
    const outcomes = await Promise.all([compare(2), compare(2)]);
    assert.equal(
      outcomes.reduce((sum, { opened }) => sum + opened, 0),
      2,
    );
    for (const order_id of [...orders, later]) assert.equal((await shipmentOf(order_id)).body.order_id, order_id);
    assert.deepEqual(await compare(3), { opened: 0, stopped: 0, followed: 0 });
    // It is announced like any other.
    await settle(async () => {
      const { body } = await admin.get(`/orders/${orders[0]}/timeline`);
      assert.ok((body as unknown as { type: string }[]).some(({ type }) => type === 'shipment.created'));
    });
  });

  test('the order says meanwhile that its shipment is missing', async () => {
    lost.add('order.created');
    const order_id = await order();
    const at = { ...inMinutes(3), actor: { kind: 'user', id: 1, username: 'admin', role: 'admin' } } as const;
    const { waiting_for } = await shop.services.order.explain(at, { order_id });
    assert.ok(waiting_for.some(({ what }) => what === 'its shipment, which is missing'));
  });

  test('the shipment of a cancelled order is stopped before anything is announced', async () => {
    const order_id = await order();
    await heard(order_id);
    for (const type of ['order.cancelled', 'shipment.status_changed']) lost.add(type);
    assert.equal((await admin.post(`/orders/${order_id}/cancel`)).status, 200);
    assert.equal((await shipmentOf(order_id)).body.status, 'cancelled');
    await areLost('order.cancelled', 1);
    await areLost('shipment.status_changed', 1);
    assert.equal((await compare(2)).stopped, 0);
  });

  test('an order that is cancelled before delivery knows it has a shipment that is cancelled, for ever', async () => {
    lost.add('order.created');
    const order_id = await order();
    await areLost('order.created', 1);
    assert.equal((await admin.post(`/orders/${order_id}/cancel`)).status, 200);
    assert.equal((await shipmentOf(order_id)).body.status, 'cancelled');
    const late = { order: await toShip(order_id) };
    assert.deepEqual(await shop.services.delivery.openFor(inMinutes(0), late), { made: false });
  });

  test('a parcel that has left keeps its order from being cancelled, though nobody heard of it', async () => {
    const order_id = await order();
    await heard(order_id);
    lost.add('shipment.status_changed');
    const { shipment_id } = (await shipmentOf(order_id)).body;
    assert.equal((await admin.put(`/shipments/${shipment_id}`, LEAVES)).status, 200);
    await areLost('shipment.status_changed', 1);
    assert.equal((await admin.get(`/orders/${order_id}`)).body.fulfillment_status, 'not_fulfilled');
    const { status, body } = await admin.post(`/orders/${order_id}/cancel`);
    assert.deepEqual([status, body.error], [409, 'an order that is shipped cannot be cancelled']);
    assert.equal((await compare(0)).followed, 0, 'its event may be on its way');
    assert.ok((await compare(2)).followed >= 1);
    assert.equal((await admin.get(`/orders/${order_id}`)).body.fulfillment_status, 'shipped');
  });

  test('an order whose parcel was stopped by a process that ended then is cancelled by the comparison', async () => {
    const order_id = await order();
    await heard(order_id);
    lost.add('shipment.status_changed');
    await stopAndEnd(order_id);
    await areLost('shipment.status_changed', 1);
    assert.equal((await admin.get(`/orders/${order_id}`)).body.status, 'pending');
    assert.deepEqual(await compare(0), { opened: 0, stopped: 0, followed: 0 }, 'its event may be on its way');
    assert.equal((await compare(2)).followed, 1);
    assert.equal((await admin.get(`/orders/${order_id}`)).body.status, 'cancelled');
  });

  test('an order whose parcel was stopped by a process that ended then is cancelled by the event of the stop', async () => {
    const product_id = await stocked(admin, 5);
    const { order_id } = (await admin.post('/orders/single', { product_id, quantity: 2 })).body;
    await heard(order_id);
    await stopAndEnd(order_id);
    await settle(async () => assert.equal((await admin.get(`/orders/${order_id}`)).body.status, 'cancelled'));
    await settle(async () => assert.equal(await left(admin, product_id), 5));
  });

  async function money(minutes: number) {
    const { order, invoice } = shop.services;
    const orders = await order.compareReceivables(inMinutes(minutes), {});
    const invoices = await invoice.compareReceivables(inMinutes(minutes), {});
    return { orders: orders.followed, cancelled: orders.ended, invoices: invoices.followed, opened: invoices.opened };
  }
  /** An order with an invoice, and what is owed for it asked for. */
  async function invoiced(): Promise<{ order_id: number; invoice_id: number }> {
    const order_id = await order();
    await heard(order_id);
    const { invoice_id, total } = (await admin.post('/invoices', { order_id })).body;
    await admin.post('/payment/transactions', { amount: total, description: 'a mouse', invoice_id });
    return { order_id, invoice_id };
  }
  const pay = async () => assert.equal((await admin.post('/payment/transactions/pay', {})).status, 200);

  test('an order and an invoice that have not heard of their money hear of it, once, whoever compares', async () => {
    const { order_id, invoice_id } = await invoiced();
    lost.add('payment.captured');
    await pay();
    await areLost('payment.captured', 1);
    assert.equal((await admin.get(`/orders/${order_id}`)).body.payment_status, 'not_paid');
    const nothing = { orders: 0, invoices: 0, cancelled: 0, opened: 0 };
    assert.deepEqual(await money(0), nothing, 'its event may be on its way');
    const outcomes = await Promise.all([money(2), money(2)]);
    assert.ok(
      outcomes.some(({ orders }) => orders === 1) && outcomes.some(({ invoices }) => invoices === 1),
      JSON.stringify(outcomes),
    );
    const { payment_status, status } = (await admin.get(`/orders/${order_id}`)).body;
    assert.deepEqual([payment_status, status], ['paid', 'confirmed']);
    assert.equal((await admin.get(`/invoices/${invoice_id}`)).body.status, 'paid');
    assert.deepEqual([await money(4), await money(6)], [nothing, nothing]);
  });

  test('an order whose invoice is paid says meanwhile that it has not heard of its payment', async () => {
    const { order_id, invoice_id } = await invoiced();
    lost.add('payment.captured');
    await pay();
    await areLost('payment.captured', 1);
    for (const status of ['sent', 'paid']) {
      assert.equal((await admin.put(`/invoices/${invoice_id}`, { status })).status, 200);
    }
    await settle(async () => {
      const { waiting_for } = (await admin.get(`/orders/${order_id}/explain`)).body as unknown as {
        waiting_for: { what: string }[];
      };
      assert.ok(waiting_for.some(({ what }) => what === 'word of its payment, which is missing'));
    });
    await money(0);
    assert.equal((await money(2)).orders, 1);
  });

  test('money of a cancelled order goes back and its invoice is cancelled, though the event was lost', async () => {
    const paid = await invoiced();
    await pay();
    await settle(async () => assert.equal((await admin.get(`/orders/${paid.order_id}`)).body.payment_status, 'paid'));
    const unpaid = await invoiced();
    lost.add('order.cancelled');
    for (const { order_id } of [paid, unpaid]) {
      assert.equal((await admin.post(`/orders/${order_id}/cancel`)).status, 200);
    }
    await areLost('order.cancelled', 2);
    await money(0);
    // The receivables are ended first; the invoices see that, and follow when they have seen it for a minute.
    const { cancelled } = await money(2);
    const { invoices } = await money(4);
    // An invoice that hears of its own creation so late finds by itself that its order is cancelled, and the refund of
    // the other may be announced by now.
    assert.ok(cancelled === 2 && invoices <= 2, `${cancelled} ${invoices}`);
    assert.equal((await admin.get(`/invoices/${unpaid.invoice_id}`)).body.status, 'cancelled');
    await settle(async () =>
      assert.equal((await admin.get(`/orders/${paid.order_id}`)).body.payment_status, 'refunded'),
    );
    assert.deepEqual(await money(6), { orders: 0, invoices: 0, cancelled: 0, opened: 0 });
  });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestBus } from '../../src/testing/buses.ts';
import type { TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { settle } from '../../src/testing/settle.ts';
import type { TestTarget } from '../../src/testing/targets.ts';
import { type World, type WorldOptions, world } from '../../src/testing/world.ts';
import { MOUSE, rowsOf, times } from './shop.fixture.ts';

interface Axes {
  readonly status: string;
  readonly payment_status: string;
  readonly fulfillment_status: string;
}

interface Told {
  readonly event_id: string;
  readonly type: string;
  readonly service: string;
  readonly causation_id: string | null;
  readonly actor: { readonly kind: string; readonly username?: string };
}

interface Shipment {
  readonly shipment_id: number;
  readonly order_id: number;
  readonly status: string;
}

/** The story of orders from the first request to their completion or their end, on one target with one bus. */
export function wholeWay(target: TestTarget, bus: TestBus, processes: WorldOptions['processes'] = 'one'): void {
  let database: TestDatabase;
  let place: Awaited<ReturnType<TestTarget['open']>>;
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;
  before(async () => {
    database = await testDatabase(target.postgres);
    place = await target.open();
    shop = await world({ database, processes, env: { ...place.env, ...bus.env() } });
    [admin, alice] = await Promise.all([shop.as('admin'), shop.as('alice')]);
  });
  after(async () => {
    await shop.close();
    await place.close();
    await database.drop();
  });

  const axes = async (order_id: number): Promise<Axes> => {
    const { status, payment_status, fulfillment_status } = (await alice.get<Axes>(`/orders/${order_id}`)).body;
    return { status, payment_status, fulfillment_status };
  };
  const becomes = (order_id: number, wanted: Axes) =>
    settle(async () => assert.deepEqual(await axes(order_id), wanted));
  const shipmentOf = (order_id: number) =>
    settle(async () => {
      const { status, body } = await alice.get<Shipment>(`/shipments/order/${order_id}`);
      assert.equal(status, 200);
      return body;
    });
  const ship = (shipment_id: number, status: string) => admin.put(`/shipments/${shipment_id}`, { status });

  /** Orders, has it invoiced and pays; answers the order's id. */
  async function bought(buyer: TestClient, quantity = 1): Promise<number> {
    const order = await buyer.post('/orders/single', { product_id: MOUSE, quantity });
    assert.equal(order.status, 201, JSON.stringify(order.body));
    const { order_id } = order.body;
    const invoice = await buyer.post('/invoices', { order_id });
    assert.equal(invoice.status, 201, JSON.stringify(invoice.body));
    const { invoice_id } = invoice.body;
    const due = { amount: invoice.body.total, description: 'an order', invoice_id };
    const transaction = await buyer.post('/payment/transactions', due);
    assert.equal(transaction.status, 201, JSON.stringify(transaction.body));
    const paid = await buyer.post('/payment/transactions/pay', {});
    assert.deepEqual([paid.status, paid.body.transactions_paid], [200, 1], JSON.stringify(paid.body));
    return order_id;
  }

  test('an order is shipped, invoiced, paid and delivered, and then complete', async () => {
    const order_id = await bought(alice, 2);
    await becomes(order_id, { status: 'confirmed', payment_status: 'paid', fulfillment_status: 'not_fulfilled' });
    const invoice = await alice.get(`/invoices/order/${order_id}`);
    await settle(async () => assert.equal((await alice.get(`/invoices/order/${order_id}`)).body.status, 'paid'));
    assert.equal(invoice.status, 200);
    const { shipment_id, status } = await shipmentOf(order_id);
    assert.equal(status, 'pending');
    for (const [next, fulfillment_status] of [
      ['packed', 'packed'],
      ['shipped', 'shipped'],
      ['in_transit', 'in_transit'],
    ] as const) {
      assert.equal((await ship(shipment_id, next)).status, 200);
      await becomes(order_id, { status: 'confirmed', payment_status: 'paid', fulfillment_status });
    }
    assert.equal((await ship(shipment_id, 'delivered')).status, 200);
    await becomes(order_id, { status: 'completed', payment_status: 'paid', fulfillment_status: 'delivered' });

    const timeline = await settle(async () => {
      const { body } = await alice.get<Told[]>(`/orders/${order_id}/timeline`);
      assert.equal(body.filter(({ type }) => type === 'order.status_changed').at(-1)?.service, 'order');
      assert.ok(body.filter(({ type }) => type === 'shipment.status_changed').length === 4);
      assert.ok(body.filter(({ type }) => type === 'order.status_changed').length >= 5);
      return body;
    });
    const types = timeline.map(({ type }) => type);
    for (const type of ['shipment.created', 'invoice.created', 'transaction.created', 'payment.captured']) {
      assert.equal(types.filter((one) => one === type).length, 1, type);
    }
    assert.equal(timeline[0]?.type, 'order.created');
    assert.deepEqual([timeline[0]?.actor.kind, timeline[0]?.actor.username], ['user', 'alice']);
    const place = new Map(timeline.map(({ event_id }, index) => [event_id, index]));
    for (const [index, { causation_id, type }] of timeline.entries()) {
      if (causation_id) assert.ok((place.get(causation_id) ?? index) < index, `${type} comes before its cause`);
    }
    assert.equal(new Set(timeline.map(({ event_id }) => event_id)).size, timeline.length);
  });

  test('a cancelled order takes its shipment and its invoice with it, and what was paid goes back', async () => {
    const order_id = await bought(alice);
    await becomes(order_id, { status: 'confirmed', payment_status: 'paid', fulfillment_status: 'not_fulfilled' });
    await shipmentOf(order_id);
    assert.equal((await alice.post(`/orders/${order_id}/cancel`)).status, 200);
    await becomes(order_id, { status: 'cancelled', payment_status: 'refunded', fulfillment_status: 'not_fulfilled' });
    await settle(async () => assert.equal((await shipmentOf(order_id)).status, 'cancelled'));

    const unpaid = (await alice.post('/orders/single', { product_id: MOUSE, quantity: 1 })).body.order_id;
    await alice.post('/invoices', { order_id: unpaid });
    await alice.post(`/orders/${unpaid}/cancel`);
    const cancelled = async () => (await alice.get(`/invoices/order/${unpaid}`)).body.status;
    await settle(async () => assert.equal(await cancelled(), 'cancelled'));
  });

  test('after many orders at once every book says the same, to the cent', async () => {
    const buyers = await times(8, (n) => shop.as(`buyer-${n}`));
    const orders = (await Promise.all(buyers.map((buyer) => times(3, () => bought3(buyer))))).flat();
    for (const order_id of orders) {
      await settle(async () => {
        const { body } = await admin.get<Axes>(`/orders/${order_id}`);
        assert.deepEqual([body.status, body.payment_status], ['confirmed', 'paid']);
      });
    }
    await settle(async () => {
      const { body } = await admin.get('/stats');
      const [books] = await rowsOf<{ paid: number; ledger: number }>(
        database.url,
        `select (select sum(amount)::bigint from tradepost_payment.transactions where paid_at is not null) as paid,
           (select sum(amount)::bigint from tradepost_payment.entries where kind = 'payment') as ledger`,
      );
      assert.equal(books?.paid, books?.ledger);
      assert.equal(Math.round(Number(body.total_paid_amount) * 100), books?.paid);
      assert.equal((body.orders as unknown as { total: number }).total, (await allOrders()).length);
      const check = await admin.get('/stats/check');
      assert.equal(check.body.agrees, true, JSON.stringify(check.body));
      assert.equal((await admin.get('/ledger/check')).body.ok, true);
    });
    for (const { order_id } of await allOrders())
      assert.equal((await admin.get(`/shipments/order/${order_id}`)).status, 200);
    const counts = await rowsOf<{ n: number }>(
      database.url,
      'select count(*) as n from tradepost_delivery.shipments group by order_id having count(*) <> 1',
    );
    assert.deepEqual(counts, []);
    for (const service of ['order', 'invoice', 'payment', 'delivery', 'analytics', 'webhook']) {
      assert.deepEqual((await admin.get(`/dead-letters/${service}`)).body, [], service);
    }
  });

  const allOrders = async () => (await admin.get<{ order_id: number }[]>('/orders?all=true&limit=200')).body;

  // Several of one buyer at once: "pay all" of one may pay what another has made due.
  async function bought3(buyer: TestClient): Promise<number> {
    const { order_id } = (await buyer.post('/orders/single', { product_id: MOUSE, quantity: 1 })).body;
    const { body } = await buyer.post('/invoices', { order_id });
    const due = { amount: body.total, description: 'an order', invoice_id: body.invoice_id };
    assert.equal((await buyer.post('/transactions', due)).status, 201);
    assert.equal((await buyer.post('/transactions/pay', {})).status, 200);
    return order_id;
  }
}

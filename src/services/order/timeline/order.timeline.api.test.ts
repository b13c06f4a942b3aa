import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestClient } from '../../../testing/client.ts';
import { eachEngine } from '../../../testing/engines.ts';
import { settle } from '../../../testing/settle.ts';
import { type World, world } from '../../../testing/world.ts';
import type { Explanation, TimelineEntry } from '../order.contract.ts';

const MOUSE = 2;

eachEngine('the story of an order', (engine) => {
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;
  before(async () => {
    shop = await world({ engine });
    [admin, alice] = await Promise.all([shop.as('admin'), shop.as('alice')]);
  });
  after(() => shop.close());

  const order = async (buyer = alice): Promise<number> =>
    (await buyer.post('/orders/single', { product_id: MOUSE, quantity: 1 })).body.order_id;
  const timeline = async (order_id: number, as = alice) =>
    (await as.get<TimelineEntry[]>(`/orders/${order_id}/timeline`)).body;
  const explain = async (order_id: number, as = alice) =>
    (await as.get<Explanation>(`/orders/${order_id}/explain`)).body;
  const waits = async (order_id: number) =>
    (await explain(order_id)).waiting_for.map(({ who, what }) => `${who}: ${what}`);
  const waitsFor = (order_id: number, ...expected: string[]) =>
    settle(async () => assert.deepEqual(await waits(order_id), expected));

  async function shipmentOf(order_id: number): Promise<number> {
    return settle(async () => {
      const { status, body } = await admin.get<{ shipment_id: number }>(`/shipments/order/${order_id}`);
      assert.equal(status, 200);
      return body.shipment_id;
    });
  }

  test('whoever has placed an order sees that in its timeline at once, and ever after', async () => {
    for (let n = 0; n < 20; n++) {
      const order_id = await order();
      for (let look = 0; look < 10; look++) {
        const [first] = await timeline(order_id);
        assert.deepEqual([first?.type, first?.subject], ['order.created', String(order_id)]);
      }
    }
  });

  test('the timeline tells every step once, a cause before its effects, and who brought it about', async () => {
    const order_id = await order();
    const shipment_id = await shipmentOf(order_id);
    await admin.put(`/shipments/${shipment_id}`, { status: 'packed' });
    const types = ['order.created', 'shipment.created', 'shipment.status_changed', 'order.status_changed'];
    const told = await settle(async () => {
      const entries = await timeline(order_id, admin);
      assert.deepEqual(
        entries.map(({ type }) => type),
        types,
      );
      return entries;
    });
    const acts = told.map(
      ({ actor, because_of }) => `${actor.username ?? actor.kind} ${because_of?.actor.username ?? ''}`,
    );
    assert.deepEqual(acts, ['alice ', 'system alice', 'boss ', 'system boss']);
    const [created, shipment, packed, confirmed] = told;
    assert.deepEqual([shipment?.causation_id, confirmed?.causation_id], [created?.event_id, packed?.event_id]);
    assert.deepEqual([shipment?.correlation_id, shipment?.service], [created?.correlation_id, 'delivery']);
    assert.equal(created?.summary, 'alice placed the order for 32.99 USD.');
    assert.deepEqual(
      Object.entries(created?.data ?? {}).find(([name]) => name === 'total'),
      ['total', 32.99],
    );
    const own = await timeline(order_id);
    assert.deepEqual([own[0]?.actor.username, own[2]?.actor], ['alice', { kind: 'user' }]);
  });

  test('to another customer neither the story nor what it waits for is there', async () => {
    const order_id = await order();
    const bob = await shop.as('bob');
    for (const part of ['timeline', 'explain']) {
      const path = `/orders/${order_id}/${part}`;
      const answers = await Promise.all([alice, bob, admin, shop.guest].map((one) => one.get(path)));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 404, 200, 401],
      );
      assert.equal((await alice.get(`/orders/999999/${part}`)).status, 404);
    }
  });

  test('an order says what it waits for, from its invoice to its arrival', async () => {
    const order_id = await order();
    const shipment_id = await shipmentOf(order_id);
    const move = (status: string) => admin.put(`/shipments/${shipment_id}`, { status, unpaid: true });
    await move('packed');
    await settle(async () => assert.ok((await waits(order_id)).includes('staff: the parcel to leave')));
    await move('shipped');
    await settle(async () => assert.ok((await waits(order_id)).includes('carrier: the parcel to arrive')));
    await move('failed');
    const failed = 'staff: a way on for the parcel, which could not be delivered';
    await settle(async () => assert.ok((await waits(order_id)).includes(failed)));
  });

  test('a cancelled order waits for nothing, and its timeline says how that came', async () => {
    const order_id = await order();
    await shipmentOf(order_id);
    await alice.post(`/orders/${order_id}/cancel`);
    await waitsFor(order_id);
    await settle(async () => {
      const types = (await timeline(order_id)).map(({ type }) => type);
      assert.deepEqual(types.slice(0, 2), ['order.created', 'shipment.created']);
      assert.deepEqual(types.slice(2).sort(), ['order.cancelled', 'shipment.status_changed']);
    });
  });

  /** An order that was invoiced and paid. */
  async function paidOrder(): Promise<number> {
    const order_id = await order();
    await shipmentOf(order_id);
    await waitsFor(order_id, 'customer: an invoice');
    const { invoice_id } = (await alice.post('/invoices', { order_id })).body;
    await settle(async () =>
      assert.match((await waits(order_id)).join(), /^customer: the payment of 32.99 USD for invoice INV/),
    );
    await alice.post('/transactions', { invoice_id, amount: 32.99, description: 'a mouse' });
    await settle(async () => assert.equal((await explain(order_id)).waiting_for[0]?.how, 'POST /transactions/pay'));
    assert.equal((await alice.post('/transactions/pay')).status, 200);
    await settle(async () => assert.equal((await explain(order_id)).payment_status, 'paid'));
    return order_id;
  }

  test('from the order to its end every step is waited for in turn, and all of it is told', async () => {
    const order_id = await paidOrder();
    const shipment_id = await shipmentOf(order_id);
    await waitsFor(order_id, 'staff: the goods to be packed');
    const label = {
      status: 'shipped',
      skip: ['packed'],
      unpaid: true,
      carrier: 'DHL',
      tracking_number: `STORY-${order_id}`,
    };
    await admin.put(`/shipments/${shipment_id}`, label);
    await waitsFor(order_id, `carrier: parcel STORY-${order_id} of DHL to arrive`);
    const said = {
      status: 'delivered',
      tracking_number: label.tracking_number,
      at: '2026-07-29T10:00:00Z',
      update_id: '1',
    };
    await admin.post('/carriers/DHL/updates', said);
    await waitsFor(order_id);
    const { sentence } = await explain(order_id);
    assert.equal(sentence, `Order ${order_id} is completed, paid and delivered; it waits for nothing.`);
    const told = await settle(async () => {
      const entries = await timeline(order_id, admin);
      const types = new Set(entries.map(({ type }) => type));
      for (const type of ['invoice.status_changed', 'transaction.created', 'payment.captured'])
        assert.ok(types.has(type), type);
      return entries;
    });
    const ids = told.map(({ event_id }) => event_id);
    assert.equal(new Set(ids).size, ids.length);
    for (const [place, { causation_id, type }] of told.entries()) {
      assert.ok(causation_id === null || ids.indexOf(causation_id) < place, type);
    }
  });

  test('a paid order that is cancelled waits for its money until that is back', async () => {
    const order_id = await paidOrder();
    assert.equal((await alice.post(`/orders/${order_id}/cancel`)).status, 200);
    await settle(async () => {
      const { status, payment_status, waiting_for } = await explain(order_id);
      assert.deepEqual([status, payment_status, waiting_for], ['cancelled', 'refunded', []]);
    });
    // The order may follow an event a moment before its timeline tells it.
    await settle(async () => {
      const types = (await timeline(order_id)).map(({ type }) => type);
      assert.ok(types.includes('payment.refunded'), types.join());
      assert.ok(types.indexOf('order.cancelled') < types.indexOf('payment.refunded'), types.join());
    });
  });
});

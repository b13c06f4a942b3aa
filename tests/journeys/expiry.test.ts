import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemCtx } from '../../src/platform/contract/ctx.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { settle } from '../../src/testing/settle.ts';
import { startSystem } from '../../src/testing/system.ts';
import { PASSWORD } from '../../src/testing/world.ts';
import { left, stocked, times } from './shop.fixture.ts';

const HOUR_MS = 3_600_000;

describe('orders that nobody pays', () => {
  let database: TestDatabase;
  let shop: Awaited<ReturnType<typeof startSystem>>;
  let other: typeof shop;
  let admin: TestClient;

  before(async () => {
    database = await testDatabase(engine);
    [shop, other] = await Promise.all([startSystem(database.url), startSystem(database.url)]);
    const url = shop.urls.gateway ?? '';
    const { body } = await clientOf(url).post('/register', { username: 'boss', password: PASSWORD });
    admin = clientOf(url, body.token, body.id);
  });
  after(async () => {
    await Promise.all([shop.close(), other.close()]);
    await database.drop();
  });

  const inHours = (hours: number) => systemCtx(new Date(Date.now() + hours * HOUR_MS).toISOString());
  const cancelExpired = (hours: number, system = shop) => system.services.order.cancelExpired(inHours(hours), {});
  const statusOf = async (order_id: number) => (await admin.get(`/orders/${order_id}`)).body.status;
  const place = async (product_id: number): Promise<number> =>
    (await admin.post('/orders/single', { product_id, quantity: 2 })).body.order_id;
  async function invoiced(order_id: number) {
    return (await admin.post<{ invoice_id: number; total: number }>('/invoices', { order_id })).body;
  }
  /** Waits until the timeline of an order has an event of this type. */
  const known = (order_id: number, type: string) =>
    settle(async () => {
      const { body } = await admin.get<{ type: string; data: Record<string, unknown> }[]>(
        `/orders/${order_id}/timeline`,
      );
      const found = body.find((one) => one.type === type);
      assert.ok(found, type);
      return found.data;
    });

  test('are cancelled with their stock when their time is over, not before, and say why', async () => {
    const product_id = await stocked(admin, 10);
    const order_id = await place(product_id);
    const { invoice_id } = await invoiced(order_id);
    await known(order_id, 'invoice.created');
    const { expires_at, sentence } = (await admin.get(`/orders/${order_id}/explain`)).body as unknown as Record<
      string,
      string
    >;
    assert.equal(Math.round((Date.parse(expires_at ?? '') - Date.now()) / HOUR_MS), 72);
    assert.match(sentence ?? '', /It is cancelled by itself at .* unless it is paid or invoiced on account before\.$/);
    await cancelExpired(71);
    assert.deepEqual([await statusOf(order_id), await left(admin, product_id)], ['pending', 8]);
    // The event of the stopped parcel may finish it before this call does.
    await cancelExpired(73);
    assert.deepEqual([await statusOf(order_id), await left(admin, product_id)], ['cancelled', 10]);
    assert.equal((await known(order_id, 'order.cancelled')).reason, 'expired');
    await settle(async () => assert.equal((await admin.get(`/invoices/${invoice_id}`)).body.status, 'cancelled'));
    assert.equal((await admin.get(`/shipments/order/${order_id}`)).body.status, 'cancelled');
    assert.equal((await cancelExpired(73)).cancelled, 0);
  });

  test('stay when they are invoiced on account, have money in them, are packed or cost nothing', async () => {
    const product_id = await stocked(admin, 100);
    const [onAccount, inPart, packed] = [await place(product_id), await place(product_id), await place(product_id)];
    const { invoice_id } = await invoiced(onAccount);
    await admin.put(`/invoices/${invoice_id}`, { status: 'sent' });
    await known(onAccount, 'invoice.status_changed');
    const part = await invoiced(inPart);
    await admin.post('/payment/transactions', { amount: 1, description: 'a part', invoice_id: part.invoice_id });
    await admin.post('/payment/transactions/pay', {});
    const shipment = await settle(async () => {
      const { status, body } = await admin.get(`/shipments/order/${packed}`);
      assert.equal(status, 200);
      return (body as unknown as { shipment_id: number }).shipment_id;
    });
    await admin.put(`/shipments/${shipment}`, { status: 'packed' });
    await settle(async () => assert.equal(await statusOf(packed), 'confirmed'));
    const { product_id: leaflet } = (await admin.post('/products', { name: 'Leaflet', price: 0, category: 'Paper' }))
      .body;
    const free = await place(leaflet);
    await cancelExpired(24 * 365);
    const statuses = await Promise.all([onAccount, inPart, packed, free].map(statusOf));
    assert.ok(!statuses.includes('cancelled'), statuses.join());
  });

  test('are cancelled once each, however many processes look, many at a time', async () => {
    const product_id = await stocked(admin, 150);
    const orders = await times(60, () => place(product_id));
    assert.equal(await left(admin, product_id), 30);
    await Promise.all([cancelExpired(73), cancelExpired(73, other)]);
    await settle(async () => assert.equal(await left(admin, product_id), 150));
    for (const order_id of orders.slice(0, 20)) {
      const { body } = await admin.get<{ type: string }[]>(`/orders/${order_id}/timeline`);
      assert.equal(body.filter(({ type }) => type === 'order.cancelled').length, 1);
    }
  });
});

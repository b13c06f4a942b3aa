import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { systemCtx } from '../../src/platform/contract/ctx.ts';
import type { BookDifference } from '../../src/services/analytics/books/analytics.books.contract.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { settle } from '../../src/testing/settle.ts';
import { startSystem } from '../../src/testing/system.ts';
import { PASSWORD } from '../../src/testing/world.ts';
import { script } from './dead-letters.fixture.ts';

const MINUTE_MS = 60_000;
const MOUSE = 2;

describe('books that a hand has changed', () => {
  let database: TestDatabase;
  let shop: Awaited<ReturnType<typeof startSystem>>;
  let admin: TestClient;
  let order_id: number;
  const later = (minutes: number) => systemCtx(new Date(Date.now() + minutes * MINUTE_MS).toISOString());

  before(async () => {
    database = await testDatabase(engine);
    shop = await startSystem(database.url, { LOG_LEVEL: 'fatal' });
    const url = shop.urls.gateway ?? '';
    const { body } = await clientOf(url).post('/register', { username: 'boss', password: PASSWORD });
    admin = clientOf(url, body.token, body.id);
  });
  after(async () => {
    await shop.close();
    await database.drop();
  });
  beforeEach(async () => {
    order_id = (await admin.post('/orders', { items: [{ product_id: MOUSE, quantity: 1 }] })).body.order_id;
    await settle(async () => assert.equal((await admin.get(`/shipments/order/${order_id}`)).status, 200));
  });

  /** All differences, as a walk over every page names them some minutes from now. */
  async function differences(): Promise<BookDifference[]> {
    const found: BookDifference[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await shop.services.analytics.books(later(2), { limit: 2, ...(cursor && { cursor }) });
      found.push(...page.differences);
      cursor = page.next;
    }
    return found;
  }
  const named = async () => (await differences()).map(({ pair, order_id: of, what }) => [pair, of, what]);
  /** The one difference that there is: this. */
  async function isTold(pair: string, what: string): Promise<BookDifference> {
    const found = await settle(async () => {
      const all = await differences();
      assert.deepEqual(
        all.map((one) => [one.pair, one.order_id, one.what]),
        [[pair, order_id, what]],
      );
      return all;
    });
    const [one] = found;
    assert.ok(one);
    assert.equal(one.since, one.event?.at ?? null);
    return one;
  }
  const agree = () => settle(async () => assert.deepEqual(await named(), []));
  const invoiced = async () => (await admin.post('/invoices', { order_id })).body.invoice_id as number;
  async function pay(invoice_id: number, amount: number): Promise<number> {
    const { body } = await admin.post('/transactions', { invoice_id, amount, description: 'a mouse' });
    assert.equal((await admin.post('/transactions/pay')).status, 200);
    return body.id;
  }
  async function deliver(): Promise<void> {
    const { body } = await admin.get(`/shipments/order/${order_id}`);
    const skip = ['packed', 'shipped', 'in_transit'];
    const { status } = await admin.put(`/shipments/${body.shipment_id}`, { status: 'delivered', skip });
    assert.equal(status, 200);
  }
  const order = async () => (await admin.get(`/orders/${order_id}`)).body;
  const change = (text: string) => script(database.url, text);

  test('an order that was completed although something is owed: it is collected', async () => {
    const invoice_id = await invoiced();
    const { total } = await order();
    const id = await pay(invoice_id, Number(total));
    await deliver();
    await settle(async () => assert.equal((await order()).status, 'completed'));
    await admin.post(`/transactions/${id}/refund`, { amount: 10, reason: 'wrong card', kind: 'correction' });
    await settle(async () => assert.equal((await order()).status, 'confirmed'));
    await agree();
    await change(`update tradepost_order.orders set status = 'completed' where order_id = ${order_id}`);
    const { mend, right, event } = await isTold('order/receivable', 'a completed order with something owed');
    assert.match(mend, new RegExp(`POST /transactions {"user_id": \\d+, "invoice_id": ${invoice_id}`));
    assert.match(right, /^owed: 10\.00 USD$/);
    assert.ok(event);
    await pay(invoice_id, 10);
    await agree();
  });
});

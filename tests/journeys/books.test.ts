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

  /** The differences of the order, as a walk over every page names them some minutes from now. */
  async function differences(): Promise<BookDifference[]> {
    const found: BookDifference[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await shop.services.analytics.books(later(10), { limit: 2, ...(cursor && { cursor }) });
      found.push(...page.differences.filter((one) => one.order_id === order_id));
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

  const orders = 'tradepost_order.orders';
  const invoices = 'tradepost_invoice.invoices';
  const shipments = 'tradepost_delivery.shipments';
  const bills = 'tradepost_payment.bills';
  const set = (table: string, text: string) => change(`update ${table} set ${text} where order_id = ${order_id}`);
  const put = async (path: string, body: object) => assert.equal((await admin.put(path, body)).status, 200, path);
  const cancel = async () => assert.equal((await admin.post(`/orders/${order_id}/cancel`)).status, 200);
  const cancelled = async () => {
    await cancel();
    await settle(async () => assert.equal((await order()).status, 'cancelled'));
    await agree();
  };
  async function paid(): Promise<number> {
    const invoice_id = await invoiced();
    await pay(invoice_id, Number((await order()).total));
    await settle(async () => assert.equal((await order()).payment_status, 'paid'));
    await agree();
    return invoice_id;
  }
  const shipment_id = async () => (await admin.get(`/shipments/order/${order_id}`)).body.shipment_id as number;

  test('money that is owed again: a completed order of which something is owed is collected', async () => {
    const invoice_id = await invoiced();
    const { total } = await order();
    const id = await pay(invoice_id, Number(total));
    await deliver();
    await settle(async () => assert.equal((await order()).status, 'completed'));
    await admin.post(`/transactions/${id}/refund`, { amount: 10, reason: 'wrong card', kind: 'correction' });
    await settle(async () => assert.equal((await order()).status, 'confirmed'));
    await agree();
    await set(orders, `status = 'completed'`);
    const { mend, right, event } = await isTold('order/receivable', 'a completed order with something owed');
    assert.match(mend, new RegExp(`POST /transactions {"user_id": \\d+, "invoice_id": ${invoice_id}`));
    assert.equal(right, 'owed: 10.00 USD');
    assert.ok(event);
    await pay(invoice_id, 10);
    await agree();
  });

  test('an order that does not know of its money follows, and one that knows of more is set back', async () => {
    await paid();
    await set(orders, 'paid_total = 0');
    assert.match((await isTold('order/receivable', 'what was paid and given back')).mend, /compare_receivables/);
    await shop.services.order.compareReceivables(later(2), {});
    await shop.services.order.compareReceivables(later(4), {});
    await agree();
    await set(orders, 'paid_total = paid_total + 100');
    assert.match((await isTold('order/receivable', 'what was paid and given back')).mend, /No action of the shop/);
    await set(orders, 'paid_total = paid_total - 100');
    await agree();
  });

  test('a payment status that does not follow from the money', async () => {
    await set(orders, `payment_status = 'paid'`);
    assert.match(
      (await isTold('order/receivable', 'payment_status')).mend,
      /payment_status of the order to 'not_paid'/,
    );
    await set(orders, `payment_status = 'not_paid'`);
    await agree();
  });

  test('a parcel of a cancelled order that has left comes back, and one that is to leave is stopped', async () => {
    await cancelled();
    const path = `/shipments/${await shipment_id()}`;
    await set(shipments, `status = 'in_transit', cancelled_for = null`);
    const { mend } = await isTold('order/shipment', 'a parcel of a cancelled order has left');
    assert.ok(mend.includes(`PUT ${path} {"status": "returned"}`), mend);
    await put(path, { status: 'returned' });
    await agree();
    await set(shipments, `status = 'packed', cancelled_for = null`);
    const waiting = await isTold('order/shipment', 'a parcel of a cancelled order is to leave');
    assert.ok(waiting.mend.includes(`PUT ${path} {"status": "cancelled"}`), waiting.mend);
    await put(path, { status: 'cancelled' });
    await agree();
  });

  test('an invoice that is paid by hand alone: what it says is paid is recorded', async () => {
    const invoice_id = await invoiced();
    await agree();
    await set(invoices, `status = 'paid'`);
    const { mend } = await isTold('invoice/receivable', 'whether the invoice is paid');
    assert.ok(mend.includes(`"invoice_id": ${invoice_id}`), mend);
    await pay(invoice_id, Number((await order()).total));
    await agree();
  });

  test('an invoice that knows of money that nobody has', async () => {
    const invoice_id = await invoiced();
    await agree();
    await set(invoices, `status = 'paid', paid_total = total`);
    assert.match((await isTold('invoice/receivable', 'what was paid and given back')).mend, /POST \/transactions/);
    await pay(invoice_id, Number((await order()).total));
    await agree();
  });

  test('an invoice of which nothing is owed and that is not paid, as one over 0', async () => {
    const invoice_id = await paid();
    await set(invoices, `status = 'sent'`);
    const { mend } = await isTold('invoice/receivable', 'whether the invoice is paid');
    assert.ok(mend.includes(`PUT /invoices/${invoice_id} {"status": "paid"}`), mend);
    await put(`/invoices/${invoice_id}`, { status: 'paid' });
    await agree();
  });

  test('a cancelled invoice whose receivable is open, and a living one that cannot be paid', async () => {
    await invoiced();
    await agree();
    await set(invoices, `status = 'cancelled'`);
    assert.match(
      (await isTold('invoice/receivable', 'a receivable without a living invoice')).mend,
      /compare_receivables/,
    );
    await shop.services.invoice.compareReceivables(later(2), {});
    await agree();
    await invoiced();
    await agree();
    await set(bills, 'invoice_closed = true');
    const { mend } = await isTold('invoice/receivable', 'an invoice that cannot be paid');
    assert.match(mend, /compare_receivables/);
    await set(bills, 'invoice_closed = false');
    await agree();
  });

  test('a living invoice of a cancelled order', async () => {
    const invoice_id = await invoiced();
    await cancelled();
    await set(invoices, `status = 'sent'`);
    const { mend } = await isTold('order/invoice', 'a living invoice of a cancelled order');
    assert.ok(mend.includes(`PUT /invoices/${invoice_id} {"status": "cancelled"}`), mend);
    await put(`/invoices/${invoice_id}`, { status: 'cancelled' });
    await agree();
  });

  test('amounts and currencies that are not the same in two books', async () => {
    await invoiced();
    await agree();
    await set(bills, `currency = 'EUR'`);
    assert.match((await isTold('invoice/receivable', 'the total')).right, /EUR/);
    await set(bills, `currency = 'USD'`);
    await set(bills, 'total = total + 1');
    await isTold('invoice/receivable', 'the total');
    await set(bills, 'total = total - 1');
    await set(invoices, 'total = total + 1, tax = tax + 1');
    await isTold('order/invoice', 'the total');
    await set(invoices, 'total = total - 1, tax = tax - 1');
    await agree();
  });

  test('an order and a receivable of which one is cancelled', async () => {
    await invoiced();
    await cancelled();
    await set(bills, 'closed = false');
    assert.match((await isTold('order/receivable', 'whether the order is cancelled')).mend, /compare_receivables/);
    await shop.services.order.compareReceivables(later(2), {});
    await shop.services.order.compareReceivables(later(4), {});
    await agree();
  });

  test('a receivable that is closed for a living order: the order is cancelled', async () => {
    await invoiced();
    await agree();
    await set(bills, 'closed = true');
    const { mend } = await isTold('order/receivable', 'whether the order is cancelled');
    assert.equal(mend, `POST /orders/${order_id}/cancel`);
    await cancelled();
  });

  test('money of a cancelled order that was not given back', async () => {
    await paid();
    await cancelled();
    for (const [table, name] of [
      [bills, 'refunded'],
      [orders, 'refunded_total'],
    ] as const)
      await set(
        table,
        `${name} = ${name} - 100${table === orders ? `, credited_total = credited_total - 100, payment_status = 'partially_refunded'` : ''}`,
      );
    const { mend, right } = await isTold('order/receivable', 'money of a cancelled order');
    assert.match(right, /1\.00 USD kept/);
    assert.match(mend, /POST \/transactions\/{transaction_id}\/refund/);
    await set(bills, 'refunded = refunded + 100');
    await set(
      orders,
      `refunded_total = refunded_total + 100, credited_total = credited_total + 100, payment_status = 'refunded'`,
    );
    await agree();
  });

  test('a parcel that is further than its order knows, and an order that is further than its parcel', async () => {
    await paid();
    const path = `/shipments/${await shipment_id()}`;
    await set(shipments, `status = 'packed'`);
    assert.match((await isTold('order/shipment', 'how far the parcel is')).mend, /compare_shipments/);
    await shop.services.order.compareShipments(later(2), {});
    await agree();
    await set(orders, `shipment_status = 'in_transit', fulfillment_status = 'in_transit'`);
    const { mend } = await isTold('order/shipment', 'how far the parcel is');
    assert.ok(mend.includes(`PUT ${path} {"status": "in_transit", "skip": ["shipped"]}`), mend);
    await put(path, { status: 'in_transit', skip: ['shipped'] });
    await agree();
  });

  test('an order that is completed before its parcel is there, and one that is not after that', async () => {
    await paid();
    const path = `/shipments/${await shipment_id()}`;
    await set(orders, `status = 'completed'`);
    const { mend } = await isTold('order/shipment', 'a completed order that was not delivered');
    const body = { status: 'delivered', skip: ['packed', 'shipped', 'in_transit'] };
    assert.ok(mend.includes(`PUT ${path} {"status": "delivered", "skip": ["packed","shipped","in_transit"]}`), mend);
    await put(path, body);
    await agree();
    await set(orders, `status = 'confirmed'`);
    await isTold('order/shipment', 'a delivered and paid order that is not completed');
    await shop.services.order.compareShipments(later(2), {});
    await agree();
  });

  test('an order without a shipment, and a shipment without an order', async () => {
    const columns =
      'user_id, username, items, ship_to, total, currency, sent_again, status, history, created_at, updated_at, version';
    await change(
      `insert into ${shipments} (shipment_id, order_id, ${columns}) select 900000, 900000, ${columns} from ${shipments} where order_id = ${order_id}`,
    );
    const kept = order_id;
    order_id = 900_000;
    const { mend } = await isTold('order/shipment', 'a shipment without an order');
    assert.equal(mend, 'PUT /shipments/900000 {"status": "cancelled"}');
    await put('/shipments/900000', { status: 'cancelled' });
    await agree();
    order_id = kept;
    await change(`delete from ${shipments} where order_id = ${order_id}`);
    assert.match((await isTold('order/shipment', 'an order without a shipment')).mend, /compare_shipments/);
    await shop.services.order.compareShipments(later(2), {});
    await agree();
  });

  test('an invoice without an order, and two living ones of one', async () => {
    const invoice_id = await invoiced();
    await agree();
    await change(`drop index tradepost_invoice.one_invoice_per_order`);
    const columns = `user_id, username, items, subtotal, tax, tax_rate, total, currency, buyer, status, paid_total,
      refunded_total, credited_total, created_at, due_date, updated_at, version`;
    const copy = (id: number, of: number) =>
      change(`insert into ${invoices} (invoice_id, order_id, invoice_number, ${columns})
        select ${id}, ${of}, 'INV-${id}', ${columns} from ${invoices} where invoice_id = ${invoice_id}`);
    await copy(900_001, order_id);
    const { mend } = await isTold('order/invoice', 'more than one living invoice');
    assert.equal(mend, 'PUT /invoices/900001 {"status": "cancelled"}');
    await put('/invoices/900001', { status: 'cancelled' });
    await agree();
    await copy(900_002, 900_002);
    order_id = 900_002;
    const stray = async () => (await differences()).filter(({ pair }) => pair === 'order/invoice');
    assert.deepEqual(
      (await stray()).map(({ what, mend: remedy }) => [what, remedy]),
      [['an invoice without an order', 'PUT /invoices/900002 {"status": "cancelled"}']],
    );
    await put('/invoices/900002', { status: 'cancelled' });
    assert.deepEqual(await stray(), []);
  });

  test('units of a product that nothing explains', async () => {
    const figures = async () => {
      const all: BookDifference[] = [];
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await shop.services.analytics.books(later(10), cursor ? { cursor } : {});
        all.push(...page.differences.filter(({ product_id }) => product_id !== null));
        cursor = page.next;
      }
      return all.map(({ pair, product_id, what }) => [pair, product_id, what]);
    };
    assert.deepEqual(await figures(), []);
    await change('update tradepost_product.products set gone = gone + 1 where product_id = 3');
    assert.deepEqual(await figures(), [['product/stock', 3, 'units that nothing explains']]);
    await shop.services.product.correct(later(0), { product_id: 3 });
    assert.deepEqual(await figures(), []);
  });

  test('an order with which everything happened has no difference', async () => {
    const invoice_id = await invoiced();
    const total = Number((await order()).total);
    const part = await pay(invoice_id, 10);
    await admin.post(`/transactions/${part}/refund`, { amount: 4, reason: 'wrong card', kind: 'correction' });
    await pay(invoice_id, 4);
    await admin.post(`/transactions/${part}/refund`, { amount: 1, reason: 'a scratch', kind: 'credit' });
    await agree();
    await put(`/invoices/${invoice_id}`, {
      status: 'paid',
      payment: { method: 'bank_transfer', reference: 'statement 7', date: new Date().toISOString().slice(0, 10) },
    });
    await settle(async () => assert.match(String((await order()).payment_status), /partially_refunded/));
    assert.ok(total > 10);
    await deliver();
    await settle(async () => assert.equal((await order()).status, 'completed'));
    await put(`/shipments/${await shipment_id()}`, { status: 'returned' });
    await settle(async () => assert.equal((await order()).fulfillment_status, 'returned'));
    await agree();
  });

  test('a parcel that the staff stopped before it left is no difference: its order lives on', async () => {
    const { body } = await admin.get(`/shipments/order/${order_id}`);
    assert.equal((await admin.put(`/shipments/${body.shipment_id}`, { status: 'cancelled' })).status, 200);
    await agree();
    assert.equal((await order()).status, 'pending');
  });

  test('units that are held for a cancelled order', async () => {
    assert.equal((await admin.post(`/orders/${order_id}/cancel`)).status, 200);
    await agree();
    await change(`insert into tradepost_product.reservations (order_id, items)
      values (${order_id}, '[{"product_id": ${MOUSE}, "quantity": 1}]')`);
    const { right, mend } = await isTold('order/stock', 'units of a cancelled order are held');
    assert.equal(right, `held: 1 of product ${MOUSE}`);
    assert.match(mend, /order\.settle_reservations/);
    await change(`delete from tradepost_product.reservations where order_id = ${order_id}`);
    await agree();
  });
});

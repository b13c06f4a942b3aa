import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestClient } from '../../src/testing/client.ts';
import { eachEngine } from '../../src/testing/engines.ts';
import { settle } from '../../src/testing/settle.ts';
import { type World, world } from '../../src/testing/world.ts';

/** The fields that this story looks at. */
interface Seen {
  readonly id: number;
  readonly order_id: number;
  readonly invoice_id: number;
  readonly total: number;
  readonly status: string;
  readonly payment_status: string;
  readonly is_paid: boolean;
  readonly description: string;
  readonly paid_total: number;
  readonly open: number;
  readonly transactions_paid: number;
  readonly account: string;
  readonly balance: number;
  readonly type: string;
  readonly ok: boolean;
  readonly agrees: boolean;
  readonly sentence: string;
  readonly total_paid_amount: number;
  readonly total_refunded_amount: number;
  readonly orders: { readonly paid: number; readonly total: number };
  readonly invoices: Readonly<Record<string, number>>;
}

// An invoice that staff set to paid, and every book in which that shows: order, transactions, ledger, figures,
// timeline, explanation; and so for an invoice that is cancelled, and for money that went to the wrong place.
eachEngine('an invoice that is paid by hand', (engine) => {
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;

  before(async () => {
    shop = await world({ engine });
    admin = await shop.as('admin');
    alice = await shop.as('alice');
  });
  after(() => shop.close());

  const get = async (path: string, who = admin) => (await who.get<Seen>(path)).body;
  const list = async (path: string, who = admin) => (await who.get<Seen[]>(path)).body;
  const invoiceOf = async (order_id: number) => (await alice.post<Seen>('/invoices', { order_id })).body;
  const set = async (invoice_id: number, body: object) => (await admin.put<Seen>(`/invoices/${invoice_id}`, body)).body;
  const balance = async (account: string) =>
    (await list('/ledger/accounts')).find((one) => one.account === account)?.balance ?? 0;
  const types = async (order_id: number) => (await list(`/orders/${order_id}/timeline`)).map(({ type }) => type);

  /** What every book says, once all has been heard. */
  async function books(expected: { paid: number; refunded: number; orders: number; invoices: object }): Promise<void> {
    await settle(async () => {
      const { total_paid_amount, total_refunded_amount, orders, invoices } = await get('/stats');
      assert.deepEqual(
        { paid: total_paid_amount, refunded: total_refunded_amount, orders: orders.paid, invoices },
        { ...expected, invoices: { ...invoices, ...expected.invoices } },
      );
      assert.equal((await get('/stats/check')).agrees, true);
      assert.equal((await get('/ledger/check')).ok, true);
    });
  }

  test('the invoice just made is set to paid: the order is paid, and everybody says so', async () => {
    const { order_id, total } = (await alice.post<Seen>('/orders/single', { product_id: 2, quantity: 1 })).body;
    const { invoice_id } = await invoiceOf(order_id);
    const asked = { amount: total, description: 'a mouse', invoice_id };
    assert.equal((await alice.post('/transactions', asked)).status, 201);
    const paid = await set(invoice_id, { status: 'paid' });
    assert.deepEqual([paid.status, paid.paid_total, paid.open], ['paid', 32.99, 0]);

    const transactions = await list(`/transactions/list?invoice_id=${invoice_id}`, alice);
    assert.deepEqual(
      transactions.map(({ status, is_paid, description }) => [status, is_paid, description]),
      [
        ['paid', true, 'paid by other'],
        ['voided', false, 'a mouse'],
      ],
    );
    assert.equal((await alice.post<Seen>('/transactions/pay')).body.transactions_paid, 0);
    assert.equal(await balance('outside/other'), 32.99);
    await settle(async () => assert.equal((await get(`/orders/${order_id}`, alice)).payment_status, 'paid'));
    await settle(async () => {
      const told = await types(order_id);
      for (const type of ['payment.captured', 'transaction.voided', 'invoice.status_changed'])
        assert.ok(told.includes(type), type);
    });
    assert.doesNotMatch((await get(`/orders/${order_id}/explain`)).sentence, /the payment of|its payment/);
    await books({ paid: 32.99, refunded: 0, orders: 1, invoices: { paid: 1 } });
  });

  test('an invoice is cancelled, and the next one of its order is paid by a transfer in two parts', async () => {
    const { order_id } = (await alice.post<Seen>('/orders/single', { product_id: 2, quantity: 1 })).body;
    const first = await invoiceOf(order_id);
    assert.equal((await set(first.invoice_id, { status: 'cancelled' })).status, 'cancelled');
    const second = await invoiceOf(order_id);
    assert.notEqual(second.invoice_id, first.invoice_id);
    await set(second.invoice_id, { status: 'sent' });
    const transfer = { method: 'bank_transfer', date: '2026-01-05' };
    const part = await set(second.invoice_id, {
      status: 'paid',
      payment: { ...transfer, reference: 'R-1', amount: 12.99 },
    });
    assert.deepEqual([part.status, part.open], ['sent', 20]);
    await settle(async () => assert.equal((await get(`/orders/${order_id}`)).payment_status, 'partially_paid'));
    await settle(async () =>
      assert.match((await get(`/orders/${order_id}/explain`)).sentence, /the payment of 20\.00 USD/),
    );
    const rest = await set(second.invoice_id, { status: 'paid', payment: { ...transfer, reference: 'R-2' } });
    assert.deepEqual([rest.status, rest.paid_total, rest.open], ['paid', 32.99, 0]);
    await settle(async () => assert.equal((await get(`/orders/${order_id}`)).payment_status, 'paid'));
    assert.equal(await balance('outside/bank_transfer'), 32.99);
    await books({ paid: 65.98, refunded: 0, orders: 2, invoices: { paid: 2, cancelled: 1 } });
  });

  test('money that belonged to somebody else goes back, is owed again, and is paid in cash', async () => {
    const { order_id } = (await alice.post<Seen>('/orders/single', { product_id: 2, quantity: 1 })).body;
    const { invoice_id } = await invoiceOf(order_id);
    await set(invoice_id, { status: 'paid', payment: { method: 'cheque', reference: '17' } });
    const [transaction] = await list(`/transactions/list?all=true&invoice_id=${invoice_id}`);
    const back = { reason: 'not their cheque', kind: 'correction' };
    assert.equal((await admin.post(`/transactions/${transaction?.id}/refund`, back)).status, 201);
    await settle(async () => assert.equal((await get(`/invoices/${invoice_id}`)).status, 'sent'));
    await settle(async () => assert.equal((await get(`/orders/${order_id}`)).payment_status, 'not_paid'));
    assert.equal((await set(invoice_id, { status: 'paid', payment: { method: 'cash' } })).status, 'paid');
    await settle(async () => assert.equal((await get(`/orders/${order_id}`)).payment_status, 'paid'));
    assert.deepEqual([await balance('outside/cheque'), await balance('outside/cash')], [0, 32.99]);
    await books({ paid: 131.96, refunded: 32.99, orders: 3, invoices: { paid: 3 } });
  });
});

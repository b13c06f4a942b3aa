import assert from 'node:assert/strict';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { PASSWORD } from '../../src/testing/world.ts';
import { MOUSE } from './shop.fixture.ts';

/** The admin of a shop that runs at this address; the first one to ask makes the account. */
export async function adminAt(url: string): Promise<TestClient> {
  const guest = clientOf(url);
  const who = { username: 'boss', password: PASSWORD };
  await guest.post('/register', who);
  const { body } = await guest.post('/login', who);
  return clientOf(url, body.token);
}

/** What was made, and how many of each there are now. */
export interface Made {
  users: number;
  products: number;
  orders: number;
  invoices: number;
  transactions: number;
}

/** One thing of each kind, and before each of them one that is refused: ids have no gap. */
export async function makeOneOfEach(admin: TestClient, made: Made): Promise<void> {
  const mouse = { items: [{ product_id: MOUSE, quantity: 1 }] };
  const shop = [
    await admin.post('/register', { username: 'boss', password: PASSWORD }),
    await admin.post('/orders', { items: [{ product_id: 999, quantity: 1 }] }),
    await admin.post('/orders', { items: [{ product_id: 1, quantity: 1_000 }] }),
    await admin.post('/invoices', { order_id: 999_999 }),
  ];
  assert.deepEqual(
    shop.map(({ body }) => body.code),
    ['USER_NAME_TAKEN', 'ORDER_PRODUCT_NOT_FOUND', 'ORDER_SHORT', 'ORDER_NOT_FOUND'],
  );
  const user = await admin.post('/register', { username: `user${made.users + 1}`, password: PASSWORD });
  assert.equal(user.body.id, ++made.users);
  const product = await admin.post('/products', { name: 'Crate', price: 1, category: 'Test' });
  assert.equal(product.body.product_id, ++made.products);
  const order = await admin.post('/orders', mouse);
  assert.equal(order.body.order_id, ++made.orders);
  const bill = { order_id: order.body.order_id };
  const invoice = await admin.post('/invoices', bill);
  assert.equal(invoice.body.invoice_id, ++made.invoices);
  assert.equal((await admin.post('/invoices', bill)).body.invoice_id, made.invoices);
  const wanted = { invoice_id: made.invoices, amount: 1, description: 'a part' };
  const tooMuch = await admin.post('/transactions', { ...wanted, amount: 99_999 });
  assert.equal(tooMuch.body.code, 'PAYMENT_INVOICE_COVERED');
  const paid = await admin.post('/transactions', wanted);
  assert.equal(paid.body.id, ++made.transactions);
}

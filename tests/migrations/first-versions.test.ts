import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { migrate } from '../../src/platform/db/postgres/migrate.ts';
import { migrationSet } from '../../src/platform/db/postgres/migration-set.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { eachEngine } from '../../src/testing/engines.ts';
import { Old, SERVICES } from './old-system.fixture.ts';
import { lastForm, PASSWORD } from './old-tables.fixture.ts';

const YEAR = new Date().getUTCFullYear();

eachEngine('the last form of the old tables', (engine) => {
  let old: Old;
  let was: unknown;
  before(async () => {
    old = await Old.with(engine, await lastForm());
    was = await old.untouched();
    await old.start();
  });
  after(() => old.close());

  test('accounts keep their ids, sign in with their passwords, and the oldest is the admin', async () => {
    const names = ['alice', 'bob@example.com', 'ALICE_3', 'alice_2', 'Ünal'];
    const clients = await Promise.all(names.map((name) => old.signIn(name)));
    assert.deepEqual(
      clients.map(({ id }) => id),
      [1, 2, 3, 4, 6],
    );
    const [alice, bob] = clients as [TestClient, TestClient];
    assert.equal((await alice.get('/users/me')).body.role, 'admin');
    assert.equal((await bob.get('/users/me')).body.role, 'customer');
    assert.equal((await alice.get('/users/me')).body.created_at, '2024-01-01T10:00:00.000Z');
    const { guest } = old.world;
    assert.equal((await guest.post('/login', { username: 'x', password: 'plain text' })).status, 401);
    assert.equal((await guest.post('/login', { username: 'ALICE', password: 'wrong password' })).status, 401);
    assert.equal((await guest.post('/login', { username: 'a\u0000', password: PASSWORD })).status, 401);
  });

  test('a new account gets an id that no old order names', async () => {
    const { guest } = old.world;
    const { body } = await guest.post('/register', { username: 'unknown-9', password: PASSWORD });
    assert.equal(body.id, 10);
    const somebody = clientOf(old.world.url, body.token, body.id);
    assert.deepEqual((await somebody.get('/orders/unknown-9')).body, []);
    assert.equal((await guest.post('/register', { username: 'Alice', password: PASSWORD })).status, 409);
  });

  test('the catalogue is the old one, with exact prices and without the samples', async () => {
    const { guest } = old.world;
    const { body } = await guest.get<Record<string, unknown>[]>('/products');
    const facts = body.map((p) => [
      p.product_id,
      p.name,
      p.price,
      p.currency,
      p.category,
      p.in_stock,
      p.stock_quantity,
    ]);
    assert.deepEqual(facts, [
      [1, 'Laptop', 1299.99, 'USD', 'Electronics', true, null],
      [2, 'Mug', 0.05, 'USD', 'Home', true, null],
      [3, 'Lamp', 0, 'USD', 'Other', false, null],
      [4, 'Chair', 10, 'USD', 'Office', false, null],
      [41, 'Tea', 0, 'USD', 'Other', false, null],
    ]);
    const admin = await old.signIn('alice');
    const created = await admin.post('/products', { name: 'New', price: 1, category: 'Office' });
    assert.equal(created.body.product_id, 42);
  });

  test('an old order is served as it was', async () => {
    const alice = await old.signIn('alice');
    const { body } = await alice.get('/orders/5');
    assert.deepEqual(body, {
      order_id: 5,
      user_id: 1,
      items: [
        { product_id: 1, product_name: 'Laptop (2023)', quantity: 2, unit_price: 1199.5, total: 2399 },
        { product_id: 2, product_name: 'Mug', quantity: 3, unit_price: 0.05, total: 0.15 },
      ],
      subtotal: 2399.15,
      tax: 239.92,
      total: 2639.07,
      currency: 'USD',
      status: 'confirmed',
      payment_status: 'not_paid',
      fulfillment_status: 'shipped',
      shipping_address: null,
      created_at: '2024-02-01T08:00:00.000Z',
      updated_at: '2024-02-01T08:00:00.000Z',
    });
    const mine = await alice.get<{ order_id: number }[]>('/orders/alice');
    assert.deepEqual(
      mine.body.map(({ order_id }) => order_id),
      [10, 8, 5],
    );
    assert.equal((await (await old.signIn('ALICE_3')).get('/orders/5')).status, 404);
    assert.equal((await (await old.signIn('alice')).get<unknown[]>('/orders/ALICE_3')).body.length, 1);
  });

  test('statuses, totals and lines of every kind are brought to the form of today', async () => {
    const admin = await old.signIn('alice');
    const facts: Record<number, unknown[]> = {};
    for (const id of [6, 7, 8, 9, 10]) {
      const { body: o } = await admin.get(`/orders/${id}`);
      facts[id] = [o.status, o.payment_status, o.fulfillment_status, o.subtotal, o.tax, o.total];
    }
    assert.deepEqual(facts, {
      6: ['confirmed', 'paid', 'not_fulfilled', 0.5, 0.05, 0.55],
      7: ['pending', 'not_paid', 'not_fulfilled', 7, 0.7, 7.7],
      8: ['cancelled', 'not_paid', 'not_fulfilled', 10, 0.75, 10.75],
      9: ['pending', 'not_paid', 'not_fulfilled', 2.05, 0.21, 2.26],
      10: ['completed', 'not_paid', 'delivered', 5, 4, 9],
    });
    const { body } = await admin.get<{ items: Record<string, unknown>[] }>('/orders/9');
    assert.deepEqual(
      body.items.map((i) => [i.product_id, i.product_name, i.quantity]),
      [
        [2, 'mug', 1],
        [41, 'Tea', 1],
      ],
    );
    const rates = await old.rows(
      'select order_id, tax_rate from tradepost_order.orders where order_id in (5, 8) order by 1',
    );
    assert.deepEqual(rates, [
      { order_id: 5, tax_rate: '0.1' },
      { order_id: 8, tax_rate: '0.075' },
    ]);
  });

  test('invoices keep their ids and numbers, one an order; new numbers go on', async () => {
    const admin = await old.signIn('alice');
    const { body } = await admin.get('/invoices/2');
    assert.deepEqual(body, {
      invoice_id: 2,
      order_id: 5,
      user_id: 1,
      username: 'alice',
      invoice_number: 'INV-5-A',
      items: [
        {
          product_id: 1,
          product_name: 'Laptop (2023)',
          description: 'Fast',
          quantity: 2,
          unit_price: 1199.5,
          total_price: 2399,
        },
      ],
      subtotal: 2399.15,
      tax: 239.92,
      total: 2639.07,
      currency: 'USD',
      status: 'sent',
      created_at: '2024-01-31T00:00:00.000Z',
      due_date: '2024-03-01T00:00:00.000Z',
      paid_total: 0,
      refunded_total: 0,
      credited_total: 0,
      open: 2639.07,
    });
    assert.equal((await admin.get('/invoices/1')).status, 404);
    assert.equal((await admin.get('/invoices/order/5')).body.invoice_id, 2);
    assert.deepEqual(
      [(await admin.get('/invoices/4')).body.invoice_number, (await admin.get('/invoices/6')).body.status],
      ['INV-5-A-4', 'draft'],
    );
    assert.equal((await admin.get('/invoices/2/pdf')).status, 200);
    assert.equal((await admin.get('/invoices/6/pdf')).status, 200);
    assert.equal((await admin.post('/invoices', { order_id: 5 })).status, 200);
    const made = await admin.post('/invoices', { order_id: 10 });
    assert.deepEqual([made.status, made.body.invoice_id, made.body.invoice_number], [201, 7, `INV-${YEAR}-000042`]);
  });

  test('a new order has an id that no old invoice names', async () => {
    const bob = await old.signIn('bob@example.com');
    const placed = await bob.post('/orders', { items: [{ product_id: 1, quantity: 1 }] });
    assert.deepEqual([placed.status, placed.body.order_id, placed.body.total], [201, 78, 1429.99]);
    assert.equal((await bob.post('/orders/9/cancel')).status, 200);
  });

  test('what was changed or not taken over is reported by name', async () => {
    assert.deepEqual(await old.report('user'), [
      "3 'ALICE': an older account has this name; this one is called 'ALICE_3' now and signs in by that",
      "7 'x': its password is not kept as a bcrypt hash; the account cannot sign in",
    ]);
    assert.deepEqual(await old.report('product'), [
      "3 'Lamp': the product has no price; it is kept at 0.00 and not for sale",
      "41 'Tea': items of old orders or invoices have this name, and no product or more than one; it became a product at 0.00 that is not for sale",
    ]);
    assert.deepEqual(await old.report('order'), [
      "7 'Gone': line 1: product 40 is not in the old catalogue",
      "7 'unknown-9': the status 'lost' is unknown; the order is pending now",
      "7 'unknown-9': there is no account 9; the order is kept under the name unknown-9",
      "8 'alice': the order has no lines that can be read",
      "9 'Tea': line 2: no product, or more than one, has this name; it refers to product 41, which is not for sale",
      "9 'Tea': line 2: the quantity '0' is not a whole number above 0; it is kept as 1",
      "10 'alice': the total of 9.00 is not the subtotal of 5.00 and the tax of 0.50; it is 9.00, 5.00 and 4.00 now",
    ]);
    assert.deepEqual(await old.report('invoice'), [
      `1 'INV-${YEAR}-000041': order 5 has a newer invoice or one that is not cancelled, INV-5-A; this one was not taken over`,
      "4 'INV-5-A': the invoice has no number, or one that another has; its number is INV-5-A-4 now",
      "6 'INV-6': the invoice has no lines that can be read",
      "6 'INV-6': the status 'overdue' is unknown; the invoice is a draft now",
      "6 'INV-6': there is no account 9; the invoice is kept under the name unknown-9",
      "6 'INV-6': there is no order 77",
    ]);
    const told = await old.rows('select shown_at is not null as told from tradepost_user.takeover_report');
    assert.deepEqual(told, [{ told: true }, { told: true }]);
  });

  test('no events, nothing left behind, the old tables as they were; a second start changes nothing', async () => {
    const counts = () =>
      old.rows(`select (select count(*) from tradepost_user.users) as users, (select count(*) from tradepost_product.products) as products,
        (select count(*) from tradepost_order.orders) as orders, (select count(*) from tradepost_invoice.invoices) as invoices`);
    const first = await counts();
    await old.start();
    assert.deepEqual(await migrate(old.db, SERVICES.map(migrationSet)), []);
    assert.deepEqual(await counts(), first);
    assert.deepEqual(await old.untouched(), was);
    assert.deepEqual(await old.rows("select nspname from pg_namespace where nspname like '%\\_old'"), []);
    assert.deepEqual(await old.rows("select * from tradepost_order.outbox where subject in ('5', '6', '7')"), []);
  });
});

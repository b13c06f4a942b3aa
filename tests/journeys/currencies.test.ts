import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestClient } from '../../src/testing/client.ts';
import { settle } from '../../src/testing/settle.ts';
import { type World, world } from '../../src/testing/world.ts';
import type { Order } from './shop.fixture.ts';

/** The text of an answer, as it goes over the wire: JSON.parse would drop the digits. */
async function textOf(shop: World, path: string, { token }: TestClient): Promise<string> {
  return (await fetch(shop.url + path, { headers: { authorization: `Bearer ${token}` } })).text();
}

/** The fields of this name in a JSON text, as they are printed. */
const printed = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`"${name}":(-?[\\d.]+)`, 'g'))].map(([, value = '']) => value);

// A price, a line of three, the tax of a tenth, the total; and a price with a digit too much.
const SHOPS = [
  { currency: 'JPY', price: '1250', line: '3750', tax: '375', total: '4125', fault: 12.5 },
  { currency: 'KWD', price: '1.255', line: '3.765', tax: '0.377', total: '4.142', fault: 1.2555 },
];

for (const { currency, price, line, tax, total, fault } of SHOPS) {
  describe(`a shop that is paid in ${currency}`, () => {
    let shop: World;
    let admin: TestClient;
    before(async () => {
      shop = await world({ env: { CURRENCY: currency, PAYMENT_MAX_TOTAL: '2000' } });
      admin = await shop.as('admin');
    });
    after(() => shop.close());

    test('prices, orders, invoices, payments and figures have its digits', async () => {
      const product = await admin.post('/products', { name: 'Tea', price: Number(price), category: 'Home' });
      assert.equal(product.status, 201, JSON.stringify(product.body));
      const { product_id } = product.body;
      assert.deepEqual(printed(await textOf(shop, `/products/${product_id}`, admin), 'price'), [price]);
      const wrong = await admin.post('/products', { name: 'Tea', price: fault, category: 'Home' });
      assert.equal(wrong.status, 400);
      assert.match(wrong.body.error, /^price must be an amount (without|with at most three) digits after the point/);

      const { order_id } = (await admin.post<Order>('/orders', { items: [{ product_id, quantity: 3 }] })).body;
      const order = await textOf(shop, `/orders/${order_id}`, admin);
      assert.deepEqual([printed(order, 'unit_price'), printed(order, 'tax')], [[price], [tax]]);
      assert.deepEqual([printed(order, 'subtotal'), printed(order, 'total')], [[line], [total, line]]);
      const { invoice_id } = (await admin.post('/invoices', { order_id })).body;
      const charge = { amount: Number(total), description: 'tea', invoice_id };
      assert.equal((await admin.post('/transactions', charge)).status, 201);
      const paid = await admin.post('/transactions/pay', {});
      assert.equal(paid.status, 200);

      await settle(async () => {
        assert.equal((await admin.get(`/orders/${order_id}`)).body.payment_status, 'paid');
        const stats = await textOf(shop, '/stats', admin);
        assert.deepEqual([printed(stats, 'gross'), printed(stats, 'total_paid_amount')], [[total], [total]]);
      });
      const timeline = await textOf(shop, `/orders/${order_id}/timeline`, admin);
      assert.ok(printed(timeline, 'amount').length > 0);
      assert.deepEqual([...new Set(printed(timeline, 'amount'))], [total]);
      const csv = await textOf(shop, '/stats/export?what=top-products&format=csv', admin);
      assert.match(csv, new RegExp(`,3,${line.replace('.', '\\.')},${currency}\r\n`));
      assert.equal((await admin.get('/ledger/check')).body.ok ?? true, true);
    });

    test('the samples are priced in it', async () => {
      for (const one of printed(await textOf(shop, '/products', admin), 'price')) {
        assert.equal(one.split('.')[1]?.length ?? 0, price.split('.')[1]?.length ?? 0, one);
      }
    });
  });
}

describe('very large amounts', () => {
  let shop: World;
  let admin: TestClient;
  before(async () => {
    shop = await world();
    admin = await shop.as('admin');
  });
  after(() => shop.close());

  test('an order that cannot be written exactly is refused, and the sum of others is exact', async () => {
    const { product_id } = (await admin.post('/products', { name: 'Tower', price: 99_999_999.99, category: 'Real' }))
      .body;
    const lines = (count: number) => Array.from({ length: count }, () => ({ product_id, quantity: 100_000 }));
    const place = (count: number) => admin.post('/orders', { items: lines(count) });
    const refused = await place(5);
    assert.deepEqual([refused.status, refused.body.code], [400, 'TRADEPOST_AMOUNT_TOO_LARGE']);
    // 4 lines of 9,999,999,999,000.00 and a tenth as tax.
    const placed = [await place(4), await place(4), await place(4)];
    assert.deepEqual(
      placed.map(({ status }) => status),
      [201, 201, 201],
    );
    await settle(async () => {
      const stats = await textOf(shop, '/stats', admin);
      assert.deepEqual(printed(stats, 'gross'), ['131999999986800.00']);
      assert.deepEqual(printed(stats, 'tax'), ['11999999998800.00']);
    });
  });
});

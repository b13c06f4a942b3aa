import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minor } from '../../platform/contract/money.ts';
import type { CreateProduct, Product, UpdateProduct } from './product.contract.ts';
import { at, NOW } from './product.fixture.ts';
import {
  availabilityOf,
  createProduct,
  type ProductState,
  publicProduct,
  restoreProduct,
  updateProduct,
  withdrawProduct,
} from './product.model.ts';

const LATER = '2026-07-29T09:30:00.000Z';
const input: CreateProduct = { name: 'Lamp', price: minor(4_500), category: 'Home' };

const created = (more: Partial<CreateProduct> = {}) =>
  createProduct({ ...input, ...more }, { product_id: 7, currency: 'USD' }, at());

/** A product that was saved. */
const aLamp = (more: Partial<CreateProduct> = {}): ProductState => ({
  ...created(more).next,
  version: 1,
  stock_change: null,
});
const updated = (state: ProductState, change: Omit<UpdateProduct, 'product_id'>) =>
  updateProduct(state, { product_id: 7, ...change }, { currency: 'USD' }, at(LATER));

test('a new product is for sale and its stock is not counted, unless it is told otherwise', () => {
  const lamp = publicProduct(created().next);
  assert.deepEqual(lamp, {
    product_id: 7,
    name: 'Lamp',
    description: '',
    price: 4_500,
    currency: 'USD',
    category: 'Home',
    in_stock: true,
    stock_quantity: null,
    created_at: NOW,
    updated_at: NOW,
  });
  const other = publicProduct(
    created({ description: 'LED', currency: 'USD', in_stock: false, stock_quantity: 3 }).next,
  );
  assert.deepEqual([other.description, other.currency, other.in_stock, other.stock_quantity], ['LED', 'USD', false, 3]);
});

test('a new product announces itself as the world sees it', () => {
  const { next, events } = created();
  assert.deepEqual(events, [{ type: 'product.created', subject: '7', data: publicProduct(next) }]);
});

test('in stock means for sale, and not sold out when the stock is counted', () => {
  const inStock = (in_stock: boolean, stock_quantity: number | null) =>
    publicProduct(aLamp({ in_stock, stock_quantity })).in_stock;
  assert.deepEqual([inStock(true, null), inStock(true, 1), inStock(true, 0)], [true, true, false]);
  assert.deepEqual([inStock(false, null), inStock(false, 1), inStock(false, 0)], [false, false, false]);
});

test('the fields that are given change, the others stay, and the change is announced', () => {
  const lamp = aLamp({ stock_quantity: 5, description: 'LED' });
  const { next, events } = updated(lamp, { name: 'Desk Lamp', price: minor(3_999) });
  assert.deepEqual(next, { ...lamp, name: 'Desk Lamp', price: 3_999, updated_at: LATER });
  assert.deepEqual(events, [{ type: 'product.updated', subject: '7', data: publicProduct(next) }]);
});

test('a change that changes nothing is none', () => {
  const lamp = aLamp({ stock_quantity: 5 });
  for (const change of [{}, { name: 'Lamp' }, { price: minor(4_500), in_stock: true }]) {
    assert.deepEqual(updated(lamp, change), { next: lamp, events: [] });
  }
});

test('a stock that is what it was read as is no change; any other sets it', () => {
  assert.deepEqual(updated(aLamp({ stock_quantity: 5 }), { stock_quantity: 5 }).events, []);
  const { next, events } = updated(aLamp({ stock_quantity: 5 }), { stock_quantity: 4 });
  assert.deepEqual([next.stock_change?.kind, events.length], ['set', 1]);
});

test('a product that is written back as it was read does not change, whatever its stock and its flag', () => {
  const states = [true, false].flatMap((in_stock) =>
    [null, 0, 1].map((stock_quantity) => aLamp({ in_stock, stock_quantity })),
  );
  for (const state of [...states, withdrawProduct(aLamp(), at(LATER)).next, { ...aLamp(), currency: 'EUR' }]) {
    assert.deepEqual(updated(state, publicProduct(state)), { next: state, events: [] });
    const { in_stock } = publicProduct(state);
    assert.deepEqual(updated(state, { in_stock }), { next: state, events: [] });
  }
});

test('of what was read a part may come back with one field changed, and only that field changes', () => {
  const state = aLamp({ stock_quantity: 0 });
  const { next } = updated(state, { ...publicProduct(state), price: minor(1) });
  assert.deepEqual(next, { ...state, price: 1, updated_at: LATER });
  // Units came back since it was read: none left is still no withdrawal from sale.
  const since = { ...state, stock_quantity: 2 };
  assert.equal(updated(since, { in_stock: false, stock_quantity: 0 }).next.for_sale, true);
  assert.equal(updated(since, { in_stock: false }).next.for_sale, false);
});

test('a read-only field may not get another value, and the refusal says what it is', () => {
  const state = aLamp();
  for (const name of ['created_at', 'updated_at', 'withdrawn_at'])
    assert.throws(() => updated(state, { [name]: LATER }), { code: 'TRADEPOST_INVALID', status: 400 }, name);
  assert.throws(() => updated(state, { created_at: 'never' }), /created_at cannot be changed, and it is 2026-07-28/);
  assert.deepEqual(updated(state, { created_at: '2026-07-28T11:30:00+02:00' }).events, []);
});

test('a price in a currency that the shop is not paid in is refused, at the first and at a later one', () => {
  const refusal = {
    code: 'PRODUCT_OTHER_CURRENCY',
    status: 400,
    message: 'currency is EUR, and this shop is paid in USD',
  };
  assert.throws(() => created({ currency: 'EUR' }), refusal);
  assert.throws(() => updated(aLamp(), { currency: 'EUR' }), refusal);
  // One of an earlier currency gets a price in the new one.
  assert.equal(updated({ ...aLamp(), currency: 'EUR' }, { currency: 'USD' }).next.currency, 'USD');
});

test('a withdrawn product is not in stock, whatever its stock, and is restored as it was', () => {
  const lamp = aLamp({ stock_quantity: 5 });
  const { next, events } = withdrawProduct(lamp, at(LATER));
  const { in_stock, stock_quantity, withdrawn_at } = publicProduct(next);
  assert.deepEqual([in_stock, stock_quantity, withdrawn_at], [false, 5, LATER]);
  assert.deepEqual(events, [{ type: 'product.withdrawn', subject: '7', data: publicProduct(next) }]);
  assert.deepEqual(withdrawProduct(next, at(LATER)).events, []);
  const back = restoreProduct(next, at(LATER));
  assert.deepEqual(publicProduct(back.next), { ...publicProduct(lamp), updated_at: LATER });
  assert.deepEqual([back.events[0]?.type, restoreProduct(lamp, at()).events], ['product.updated', []]);
});

test('only a change that names the stock sets it; null stops counting', () => {
  const lamp = aLamp({ stock_quantity: 5 });
  assert.equal(updated(lamp, { name: 'Desk Lamp' }).next.stock_change, null);
  const restocked = updated(lamp, { stock_quantity: 8 }).next;
  assert.deepEqual([restocked.stock_change?.kind, restocked.stock_quantity], ['set', 8]);
  const uncounted = updated(lamp, { stock_quantity: null }).next;
  assert.deepEqual([uncounted.stock_change?.kind, uncounted.stock_quantity], ['set', null]);
});

test('a product that is taken from sale keeps its stock, and comes back with it', () => {
  const gone = updated(aLamp({ stock_quantity: 5 }), { in_stock: false }).next;
  assert.deepEqual([publicProduct(gone).in_stock, gone.stock_quantity], [false, 5]);
  const back = updated({ ...gone, version: 2 }, { in_stock: true }).next;
  assert.equal(publicProduct(back).in_stock, true);
});

const catalogue = new Map<number, Product>(
  [aLamp({ stock_quantity: 5 }), aLamp(), aLamp({ in_stock: false })].map((state, index) => [
    index + 1,
    publicProduct({ ...state, product_id: index + 1 }),
  ]),
);
const available = (...lines: [number, number][]) =>
  availabilityOf(
    lines.map(([product_id, quantity]) => ({ product_id, quantity })),
    catalogue,
  );

test('a line is available as far as the stock goes, and without limit where it is not counted', () => {
  const answers = [available([1, 5]), available([1, 6]), available([2, 100_000]), available([3, 1])];
  assert.deepEqual(
    answers.map((answer) => answer.available),
    [true, false, true, false],
  );
  assert.deepEqual(available([1, 6]).items, [
    { product_id: 1, available: false, in_stock: true, stock_quantity: 5, unit_price: 4_500 },
  ]);
});

test('lines of one product are counted together', () => {
  assert.deepEqual(
    available([1, 3], [2, 1], [1, 3]).items.map((item) => item.available),
    [false, true, false],
  );
  assert.equal(available([1, 3], [1, 2]).available, true);
});

test('what is not in the catalogue is not available, and says so without a price', () => {
  assert.deepEqual(available([2, 1], [99, 1]), {
    available: false,
    items: [
      { product_id: 2, available: true, in_stock: true, stock_quantity: null, unit_price: 4_500 },
      { product_id: 99, available: false, in_stock: false, stock_quantity: null, unit_price: null },
    ],
  });
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { minor } from '../../platform/money.ts';
import { eachEngine } from '../../platform/testing/engines.ts';
import { at, type KeptProducts, keptProducts, NOW } from './product.fixture.ts';
import { createProduct, updateProduct } from './product.model.ts';
import type { ProductFilter } from './product.repository.ts';

eachEngine('how products are kept', (engine) => {
  let kept: KeptProducts;
  before(async () => {
    kept = await keptProducts(engine);
  });
  beforeEach(() => kept.clear());
  after(() => kept.close());

  const names = async (filter: ProductFilter) =>
    (await kept.products.list(filter, { limit: 200 })).items.map(({ name }) => name);

  test('what is saved is read again as it was', async () => {
    const lamp = await kept.product({ description: 'LED', currency: 'EUR', in_stock: false });
    assert.equal(lamp.version, 1);
    assert.deepEqual(await kept.products.get(lamp.product_id), { ...lamp, restocked: false });
  });

  test('what is not there is not found', async () => {
    await assert.rejects(kept.products.get(999_999), { code: 'PRODUCT_NOT_FOUND' });
    const lamp = await kept.product();
    const found = await kept.products.find([lamp.product_id, 999_999, lamp.product_id]);
    assert.deepEqual([...found.keys()], [lamp.product_id]);
  });

  test('an id is given to one product only', async () => {
    const { product_id } = await kept.product();
    const again = createProduct(
      { name: 'Other', price: minor(1), category: 'Home' },
      { product_id, currency: 'USD' },
      at(),
    );
    await assert.rejects(kept.others.save(at(), again), { code: 'PRODUCT_EXISTS' });
  });

  test('a catalogue is new until it held its first product, and never again', async () => {
    const { db } = kept;
    await db.script('alter sequence tradepost_product.product_ids restart');
    assert.equal(await kept.products.isNew(), true);
    await db.script(`select nextval('tradepost_product.product_ids')`);
    assert.equal(await kept.products.isNew(), false);
    await kept.product({ name: 'First' });
    assert.equal(await kept.products.isNew(), false);
  });

  test('a change of the name does not bring back what orders took; a restock sets the stock', async () => {
    const lamp = await kept.product({ stock_quantity: 5 });
    await kept.products.reserve(1, [{ product_id: lamp.product_id, quantity: 2 }], NOW);
    const rename = updateProduct(lamp, { product_id: lamp.product_id, name: 'Desk Lamp' }, at());
    const renamed = await kept.products.save(at(), rename);
    const { name, stock_quantity } = await kept.products.get(lamp.product_id);
    assert.deepEqual([name, stock_quantity], ['Desk Lamp', 3]);
    const restock = updateProduct(renamed, { product_id: lamp.product_id, stock_quantity: 20 }, at());
    await kept.products.save(at(), restock);
    assert.equal(await kept.stockOf(lamp.product_id), 20);
  });

  test('two changes of the same version: one is saved, the other is stale', async () => {
    const lamp = await kept.product();
    const change = (name: string) => updateProduct(lamp, { product_id: lamp.product_id, name }, at());
    const results = await Promise.allSettled([
      kept.products.save(at(), change('One')),
      kept.others.save(at(), change('Two')),
    ]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  test('a category is found whatever the case of its letters', async () => {
    await kept.product({ name: 'Chair', category: 'Office' });
    await kept.product({ name: 'Table', category: 'OFFICE' });
    await kept.product({ name: 'Mug', category: 'Home' });
    await kept.product({ name: 'Käse', category: 'Käse & Öl' });
    assert.deepEqual(await names({ category: 'office' }), ['Chair', 'Table']);
    assert.deepEqual(await names({ category: 'KÄSE & ÖL' }), ['Käse']);
    assert.deepEqual(await names({ category: 'off' }), []);
    assert.deepEqual(await names({ category: 'off%' }), []);
  });

  test('in stock are those that could be sold, not in stock all others', async () => {
    await kept.product({ name: 'counted', stock_quantity: 1 });
    await kept.product({ name: 'sold out', stock_quantity: 0 });
    await kept.product({ name: 'uncounted', stock_quantity: null });
    await kept.product({ name: 'withdrawn', in_stock: false });
    assert.deepEqual(await names({ in_stock: true }), ['counted', 'uncounted']);
    assert.deepEqual(await names({ in_stock: false }), ['sold out', 'withdrawn']);
    assert.equal((await names({})).length, 4);
  });

  test('text is found by words of name and description, or their beginnings, in any order and case', async () => {
    await kept.product({ name: 'Bluetooth Speaker', description: 'Ten hours of play' });
    await kept.product({ name: 'Blue Notebook', description: 'Dotted, for notes and plays' });
    await kept.product({ name: 'Café Crème', description: 'Gemahlener Kaffee für Größen' });
    assert.deepEqual(await names({ q: 'blue' }), ['Bluetooth Speaker', 'Blue Notebook']);
    assert.deepEqual(await names({ q: 'PLAY blue' }), ['Bluetooth Speaker', 'Blue Notebook']);
    assert.deepEqual(await names({ q: 'speak hours' }), ['Bluetooth Speaker']);
    assert.deepEqual(await names({ q: 'peaker' }), []);
    assert.deepEqual(await names({ q: 'blue tractor' }), []);
    for (const q of ['café', 'CRÈME', 'größe', 'cafe\u0301']) assert.deepEqual(await names({ q }), ['Café Crème'], q);
    assert.deepEqual(await names({ q: 'blue', category: 'home', in_stock: true }), [
      'Bluetooth Speaker',
      'Blue Notebook',
    ]);
  });

  test('whatever is typed is only ever looked for', async () => {
    await kept.product({ name: 'Lamp' });
    for (const q of ['lamp & (', `lamp'`, '!lamp', 'lamp:*', 'lamp |', '"lamp"', '<-> lamp', '\\lamp', 'lamp\u00a0']) {
      assert.deepEqual(await names({ q }), ['Lamp'], q);
    }
    for (const q of ['', '   '])
      assert.deepEqual(await names({ q }), ['Lamp'], 'an empty search box asks for everything');
    for (const q of ['&|!', `';--`, '💡', '%', '*']) assert.deepEqual(await names({ q }), [], q);
  });

  test('a product is found by its own name, and by each word of it, however odd they are', async () => {
    const odd = [
      'Node.js in Action',
      'USB-C cable 3.5mm',
      'AC/DC T-shirt',
      `O'Reilly Guide`,
      'Plug 1.5A',
      'www.example.com mug',
    ];
    for (const name of odd) await kept.product({ name });
    const lost: string[] = [];
    for (const name of odd) {
      for (const q of [name, ...name.split(' ')]) if (!(await names({ q })).includes(name)) lost.push(`${q} (${name})`);
    }
    assert.deepEqual(lost, []);
  });

  test('a list goes on where its page ended, also when products come in between', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await kept.product({ name });
    const first = await kept.products.list({}, { limit: 2 });
    await kept.product({ name: 'f' });
    const second = await kept.products.list({}, { limit: 2, cursor: first.next });
    const third = await kept.products.list({}, { limit: 2, cursor: second.next });
    assert.deepEqual(
      [first, second, third].map(({ items }) => items.map(({ name }) => name).join('')),
      ['ab', 'cd', 'ef'],
    );
    assert.equal(third.next, undefined);
    await assert.rejects(kept.products.list({}, { limit: 2, cursor: 'x' }), { code: 'TRADEPOST_BAD_CURSOR' });
  });
});

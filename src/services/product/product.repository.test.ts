import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { minor } from '../../platform/contract/money.ts';
import { eachStore } from '../../testing/stores.ts';
import type { UpdateProduct } from './product.contract.ts';
import { at, type KeptProducts, keptProducts, NOW, wanted } from './product.fixture.ts';
import {
  createProduct,
  type ProductState,
  publicProduct,
  restoreProduct,
  updateProduct,
  withdrawProduct,
} from './product.model.ts';
import type { ProductFilter } from './product.repository.ts';

eachStore('how products are kept', (store) => {
  let kept: KeptProducts;
  before(async () => {
    kept = await keptProducts(store);
  });
  beforeEach(() => kept.clear());
  after(() => kept.close());

  const names = async (filter: ProductFilter) =>
    (await kept.products.list(filter, { limit: 200 })).items.map(({ name }) => name);

  test('what is saved is read again as it was', async () => {
    const lamp = await kept.product({ description: 'LED', currency: 'EUR', in_stock: false });
    assert.equal(lamp.version, 1);
    assert.deepEqual(await kept.products.get(lamp.product_id), { ...lamp, stock_change: null });
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

  test('a catalogue is new until an id was given to its first product, and never again', async () => {
    const fresh = await keptProducts(store);
    try {
      const isNew = () => Promise.all([fresh.products.isNew(), fresh.others.isNew()]);
      assert.deepEqual(await isNew(), [true, true]);
      await fresh.products.ids.next();
      assert.deepEqual(await isNew(), [false, false]);
      await fresh.product({ name: 'First' });
      assert.deepEqual(await isNew(), [false, false]);
      await fresh.clear();
      assert.deepEqual(await isNew(), [false, false]);
    } finally {
      await fresh.close();
    }
  });

  test('a change of the name does not bring back what orders took; a restock sets the stock', async () => {
    const lamp = await kept.product({ stock_quantity: 5 });
    await kept.products.reserve(wanted(1, [{ product_id: lamp.product_id, quantity: 2 }], NOW));
    const rename = updateProduct(lamp, { product_id: lamp.product_id, name: 'Desk Lamp' }, { currency: 'USD' }, at());
    const renamed = await kept.products.save(at(), rename);
    const { name, stock_quantity } = await kept.products.get(lamp.product_id);
    assert.deepEqual([name, stock_quantity], ['Desk Lamp', 3]);
    const restock = updateProduct(
      renamed,
      { product_id: lamp.product_id, stock_quantity: 20 },
      { currency: 'USD' },
      at(),
    );
    await kept.products.save(at(), restock);
    assert.equal(await kept.stockOf(lamp.product_id), 20);
  });

  test('a stock is set by a restock, also to what it was; a product may be counted no longer, and again', async () => {
    let lamp = await kept.product({ stock_quantity: 5 });
    const { product_id } = lamp;
    const change = async (input: Partial<UpdateProduct>) => {
      lamp = await kept.products.save(
        at(),
        updateProduct(await kept.products.get(product_id), { product_id, ...input }, { currency: 'USD' }, at()),
      );
      return kept.stockOf(product_id);
    };
    await kept.products.reserve(wanted(1, [{ product_id, quantity: 2 }], NOW));
    assert.equal(await change({ stock_quantity: 5 }), 5);
    assert.equal(await change({ name: 'Desk Lamp' }), 5);
    await kept.products.reserve(wanted(2, [{ product_id, quantity: 4 }], NOW));
    assert.equal(await change({ price: minor(5_000) }), 1);
    assert.equal(await change({ stock_quantity: null }), null);
    assert.equal(await change({ name: 'Lamp' }), null);
    assert.equal(await change({ stock_quantity: 0 }), 0);
    assert.deepEqual([lamp.name, lamp.price, lamp.version], ['Lamp', 5_000, 7]);
  });

  test('a price below nothing and a stock below nothing are never kept, and do not keep others from it', async () => {
    const create = async (more: object) => {
      const facts = { product_id: await kept.products.ids.next(), currency: 'USD' };
      return createProduct({ name: 'Lamp', price: minor(1), category: 'Home', ...more }, facts, at());
    };
    const all = [await create({ price: minor(-1) }), await create({}), await create({ stock_quantity: -1 })];
    const results = await Promise.allSettled(all.map((one) => kept.products.save(at(), one)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled', 'rejected'],
    );
    assert.deepEqual(await names({}), ['Lamp']);
  });

  test("the answer that is kept for a repeated request is the product, and nothing that is only the store's", async () => {
    const product_id = await kept.products.ids.next();
    const request = { key: 'staff product.create k1', fingerprint: 'f', op: 'POST /products' };
    const input = { name: 'Lamp', price: minor(4_500), category: 'Home', stock_quantity: 5 };
    const ctx = at(NOW, { request });
    const lamp = await kept.products.save(ctx, createProduct(input, { product_id, currency: 'USD' }, ctx));
    const answer = await kept.answer(request.key);
    assert.deepEqual(publicProduct(answer?.result as ProductState), publicProduct(lamp));
    await assert.rejects(kept.others.save(ctx, createProduct(input, { product_id, currency: 'USD' }, ctx)), {
      name: 'DuplicateRequest',
    });
  });

  test('two changes of the same version: one is saved, the other is stale', async () => {
    const lamp = await kept.product();
    const change = (name: string) =>
      updateProduct(lamp, { product_id: lamp.product_id, name }, { currency: 'USD' }, at());
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

  test('a withdrawn product is in no list until it is restored, and is read by its id', async () => {
    const lamp = await kept.product({ name: 'Blue Lamp' });
    await kept.product({ name: 'Chair' });
    const withdrawn = await kept.products.save(at(), withdrawProduct(lamp, at()));
    assert.deepEqual(await kept.others.get(lamp.product_id), withdrawn);
    for (const filter of [{}, { category: 'home' }, { in_stock: true }, { in_stock: false }, { q: 'blue' }])
      assert.ok(!(await names(filter)).includes('Blue Lamp'), JSON.stringify(filter));
    await kept.products.save(at(), restoreProduct(withdrawn, at()));
    for (const filter of [{}, { category: 'home' }, { in_stock: true }, { q: 'blue' }])
      assert.ok((await names(filter)).includes('Blue Lamp'), JSON.stringify(filter));
  });

  test('in stock or sold out is what orders have left, and what was given back', async () => {
    const { product_id } = await kept.product({ name: 'lamp', stock_quantity: 2 });
    const none = await kept.product({ name: 'chair', stock_quantity: 0 });
    await kept.products.reserve(wanted(1, [{ product_id, quantity: 2 }], NOW));
    assert.deepEqual([await names({ in_stock: true }), await names({ in_stock: false })], [[], ['lamp', 'chair']]);
    await kept.products.release(1, NOW);
    assert.deepEqual([await names({ in_stock: true }), await names({ in_stock: false })], [['lamp'], ['chair']]);
    const restock = updateProduct(none, { product_id: none.product_id, stock_quantity: 1 }, { currency: 'USD' }, at());
    await kept.products.save(at(), restock);
    await kept.products.reserve(wanted(2, [{ product_id: none.product_id, quantity: 1 }], NOW));
    assert.deepEqual(await names({ in_stock: false }), ['chair']);
    await kept.products.save(
      at(),
      updateProduct(
        await kept.products.get(none.product_id),
        { product_id: none.product_id, stock_quantity: 0 },
        { currency: 'USD' },
        at(),
      ),
    );
    // What comes back to a stock that was set to nothing can be had.
    await kept.products.release(2, NOW);
    assert.deepEqual([await names({ in_stock: true }), await kept.stockOf(none.product_id)], [['lamp', 'chair'], 1]);
  });

  test('what a product was called or where it stood before does not find it', async () => {
    const lamp = await kept.product({ name: 'Blue Lamp', category: 'Home' });
    const { product_id } = lamp;
    await kept.products.save(
      at(),
      updateProduct(lamp, { product_id, name: 'Red Lamp', category: 'Office' }, { currency: 'USD' }, at()),
    );
    for (const filter of [{ q: 'blue' }, { category: 'home' }, { q: 'red', category: 'home' }])
      assert.deepEqual(await names(filter), []);
    for (const filter of [{ q: 'red' }, { category: 'office' }, { q: 'lamp red', category: 'OFFICE' }])
      assert.deepEqual(await names(filter), ['Red Lamp']);
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

  test('a page of what few products are is full, however many others lie between them', async () => {
    const few = new Set([3, 50, 51, 107, 110]);
    await Promise.all(
      Array.from({ length: 120 }, (_, n) =>
        kept.product({
          name: `thing ${n}`,
          category: few.has(n) ? 'Rare' : 'Home',
          stock_quantity: few.has(n) ? 0 : 1,
        }),
      ),
    );
    for (const filter of [{ category: 'rare' }, { in_stock: false }]) {
      const first = await kept.products.list(filter, { limit: 3 });
      const second = await kept.products.list(filter, { limit: 3, cursor: first.next });
      assert.deepEqual([first.items.length, second.items.length, second.next], [3, 2, undefined]);
      const ids = [...first.items, ...second.items].map(({ product_id }) => product_id);
      assert.deepEqual(
        ids,
        [...new Set(ids)].sort((a, b) => a - b),
      );
    }
  });
});

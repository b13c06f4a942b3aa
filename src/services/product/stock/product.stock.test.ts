import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { eachStore } from '../../../testing/stores.ts';
import { at, type KeptProducts, keptProducts, NOW, wanted } from '../product.fixture.ts';
import { updateProduct } from '../product.model.ts';
import { entriesOf, explained } from './product.stock.fixture.ts';
import { adjustStock } from './product.stock.model.ts';

const LATER = '2026-07-28T09:45:00.000Z';
const STAFF = at(NOW, { actor: { kind: 'user', id: 3, username: 'sam', role: 'staff' } });
const shop = { currency: 'USD' };

eachStore('the stock ledger', (store) => {
  let kept: KeptProducts;
  let orders = 0;
  before(async () => {
    kept = await keptProducts(store);
  });
  beforeEach(() => kept.clear());
  after(() => kept.close());

  const nextOrder = (): number => ++orders;
  const either = (n: number) => (n % 2 ? kept.products : kept.others);
  const adjust = (product_id: number, quantity: number, by = kept.products, ctx = STAFF) =>
    by.adjust(ctx, product_id, (state) => adjustStock(state, { quantity, reason: 'counted' }, ctx));
  const set = async (product_id: number, stock_quantity: number | null, by = kept.products) =>
    by.save(STAFF, updateProduct(await by.get(product_id), { product_id, stock_quantity }, shop, STAFF));
  async function reserve(product_id: number, quantity: number, by = kept.products) {
    const order_id = nextOrder();
    const { reserved } = await by.reserve(wanted(order_id, [{ product_id, quantity }], LATER));
    return reserved ? order_id : undefined;
  }

  test('every unit of a product is explained, from its opening to its last parcel', async () => {
    const { product_id } = await kept.product({ stock_quantity: 10 }, STAFF);
    const [first, second] = [await reserve(product_id, 3), await reserve(product_id, 2)];
    await adjust(product_id, -1);
    await kept.products.release(first ?? 0, NOW);
    await kept.products.ship(second ?? 0, NOW);
    await set(product_id, 20);
    assert.deepEqual(await explained(kept.others, product_id), [
      ['opening', 10, 10, 0],
      ['reservation', -3, 7, 3],
      ['reservation', -2, 5, 5],
      ['adjustment', -1, 4, 5],
      ['release', 3, 7, 2],
      ['shipped', -2, 7, 0],
      ['set', 13, 20, 0],
    ]);
    const all = await entriesOf(kept.products, product_id);
    assert.deepEqual(
      all.map(({ order_id, user_id, reason }) => [order_id, user_id, reason]),
      [
        [null, 3, null],
        [first, null, null],
        [second, null, null],
        [null, 3, 'counted'],
        [first, null, null],
        [second, null, null],
        [null, 3, null],
      ],
    );
    assert.ok(all.every(({ at: when }) => when === NOW));
  });

  test('what is released or shipped moves once, however often it is asked, and by either of two at once', async () => {
    const { product_id } = await kept.product({ stock_quantity: 10 });
    const [first, second] = [await reserve(product_id, 3), await reserve(product_id, 2)] as [number, number];
    const ends = [0, 1, 2, 3].flatMap((n) => [either(n).release(first, NOW), either(n).ship(second, NOW)]);
    await Promise.all(ends);
    await kept.others.ship(first, NOW);
    const { items } = await kept.products.stockFigures({ limit: 10 });
    assert.deepEqual(
      items.map(({ on_hand, held, gone }) => [on_hand, held, gone]),
      [[8, 0, 2]],
    );
    assert.equal((await explained(kept.products, product_id)).length, 5);
  });

  test('a parcel that comes back is held again, and its order can be cancelled; old news changes nothing', async () => {
    const { product_id } = await kept.product({ stock_quantity: 10 });
    const order_id = (await reserve(product_id, 3)) ?? 0;
    const minute = (n: number) => `2026-07-28T10:0${n}:00.000Z`;
    await kept.products.ship(order_id, minute(1));
    await kept.others.unship(order_id, minute(2));
    // The first event again, and one that was overtaken.
    await kept.products.ship(order_id, minute(1));
    assert.deepEqual((await kept.products.orderUnits({ limit: 1 })).items, [
      { order_id, shipped: false, items: [{ product_id, quantity: 3 }] },
    ]);
    await kept.products.ship(order_id, minute(3));
    await kept.products.unship(order_id, minute(2));
    assert.equal((await kept.others.orderUnits({ limit: 1 })).items[0]?.shipped, true);
    const [found] = (await kept.others.orderUnits({ limit: 1 })).items;
    assert.deepEqual(await kept.others.findOrderUnits([found?.order_id ?? 0, 999_999]), [found]);
    assert.deepEqual((await kept.products.orderUnits({ limit: 1 }, true)).items, []);
    // The parcel was stopped before anybody knew that it had come back.
    await Promise.all([kept.products.release(order_id, minute(4)), kept.others.release(order_id, minute(4))]);
    await kept.products.unship(order_id, minute(5));
    assert.deepEqual(await explained(kept.products, product_id), [
      ['opening', 10, 10, 0],
      ['reservation', -3, 7, 3],
      ['shipped', -3, 7, 0],
      ['return', 3, 7, 3],
      ['shipped', -3, 7, 0],
      ['return', 3, 7, 3],
      ['release', 3, 10, 0],
    ]);
    assert.deepEqual((await kept.products.orderUnits({ limit: 1 })).items, []);
  });

  test('a product that is not tracked has no ledger; one that is no longer, or again, goes on with its own', async () => {
    const { product_id } = await kept.product({ stock_quantity: null });
    assert.ok(await reserve(product_id, 5));
    assert.deepEqual(await explained(kept.products, product_id), []);
    await assert.rejects(adjust(product_id, 1), { code: 'PRODUCT_NOT_TRACKED', status: 409 });
    await set(product_id, 4);
    const held = (await reserve(product_id, 3)) ?? 0;
    await set(product_id, null);
    await kept.products.release(held, NOW);
    await set(product_id, 2);
    assert.deepEqual(await explained(kept.products, product_id), [
      ['set', 4, 4, 0],
      ['reservation', -3, 1, 3],
      ['set', -1, null, 3],
      ['release', 3, null, 0],
      ['set', -3, null, 0],
      ['set', 2, 2, 0],
    ]);
  });

  test('an adjustment never takes more than is on hand, and says how many there are', async () => {
    const { product_id } = await kept.product({ stock_quantity: 5 });
    await reserve(product_id, 2);
    await assert.rejects(adjust(product_id, -4), { code: 'PRODUCT_STOCK_TOO_LOW', status: 409, details: { left: 3 } });
    await assert.rejects(adjust(product_id, 1_000_000_000), { code: 'PRODUCT_STOCK_TOO_HIGH' });
    assert.equal((await adjust(product_id, -3)).stock_quantity, 0);
    assert.equal((await explained(kept.products, product_id)).length, 3);
  });

  test('an adjustment announces what it left, also when orders took units meanwhile', async () => {
    const { product_id } = await kept.product({ stock_quantity: 5 });
    const stale = await kept.products.get(product_id);
    await reserve(product_id, 2);
    const change = adjustStock(stale, { quantity: 4, reason: 'found' }, STAFF);
    if (store.driver === 'postgres') await kept.products.save(STAFF, change);
    else
      await kept.products.adjust(STAFF, product_id, (state) =>
        adjustStock(state, { quantity: 4, reason: 'found' }, STAFF),
      );
    const { type, data } = (await kept.announced()).at(-1) ?? { type: '', data: {} };
    assert.equal(type, 'stock.adjusted');
    assert.deepEqual(data, { product_id, quantity: 4, reason: 'found', stock_quantity: 7, at: NOW });
    await explained(kept.products, product_id);
  });

  test('a repeated adjustment is answered as the first time', async () => {
    const { product_id } = await kept.product({ stock_quantity: 5 });
    const request = { key: 'staff product.adjust k1', fingerprint: 'f', op: 'product.adjust' };
    const ctx = at(NOW, { actor: STAFF.actor, request });
    const results = await Promise.allSettled([0, 1, 2, 3].map((n) => adjust(product_id, 2, either(n), ctx)));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    const { result } = (await kept.answer(request.key)) ?? {};
    assert.deepEqual((result as { stock_quantity: number }).stock_quantity, 7);
    await explained(kept.products, product_id);
  });

  test('whatever moves stock at once, in two processes, every unit is explained', async () => {
    const { product_id } = await kept.product({ stock_quantity: 60 });
    const { product_id: other } = await kept.product({ stock_quantity: 30 });
    await Promise.all(
      Array.from({ length: 36 }, async (_, n) => {
        const by = either(n);
        const id = n % 4 ? product_id : other;
        if (n % 9 === 5) return adjust(id, n % 2 ? 3 : -2, by).catch(() => undefined);
        if (n % 12 === 7) return set(id, 40, by).catch(() => undefined);
        const order_id = nextOrder();
        const lines = [id, product_id].map((one) => ({ product_id: one, quantity: 1 + (n % 3) }));
        // Whoever waits too long for a turn is refused; the units are explained all the same.
        await by.reserve(wanted(order_id, lines, LATER)).catch(() => undefined);
        if (n % 3 === 1)
          await either(n + 1)
            .ship(order_id, NOW)
            .catch(() => undefined);
        if (n % 3 === 0 || n % 6 === 1)
          await either(n)
            .release(order_id, NOW)
            .catch(() => undefined);
        if (n % 12 === 4)
          await either(n)
            .unship(order_id, LATER)
            .catch(() => undefined);
      }),
    );
    await explained(kept.products, product_id);
    await explained(kept.others, other);
  });

  test('a ledger is read page by page, newest first, also while it grows', async () => {
    const { product_id } = await kept.product({ stock_quantity: 9 });
    for (let n = 0; n < 4; n++) await adjust(product_id, 1);
    const first = await kept.products.ledger(product_id, { limit: 2 });
    await adjust(product_id, 1);
    const second = await kept.products.ledger(product_id, { limit: 9, cursor: first.next });
    assert.deepEqual(
      [first, second].map(({ items }) => items.map(({ id }) => id)),
      [
        [5, 4],
        [3, 2, 1],
      ],
    );
  });
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { minor } from '../../../platform/contract/money.ts';
import { eachStore } from '../../../testing/stores.ts';
import { type KeptProducts, keptProducts, NOW, wanted } from '../product.fixture.ts';
import { explained } from './product.stock.fixture.ts';

const LATER = '2026-07-28T09:45:00.000Z';

eachStore('what a customer may hold', (store) => {
  let kept: KeptProducts;
  let orders = 0;
  before(async () => {
    kept = await keptProducts(store);
  });
  beforeEach(() => kept.clear());
  after(() => kept.close());

  const nextOrder = (): number => ++orders;
  const stocked = async (more: object = {}) => (await kept.product({ stock_quantity: 500, ...more })).product_id;
  const either = (n: number) => (n % 2 ? kept.products : kept.others);

  /** An order of a customer who may hold five units of each product. */
  async function reserve(user_id: number, quantities: [product_id: number, quantity: number][], by = kept.products) {
    const lines = quantities.map(([product_id, quantity]) => ({ product_id, quantity }));
    const order_id = nextOrder();
    const answer = await by.reserve(wanted(order_id, lines, LATER, { limit: { user_id, most: 5 } }));
    return { order_id, answer, said: answer.lines.map(({ outcome, held }) => (held === undefined ? outcome : held)) };
  }

  test('is so many unpaid units of each product, over all orders; another customer has a limit too', async () => {
    const [lamp, chair] = [await stocked(), await stocked()];
    assert.deepEqual((await reserve(1, [[lamp, 3]])).said, ['reserved']);
    assert.deepEqual(
      (
        await reserve(1, [
          [chair, 1],
          [lamp, 3],
        ])
      ).said,
      ['reserved', 3],
    );
    assert.deepEqual(
      (
        await reserve(1, [
          [lamp, 1],
          [lamp, 2],
        ])
      ).said,
      [3, 3],
    );
    assert.deepEqual((await reserve(2, [[lamp, 6]])).said, [0]);
    assert.deepEqual((await reserve(2, [[lamp, 5]])).said, ['reserved']);
    assert.deepEqual(
      (
        await reserve(1, [
          [lamp, 2],
          [chair, 5],
        ])
      ).said,
      ['reserved', 'reserved'],
    );
    assert.equal(await kept.stockOf(lamp), 490);
    const { answer } = await reserve(1, [[lamp, 1]]);
    const [line] = answer.lines;
    assert.deepEqual([answer.reserved, line?.outcome, line?.limit, line?.held], [false, 'over_limit', 5, 5]);
    await explained(kept.products, lamp);
  });

  test('counts no unit that is paid, released or shipped, and none that costs nothing or is not tracked', async () => {
    const [lamp, gift, untracked] = [
      await stocked(),
      await stocked({ price: minor(0) }),
      await stocked({ stock_quantity: null }),
    ];
    const full = async () => (await reserve(1, [[lamp, 5]])).order_id;
    await kept.products.paid(await full());
    await kept.others.release(await full(), NOW);
    await kept.products.ship(await full(), NOW);
    await full();
    assert.deepEqual((await reserve(1, [[lamp, 1]])).said, [5]);
    for (let n = 0; n < 3; n++) assert.deepEqual((await reserve(1, [[gift, 5]])).said, ['reserved']);
    for (let n = 0; n < 3; n++) assert.deepEqual((await reserve(1, [[untracked, 9]])).said, ['reserved']);
    await kept.products.forgetCustomers();
    assert.deepEqual((await reserve(1, [[lamp, 5]])).said, ['reserved']);
    await explained(kept.products, lamp);
  });

  test('a reservation that is repeated at the limit is renewed, not refused', async () => {
    const lamp = await stocked();
    const ask = wanted(nextOrder(), [{ product_id: lamp, quantity: 5 }], LATER, { limit: { user_id: 1, most: 5 } });
    for (const by of [kept.products, kept.others]) assert.equal((await by.reserve(ask)).reserved, true);
    assert.equal(await kept.stockOf(lamp), 495);
  });

  test('a hundred requests at once, in two processes, hold exactly the limit', async () => {
    const [lamp, chair] = [await stocked(), await stocked()];
    const asked = Array.from({ length: 100 }, (_, n) =>
      reserve(
        1 + (n % 2),
        [
          [chair, 1],
          [lamp, 1],
        ],
        either(n >> 1),
      ),
    );
    const served = (await Promise.all(asked)).filter(({ answer }) => answer.reserved);
    assert.deepEqual([served.length, await kept.stockOf(lamp), await kept.stockOf(chair)], [10, 490, 490]);
    await explained(kept.products, lamp);
  });
});

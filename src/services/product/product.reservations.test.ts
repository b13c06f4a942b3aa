import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { minor } from '../../platform/contract/money.ts';
import { eachStore } from '../../testing/stores.ts';
import type { LineItem } from './product.contract.ts';
import { at, type KeptProducts, keptProducts, NOW, wanted } from './product.fixture.ts';
import { restoreProduct, updateProduct, withdrawProduct } from './product.model.ts';
import type { ProductRepository } from './product.repository.ts';

const LATER = '2026-07-28T09:45:00.000Z';
const MUCH_LATER = '2026-07-28T10:00:00.000Z';
const ctx = at();

eachStore('stock', (store) => {
  let kept: KeptProducts;
  let orders = 0;
  before(async () => {
    kept = await keptProducts(store);
  });
  beforeEach(() => kept.clear());
  after(() => kept.close());

  const nextOrder = (): number => ++orders;
  const stocked = async (stock_quantity: number | null) => (await kept.product({ stock_quantity })).product_id;
  const line = (product_id: number, quantity: number): LineItem => ({ product_id, quantity });

  /** Reserves for an order, and tells what became of each line. */
  async function reserve(order_id: number, lines: LineItem[], until = LATER, by: ProductRepository = kept.products) {
    const answer = await by.reserve(wanted(order_id, lines, until));
    assert.equal(answer.order_id, order_id);
    assert.deepEqual(
      answer.lines.map(({ product_id, quantity }) => ({ product_id, quantity })),
      lines,
    );
    return [answer.reserved, ...answer.lines.map(({ outcome }) => outcome)];
  }

  const holds = async () => (await kept.products.expired('2100-01-01T00:00:00.000Z', 1_000)).sort((a, b) => a - b);

  test('a reservation takes its units, and tells the facts of each line', async () => {
    const lamp = await kept.product({ stock_quantity: 5, description: 'LED', price: minor(4_599) });
    const order_id = nextOrder();
    assert.deepEqual(await kept.products.reserve(wanted(order_id, [line(lamp.product_id, 2)], LATER)), {
      order_id,
      reserved: true,
      lines: [
        {
          product_id: lamp.product_id,
          quantity: 2,
          outcome: 'reserved',
          name: 'Lamp',
          description: 'LED',
          unit_price: 4_599,
          currency: 'USD',
          left: 5,
        },
      ],
    });
    assert.equal(await kept.stockOf(lamp.product_id), 3);
  });

  test('all lines are reserved or none, and each line is told what became of it', async () => {
    const [plenty, few, none, uncounted] = [await stocked(9), await stocked(1), await stocked(0), await stocked(null)];
    const { product_id: withdrawn } = await kept.product({ in_stock: false });
    const lines = [
      line(plenty, 2),
      line(few, 2),
      line(none, 1),
      line(uncounted, 500),
      line(withdrawn, 1),
      line(999_999, 1),
    ];
    const order_id = nextOrder();
    assert.deepEqual(await reserve(order_id, lines), [
      false,
      'reserved',
      'short',
      'out_of_stock',
      'reserved',
      'out_of_stock',
      'not_found',
    ]);
    assert.deepEqual([await kept.stockOf(plenty), await kept.stockOf(few), await holds()], [9, 1, []]);
    const { lines: told } = await kept.products.reserve(wanted(order_id, lines, LATER));
    assert.deepEqual([told[1]?.left, told[5]?.name], [1, '']);
  });

  test('nothing is sold in a currency that the shop is not paid in, and nothing of the order is set aside', async () => {
    const [lamp, { product_id: euro }] = [await stocked(5), await kept.product({ currency: 'EUR' })];
    for (const lines of [[line(lamp, 1), line(euro, 1)], [line(euro, 99)]]) {
      const [reserved, ...outcomes] = await reserve(nextOrder(), lines);
      assert.deepEqual([reserved, outcomes.at(-1)], [false, 'other_currency']);
    }
    assert.deepEqual([await kept.stockOf(lamp), await kept.stockOf(euro), await holds()], [5, 5, []]);
  });

  test('a withdrawn product is not found by an order; one that has it keeps it, and gives it back', async () => {
    const lamp = await kept.product({ stock_quantity: 5 });
    const order_id = nextOrder();
    await reserve(order_id, [line(lamp.product_id, 2)]);
    const withdrawn = await kept.products.save(ctx, withdrawProduct(lamp, ctx));
    assert.deepEqual(await reserve(nextOrder(), [line(lamp.product_id, 1)]), [false, 'not_found']);
    assert.deepEqual(await reserve(order_id, [line(lamp.product_id, 2)]), [true, 'reserved']);
    await kept.products.release(order_id, NOW);
    await kept.products.save(ctx, restoreProduct(withdrawn, ctx));
    assert.deepEqual(await reserve(nextOrder(), [line(lamp.product_id, 5)]), [true, 'reserved']);
  });

  test('lines of one product in one order count together', async () => {
    const lamp = await stocked(5);
    assert.deepEqual(await reserve(nextOrder(), [line(lamp, 3), line(lamp, 3)]), [false, 'short', 'short']);
    assert.equal(await kept.stockOf(lamp), 5);
    assert.deepEqual(await reserve(nextOrder(), [line(lamp, 3), line(lamp, 2)]), [true, 'reserved', 'reserved']);
    assert.equal(await kept.stockOf(lamp), 0);
  });

  test('a request that comes again finds what it has set aside, under the order id of the first time', async () => {
    const lamp = await stocked(1);
    const [first, second] = [nextOrder(), nextOrder()];
    const ask = (order_id: number) =>
      kept.products.reserve(wanted(order_id, [line(lamp, 1)], LATER, { request: 'alice order.place k1' }));
    const answers = [await ask(first), await ask(second), await ask(second)];
    assert.deepEqual(
      answers.map(({ order_id, reserved }) => [order_id, reserved]),
      [first, first, first].map((id) => [id, true]),
    );
    assert.equal(await kept.stockOf(lamp), 0);
    const { reserved } = await kept.products.reserve(
      wanted(nextOrder(), [line(lamp, 1)], LATER, { request: 'bob order.place k1' }),
    );
    assert.equal(reserved, false);
  });

  test('one request in two processes at the same moment takes its units once', async () => {
    const lamp = await stocked(20);
    for (let n = 0; n < 10; n++) {
      const request = `alice order.place race ${n}`;
      const both = await Promise.all(
        [kept.products, kept.others].map((products) =>
          products.reserve(wanted(nextOrder(), [line(lamp, 2)], LATER, { request })),
        ),
      );
      assert.deepEqual([both[0]?.reserved, both[1]?.order_id], [true, both[0]?.order_id]);
    }
    assert.equal(await kept.stockOf(lamp), 0);
  });

  test('the last unit is sold, and no further one', async () => {
    const lamp = await stocked(5);
    assert.deepEqual(await reserve(nextOrder(), [line(lamp, 5)]), [true, 'reserved']);
    assert.deepEqual(await reserve(nextOrder(), [line(lamp, 1)]), [false, 'out_of_stock']);
  });

  test('a product whose stock is not counted is reserved without a hold', async () => {
    const uncounted = await stocked(null);
    assert.deepEqual(await reserve(nextOrder(), [line(uncounted, 100_000)]), [true, 'reserved']);
    assert.deepEqual([await kept.stockOf(uncounted), await holds()], [null, []]);
  });

  test('of orders that come at once an early one may be refused, and a later one that fits is served', async () => {
    const lamp = await stocked(5);
    const asked = [4, 3, 1].map((quantity) => reserve(nextOrder(), [line(lamp, quantity)]));
    assert.deepEqual(await Promise.all(asked), [
      [true, 'reserved'],
      [false, 'short'],
      [true, 'reserved'],
    ]);
    assert.equal(await kept.stockOf(lamp), 0);
  });

  test('an order that is refused for one product leaves the other to those that come with it', async () => {
    const [lamp, chair] = [await stocked(2), await stocked(0)];
    const both = reserve(nextOrder(), [line(lamp, 2), line(chair, 1)]);
    const one = reserve(nextOrder(), [line(lamp, 2)]);
    assert.deepEqual(await Promise.all([both, one]), [
      [false, 'reserved', 'out_of_stock'],
      [true, 'reserved'],
    ]);
    assert.equal(await kept.stockOf(lamp), 0);
  });

  test('a reservation that is repeated renews its time and takes nothing, also when nothing is left', async () => {
    const lamp = await stocked(5);
    const order_id = nextOrder();
    await reserve(order_id, [line(lamp, 5)]);
    assert.deepEqual(await reserve(order_id, [line(lamp, 5)], MUCH_LATER, kept.others), [true, 'reserved']);
    assert.deepEqual(await kept.products.expired(MUCH_LATER, 10), []);
    const again = Array.from({ length: 10 }, (_, i) =>
      reserve(order_id, [line(lamp, 5)], MUCH_LATER, i % 2 ? kept.products : kept.others),
    );
    for (const answer of await Promise.all(again)) assert.deepEqual(answer, [true, 'reserved']);
    assert.deepEqual([await kept.stockOf(lamp), await holds()], [0, [order_id]]);
  });

  test('a reservation and its repetition that come at once take once', async () => {
    const lamp = await stocked(5);
    const order_id = nextOrder();
    const asked = [kept.products, kept.others, kept.products, kept.others].map((by) =>
      reserve(order_id, [line(lamp, 2)], LATER, by),
    );
    for (const answer of await Promise.all(asked)) assert.deepEqual(answer, [true, 'reserved']);
    assert.equal(await kept.stockOf(lamp), 3);
  });

  test('what is released comes back, once, however often it is asked', async () => {
    const [lamp, chair] = [await stocked(5), await stocked(5)];
    const order_id = nextOrder();
    await reserve(order_id, [line(lamp, 3), line(chair, 1), line(lamp, 1)]);
    assert.deepEqual([await kept.stockOf(lamp), await kept.stockOf(chair)], [1, 4]);
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? kept.products : kept.others).release(order_id, NOW)),
    );
    await kept.products.release(order_id, NOW);
    await kept.products.release(999_999, NOW);
    assert.deepEqual([await kept.stockOf(lamp), await kept.stockOf(chair), await holds()], [5, 5, []]);
  });

  test('after its release an order may reserve again', async () => {
    const lamp = await stocked(5);
    const order_id = nextOrder();
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await reserve(order_id, [line(lamp, 4)]), [true, 'reserved']);
      await kept.products.release(order_id, NOW);
    }
    assert.equal(await kept.stockOf(lamp), 5);
  });

  test('units of a product that is no longer counted do not come back', async () => {
    const lamp = await kept.product({ stock_quantity: 5 });
    const order_id = nextOrder();
    await reserve(order_id, [line(lamp.product_id, 2)]);
    const change = updateProduct(lamp, { product_id: lamp.product_id, stock_quantity: null }, { currency: 'USD' }, ctx);
    await kept.products.save(ctx, change);
    await kept.products.release(order_id, NOW);
    assert.equal(await kept.stockOf(lamp.product_id), null);
  });

  test('a hold runs out at its time, unless it is kept', async () => {
    const lamp = await stocked(9);
    const [early, late, known] = [nextOrder(), nextOrder(), nextOrder()];
    await reserve(early, [line(lamp, 1)], NOW);
    await reserve(known, [line(lamp, 1)], NOW);
    await reserve(late, [line(lamp, 1)], MUCH_LATER);
    assert.deepEqual((await kept.products.expired(LATER, 10)).sort(), [early, known].sort());
    assert.equal((await kept.products.expired(LATER, 1)).length, 1);
    await kept.products.keep([known, 999_999], LATER);
    assert.deepEqual(await kept.products.expired(LATER, 10), [early]);
    assert.deepEqual(await kept.products.expired('2030-01-01T00:00:00.000Z', 10), [early, late]);
    assert.equal(await kept.stockOf(lamp), 6);
    await kept.products.release(known, NOW);
    assert.equal(await kept.stockOf(lamp), 7);
  });

  test('a hold that is renewed runs out later, also one that was kept; keeping leaves it alone', async () => {
    const lamp = await stocked(9);
    const order_id = nextOrder();
    await reserve(order_id, [line(lamp, 1)], NOW);
    await kept.products.renew(order_id, MUCH_LATER);
    await kept.products.keep([order_id], LATER);
    assert.deepEqual(await kept.products.expired('2030-01-01T00:00:00.000Z', 10), [order_id]);
    await kept.products.keep([order_id], '2030-01-01T00:00:00.000Z');
    assert.deepEqual(await kept.products.expired('2030-01-01T00:00:00.000Z', 10), []);
    await kept.products.renew(order_id, LATER);
    assert.deepEqual(await kept.products.expired(MUCH_LATER, 10), [order_id]);
    await kept.products.renew(999_999, LATER);
    assert.deepEqual([await kept.stockOf(lamp), await holds()], [8, [order_id]]);
  });
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { eachStore } from '../../testing/stores.ts';
import type { LineItem } from './product.contract.ts';
import { at, type KeptProducts, keptProducts, NOW, wanted } from './product.fixture.ts';
import { updateProduct } from './product.model.ts';

const LATER = '2026-07-28T09:45:00.000Z';

eachStore('stock that many want at once', (store) => {
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
  const holds = async () => (await kept.products.expired('2100-01-01T00:00:00.000Z', 1_000)).sort((a, b) => a - b);
  /** One of two processes. */
  const either = (n: number) => (n % 2 ? kept.products : kept.others);
  const isReserved = ({ reserved }: { reserved: boolean }) => reserved;

  async function reserve(order_id: number, lines: LineItem[], by = kept.products) {
    const answer = await by.reserve(wanted(order_id, lines, LATER));
    return [answer.reserved, ...answer.lines.map(({ outcome }) => outcome)];
  }

  /** Changes a product as a service does: again, when another change was faster. */
  async function change(product_id: number, input: { name?: string; stock_quantity?: number }, by = kept.products) {
    for (;;) {
      const state = await by.get(product_id);
      try {
        return await by.save(at(), updateProduct(state, { product_id, ...input }, { currency: 'USD' }, at()));
      } catch (error) {
        if ((error as { code?: string }).code !== 'TRADEPOST_STALE') throw error;
      }
    }
  }

  // What it waits for differs: in PostgreSQL for the row of the product, which is locked by whoever changes it; in
  // ClickHouse for its turn at the stock, which whoever gives back has before it.
  const whatIsAwaited = { postgres: 'by the row', clickhouse: 'by the turn' }[store.driver];
  test(`an order that waits for units that are just coming back is served from them (${whatIsAwaited})`, async () => {
    const lamp = await stocked(5);
    const earlier = nextOrder();
    await reserve(earlier, [line(lamp, 5)]);
    const back =
      store.driver === 'postgres' ? await givenBackWhenAwaited(lamp, 5) : { done: kept.products.release(earlier, NOW) };
    const answer = reserve(nextOrder(), [line(lamp, 2)]);
    await back.done;
    assert.deepEqual([await answer, await kept.stockOf(lamp)], [[true, 'reserved'], 3]);
  });

  /** Adds units in a transaction of PostgreSQL that ends when somebody waits for it; returns when the row is locked. */
  async function givenBackWhenAwaited(product_id: number, quantity: number): Promise<{ done: Promise<unknown> }> {
    const products = 'tradepost_product.products';
    const done = kept.rows(`do $$ begin
      update ${products} set stock_quantity = stock_quantity + ${quantity} where product_id = ${product_id};
      while not exists (
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
      ) loop perform pg_stat_clear_snapshot(); end loop; end $$`);
    const free = `select 1 as free from ${products} where product_id = ${product_id} for update skip locked`;
    while ((await kept.rows(free)).length > 0);
    return { done };
  }

  test('an order that waits for units that are just going is refused', async () => {
    const lamp = await stocked(5);
    const first = reserve(nextOrder(), [line(lamp, 4)]);
    const second = reserve(nextOrder(), [line(lamp, 2)], kept.others);
    const answers = await Promise.all([first, second]);
    assert.equal(answers.filter(([reserved]) => reserved).length, 1);
    assert.ok([1, 3].includes((await kept.stockOf(lamp)) ?? 0));
  });

  test('whatever runs at once, in two processes, what is sold and what is left is what was there', async () => {
    const ids = await Promise.all(Array.from({ length: 4 }, () => stocked(50)));
    const pick = (i: number) => ids[i % ids.length] ?? 0;
    const sold = new Map<number, LineItem[]>();
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const by = either(i);
        const order_id = nextOrder();
        const lines = [line(pick(i), 1 + (i % 3)), line(pick(i + 1 + (i % 2)), 1)];
        if (!(await by.reserve(wanted(order_id, lines, LATER))).reserved) return;
        if (i % 5 === 0) await by.release(order_id, NOW);
        else sold.set(order_id, lines);
      }),
    );
    for (const product_id of ids) {
      const taken = [...sold.values()].flat().filter((one) => one.product_id === product_id);
      const left = (await kept.stockOf(product_id)) ?? -1;
      assert.ok(left >= 0);
      assert.equal(
        taken.reduce((total, { quantity }) => total + quantity, left),
        50,
      );
    }
    assert.deepEqual(
      await holds(),
      [...sold.keys()].sort((a, b) => a - b),
    );
    assert.ok(sold.size > 0);
  });

  test('of a hundred buyers of the last ten, ten are served', async () => {
    const lamp = await stocked(10);
    const asked = Array.from({ length: 100 }, (_, i) => reserve(nextOrder(), [line(lamp, 1)], either(i)));
    const answers = await Promise.all(asked);
    assert.equal(answers.filter(([reserved]) => reserved).length, 10);
    assert.equal(await kept.stockOf(lamp), 0);
  });

  test('of hundreds that ask twice for the last units of two products, each is served once and no unit twice', async () => {
    const [lamp, chair] = [await stocked(60), await stocked(40)];
    const served = new Map<number, LineItem[]>();
    const asked = Array.from({ length: 300 }, async (_, n) => {
      const lines = n % 3 ? [line(lamp, 1 + (n % 2))] : [line(chair, 2), line(lamp, 1)];
      const ask = (by: number) =>
        either(by).reserve(wanted(nextOrder(), lines, LATER, { request: `buyer ${n} order.place ${'k'.repeat(60)}` }));
      const [first, second] = await Promise.all([ask(n), ask(n + 1)]);
      if (first.reserved && second.reserved) assert.equal(first.order_id, second.order_id);
      for (const { reserved, order_id } of [first, second]) if (reserved) served.set(order_id, lines);
    });
    await Promise.all(asked);
    const taken = (id: number) =>
      [...served.values()].flat().reduce((sum, one) => sum + (one.product_id === id ? one.quantity : 0), 0);
    assert.deepEqual(
      [(await kept.stockOf(lamp)) ?? -1, (await kept.stockOf(chair)) ?? -1],
      [60 - taken(lamp), 40 - taken(chair)],
    );
    assert.deepEqual(
      await holds(),
      [...served.keys()].sort((a, b) => a - b),
    );
    assert.equal(taken(lamp), 60, 'whoever wants one lamp is served as long as there is one');
  });

  test('a restock in the middle of a run loses no unit and invents none', async () => {
    for (let round = 0; round < 5; round++) {
      const [before, restock] = [5, 30];
      const lamp = await stocked(before);
      const asked = Array.from({ length: 25 }, (_, n) =>
        either(n).reserve(wanted(nextOrder(), [line(lamp, 1)], LATER)),
      );
      const [answers] = await Promise.all([
        Promise.all(asked),
        change(lamp, { stock_quantity: restock }, either(round)),
      ]);
      const sold = answers.filter(isReserved).length;
      const left = (await kept.stockOf(lamp)) ?? -1;
      // What was sold since the restock is missing from it; all else was sold from what was there before.
      const soldBefore = sold - (restock - left);
      assert.ok(left >= restock - 25 && left <= restock, `${left} are left of ${restock}`);
      assert.ok(soldBefore >= 0 && soldBefore <= before, `${soldBefore} of ${before} were sold before the restock`);
      const rest = await Promise.all(
        Array.from({ length: 40 }, (_, n) => either(n).reserve(wanted(nextOrder(), [line(lamp, 1)], LATER))),
      );
      assert.deepEqual([rest.filter(isReserved).length, await kept.stockOf(lamp)], [left, 0]);
    }
  });

  test('whoever looks while units are sold, and once restocked, never sees a stock that was not', async () => {
    const lamp = await stocked(200);
    const seen: number[] = [];
    let busy = true;
    const looking = (async () => {
      while (busy) seen.push((await kept.others.get(lamp)).stock_quantity ?? -1);
    })();
    for (let round = 0; round < 12; round++) {
      const asked = Array.from({ length: 4 }, (_, n) => either(n).reserve(wanted(nextOrder(), [line(lamp, 1)], LATER)));
      const restock = round === 6 ? change(lamp, { stock_quantity: 1_000 }) : undefined;
      await Promise.all([...asked, restock]);
    }
    busy = false;
    await looking;
    seen.push((await kept.stockOf(lamp)) ?? -1);
    const rises = seen.filter((stock, n) => stock > (seen[n - 1] ?? Number.POSITIVE_INFINITY));
    assert.ok(rises.length === 1 && (rises[0] ?? 0) > 900, `the stock rose to ${rises}`);
    assert.ok((seen.at(-1) ?? 0) >= 1_000 - 24 && Math.min(...seen) >= 200 - 28, `${seen}`);
  });

  test('a product that is written again and again while orders take its units keeps what they left', async () => {
    const lamp = await stocked(500);
    const renamed = (async () => {
      for (let n = 1; n <= 8; n++) await change(lamp, { name: `Lamp ${n}` }, either(n));
    })();
    const sold = Array.from({ length: 200 }, async (_, n) => {
      const order_id = nextOrder();
      await either(n).reserve(wanted(order_id, [line(lamp, 2)], LATER));
      if (n % 2) await either(n + 1).release(order_id, NOW);
    });
    await Promise.all([renamed, ...sold]);
    const { name, stock_quantity, version } = await kept.others.get(lamp);
    assert.deepEqual([name, stock_quantity, version], ['Lamp 8', 300, 9]);
  });

  test('what two give back at the same moment comes back once, and those that wait for it get it', async () => {
    const lamp = await stocked(20);
    const earlier = Array.from({ length: 10 }, nextOrder);
    await Promise.all(earlier.map((order_id) => reserve(order_id, [line(lamp, 2)])));
    const back = earlier.flatMap((order_id) => [
      kept.products.release(order_id, NOW),
      kept.others.release(order_id, NOW),
    ]);
    const asked = Array.from({ length: 40 }, (_, n) => either(n).reserve(wanted(nextOrder(), [line(lamp, 1)], LATER)));
    const [answers] = await Promise.all([Promise.all(asked), ...back]);
    const sold = answers.filter(isReserved).length;
    assert.equal((await kept.stockOf(lamp)) ?? -1, 20 - sold);
    const rest = await Promise.all(
      Array.from({ length: 40 }, (_, n) => either(n).reserve(wanted(nextOrder(), [line(lamp, 1)], LATER))),
    );
    assert.deepEqual([rest.filter(isReserved).length, await kept.stockOf(lamp)], [20 - sold, 0]);
  });

  test('a hold that is renewed while others say that it may stay or go is either there or gone, units and all', async () => {
    const lamp = await stocked(10);
    const all = Array.from({ length: 10 }, nextOrder);
    await Promise.all(all.map((order_id) => reserve(order_id, [line(lamp, 1)])));
    await Promise.all(
      all.flatMap((order_id, n) => [
        either(n).renew(order_id, '2026-07-28T11:00:00.000Z'),
        either(n + 1).keep([order_id], '2026-07-28T10:00:00.000Z'),
        ...(n % 2 ? [either(n).release(order_id, NOW)] : []),
      ]),
    );
    const there = all.filter((_, n) => n % 2 === 0);
    assert.equal(await kept.stockOf(lamp), 5);
    await Promise.all(all.map((order_id) => kept.products.renew(order_id, LATER)));
    assert.deepEqual(await holds(), there);
  });
});

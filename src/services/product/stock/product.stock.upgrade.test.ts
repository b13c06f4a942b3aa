import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { migrate } from '../../../platform/db/postgres/migrate.ts';
import { migrationSet } from '../../../platform/db/postgres/migration-set.ts';
import { openDatabase } from '../../../platform/db/postgres/postgres.ts';
import { postgresStore } from '../../../platform/db/postgres/store/store.ts';
import { testDatabase } from '../../../testing/databases.ts';
import { eachEngine } from '../../../testing/engines.ts';
import { eachStore } from '../../../testing/stores.ts';
import { productPostgres } from '../postgres/product.repository.postgres.ts';
import { productContract } from '../product.contract.ts';
import { type KeptProducts, keptProducts, NOW, wanted } from '../product.fixture.ts';
import { explained } from './product.stock.fixture.ts';

const LATER = '2026-07-28T09:45:00.000Z';
const ALL = migrationSet('product');
const BEFORE = { ...ALL, migrations: ALL.migrations.filter(({ name }) => name < '0005') };

eachEngine('the stock of a shop from before the ledger', (engine) => {
  test('is explained from what there is, and goes on from there', async () => {
    const database = await testDatabase(engine, { empty: true });
    const db = openDatabase(database.url);
    try {
      await migrate(db, [BEFORE]);
      await db.script(`insert into tradepost_product.products (product_id, name, description, price, currency, category,
          for_sale, stock_quantity, created_at, updated_at, version)
        select n, 'Lamp ' || n, '', 100, 'USD', 'Home', true, case when n < 4 then n end, now(), now(), 1
        from generate_series(1, 4) n;
        insert into tradepost_product.reservations (order_id, items, expires_at) values
          (1, '[{"product_id":1,"quantity":2},{"product_id":1,"quantity":1}]', null),
          (2, '[{"product_id":2,"quantity":5},{"product_id":4,"quantity":1}]', null)`);
      await migrate(db, [ALL]);
      const products = productPostgres(postgresStore(db, productContract));
      assert.deepEqual(await explained(products, 1), [
        ['opening', 4, 4, 0],
        ['reservation', -3, 1, 3],
      ]);
      assert.deepEqual(await explained(products, 3), [['opening', 3, 3, 0]]);
      // Of the last one units are held, though its stock is not tracked any more.
      await Promise.all([products.release(1, NOW), products.release(2, NOW)]);
      await products.reserve(wanted(3, [{ product_id: 1, quantity: 1 }], LATER));
      await products.ship(3, NOW);
      for (const id of [1, 2, 3, 4]) await explained(products, id);
      assert.equal(await products.adopt(NOW), 0);
    } finally {
      await db.close();
      await database.drop();
    }
  });
});

eachStore('the ledger beside a process of an earlier version', (store) => {
  let kept: KeptProducts;
  before(async () => {
    kept = await keptProducts(store);
  });
  beforeEach(() => kept.clear());
  after(() => kept.close());

  /** Takes two units for an order, and gives those of another back, as such a process does. */
  async function moveAsBefore(product_id: number, taken: number, returned: number): Promise<void> {
    const items = JSON.stringify([{ product_id, quantity: 2 }]);
    if (kept.driver === 'postgres') {
      await kept.rows(`insert into tradepost_product.reservations (order_id, items) values (${taken}, '${items}')`);
      await kept.rows(`delete from tradepost_product.reservations where order_id = ${returned}`);
      await kept.rows(`update tradepost_product.products set stock_quantity = stock_quantity - 2 + 1
        where product_id = ${product_id}`);
      return;
    }
    const units = ((await kept.products.get(product_id)).stock_quantity ?? 0) - 2 + 1;
    await kept.inRows[0]?.writer('stock').write(async () => ({
      rows: [
        { kind: 'reservation', id: taken, items, request: '', expires_at: null, released: false },
        { kind: 'reservation', id: returned, items: '[]', request: '', expires_at: null, released: true },
        { kind: 'product', id: product_id, stock_version: 1, units },
      ],
      answer: undefined,
    }));
  }

  test('has what it did once it is adopted and corrected, and its orders can be released and shipped', async () => {
    const { product_id } = await kept.product({ stock_quantity: 9 });
    await kept.products.reserve(wanted(1, [{ product_id, quantity: 1 }], LATER));
    await moveAsBefore(product_id, 2, 1);
    assert.equal(await kept.stockOf(product_id), 7);
    await Promise.all([kept.products.adopt(NOW), kept.others.adopt(NOW)]);
    await kept.products.correct(product_id, NOW);
    await kept.others.correct(product_id, NOW);
    const figures = async () => (await kept.products.stockFigures({ limit: 1 })).items[0];
    const right = { put_in: 9, on_hand: 7, held: 2, gone: 0, difference: 0, on_hand_difference: 0 };
    assert.deepEqual({ ...(await figures()), ...right }, await figures());
    await kept.products.release(2, NOW);
    await kept.products.reserve(wanted(3, [{ product_id, quantity: 4 }], LATER));
    await kept.others.ship(3, NOW);
    const after_ = {
      put_in: 9,
      on_hand: 5,
      held: 0,
      gone: 4,
      difference: 0,
      on_hand_difference: 0,
      held_difference: 0,
    };
    assert.deepEqual({ ...(await figures()), ...after_ }, await figures());
  });

  test('what was set just before a crash is in the ledger after the next start', async () => {
    const { product_id } = await kept.product({ stock_quantity: 9 });
    if (kept.driver === 'postgres') return;
    await kept.rows('select 1');
    const [inRows] = kept.inRows;
    await inRows?.engine.command(`truncate table ${inRows.database}.stock`);
    assert.equal(await kept.others.adopt(NOW), 1);
    assert.deepEqual(await explained(kept.products, product_id), [['opening', 9, 9, 0]]);
    assert.equal(await kept.products.adopt(NOW), 0);
  });
});

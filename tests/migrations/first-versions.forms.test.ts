import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { migrate } from '../../src/platform/db/postgres/migrate.ts';
import { migrationSet } from '../../src/platform/db/postgres/migration-set.ts';
import { eachEngine } from '../../src/testing/engines.ts';
import { Old, SERVICES } from './old-system.fixture.ts';
import { firstForm, lastForm, middleForm, PASSWORD } from './old-tables.fixture.ts';

const COMMAND = fileURLToPath(new URL('../../bin/tradepost.js', import.meta.url));

eachEngine('other forms of the old tables', (engine) => {
  const orders = 'select order_id, user_id, items, subtotal, tax, total, status from tradepost_order.orders order by 1';
  type Row = { order_id: number; items: Record<string, unknown>[]; subtotal: number; tax: number; total: number };
  const brief = (rows: Row[]) =>
    rows.map(({ order_id, items: [i], subtotal, tax, total }) => [
      order_id,
      i?.product_id,
      i?.product_name,
      i?.quantity,
      i?.unit_price,
      subtotal,
      tax,
      total,
    ]);

  test('orders with an item: the first form of all', async () => {
    const old = await Old.with(engine, await firstForm());
    const was = await old.untouched();
    const { guest } = await old.start({ CURRENCY: 'EUR' });
    assert.deepEqual(brief(await old.rows<Row>(orders)), [
      [1, 1, 'Laptop', 1, 129_999, 129_999, 13_000, 142_999],
      [2, 6, 'Pen', 1, 0, 0, 0, 0],
      [3, 7, 'Sugar', 1, 0, 0, 0, 0],
      [4, 7, 'sugar', 1, 0, 0, 0, 0],
      [5, 5, 'Apple', 1, 0, 0, 0, 0],
      [6, undefined, undefined, undefined, undefined, 0, 0, 0],
    ]);
    const { body } = await guest.get<Record<string, unknown>[]>('/products');
    assert.deepEqual(
      body.map((p) => [p.product_id, p.name, p.price, p.currency, p.in_stock]),
      [
        [1, 'Laptop', 1299.99, 'EUR', true],
        [2, 'Mug', 0.15, 'EUR', true],
        [3, 'Pen', 0, 'EUR', false],
        [4, 'pen', 2, 'EUR', true],
        [5, 'Apple', 0, 'EUR', false],
        [6, 'Pen', 0, 'EUR', false],
        [7, 'Sugar', 0, 'EUR', false],
      ],
    );
    assert.equal((await (await old.signIn('alice')).get<unknown[]>('/orders')).body.length, 6);
    assert.deepEqual(
      (await old.report('product')).map((line) => line.split(':')[0]),
      ["2 'Mug'", "3 'Pen'", "5 'Apple'", "6 'Pen'", "7 'Sugar'"],
    );
    assert.deepEqual(await old.untouched(), was);
    await old.close();
  });

  test('a mixture: some orders with an item, some with a product; invoices without numbers', async () => {
    const old = await Old.with(engine, await middleForm());
    await old.start();
    assert.deepEqual(brief(await old.rows<Row>(orders)), [
      [1, 2, 'Mug', 3, 5, 15, 2, 17],
      [2, 1, 'Laptop', 1, 129_999, 129_999, 13_000, 142_999],
      [3, 1, 'Laptop', 2, 129_999, 259_998, 26_000, 285_998],
      [4, 1, 'Laptop', 1, 129_999, 129_999, 13_000, 142_999],
    ]);
    const invoices = await old.rows(
      'select invoice_number, user_id, subtotal, tax, total, status from tradepost_invoice.invoices order by 1',
    );
    assert.deepEqual(invoices, [
      { invoice_number: 'OLD-1', user_id: 3, subtotal: 15, tax: 2, total: 17, status: 'draft' },
      { invoice_number: 'OLD-2', user_id: 3, subtotal: 300, tax: 30, total: 330, status: 'draft' },
    ]);
    assert.deepEqual(
      (await old.report('order')).map((line) => line.split(';')[0]),
      ["4 'Laptop': line 1: the quantity '-2' is not a whole number above 0", "5 '': the order belongs to nobody"],
    );
    const carol = await old.signIn('carol');
    assert.deepEqual([carol.id, (await carol.get('/users/me')).body.role], [3, 'admin']);
    assert.equal((await carol.get('/products/5')).body.name, 'Honey');
    await old.close();
  });

  test('a database without old tables gets the samples; tables of another application are left alone', async () => {
    const old = await Old.with(
      engine,
      `create table public.users (user_id serial primary key, username text, email text);
       insert into public.users (username) values ('somebody');
       create table public.orders (order_id uuid primary key default gen_random_uuid(), user_id integer, items jsonb);
       insert into public.orders (user_id, items) values (1, '[]');
       create table public.products (id serial primary key, name text, price numeric);`,
    );
    const { guest } = await old.start();
    assert.equal((await guest.get<unknown[]>('/products')).body.length, 8);
    assert.equal((await guest.post('/register', { username: 'somebody', password: PASSWORD })).body.id, 1);
    for (const service of SERVICES) assert.deepEqual(await old.report(service), []);
    await old.close();
  });

  test('where there are rows already, nothing is mixed in, and that is said', async () => {
    const old = await Old.with(engine, '');
    const sets = SERVICES.map(migrationSet);
    const before = sets.map((set) => ({ ...set, migrations: set.migrations.filter(({ name }) => name < '0002') }));
    await migrate(old.db, before);
    await old.db.script(`insert into tradepost_user.users (user_id, username, password_hash, password_version, role, founder, created_at, updated_at, version)
      values (1, 'first', '', 1, 'admin', true, now(), now(), 1); ${await lastForm()}`);
    await migrate(old.db, sets);
    assert.deepEqual(await old.rows('select username from tradepost_user.users'), [{ username: 'first' }]);
    assert.deepEqual(await old.report('user'), [
      " 'public.users': it was not taken over, because there are users already",
    ]);
    await old.close();
  });

  test('tradepost migrate says what it took over in another way, once', async () => {
    const old = await Old.with(engine, await lastForm());
    const run = () =>
      spawnSync(process.execPath, [COMMAND, 'migrate'], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, DB_DRIVER: 'postgres', DATABASE_URL: old.database.url },
      }).stdout;
    const first = run();
    assert.match(first, /^ran tradepost_user\/0002_first_versions\.sql$/m);
    assert.match(first, /^taken over: user 3 'ALICE': an older account has this name/m);
    assert.match(first, /^taken over: invoice 6 'INV-6': there is no order 77$/m);
    assert.equal(run(), 'Nothing to migrate.\n');
    await old.close();
  });
});

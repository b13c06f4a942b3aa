import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import { deadLettersIn } from '../../src/platform/db/postgres/store/dead-letters.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { settle } from '../../src/testing/settle.ts';
import { eachTarget, type TestTarget } from '../../src/testing/targets.ts';
import { PASSWORD, type World, world } from '../../src/testing/world.ts';
import { everyTable, everythingSeen, type Known, MOVED, type SignedIn, settled } from './db-copy.fixture.ts';
import { tradepost } from './dead-letters.fixture.ts';
import { left, rowsOf, stocked } from './shop.fixture.ts';

// A shop that has been open for a while is moved from PostgreSQL to ClickHouse and back, by the command, and goes on in
// each place as if nothing had happened. Its tokens are signed with the key that it made itself, so that this is moved too.

eachTarget('a shop that moves', (target) => {
  if (target.driver === 'clickhouse') moves(target);
});

const OWN_KEY = { JWT_SECRET: '' };

function moves(target: TestTarget): void {
  let place: Awaited<ReturnType<TestTarget['open']>>;
  const databases: TestDatabase[] = [];
  const running = new Set<World>();
  const known = {} as Known;
  let seen: unknown;
  before(async () => {
    place = await target.open();
    for (let n = 0; n < 2; n++) databases.push(await testDatabase(target.postgres));
  });
  after(async () => {
    for (const shop of running) await shop.close();
    for (const database of databases) await database.drop();
    await place.close();
  });

  const copy = (from: string, to: string, database = databases[0], more: readonly string[] = []) =>
    tradepost(['db', 'copy', '--from', from, '--to', to, ...more], {
      ...place.env,
      DB_DRIVER: 'postgres',
      DATABASE_URL: database?.url ?? '',
    });
  const release = (store: string, more: readonly string[] = []) =>
    tradepost(['db', 'release', '--on', store, ...more], {
      ...place.env,
      DB_DRIVER: 'postgres',
      DATABASE_URL: databases[0]?.url ?? '',
    });
  async function open(database = databases[0], env: Record<string, string> = {}): Promise<World> {
    const shop = await world({ database, env: { ...OWN_KEY, ...env } });
    running.add(shop);
    return shop;
  }
  async function close(shop: World): Promise<void> {
    running.delete(shop);
    await shop.close();
  }

  test('there and back again nothing has changed', async () => {
    const [first, second] = databases as [TestDatabase, TestDatabase];
    const shop = await open();
    await trade(shop, known);
    await untilSent(first.url);
    seen = await everythingSeen(known);
    const busy = await copy('postgres', 'clickhouse');
    assert.deepEqual([busy.code, /is in use: \d+ connection/.test(busy.complaint)], [1, true], busy.complaint);
    await close(shop);

    const there = await copy('postgres', 'clickhouse');
    assert.equal(there.code, 0, there.complaint + there.out);
    const some = [
      'user.sessions',
      'product.reservations',
      'product.stock_ledger',
      'order.timelines',
      'invoice.number_series',
      'analytics.events',
    ];
    for (const table of some) {
      assert.match(there.out, new RegExp(`^${table} +[1-9][0-9 ]* +[0-9a-f]{24}  same$`, 'm'));
    }
    const again = await copy('postgres', 'clickhouse');
    assert.deepEqual([again.code, /is not empty: user has/.test(again.complaint)], [1, true], again.complaint);
    const back = await copy('clickhouse', 'postgres', second);
    assert.equal(back.code, 0, back.complaint + back.out);
    assert.deepEqual(await everyTable(second.url), await everyTable(first.url));
    for (const [database, env] of [
      [first, {}],
      [first, place.env],
    ] as const) {
      await assert.rejects(
        open(database, env),
        /^ConfigError: analytics, invoice, .*user went from .* on .*, so what is here is old/,
      );
    }
    const released = await release('clickhouse', ['--yes']);
    assert.equal(released.code, 0, released.complaint);
  });

  test('on ClickHouse the shop goes on where it was', async () => {
    const shop = await open(databases[0], place.env);
    await goesOn(shop, known, seen);
    await settled(known);
    seen = await everythingSeen(known);
    await close(shop);
  });

  test('and what it did there comes back to the PostgreSQL that it came from', async () => {
    const moved = await copy('clickhouse', 'postgres');
    assert.equal(moved.code, 0, moved.complaint + moved.out);
    assert.match(moved.complaint, /what is left there is old, and is removed first/);
    const shop = await open();
    await goesOn(shop, known, seen);
    await close(shop);
  });
}

/** Opens a shop and does a bit of everything in it. */
async function trade(shop: World, known: Known): Promise<void> {
  const [admin, alice] = [await shop.as('admin'), await shop.as('alice')];
  const crate = await stocked(admin, 40);
  const key = 'order-of-a-lifetime';
  const placed = await alice.post(
    '/orders',
    { items: [{ product_id: crate, quantity: 3 }] },
    { 'idempotency-key': key },
  );
  assert.equal(placed.status, 201);
  const orders = [placed.body.order_id];
  for (let n = 0; n < 5; n++) {
    orders.push((await alice.post('/orders/single', { product_id: crate, quantity: 1 + n })).body.order_id);
  }
  await settle(async () => assert.equal((await alice.get(`/invoices/order/${orders[0]}`)).status, 200)).catch(() => 0);
  for (const order_id of orders.slice(0, 4)) await alice.post('/invoices', { order_id });
  const { invoice_id, total } = (await alice.get(`/invoices/order/${orders[1]}`)).body;
  await alice.post('/payment/transactions', { amount: total, description: 'a crate', invoice_id });
  assert.equal((await alice.post('/payment/transactions/pay', {})).status, 200);
  const shipping_address = { line1: '5 New Road', postal_code: '20000', city: 'Newtown', country: 'DE' };
  assert.equal((await alice.patch(`/orders/${orders[0]}`, { shipping_address })).status, 200);
  assert.equal((await alice.post(`/orders/${orders[2]}/cancel`)).status, 200);
  await admin.post(`/products/${crate}/stock-adjustments`, { quantity: 2, reason: 'found “two”' });
  await admin.put(`/products/${crate}`, { name: 'Crate, “Ä/\\"’ und 箱' });
  await alice.patch('/users/me', { display_name: 'Alice É', address: { city: 'Zürich', country: 'CH' } });
  Object.assign(known, { admin, alice, crate, keyed: { key, order_id: orders[0] } });
  known.fresh = [await signIn(shop.guest), await signIn(shop.guest)];
  known.rotated = [];
  for (let n = 0; n < 2; n++) {
    const { refresh_token: first } = await signIn(shop.guest);
    const { refresh_token: second } = (await refresh(shop.guest, first)).body as unknown as SignedIn;
    known.rotated.push({ first, second });
  }
  await letter(shop.databaseUrl);
  await settled(known);
}

async function signIn(guest: TestClient): Promise<SignedIn> {
  const { status, body } = await guest.post('/login', { username: 'Alice', password: PASSWORD });
  assert.equal(status, 200);
  return body as unknown as SignedIn;
}

const refresh = (guest: TestClient, refresh_token: string) =>
  guest.post('/auth/token', { grant_type: 'refresh_token', refresh_token });

/** Puts a letter aside that nobody could handle. */
async function letter(url: string): Promise<void> {
  const db = openDatabase(url, { poolSize: 1 });
  const id = '01930000-0000-7000-8000-000000000001';
  const event = { id, source: 'delivery', type: 'shipment.lost', subject: '7', time: '2026-01-01T00:00:00.000Z' };
  const envelope = { ...event, trace: '', correlation: 'c', actor: 'system', data: '{"no":"where"}' };
  await deadLettersIn(db, 'order').put({
    consumer: 'order.find_it',
    envelope: { ...envelope, causation: undefined, about: undefined },
    error: 'it is lost',
    attempts: 5,
    failed_at: '2026-01-01T00:00:01.000Z',
  });
  await db.close();
}

const untilSent = (url: string): Promise<void> =>
  settle(async () => {
    for (const service of MOVED) {
      assert.deepEqual(await rowsOf(url, `select id from tradepost_${service}.outbox`), [], service);
    }
  });

/** The shop in another place is the shop that it was. */
async function goesOn(shop: World, known: Known, seen: unknown): Promise<void> {
  const at = (client: TestClient): TestClient => clientOf(shop.url, client.token, client.id);
  Object.assign(known, { admin: at(known.admin), alice: at(known.alice) });
  const { admin, alice, crate, keyed } = known;
  assert.deepEqual(await everythingSeen(known), seen, 'all that can be seen is as it was');

  const [unused, used] = [known.fresh.pop(), known.rotated.pop()];
  assert.equal((await refresh(shop.guest, unused?.refresh_token ?? '')).status, 200, 'an old refresh token works');
  assert.equal((await refresh(shop.guest, unused?.refresh_token ?? '')).status, 400, 'once');
  assert.equal((await refresh(shop.guest, used?.first ?? '')).status, 400, 'one that was used before does not');
  assert.equal((await refresh(shop.guest, used?.second ?? '')).status, 400, 'and it ends its session');
  await signIn(shop.guest);
  const taken = await shop.guest.post('/register', { username: 'ALICE', password: PASSWORD });
  assert.equal(taken.status, 409, 'a name is taken for ever');

  const before = (await left(alice, crate)) ?? 0;
  const items = [{ product_id: crate, quantity: 3 }];
  const repeated = await alice.post('/orders', { items }, { 'idempotency-key': keyed.key });
  assert.deepEqual([repeated.status, repeated.body.order_id], [201, keyed.order_id]);
  assert.equal(repeated.headers.get('idempotent-replayed'), 'true');
  assert.equal(await left(alice, crate), before, 'a repeated request takes nothing');
  const ids = ((await admin.get('/orders?all=true&limit=200')).body as unknown as { order_id: number }[]).map(
    (o) => o.order_id,
  );
  const placed = await alice.post('/orders/single', { product_id: crate, quantity: 1 });
  assert.equal(placed.status, 201);
  assert.ok(placed.body.order_id > Math.max(...ids), 'an id is given once');
  assert.equal(await left(alice, crate), before - 1);
  const many = await alice.post('/orders/single', { product_id: crate, quantity: before });
  assert.equal(many.status, 400, 'there are no more than there are');
  assert.equal((await alice.post(`/orders/${placed.body.order_id}/cancel`)).status, 200);
  assert.equal(await left(alice, crate), before);

  const made = await alice.get(`/invoices/order/${keyed.order_id}`);
  const second = await alice.post('/invoices', { order_id: keyed.order_id });
  assert.deepEqual([second.status, second.body], [200, made.body], 'an order has one invoice');
  const invoices = (await admin.get('/invoices?all=true&limit=200')).body as unknown as { invoice_number: string }[];
  const numbers = invoices.map(({ invoice_number }) => Number(invoice_number.slice(-6)));
  const another = await alice.post('/orders/single', { product_id: crate, quantity: 1 });
  const invoice = await alice.post('/invoices', { order_id: another.body.order_id });
  assert.equal(invoice.status, 201, JSON.stringify(invoice.body));
  assert.equal(
    Number(String(invoice.body.invoice_number).slice(-6)),
    Math.max(...numbers) + 1,
    'numbers follow each other',
  );
}

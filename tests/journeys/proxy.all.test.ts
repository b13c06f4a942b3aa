import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { freePort } from '../../src/testing/ports.ts';
import { settle } from '../../src/testing/settle.ts';
import { PASSWORD, WORLD_SETTINGS, type World, world } from '../../src/testing/world.ts';
import { readyAt, type Started, startCommand } from './process.fixture.ts';
import { left, MOUSE, type Order, stocked, tally, times } from './shop.fixture.ts';
import { assertProblem, type Wire, wireTo } from './wire.fixture.ts';

/** Whoever comes again meets the settings of now. */
const END_OTHERS = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;

describe('through the gateway to services elsewhere', () => {
  let shop: World;
  let admin: TestClient;
  let wire: Wire;

  before(async () => {
    shop = await world({ processes: 'each' });
    admin = await shop.as('admin');
    wire = wireTo(shop.url);
  });
  after(async () => {
    wire.close();
    await shop.close();
  });

  const place = (headers: Record<string, string> = {}) =>
    admin.post<Order>('/orders', { items: [{ product_id: MOUSE, quantity: 1 }] }, headers);

  test('a repeated request, a page and a file come as they are', async () => {
    const first = await place({ 'idempotency-key': 'again', 'x-request-id': 'first' });
    const again = await place({ 'idempotency-key': 'again', 'x-request-id': 'second' });
    assert.deepEqual([again.status, again.body], [201, first.body]);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.deepEqual(
      [first, again].map(({ headers }) => headers.get('x-request-id')),
      ['first', 'second'],
    );
    await place();
    const page = await admin.get<Order[]>('/orders?limit=1');
    const next = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1] ?? assert.fail('no next page');
    assert.deepEqual((await admin.get(next)).body, [first.body]);
    const { invoice_id } = (await admin.post('/invoices', { order_id: first.body.order_id })).body;
    const headers = { authorization: `Bearer ${admin.token}` };
    const pdf = Buffer.from(await (await fetch(`${shop.url}/invoices/${invoice_id}/pdf`, { headers })).arrayBuffer());
    assert.deepEqual([pdf.subarray(0, 5).toString(), pdf.includes(Buffer.from([0xff]))], ['%PDF-', true]);
  });

  test('a body goes through in chunks, empty, or not at all', async () => {
    const { order_id } = (await place()).body;
    const authorization = `Bearer ${admin.token}`;
    const json = { authorization, 'content-type': 'application/json' };
    const body = JSON.stringify({ product_id: MOUSE, quantity: 1 });
    const send = (path: string, headers: Record<string, string>, text?: string) =>
      wire.send({ method: 'POST', path, headers, body: text });
    assert.equal((await send('/orders/single', { ...json, 'transfer-encoding': 'chunked' }, body)).status, 201);
    assert.equal((await send(`/orders/${order_id}/cancel`, { authorization })).status, 200);
    assert.equal((await send(`/orders/${order_id}/cancel`, json, '')).status, 200);
    assertProblem(await send('/orders/single', { authorization }, body), [415], 'a body without a type');
    assert.equal((await admin.delete('/users/me/sessions/999999')).status, 404);
  });

  test('a query goes through whatever is in it', async () => {
    for (const query of [
      'q=100%25',
      'q=100%',
      'q=../..',
      'q=a/../b',
      'q=wire%20mou',
      'q=mou+wire',
      'q=%C3%BC',
      'q=?x=1',
    ]) {
      assert.equal((await wire.send({ method: 'GET', path: `/products?${query}` })).status, 200, query);
    }
    assert.equal((await shop.guest.get<unknown[]>('/products?q=wire%20mou')).body.length, 1);
  });

  test('two hundred orders for ten units make ten orders, and fifty with one key make one', async () => {
    const product_id = await stocked(admin, 10);
    const answers = await times(200, () => admin.post('/orders/single', { product_id, quantity: 1 }));
    assert.deepEqual([tally(answers), await left(admin, product_id)], [{ 201: 10, 400: 190 }, 0]);
    const last = await stocked(admin, 1);
    const key = { 'idempotency-key': 'the-last-unit' };
    const same = await times(50, () => admin.post<Order>('/orders/single', { product_id: last, quantity: 1 }, key));
    assert.deepEqual([tally(same), new Set(same.map(({ body }) => body.order_id)).size], [{ 201: 50 }, 1]);
  });

  test('many at once are all served', async () => {
    const answers = await times<{ status: number }>(200, (i) =>
      i % 2 ? place() : shop.guest.get(`/products/${1 + (i % 8)}`),
    );
    assert.deepEqual(tally(answers), { 200: 100, 201: 100 });
  });

  test('the database behind all of them is read-only: each says so, and the gateway is down until it is over', async () => {
    const name = new URL(shop.databaseUrl).pathname.slice(1);
    const health = () => shop.guest.get<{ status: string; services: Record<string, { checks: object }> }>('/health');
    const db = openDatabase(shop.databaseUrl, { poolSize: 1 });
    await db.script(`alter database ${name} set default_transaction_read_only = on`);
    await db.script(END_OTHERS);
    await settle(async () => {
      const { status, headers, body } = await health();
      assert.deepEqual([status, headers.get('retry-after'), body.status], [503, '1', 'down']);
      const { checks } = body.services.order ?? {};
      assert.equal((checks as { database?: string } | undefined)?.database, 'the database is read-only');
    });
    await db.script('set default_transaction_read_only = off');
    await db.script(`alter database ${name} reset default_transaction_read_only`);
    await db.script(END_OTHERS);
    await db.close();
    await settle(async () => assert.equal((await health()).body.status, 'ok'));
  });
});

describe('a gateway whose services are away', () => {
  let database: TestDatabase;
  let port: number;
  let gateway: Started;
  let guest: TestClient;
  const started: Started[] = [];

  const start = (env: Record<string, string>): Started => {
    const one = startCommand({
      ...WORLD_SETTINGS,
      DATABASE_URL: database.url,
      PRODUCT_URL: `http://127.0.0.1:${port}`,
      ...env,
    });
    started.push(one);
    return one;
  };

  before(async () => {
    [database, port] = await Promise.all([testDatabase(engine), freePort()]);
    const nowhere = Object.fromEntries(
      ['USER', 'ORDER', 'INVOICE'].map((name) => [`${name}_URL`, 'http://127.0.0.1:1']),
    );
    gateway = start({ SERVICES: 'gateway', ...nowhere });
    guest = clientOf(await readyAt(gateway));
  });

  after(async () => {
    for (const { child } of started) child.kill('SIGTERM');
    await Promise.all(started.map(({ ended }) => ended));
    await database.drop();
  });

  interface Told {
    readonly status: string;
    readonly services: Record<string, { status: string; checks?: Record<string, string>; cause?: string }>;
  }

  test('a service that does not share its secret is told with the remedy, before a customer meets it', async () => {
    const strange = start({ SERVICES: 'product', PRODUCT_PORT: String(port), SERVICE_SECRET: 'another one, and long' });
    await readyAt(strange);
    await settle(async () => {
      const { product } = (await guest.get<Told>('/health')).body.services;
      assert.equal(product?.status, 'degraded');
      assert.match(
        product?.cause ?? '',
        /the secret of its process differs from ours; give both the same SERVICE_SECRET/,
      );
    });
    assert.equal((await guest.get('/internal/product/ping')).status, 404);
    strange.child.kill('SIGTERM');
    await strange.ended;
  });

  test('says so, lives on, and finds them when they come back', async () => {
    const wire = wireTo(await readyAt(gateway));
    for (const [method, path] of [
      ['GET', '/products'],
      ['GET', '/products/2'],
      ['POST', '/login'],
      ['GET', '/orders'],
      ['DELETE', '/users/me/sessions/1'],
    ] as const) {
      const headers = { 'content-type': 'application/json' };
      const body = method === 'POST' ? JSON.stringify({ username: 'owner', password: PASSWORD }) : undefined;
      assertProblem(await wire.send({ method, path, headers, body }), [503], `${method} ${path}`);
    }
    wire.close();
    const services = await settle(async () => {
      const { status, headers, body } = await guest.get<Told>('/health');
      assert.deepEqual([status, headers.get('retry-after'), body.status], [503, '1', 'down'], 'none can serve');
      return body.services;
    });
    const cause = 'refuses the connection: nothing listens at its address';
    assert.deepEqual(services.product, { status: 'down', cause });
    assert.deepEqual([(await guest.get('/health/live')).status, (await guest.get('/health/ready')).status], [200, 200]);

    for (let life = 0; life < 2; life++) {
      const product = start({ SERVICES: 'product', PRODUCT_PORT: String(port) });
      await readyAt(product);
      assert.equal((await guest.get('/products/2')).status, 200);
      await settle(async () => {
        const { status, body } = await guest.get<Told>('/health');
        assert.deepEqual(
          [status, body.status, body.services.product?.status],
          [200, 'degraded', 'ok'],
          'one can serve',
        );
      });
      product.child.kill('SIGKILL');
      await product.ended;
      assert.equal((await guest.get('/products/2')).status, 503);
    }
    assert.equal(gateway.child.exitCode, null);
  });
});

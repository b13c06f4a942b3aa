import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCtx } from '../../src/platform/contract/ctx.ts';
import { startPostgres } from '../../src/platform/db/postgres/embedded/embedded.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { freePort } from '../../src/testing/ports.ts';
import { publishedEvents } from '../../src/testing/published-events.ts';
import { startSystem } from '../../src/testing/system.ts';
import { PASSWORD } from '../../src/testing/world.ts';
import { killNow, readyAt, type Started, serversOf, startCommand, until } from './process.fixture.ts';
import { KEYBOARD, LAMP, LAPTOP, type Order, rowsOf } from './shop.fixture.ts';

const ROUNDS = 20;
const CLIENTS = 6;
const UNITS = 1_000_000;
const PRODUCTS = [LAPTOP, KEYBOARD, LAMP];

/** What a client knows of one order: what it asked for under which key, and what it was told. */
interface Attempt {
  readonly key: string;
  readonly items: readonly { readonly product_id: number; readonly quantity: number }[];
  answer?: Order;
  cancel?: 'asked' | 'told';
}

describe('a shop that is killed again and again', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-crash-'));
  const running = new Set<Started>();

  after(async () => {
    for (const one of running) killNow(one.child.pid ?? 0);
    for (const pid of serversOf(dataDir)) killNow(pid);
    await Promise.all([...running].map((one) => one.ended));
    await until(() => (serversOf(dataDir).length === 0 ? true : undefined), 60_000, 'a process was left');
    rmSync(dataDir, { recursive: true, force: true });
  });

  const start = (port: number): Started => {
    const env = { DATA_DIR: dataDir, PORT: String(port), BCRYPT_COST: '4', LOG_LEVEL: 'error' };
    const started = startCommand(env);
    running.add(started);
    void started.ended.then(() => running.delete(started));
    return started;
  };

  test(`has every order that it confirmed, after ${ROUNDS} times`, async (t) => {
    const port = await freePort();
    const journal: Attempt[] = [];
    const restarts: number[] = [];
    let started = start(port);
    const shop = await open(await readyAt(started));

    for (let round = 0; round < ROUNDS; round++) {
      const buying = new AbortController();
      const clients = Array.from({ length: CLIENTS }, (_, i) =>
        buyUntil(buying.signal, shop, `${round}-${i}`, journal),
      );
      await delay(40 + Math.random() * 400);
      // Now the program alone, now the database server under it as well.
      const victims = round % 2 === 0 ? [] : serversOf(dataDir);
      for (const pid of [started.child.pid ?? 0, ...victims]) killNow(pid);
      buying.abort();
      await Promise.all(clients);
      await started.ended;

      const before = performance.now();
      started = start(port);
      await readyAt(started);
      restarts.push(performance.now() - before);
      for (const attempt of journal.filter(({ answer }) => !answer)) await repeat(shop, attempt);
      await Promise.all(journal.filter(({ key }) => key.startsWith(`${round}-`)).map((one) => isThere(shop, one)));
    }

    started.child.kill('SIGTERM');
    assert.equal(await started.ended, 0, started.said());
    await until(() => (serversOf(dataDir).length === 0 ? true : undefined), 60_000, 'a process was left');
    await audit(dataDir, journal, t);
    const sorted = restarts.toSorted((a, b) => a - b).map(Math.round);
    t.diagnostic(`restart to ready: median ${sorted[ROUNDS / 2]} ms, slowest ${sorted.at(-1)} ms`);
  });
});

/** Opens the shop: its owner has an account, and the shelves are full. */
async function open(url: string): Promise<TestClient> {
  const { body } = await clientOf(url).post('/register', { username: 'owner', password: PASSWORD });
  const owner = clientOf(url, body.token, body.id);
  for (const id of PRODUCTS) {
    assert.equal((await owner.put(`/products/${id}`, { stock_quantity: UNITS })).status, 200);
  }
  return owner;
}

async function buyUntil(over: AbortSignal, shop: TestClient, name: string, journal: Attempt[]): Promise<void> {
  for (let number = 0; !over.aborted; number++) {
    const wanted = PRODUCTS.filter(() => Math.random() < 0.6);
    const items = (wanted.length > 0 ? wanted : [LAPTOP]).map((product_id) => ({
      product_id,
      quantity: 1 + (number % 3),
    }));
    const attempt: Attempt = { key: `${name}-${number}`, items };
    journal.push(attempt);
    // The process may end at any moment: what is not answered is repeated later.
    await place(shop, attempt).catch(() => undefined);
    if (attempt.answer && number % 5 === 0) await cancel(shop, attempt).catch(() => undefined);
  }
}

async function place(shop: TestClient, attempt: Attempt): Promise<void> {
  const { status, body } = await shop.post<Order>(
    '/orders',
    { items: attempt.items },
    { 'idempotency-key': attempt.key },
  );
  if (status === 503) return;
  assert.equal(status, 201, JSON.stringify(body));
  attempt.answer = body;
}

async function cancel(shop: TestClient, attempt: Attempt): Promise<void> {
  attempt.cancel = 'asked';
  const { status } = await shop.post(`/orders/${attempt.answer?.order_id}/cancel`);
  if (status === 200) attempt.cancel = 'told';
}

async function repeat(shop: TestClient, attempt: Attempt): Promise<void> {
  await place(shop, attempt);
  assert.ok(attempt.answer, `the repeated request ${attempt.key} was not answered`);
}

/** A confirmed order is there, whole, as it was confirmed. */
async function isThere(shop: TestClient, { key, items, answer, cancel }: Attempt): Promise<void> {
  const { status, body } = await shop.get<Order>(`/orders/${answer?.order_id}`);
  assert.equal(status, 200, `order ${answer?.order_id} of ${key} is lost`);
  const { status: state, updated_at: _changed, ...rest } = body;
  const { status: _pending, updated_at: _then, ...confirmed } = answer ?? assert.fail(key);
  assert.deepEqual(rest, confirmed);
  assert.deepEqual(
    rest.items.map(({ product_id, quantity }) => ({ product_id, quantity })),
    items,
  );
  if (cancel === 'told') assert.equal(state, 'cancelled');
  if (cancel === undefined) assert.equal(state, 'pending');
}

/** Looks at the books: what is kept, what was announced, what was sold. */
async function audit(dataDir: string, journal: readonly Attempt[], t: TestContext): Promise<void> {
  const server = await startPostgres({ dataDir, port: await freePort(), password: 'for-the-auditor' });
  try {
    const orders = await rowsOf<{ order_id: number; announced: number; key: string | null; status: string }>(
      server.url,
      `with announced as materialized (select * from ${publishedEvents('order')} a)
       select o.order_id, o.status, r.key, (select count(*) from announced e
         where e.subject = o.order_id::text and e.type = 'order.created') as announced
       from tradepost_order.orders o left join tradepost_order.request r on (r.result ->> 'order_id')::bigint = o.order_id`,
    );
    assert.equal(orders.length, journal.length, 'an order for each key, and none besides');
    assert.equal(new Set(orders.map(({ key }) => key)).size, journal.length, 'one order for each key');
    assert.deepEqual(
      orders.filter(({ announced }) => announced !== 1),
      [],
      'each is announced once',
    );
    assert.equal(new Set(journal.map(({ answer }) => answer?.order_id)).size, journal.length);
    const events = await rowsOf(server.url, `select from ${publishedEvents('order')} a where type = 'order.created'`);
    assert.equal(events.length, orders.length, 'nothing is announced that is not there');

    const open = await rowsOf(server.url, 'select from tradepost_product.reservations where expires_at is not null');
    await settle(server.url);
    await stockAddsUp(server.url);
    const cancelled = orders.filter(({ status }) => status === 'cancelled').length;
    t.diagnostic(
      `${journal.length} orders confirmed, 0 lost, ${cancelled} cancelled; ${open.length} reservations settled`,
    );
  } finally {
    await server.stop();
  }
}

async function settle(url: string): Promise<void> {
  const system = await startSystem(url);
  const later = systemCtx(new Date(Date.now() + 60 * 60_000).toISOString());
  const once = async () => {
    const { kept, released } = await system.services.order.settleReservations(later, {});
    return kept + released === 0 ? true : undefined;
  };
  await until(once, 30_000, 'the reservations were not settled').finally(() => system.close());
}

async function stockAddsUp(url: string): Promise<void> {
  const rows = await rowsOf<{ product_id: number; left: number; sold: number; held: number }>(
    url,
    `select product_id, stock_quantity as left,
       (select coalesce(sum((i ->> 'quantity')::bigint), 0)::bigint from tradepost_order.orders o, json_array_elements(o.items) i
         where o.status <> 'cancelled' and (i ->> 'product_id')::bigint = p.product_id) as sold,
       (select coalesce(sum((i ->> 'quantity')::bigint), 0)::bigint from tradepost_product.reservations r, json_array_elements(r.items) i
         where (i ->> 'product_id')::bigint = p.product_id) as held
     from tradepost_product.products p where product_id = any($1)`,
    [PRODUCTS],
  );
  assert.equal(rows.length, PRODUCTS.length);
  for (const { product_id, left, sold, held } of rows) {
    assert.deepEqual([sold + left, held], [UNITS, sold], `the units of product ${product_id}`);
  }
}

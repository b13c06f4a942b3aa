import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { hasChdb } from '../../src/testing/clickhouse.ts';
import { clientOf, type TestAnswer, type TestClient } from '../../src/testing/client.ts';
import { freePort } from '../../src/testing/ports.ts';
import { settle } from '../../src/testing/settle.ts';
import { PASSWORD } from '../../src/testing/world.ts';
import { killNow, readyAt, type Started, serversOf, startCommand, until } from './process.fixture.ts';
import { KEYBOARD, type Order, type Product } from './shop.fixture.ts';

const ROUNDS = 20;
const CLIENTS = 4;
const UNITS = 1_000_000;

/** What a client knows of one story: an account, its order, and the invoice of that. */
interface Story {
  readonly name: string;
  account?: { readonly id: number; readonly token: string };
  order?: Order;
  invoice?: { readonly invoice_id: number; readonly invoice_number: string };
}

describe('a shop on ClickHouse that is killed again and again', { skip: !hasChdb() && !process.env.CI }, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-clickhouse-crash-'));
  const running = new Set<Started>();

  after(async () => {
    for (const one of running) killNow(one.child.pid ?? 0);
    for (const pid of serversOf(dataDir)) killNow(pid);
    await Promise.all([...running].map((one) => one.ended));
    await until(() => (serversOf(dataDir).length === 0 ? true : undefined), 60_000, 'a process was left');
    rmSync(dataDir, { recursive: true, force: true });
  });

  function start(port: number): Started {
    const settings = { DB_DRIVER: 'clickhouse', DATA_DIR: dataDir, PORT: String(port) };
    const started = startCommand({ ...settings, BCRYPT_COST: '4', LOG_LEVEL: 'error', JWT_SECRET: 'only for tests' });
    running.add(started);
    void started.ended.then(() => running.delete(started));
    return started;
  }

  test(`has every account, order and invoice that it confirmed, after ${ROUNDS} times`, {
    timeout: 280_000,
  }, async (t) => {
    const port = await freePort();
    const journal: Story[] = [];
    const restarts: number[] = [];
    let started = start(port);
    const url = await readyAt(started);
    const owner = await openShop(url);

    for (let round = 0; round < ROUNDS; round++) {
      const buying = new AbortController();
      const clients = Array.from({ length: CLIENTS }, (_, i) =>
        liveUntil(buying.signal, url, `r${round}c${i}`, journal),
      );
      await delay(60 + Math.random() * 500);
      // Now the program alone, now the PostgreSQL under it as well, which keeps what ClickHouse does not.
      const victims = round % 2 === 0 ? [] : serversOf(dataDir);
      for (const pid of [started.child.pid ?? 0, ...victims]) killNow(pid);
      buying.abort();
      await Promise.all(clients);
      await started.ended;

      const before = performance.now();
      started = start(port);
      await readyAt(started);
      restarts.push(performance.now() - before);
      for (const story of journal.filter(({ invoice }) => !invoice)) await goOn(url, story);
    }
    await audit(url, owner, journal);
    started.child.kill('SIGTERM');
    assert.equal(await started.ended, 0, started.said());
    const sorted = restarts.toSorted((a, b) => a - b).map(Math.round);
    t.diagnostic(
      `${journal.length} accounts, orders and invoices, 0 lost, 0 doubled; restart to ready: median ${sorted[ROUNDS / 2]} ms`,
    );
  });
});

async function openShop(url: string): Promise<TestClient> {
  const { body } = await clientOf(url).post('/register', { username: 'owner', password: PASSWORD });
  const owner = clientOf(url, body.token, body.id);
  assert.equal((await owner.put(`/products/${KEYBOARD}`, { stock_quantity: UNITS })).status, 200);
  return owner;
}

/** Lives one story after the other; the process may end at any moment. */
async function liveUntil(over: AbortSignal, url: string, name: string, journal: Story[]): Promise<void> {
  for (let number = 0; !over.aborted; number++) {
    const story: Story = { name: `${name}n${number}` };
    journal.push(story);
    await goOn(url, story).catch(() => undefined);
  }
}

/** What is not answered yet is asked for, once more or for the first time. */
async function goOn(url: string, story: Story): Promise<void> {
  const guest = clientOf(url);
  const name = { username: story.name, password: PASSWORD };
  if (!story.account) {
    const { status, body } = await guest.post('/register', name);
    if (status === 503) throw new Error('away');
    // A registration whose answer was lost has made the account.
    assert.ok(status === 201 || status === 409, JSON.stringify(body));
    const signedIn = status === 201 ? body : (await guest.post('/login', name)).body;
    story.account = { id: signedIn.id, token: signedIn.token };
  }
  const buyer = clientOf(url, story.account.token, story.account.id);
  story.order ??= await sure(buyer.post<Order>('/orders/single', { product_id: KEYBOARD, quantity: 2 }, keyOf(story)));
  const { order_id } = story.order;
  story.invoice ??= await sure(buyer.post<NonNullable<Story['invoice']>>('/invoices', { order_id }, keyOf(story)));
}

const keyOf = ({ name }: Story) => ({ 'idempotency-key': name });

async function sure<T>(asked: Promise<{ status: number; body: T }>): Promise<T> {
  const { status, body } = await asked;
  if (status === 503) throw new Error('away');
  assert.ok(status === 200 || status === 201, `${status} ${JSON.stringify(body)}`);
  return body;
}

/** Everything that was confirmed is there, once, and everybody who listens has heard of it, once. */
async function audit(url: string, owner: TestClient, journal: readonly Story[]): Promise<void> {
  const orders = await everything<Order>(owner, '/orders?all=true');
  assert.deepEqual(
    ids(orders, 'order_id'),
    ids(
      journal.map(({ order }) => order),
      'order_id',
    ),
    'orders',
  );
  for (const { name, order, account } of journal) {
    const kept = orders.find(({ order_id }) => order_id === order?.order_id);
    assert.deepEqual([kept?.user_id, kept?.total, kept?.items.length], [account?.id, order?.total, 1], name);
    const { status, body } = await clientOf(url).post('/login', { username: name, password: PASSWORD });
    assert.deepEqual([status, body.id], [200, account?.id], `the account ${name}`);
  }
  const users = await everything<{ username: string }>(owner, '/users');
  assert.equal(users.length, journal.length + 1, 'an account for each name, and the owner');

  const invoices = await everything<{ invoice_id: number; invoice_number: string }>(owner, '/invoices?all=true');
  assert.deepEqual(
    ids(invoices, 'invoice_id'),
    ids(
      journal.map(({ invoice }) => invoice),
      'invoice_id',
    ),
    'invoices',
  );
  const numbers = invoices.map(({ invoice_number }) => Number(invoice_number.slice(9))).sort((a, b) => a - b);
  assert.deepEqual(
    numbers,
    Array.from({ length: journal.length }, (_, n) => n + 1),
    'without a gap',
  );

  const { body } = await owner.get<Product>(`/products/${KEYBOARD}`);
  assert.equal(body.stock_quantity, UNITS - 2 * orders.length, 'every unit is accounted for');
  // Analytics and delivery live from events alone.
  await settle(async () => {
    const stats = (await owner.get('/stats')).body as unknown as Record<string, { total: number }>;
    const heard = [stats.orders?.total, stats.invoices?.total, stats.shipments?.total];
    assert.deepEqual(heard, [orders.length, orders.length, orders.length]);
    const check = await owner.get('/stats/check');
    assert.equal(check.body.agrees, true, JSON.stringify(check.body));
  });
  for (const service of ['order', 'invoice', 'payment', 'delivery', 'analytics', 'webhook']) {
    assert.deepEqual((await owner.get(`/dead-letters/${service}`)).body, [], service);
  }
}

function ids<K extends string>(all: readonly (Readonly<Record<K, number>> | undefined)[], key: K): number[] {
  return all.map((one) => one?.[key] ?? 0).sort((a, b) => a - b);
}

/** Every page of a list. */
async function everything<T>(client: TestClient, path: string): Promise<T[]> {
  const all: T[] = [];
  for (let next: string | undefined = `${path}${path.includes('?') ? '&' : '?'}limit=200`; next; ) {
    const { status, body, headers }: TestAnswer<T[]> = await client.get<T[]>(next);
    assert.equal(status, 200, JSON.stringify(body));
    all.push(...body);
    next = /<([^>]+)>;\s*rel="?next/.exec(headers.get('link') ?? '')?.[1];
  }
  return all;
}

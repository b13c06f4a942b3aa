import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDatabase } from '../../platform/db/postgres/postgres.ts';
import type { TestAnswer, TestClient } from '../../testing/client.ts';
import { eachEngine } from '../../testing/engines.ts';
import { publishedEvents } from '../../testing/published-events.ts';
import { type World, world } from '../../testing/world.ts';

/** The fields that these tests look at. */
interface Seen {
  readonly order_id: number;
  readonly user_id: number;
  readonly items: { product_id: number; product_name: string; quantity: number; unit_price: number; total: number }[];
  readonly subtotal: number;
  readonly tax: number;
  readonly total: number;
  readonly status: string;
}

const read = ({ body }: TestAnswer) => body as unknown as Seen;
const ids = ({ body }: TestAnswer) => (body as unknown as Seen[]).map(({ order_id }) => order_id);

const MOUSE = 2;
const KEYBOARD = 3;
const MUG = 4;
const SPEAKER = 8;

eachEngine('orders over HTTP', (engine) => {
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;
  let bob: TestClient;
  before(async () => {
    shop = await world({ engine });
    [admin, alice, bob] = await Promise.all([shop.as('admin'), shop.as('alice'), shop.as('bob')]);
  });
  after(() => shop.close());

  const line = (product_id = MOUSE, quantity = 1) => ({ product_id, quantity });
  const order = async (buyer = alice, ...items: object[]) =>
    read(await buyer.post('/orders', { items: items.length > 0 ? items : [line()] }));

  /** A new product of which so many are there. */
  async function stocked(stock_quantity: number, more: object = {}): Promise<number> {
    const body = { name: 'Kettle', price: 39.95, category: 'Kitchen', stock_quantity, ...more };
    return (await admin.post('/products', body)).body.product_id;
  }
  const stockOf = async (product_id: number) => (await shop.guest.get(`/products/${product_id}`)).body.stock_quantity;

  async function written(text: string, value: unknown): Promise<object[]> {
    const db = openDatabase(shop.databaseUrl, { poolSize: 1 });
    const rows = await db.query({ name: '', text }, [value]);
    await db.close();
    return rows;
  }

  test('the type of a problem leads to a page that explains it', async () => {
    const { body } = await alice.get('/orders/999999');
    const [path = '', code = ''] = String(body.type).split('#');
    const page = await shop.guest.get<string>(path);
    assert.deepEqual([page.status, page.body.includes(`id="${code}"`)], [200, true]);
  });

  test('a guest is refused before what they sent is read', async () => {
    const answer = await shop.guest.raw('POST', '/orders', '{"items": [', { 'content-type': 'application/json' });
    assert.deepEqual([answer.status, answer.body.code], [401, 'TRADEPOST_UNAUTHENTICATED']);
  });

  test('an order is placed for several products, with its totals to the cent', async () => {
    const { status, body } = await alice.post('/orders', { items: [line(MOUSE, 3), line(MUG, 2)] });
    const { order_id, created_at, updated_at, ...rest } = body;
    assert.deepEqual([status, typeof order_id, created_at], [201, 'number', updated_at]);
    assert.deepEqual(rest, {
      user_id: alice.id,
      items: [
        { product_id: MOUSE, product_name: 'Wireless Mouse', quantity: 3, unit_price: 29.99, total: 89.97 },
        { product_id: MUG, product_name: 'Coffee Mug', quantity: 2, unit_price: 12.5, total: 25 },
      ],
      subtotal: 114.97,
      tax: 11.5,
      total: 126.47,
      currency: 'USD',
      status: 'pending',
      payment_status: 'not_paid',
      fulfillment_status: 'not_fulfilled',
      shipping_address: null,
    });
    assert.deepEqual((await alice.get(`/orders/${order_id}`)).body, body);
  });

  test('an order for one product needs no list', async () => {
    const answer = await alice.post('/orders/single', line(MUG, 4));
    assert.deepEqual([answer.status, read(answer).total], [201, 55]);
  });

  test('the first clients name the user: either form, for oneself, whatever the case of the name', async () => {
    const forms = [
      alice.post('/orders/alice', { items: [line()] }),
      alice.post('/orders/alice', line()),
      alice.post('/orders/ALICE', line()),
    ];
    for (const answer of await Promise.all(forms)) {
      assert.deepEqual([answer.status, read(answer).user_id], [201, alice.id], JSON.stringify(answer.body));
    }
    for (const body of [{}, { product_id: MOUSE }, { quantity: 1 }, { items: [line()], ...line() }]) {
      const { status, body: problem } = await alice.post('/orders/alice', body);
      assert.deepEqual([status, problem.code], [400, 'ORDER_NO_ITEMS'], JSON.stringify(body));
    }
  });

  test('staff may order for anybody there is; a customer only for themselves', async () => {
    const placed = await admin.post('/orders/bob', line());
    assert.deepEqual([placed.status, read(placed).user_id], [201, bob.id]);
    assert.equal((await bob.get(`/orders/${read(placed).order_id}`)).status, 200);
    assert.equal((await admin.post('/orders/nobody', line())).status, 404);
    for (const name of ['bob', 'nobody']) {
      assert.deepEqual((await alice.post(`/orders/${name}`, line())).body.code, 'ORDER_NOT_YOURS');
    }
    assert.equal((await shop.guest.post('/orders/bob', line())).status, 401);
  });

  test('a refusal names the item, and nothing is set aside', async () => {
    const scarce = await stocked(2);
    const refusals: [object[], string][] = [
      [[line(scarce), line(999_999)], 'item 2: product not found'],
      [[line(SPEAKER), line(scarce)], `item 1: product 'Bluetooth Speaker' is currently out of stock`],
      [[line(scarce, 3)], `item 1: only 2 of product 'Kettle' can be ordered now`],
      [[line(scarce, 1), line(scarce, 2)], `item 1: only 2 of product 'Kettle' can be ordered now`],
    ];
    for (const [items, sentence] of refusals) {
      const { status, body } = await alice.post('/orders', { items });
      assert.deepEqual([status, body.error], [400, sentence]);
    }
    assert.equal(await stockOf(scarce), 2);
  });

  test('what is no order is refused with its faults', async () => {
    const bad: [unknown, string][] = [
      [{}, '/items'],
      [{ items: [] }, '/items'],
      [{ items: Array(101).fill(line()) }, '/items'],
      [{ items: [line(MOUSE, 0)] }, '/items/0/quantity'],
      [{ items: [line(MOUSE, -1)] }, '/items/0/quantity'],
      [{ items: [line(MOUSE, 1.5)] }, '/items/0/quantity'],
      [{ items: [line(MOUSE, 100_001)] }, '/items/0/quantity'],
      [{ items: [{ product_id: 'mouse', quantity: 1 }] }, '/items/0/product_id'],
      [{ items: [{ ...line(), price: 1 }] }, '/items/0/price'],
      [{ items: [line()], user_id: 1 }, '/user_id'],
    ];
    for (const [body, pointer] of bad) {
      const answer = await alice.post('/orders', body);
      assert.deepEqual([answer.status, answer.body.errors[0]?.pointer], [400, pointer], JSON.stringify(body));
    }
  });

  test('an order keeps its prices when the product changes', async () => {
    const kettle = await stocked(5);
    const { order_id } = await order(alice, line(kettle));
    await admin.put(`/products/${kettle}`, { price: 99, name: 'Samovar' });
    const [item] = read(await alice.get(`/orders/${order_id}`)).items;
    assert.deepEqual([item?.product_name, item?.unit_price], ['Kettle', 39.95]);
  });

  test('of many buyers of the last units each is served or refused, and none is sold twice', async () => {
    const kettle = await stocked(10);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 ? alice : bob).post('/orders', { items: [line(kettle)] })),
    );
    assert.equal(answers.filter(({ status }) => status === 201).length, 10);
    assert.ok(answers.every(({ status, body }) => status === 201 || body.code === 'ORDER_OUT_OF_STOCK'));
    assert.equal(await stockOf(kettle), 0);
  });

  test('an order that is sent many times with one Idempotency-Key is placed once, and takes its stock once', async () => {
    const kettle = await stocked(1);
    const key = { 'idempotency-key': 'order-1' };
    const send = (items = [line(kettle)], as = alice) => as.post('/orders', { items }, key);
    const answers = await Promise.all(Array.from({ length: 20 }, () => send()));
    const [first] = answers;
    for (const one of answers) assert.deepEqual([one.status, one.body], [201, first?.body]);
    assert.equal(answers.filter((one) => one.headers.get('idempotent-replayed') === 'true').length, 19);
    assert.equal(await stockOf(kettle), 0);
    const later = await send();
    assert.deepEqual([later.status, later.body], [201, first?.body]);
    assert.equal((await send([line(MUG)])).status, 422);
    const theirs = await send([line(MUG)], bob);
    assert.deepEqual([theirs.status, theirs.headers.get('idempotent-replayed')], [201, null]);
  });

  test('one key is one request at each address that does the same, in whatever order its fields stand', async () => {
    const kettle = await stocked(3);
    const key = { 'idempotency-key': 'anywhere' };
    const json = { 'content-type': 'application/json', ...key };
    const items = `{"items":[{"quantity":1,"product_id":${kettle}}]}`;
    const answers = [
      await alice.post('/orders', { items: [line(kettle)] }, key),
      await alice.raw('POST', '/orders', items, json),
      await alice.raw('POST', '/api/v1/orders', `{"items":[{"product_id":${kettle},"quantity":1.0}]}`, json),
      await alice.post('/orders/single', line(kettle), key),
      await alice.post('/orders/ALICE', line(kettle), key),
      await alice.raw('POST', '/orders/alice', items, json),
    ];
    for (const one of answers) assert.deepEqual([one.status, one.body], [201, answers[0]?.body]);
    assert.equal(answers.filter((one) => one.headers.get('idempotent-replayed') === 'true').length, 5);
    assert.equal(await stockOf(kettle), 2);
    assert.equal((await alice.post('/orders/single', line(kettle, 2), key)).body.code, 'TRADEPOST_KEY_REUSED');
    const at = (n: number) =>
      n % 2
        ? alice.post('/orders/single', line(kettle), { 'idempotency-key': 'race' })
        : alice.post('/orders', { items: [line(kettle)] }, { 'idempotency-key': 'race' });
    const raced = await Promise.all(Array.from({ length: 10 }, (_, n) => at(n)));
    assert.equal(new Set(raced.map(({ body }) => body.order_id)).size, 1);
    assert.equal(await stockOf(kettle), 1);
    // What staff orders for somebody else is another request than what they order for themselves.
    const forAlice = await admin.post('/orders/alice', line(kettle), key);
    assert.deepEqual([forAlice.status, forAlice.headers.get('idempotent-replayed')], [201, null]);
    const again = await admin.post('/orders/Alice', { items: [line(kettle)] }, key);
    assert.deepEqual([again.body, again.headers.get('idempotent-replayed')], [forAlice.body, 'true']);
  });

  test('a cursor belongs to its list and its filter', async () => {
    const dave = await shop.as('dave');
    for (let i = 0; i < 3; i++) await order(dave);
    const cursor = /cursor=([^&>]+)/.exec((await dave.get('/orders?limit=1')).headers.get('link') ?? '')?.[1];
    assert.equal(ids(await dave.get(`/orders?limit=2&cursor=${cursor}`)).length, 2);
    for (const path of [
      '/orders?status=pending&',
      '/orders/dave?',
      '/products?',
      '/transactions/list?',
      '/invoices?',
    ]) {
      const { status, body } = await dave.get(`${path}cursor=${cursor}`);
      assert.deepEqual([status, body.code], [400, 'TRADEPOST_BAD_CURSOR'], path);
    }
  });

  test('one’s own orders are listed newest first, page by page and by status', async () => {
    const carol = await shop.as('carol');
    const placed: number[] = [];
    for (let i = 0; i < 5; i++) placed.push((await order(carol)).order_id);
    const newestFirst = placed.toReversed();
    assert.deepEqual(ids(await carol.get('/orders')), newestFirst);
    assert.deepEqual(ids(await carol.get('/orders/carol')), newestFirst);
    const first = await carol.get('/orders?limit=3&status=pending');
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    assert.match(next, /status=pending/);
    assert.deepEqual([...ids(first), ...ids(await carol.get(next))], newestFirst);
    await carol.post(`/orders/${placed[0]}/cancel`);
    assert.deepEqual(ids(await carol.get('/orders?status=cancelled')), [placed[0]]);
    assert.deepEqual(ids(await carol.get('/orders?status=pending')), newestFirst.slice(0, 4));
    assert.equal((await carol.get('/orders?status=lost')).status, 400);
    assert.equal((await carol.get('/orders?cursor=forged')).body.code, 'TRADEPOST_BAD_CURSOR');
  });

  test('canceled is another spelling of cancelled', async () => {
    const dora = await shop.as('dora');
    const { order_id } = await order(dora);
    await dora.post(`/orders/${order_id}/cancel`);
    for (const path of ['/orders?status=canceled', '/orders/dora?status=canceled']) {
      const answer = await dora.get(path);
      assert.deepEqual([answer.status, answer.status === 200 && ids(answer)], [200, [order_id]], path);
    }
  });

  test('to another customer an order is not there; staff see everybody’s', async () => {
    const { order_id } = await order(alice);
    const look = async (path: string) =>
      (await Promise.all([alice, bob, admin, shop.guest].map((one) => one.get(path)))).map(({ status }) => status);
    assert.deepEqual(await look(`/orders/${order_id}`), [200, 404, 200, 401]);
    assert.deepEqual(await look('/orders/alice'), [200, 404, 200, 401]);
    const cancel = `/orders/${order_id}/cancel`;
    assert.deepEqual([(await bob.post(cancel)).status, (await shop.guest.post(cancel)).status], [404, 401]);
    assert.equal((await bob.get('/orders/nobody')).status, 404);
    assert.equal((await bob.get('/orders/999999')).status, 404);
    assert.deepEqual((await bob.get('/orders?all=true')).body, (await bob.get('/orders')).body);
    assert.ok(ids(await admin.get('/orders?all=true')).includes(order_id));
    assert.deepEqual((await admin.get('/orders')).body, []);
  });

  test('a cancelled order gives its stock back, and twice is once', async () => {
    const kettle = await stocked(5);
    const { order_id } = await order(alice, line(kettle, 2), line(MUG));
    assert.equal(await stockOf(kettle), 3);
    const cancelled = await alice.post(`/orders/${order_id}/cancel`);
    assert.deepEqual([cancelled.status, cancelled.body.status, await stockOf(kettle)], [200, 'cancelled', 5]);
    const again = await alice.post(`/orders/${order_id}/cancel`);
    assert.deepEqual([again.status, again.body, await stockOf(kettle)], [200, cancelled.body, 5]);
    assert.equal((await alice.get(`/orders/${order_id}`)).body.status, 'cancelled');
    const events = await written(
      `select type from ${publishedEvents('order')} a where subject = $1::text order by n`,
      order_id,
    );
    assert.deepEqual(events, [{ type: 'order.created' }, { type: 'order.cancelled' }]);
  });

  test('an order that is cancelled many times at once gives its stock back once', async () => {
    const kettle = await stocked(5);
    const { order_id } = await order(alice, line(kettle, 2));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? alice : admin).post(`/orders/${order_id}/cancel`)),
    );
    for (const { status, body } of answers) {
      assert.ok(status === 200 || body.code === 'TRADEPOST_STALE', JSON.stringify(body));
    }
    assert.equal(await stockOf(kettle), 5);
    const [holds] = await written('select count(*) from tradepost_product.reservations where order_id = $1', order_id);
    assert.deepEqual(holds, { count: 0 });
  });

  test('an order that is shipped or complete cannot be cancelled, and keeps its stock', async () => {
    const kettle = await stocked(5);
    const { order_id } = await order(alice, line(kettle));
    await written(
      `update tradepost_order.orders set fulfillment_status = 'shipped', status = 'confirmed' where order_id = $1`,
      order_id,
    );
    const { status, body } = await alice.post(`/orders/${order_id}/cancel`);
    assert.deepEqual([status, body.error], [409, 'an order that is shipped cannot be cancelled']);
    assert.equal(await stockOf(kettle), 4);
    assert.equal((await alice.post('/orders/999999/cancel')).status, 404);
  });

  test('an order of a product that has been counted since gives nothing back that it never took', async () => {
    const kettle = await stocked(0);
    await admin.put(`/products/${kettle}`, { stock_quantity: null });
    const { order_id } = await order(alice, line(kettle, 3), line(KEYBOARD));
    await admin.put(`/products/${kettle}`, { stock_quantity: 5 });
    await alice.post(`/orders/${order_id}/cancel`);
    assert.equal(await stockOf(kettle), 5);
  });

  test('in one process what is internal has no address', async () => {
    const { order_id } = await order(alice);
    assert.equal((await admin.get(`/internal/orders/${order_id}`)).status, 404);
    assert.equal((await admin.post('/internal/orders/settle-reservations', {})).status, 404);
  });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { publishedEvents } from '../../src/testing/published-events.ts';
import { settle } from '../../src/testing/settle.ts';
import { eachTarget, type TestTarget } from '../../src/testing/targets.ts';
import { PASSWORD, type World, world } from '../../src/testing/world.ts';
import { LAPTOP, left, MOUSE, type Order, rowsOf, stocked, tally, times } from './shop.fixture.ts';

// Two systems on one database, as two processes of a company would run it; where the engine is in the process there is one.
eachTarget('at the same moment', (target) => {
  let database: TestDatabase;
  let place: Awaited<ReturnType<TestTarget['open']>>;
  let shop: World;
  let other: World;
  let admin: TestClient;
  let alice: TestClient;
  let bob: TestClient;

  before(async () => {
    database = await testDatabase(target.postgres);
    place = await target.open();
    shop = await world({ database, env: place.env });
    other = target.shared ? await world({ database, env: place.env }) : shop;
    admin = await shop.as('admin');
    [alice, bob] = await Promise.all([shop.as('alice'), shop.as('bob')]);
  });

  after(async () => {
    await Promise.all([...new Set([shop, other])].map((one) => one.close()));
    await place.close();
    await database.drop();
  });

  const elsewhere = (client: TestClient): TestClient => clientOf(other.url, client.token, client.id);
  /** The client at one process or the other, in turn. */
  const at = (index: number, client: TestClient): TestClient => (index % 2 === 0 ? client : elsewhere(client));

  // What a service has announced is on the bus a moment later.
  const isTold = (service: string, type: string, subject: number, times: number | undefined) =>
    settle(async () => {
      const text = `select from ${publishedEvents(service)} a where subject = $1 and type = $2`;
      assert.equal((await rowsOf(database.url, text, [String(subject), type])).length, times);
    });

  const deadlocks = async (): Promise<number | undefined> => {
    const text = 'select deadlocks from pg_stat_database where datname = current_database()';
    return (await rowsOf<{ deadlocks: number }>(database.url, text))[0]?.deadlocks;
  };

  test('a hundred registrations of one name make one account', async () => {
    const answers = await times(100, (i) =>
      at(i, shop.guest).post('/register', { username: i % 3 ? 'carol' : 'CAROL', password: PASSWORD }),
    );
    assert.deepEqual(tally(answers), { 201: 1, 409: 99 });
    const { body } = await admin.get<{ username: string }[]>('/users?limit=200');
    assert.equal(body.filter(({ username }) => username.toLowerCase() === 'carol').length, 1);
  });

  test('two hundred orders for ten units make ten orders', async () => {
    const product_id = await stocked(admin, 10);
    const answers = await times(200, () => alice.post('/orders', { items: [{ product_id, quantity: 1 }] }));
    assert.deepEqual(tally(answers), { 201: 10, 400: 190 });
    assert.equal(await left(alice, product_id), 0);
    const refused = answers.filter(({ status }) => status === 400).map(({ body }) => body.code);
    assert.deepEqual([...new Set(refused)], ['ORDER_OUT_OF_STOCK']);
  });

  test('two hundred orders for ten units at two processes make ten orders', async () => {
    const product_id = await stocked(admin, 10);
    const answers = await times(200, (i) =>
      at(i, i % 4 < 2 ? alice : bob).post('/orders/single', { product_id, quantity: 1 }),
    );
    assert.deepEqual(tally(answers), { 201: 10, 400: 190 });
    assert.equal(await left(alice, product_id), 0);
  });

  test('two lines of the same product are counted together', async () => {
    const product_id = await stocked(admin, 11);
    const items = [
      { product_id, quantity: 1 },
      { product_id, quantity: 2 },
    ];
    const answers = await times(60, (i) => at(i, alice).post('/orders', { items }));
    assert.deepEqual(tally(answers), { 201: 3, 400: 57 });
    assert.equal(await left(alice, product_id), 2);
  });

  test('baskets that name their products in opposite order do not wait for each other in a circle', async () => {
    const products = await times(4, () => stocked(admin, 300));
    const there = products.map((product_id) => ({ product_id, quantity: 1 }));
    const back = [...there].reverse();
    const answers = await times(120, async (i) => {
      const answer = await at(i >> 1, alice).post('/orders', { items: i % 2 ? there : back });
      if (i % 3 === 0) await at(i, alice).post(`/orders/${answer.body.order_id}/cancel`);
      return answer;
    });
    assert.deepEqual(tally(answers), { 201: 120 });
    assert.deepEqual(
      await Promise.all(products.map((id) => left(alice, id))),
      products.map(() => 300 - 80),
    );
    assert.equal(await deadlocks(), 0);
  });

  test('prices are changed while baskets are bought: nobody waits in a circle, and no unit is lost', async () => {
    const products = await times(12, () => stocked(admin, 500));
    const items = products.map((product_id) => ({ product_id, quantity: 1 }));
    for (let round = 0; round < 4; round++) {
      const [orders, changes] = await Promise.all([
        times(50, (i) => at(i, alice).post('/orders', { items: i % 2 ? items : [...items].reverse() })),
        times(60, (i) => at(i >> 1, admin).put(`/products/${products[(i * 7) % 12]}`, { price: 20 + round + i / 100 })),
      ]);
      assert.deepEqual(tally(orders), { 201: 50 });
      // Two changes of one product at once: the later one is told to read again.
      const refused = changes.filter(({ status }) => status !== 200);
      assert.ok(
        refused.every(({ status }) => status === 409),
        JSON.stringify(tally(changes)),
      );
    }
    assert.deepEqual(
      await Promise.all(products.map((id) => left(alice, id))),
      products.map(() => 300),
    );
    assert.equal(await deadlocks(), 0);
  });

  test('fifty requests with one Idempotency-Key make one order', async () => {
    const dora = await shop.as('dora');
    const key = { 'idempotency-key': 'one-order' };
    const items = [{ product_id: MOUSE, quantity: 2 }];
    const answers = await times(50, (i) => at(i, dora).post<Order>('/orders', { items }, key));
    assert.deepEqual(tally(answers), { 201: 50 });
    for (const { body } of answers) assert.deepEqual(body, answers[0]?.body);
    assert.equal(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true').length, 49);
    assert.equal((await dora.get<Order[]>('/orders')).body.length, 1);

    const changed = await dora.post('/orders', { items: [{ product_id: MOUSE, quantity: 3 }] }, key);
    assert.deepEqual([changed.status, changed.body.code], [422, 'TRADEPOST_KEY_REUSED']);
    const bobs = await bob.post<Order>('/orders', { items }, key);
    assert.deepEqual([bobs.status, bobs.headers.get('idempotent-replayed')], [201, null]);
    assert.notEqual(bobs.body.order_id, answers[0]?.body.order_id);
  });

  test('fifty requests with one Idempotency-Key for the last unit all get the one order', async () => {
    const product_id = await stocked(admin, 1);
    const key = { 'idempotency-key': 'the-last-unit' };
    const answers = await times(50, () => alice.post<Order>('/orders/single', { product_id, quantity: 1 }, key));
    assert.deepEqual(tally(answers), { 201: 50 });
    assert.equal(new Set(answers.map(({ body }) => body.order_id)).size, 1);
    assert.equal(await left(alice, product_id), 0);
  });

  test('what a repeated request set aside is given back', async () => {
    const product_id = await stocked(admin, 60);
    const key = { 'idempotency-key': 'given-back' };
    const answers = await times(50, (i) =>
      at(i, alice).post<Order>('/orders/single', { product_id, quantity: 1 }, key),
    );
    assert.deepEqual(tally(answers), { 201: 50 });
    assert.equal(await left(alice, product_id), 59);
  });

  test('fifty requests for the invoice of an order make one, and the next number follows it', async () => {
    const order_id = (await alice.post('/orders/single', { product_id: MOUSE, quantity: 1 })).body.order_id;
    const answers = await times(50, (i) => at(i, alice).post<{ invoice_number: string }>('/invoices', { order_id }));
    assert.deepEqual(tally(answers), { 200: 49, 201: 1 });
    const [number] = [...new Set(answers.map(({ body }) => body.invoice_number))];
    const next = (await bob.post('/orders/single', { product_id: MOUSE, quantity: 1 })).body.order_id;
    const after = (await bob.post<{ invoice_number: string }>('/invoices', { order_id: next })).body.invoice_number;
    assert.equal(Number(after.slice(9)) - Number(number?.slice(9)), 1);
  });

  test('a product is changed by many at once while it is sold: every unit is accounted for', async () => {
    const product_id = await stocked(admin, 100);
    const [orders, changes] = await Promise.all([
      times(80, (i) => at(i, alice).post('/orders/single', { product_id, quantity: 1 })),
      times(40, (i) => at(i, admin).put(`/products/${product_id}`, { description: `number ${i}` })),
    ]);
    assert.deepEqual(tally(orders), { 201: 80 });
    const counts = tally(changes);
    assert.equal((counts[200] ?? 0) + (counts[409] ?? 0), 40);
    assert.equal(await left(alice, product_id), 20);
    await isTold('product', 'product.updated', product_id, counts[200]);
  });

  test('an order that is cancelled by many at once gives its units back once', async () => {
    const product_id = await stocked(admin, 10);
    const { order_id } = (await alice.post('/orders/single', { product_id, quantity: 4 })).body;
    const answers = await times(40, (i) => at(i, alice).post(`/orders/${order_id}/cancel`));
    assert.deepEqual(
      [...new Set(answers.map(({ status }) => status))].filter((status) => status !== 409),
      [200],
    );
    assert.equal(await left(alice, product_id), 10);
    assert.equal((await alice.get(`/orders/${order_id}`)).body.status, 'cancelled');
    await isTold('order', 'order.cancelled', order_id, 1);
  });

  test('an order that is cancelled while it is invoiced is either invoiced or refused', async () => {
    const rounds = await times(20, async () => {
      const { order_id } = (await alice.post('/orders/single', { product_id: LAPTOP, quantity: 1 })).body;
      return Promise.all([alice.post('/invoices', { order_id }), elsewhere(alice).post(`/orders/${order_id}/cancel`)]);
    });
    for (const [invoice, cancel] of rounds) {
      assert.ok([201, 409].includes(invoice.status), String(invoice.status));
      assert.equal(cancel.status, 200);
    }
  });

  test('of changes that name one ETag one happens, in whichever process', async () => {
    const path = `/products/${MOUSE}`;
    for (let round = 0; round < 4; round++) {
      const etag = (await admin.get(path)).headers.get('etag') ?? '';
      const change = (n: number) => at(n, admin).put(path, { price: 500 + round * 10 + n }, { 'if-match': etag });
      assert.deepEqual(tally(await times(10, change)), { 200: 1, 412: 9 });
    }
  });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Body, TestAnswer, TestClient } from '../../testing/client.ts';
import { eachEngine } from '../../testing/engines.ts';
import { type World, world } from '../../testing/world.ts';

/** The fields that these tests look at. */
interface Seen {
  readonly product_id: number;
  readonly name: string;
  readonly price: number;
  readonly category: string;
  readonly in_stock: boolean;
  readonly stock_quantity: number | null;
  readonly updated_at: string;
}

const read = ({ body }: TestAnswer) => body as unknown as Seen;
const names = ({ body }: TestAnswer) => (body as unknown as Seen[]).map(({ name }) => name);

eachEngine('the catalogue over HTTP', (engine) => {
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;

  before(async () => {
    shop = await world({ engine });
    [admin, alice] = await Promise.all([shop.as('admin'), shop.as('alice')]);
  });

  after(() => shop.close());

  const create = async (more: object = {}) =>
    read(await admin.post('/products', { name: 'Kettle', price: 39.9, category: 'Kitchen', ...more }));

  test('on first start there are the eight sample products, with the ids 1 to 8', async () => {
    const { body, status } = await shop.guest.get<Seen[]>('/products');
    assert.equal(status, 200);
    assert.deepEqual(
      body.map(({ product_id }) => product_id),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    const { created_at, updated_at, ...mouse } = (await shop.guest.get('/products/2')).body;
    assert.equal(created_at, updated_at);
    assert.deepEqual(mouse, {
      product_id: 2,
      name: 'Wireless Mouse',
      description: 'Three buttons, one AA battery, 2.4 GHz receiver',
      price: 29.99,
      currency: 'USD',
      category: 'Electronics',
      in_stock: true,
      stock_quantity: null,
    });
  });

  test('the catalogue is public, and filtered by category, text and stock', async () => {
    const { guest } = shop;
    assert.deepEqual(names(await guest.get('/products/category/office')), ['Notebook', 'Office Chair']);
    assert.deepEqual(names(await guest.get('/products?category=HOME')), ['Coffee Mug', 'Desk Lamp']);
    assert.deepEqual(names(await guest.get('/products?q=note')), ['Notebook']);
    assert.deepEqual(names(await guest.get('/products?category=electronics&in_stock=false')), ['Bluetooth Speaker']);
    assert.deepEqual((await guest.get('/products/category/nothing')).body, []);
  });

  test('a list goes page by page through the Link header', async () => {
    const pages: string[][] = [];
    let path: string | undefined = '/products/category/Electronics?limit=2';
    while (path) {
      const answer: TestAnswer = await shop.guest.get(path);
      pages.push(names(answer));
      path = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    assert.deepEqual(pages, [
      ['Laptop', 'Wireless Mouse'],
      ['Mechanical Keyboard', 'Bluetooth Speaker'],
    ]);
    assert.equal((await shop.guest.get('/products?cursor=forged')).body.code, 'TRADEPOST_BAD_CURSOR');
    for (const query of ['limit=0', 'limit=201', 'in_stock=perhaps', 'colour=red']) {
      assert.equal((await shop.guest.get(`/products?${query}`)).status, 400, query);
    }
  });

  test('what is not in the catalogue is not found, and no word is an id', async () => {
    for (const path of ['/products/999999', '/products/laptop', '/products/0']) {
      const { status } = await shop.guest.get(path);
      assert.ok(status === 404 || (path.endsWith('/0') && status === 400), `${path} ${status}`);
    }
    assert.equal((await shop.guest.get('/products/999999')).body.error, 'product not found');
  });

  test('staff put products into the catalogue; nobody else does', async () => {
    const body = { name: 'Kettle', price: 39.9, category: 'Kitchen', stock_quantity: 3 };
    const [asGuest, asCustomer, asStaff] = await Promise.all(
      [shop.guest, alice, admin].map((one) => one.post('/products', body)),
    );
    assert.deepEqual([asGuest?.status, asCustomer?.status, asStaff?.status], [401, 403, 201]);
    const { name, price, stock_quantity, in_stock } = read(asStaff as TestAnswer);
    assert.deepEqual([name, price, stock_quantity, in_stock], ['Kettle', 39.9, 3, true]);
  });

  test('a product that cannot be is refused with its faults', async () => {
    const good = { name: 'Kettle', price: 39.9, category: 'Kitchen' };
    const bad: [object, string][] = [
      [{ name: '' }, '/name'],
      [{ name: undefined }, '/name'],
      [{ price: 39.999 }, '/price'],
      [{ price: -1 }, '/price'],
      [{ price: '39.90' }, '/price'],
      [{ price: 100_000_000 }, '/price'],
      [{ category: '' }, '/category'],
      [{ currency: 'usd' }, '/currency'],
      [{ stock_quantity: -1 }, '/stock_quantity'],
      [{ stock_quantity: 1.5 }, '/stock_quantity'],
      [{ in_stock: 'yes' }, '/in_stock'],
      [{ colour: 'red' }, '/colour'],
    ];
    for (const [change, pointer] of bad) {
      const { status, body } = await admin.post('/products', { ...good, ...change });
      assert.deepEqual([status, body.errors[0]?.pointer], [400, pointer], JSON.stringify(change));
    }
  });

  test('text that cannot be kept is a fault of the request, not of the server', async () => {
    for (const name of ['\u200b\u2060 ', 'nul\u0000', 'half \ud83d', '\udc00']) {
      const posted = await admin.post('/products', { name, price: 1, category: 'Kitchen' });
      const changed = await admin.put('/products/4', { name });
      assert.deepEqual([posted.status, changed.status], [400, 400], JSON.stringify(name));
    }
  });

  test('text of every script is kept as it is', async () => {
    const name = `Ω ‘quotes’ "and" O'Reilly; -- 茶 🫖 <b>`;
    const { product_id } = await create({ name });
    assert.equal(read(await shop.guest.get(`/products/${product_id}`)).name, name);
  });

  test('a product that is sent twice with one Idempotency-Key is made once', async () => {
    const body = { name: 'Teapot', price: 25, category: 'Kitchen' };
    const key = { 'idempotency-key': 'teapot' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => admin.post('/products', body, key)));
    const [first] = answers;
    for (const one of answers) assert.deepEqual([one.status, one.body], [201, first?.body]);
    assert.equal(answers.filter((one) => one.headers.get('idempotent-replayed') === 'true').length, 9);
    assert.deepEqual(names(await shop.guest.get('/products?q=teapot')), ['Teapot']);
    assert.equal((await admin.post('/products', { ...body, price: 26 }, key)).status, 422);
  });

  test('staff change any field; the others stay', async () => {
    const { product_id } = await create({ stock_quantity: 3 });
    const put = (body: object, as = admin) => as.put(`/products/${product_id}`, body);
    assert.deepEqual(
      [(await put({ price: 1 }, alice)).status, (await put({ price: 1 }, shop.guest)).status],
      [403, 401],
    );
    const cheaper = read(await put({ price: 29.5 }));
    assert.deepEqual([cheaper.price, cheaper.name, cheaper.stock_quantity], [29.5, 'Kettle', 3]);
    assert.equal(read(await put({ in_stock: false })).in_stock, false);
    assert.deepEqual(
      [read(await put({ in_stock: true })).in_stock, read(await put({ stock_quantity: 0 })).in_stock],
      [true, false],
    );
    assert.equal(read(await put({ stock_quantity: null })).in_stock, true);
    const same = read(await put({ price: 29.5 }));
    assert.equal(read(await put({})).updated_at, same.updated_at);
    assert.equal((await admin.put('/products/999999', { price: 1 })).status, 404);
  });

  test('what was read can be written back, whole or in part, and changes nothing', async () => {
    for (const more of [{ stock_quantity: 0 }, { stock_quantity: 3 }, { in_stock: false }, {}]) {
      const product = await create(more);
      const path = `/products/${product.product_id}`;
      for (const [name, value] of Object.entries(product)) {
        const { status, body } = await admin.put(path, { [name]: value });
        assert.deepEqual([status, body], [200, product], name);
      }
      assert.deepEqual((await admin.put(path, product)).body, product);
      const { body } = await admin.put(path, { ...product, name: 'Pot' });
      const { updated_at: _, ...same } = product;
      assert.deepEqual(body, { ...same, name: 'Pot', updated_at: read({ body } as TestAnswer).updated_at });
    }
    // A sold out product that was written back can be sold again when its stock is.
    const { product_id, ...sold } = await create({ stock_quantity: 0 });
    await admin.put(`/products/${product_id}`, { ...sold, name: 'Pan' });
    assert.equal(read(await admin.put(`/products/${product_id}`, { stock_quantity: 2 })).in_stock, true);
  });

  test('a read-only field with another value is refused with its place', async () => {
    const { product_id } = await create();
    for (const [name, value] of Object.entries({
      product_id: 1,
      created_at: '2020-01-01T00:00:00.000Z',
      updated_at: '2020-01-01T00:00:00.000Z',
      withdrawn_at: '2020-01-01T00:00:00.000Z',
    })) {
      const { status, body } = await admin.put(`/products/${product_id}`, { [name]: value, price: 1 });
      assert.deepEqual([status, body.errors[0]?.pointer], [400, `/${name}`], JSON.stringify(body));
    }
    assert.equal(read(await shop.guest.get(`/products/${product_id}`)).price, 39.9);
  });

  test('a currency that the shop is not paid in is refused where it enters', async () => {
    const { product_id } = await create();
    const posted = await admin.post('/products', { name: 'Kettle', price: 1, category: 'Kitchen', currency: 'EUR' });
    const changed = await admin.put(`/products/${product_id}`, { currency: 'EUR' });
    const unknown = await admin.put(`/products/${product_id}`, { currency: 'XXX' });
    for (const { status, body } of [posted, changed])
      assert.deepEqual([status, body.code], [400, 'PRODUCT_OTHER_CURRENCY']);
    assert.deepEqual([unknown.status, unknown.body.errors[0]?.pointer], [400, '/currency']);
  });

  test('a description with nothing to see is none', async () => {
    const { product_id } = await create({ description: 'Steel\n1.7 l' });
    const empty = await admin.put(`/products/${product_id}`, { description: ' \u200b\u00ad' });
    assert.deepEqual([empty.status, empty.body.description], [200, '']);
    for (const name of ['\u0301', '\u2800', '\u3164 ', '\u202e\u200f']) {
      const { status, body } = await admin.put(`/products/${product_id}`, { name });
      assert.deepEqual([status, body.errors[0]?.pointer], [400, '/name']);
    }
  });

  test('staff withdraw a product and restore it; nobody else does', async () => {
    const { product_id } = await create({ name: 'Samovar', stock_quantity: 3 });
    const path = `/products/${product_id}`;
    assert.deepEqual([(await alice.delete(path)).status, (await shop.guest.delete(path)).status], [403, 401]);
    const gone = await admin.delete(path);
    assert.deepEqual([gone.status, read(gone).in_stock, read(gone).stock_quantity], [200, false, 3]);
    assert.deepEqual((await admin.delete(path)).body, gone.body);
    assert.deepEqual((await shop.guest.get(path)).body, gone.body);
    assert.deepEqual(names(await shop.guest.get('/products?q=samovar')), []);
    const items = [{ product_id, quantity: 1 }];
    assert.equal((await shop.guest.post('/availability', { items })).body.available, false);
    const { status, body } = await alice.post('/orders', { items });
    assert.deepEqual([status, body.error], [400, 'item 1: product not found']);
    assert.equal((await alice.post(`${path}/restore`, {})).status, 403);
    const back = await admin.post(`${path}/restore`, {});
    assert.deepEqual([back.status, read(back).in_stock], [200, true]);
    assert.deepEqual(names(await shop.guest.get('/products?q=samovar')), ['Samovar']);
    assert.equal((await alice.post('/orders', { items })).status, 201);
    assert.equal((await admin.delete('/products/999999')).status, 404);
  });

  test('of changes of different fields at the same moment none is lost without a word', async () => {
    const { product_id } = await create();
    const prices = Array.from({ length: 10 }, (_, i) => i + 1);
    const answers = await Promise.all(prices.map((price) => admin.put(`/products/${product_id}`, { price })));
    for (const { status, body } of answers) {
      assert.ok(status === 200 || (body as Body).code === 'TRADEPOST_STALE', JSON.stringify(body));
    }
    const won = answers.filter(({ status }) => status === 200).map((one) => read(one).price);
    assert.ok(won.length > 0 && won.includes(read(await shop.guest.get(`/products/${product_id}`)).price));
  });

  test('staff adjust a stock for a reason, and read in its ledger what became of every unit', async () => {
    const { product_id } = await create({ stock_quantity: 10 });
    const path = `/products/${product_id}`;
    const adjust = (body: object, as = admin, key = {}) => as.post(`${path}/stock-adjustments`, body, key);
    assert.equal((await adjust({ quantity: 1, reason: 'found' }, alice)).status, 403);
    for (const body of [
      { quantity: 0, reason: 'x' },
      { quantity: 1 },
      { quantity: 1.5, reason: 'x' },
      { quantity: 1, reason: ' \u200b' },
    ])
      assert.equal((await adjust(body)).status, 400, JSON.stringify(body));
    const key = { 'idempotency-key': `broken ${product_id}`.replace(' ', '-') };
    const answers = await Promise.all([1, 2, 3].map(() => adjust({ quantity: -2, reason: 'broken' }, admin, key)));
    const [first] = answers as [TestAnswer];
    const { at: _, ...said } = first.body;
    assert.deepEqual([first.status, said], [201, { product_id, quantity: -2, reason: 'broken', stock_quantity: 8 }]);
    for (const { body } of answers) assert.deepEqual(body, first.body);
    const { order_id } = (await alice.post('/orders/single', { product_id, quantity: 3 })).body;
    const short = await adjust({ quantity: -6, reason: 'lost' });
    assert.deepEqual([short.status, short.body.error], [409, 'only 5 of this product are on hand']);
    assert.equal((await adjust({ quantity: 4, reason: 'found' })).body.stock_quantity, 9);

    const ledger = (await admin.get(`${path}/stock-ledger`)).body as unknown as Record<string, unknown>[];
    const entries = ledger.map(({ kind, quantity, on_hand, held, reason, order_id: of, user_id }) => [
      kind,
      quantity,
      on_hand,
      held,
      reason,
      of,
      user_id === admin.id,
    ]);
    assert.deepEqual(entries, [
      ['adjustment', 4, 9, 3, 'found', null, true],
      ['reservation', -3, 5, 3, null, order_id, false],
      ['adjustment', -2, 8, 0, 'broken', null, true],
      ['opening', 10, 10, 0, null, null, true],
    ]);
    const page = await admin.get(`${path}/stock-ledger?limit=3`);
    assert.match(page.headers.get('link') ?? '', /rel="next"/);
    assert.equal((await alice.get(`${path}/stock-ledger`)).status, 403);
    assert.equal((await admin.get('/products/999999/stock-ledger')).status, 404);
    const untracked = await admin.post('/products/2/stock-adjustments', { quantity: 1, reason: 'found' });
    assert.deepEqual([untracked.status, untracked.body.code], [409, 'PRODUCT_NOT_TRACKED']);
  });

  test('a change of what somebody else has changed since is refused, when its sender says what was read', async () => {
    const { product_id } = await create({ stock_quantity: 3 });
    const path = `/products/${product_id}`;
    const etag = async () => (await shop.guest.get(path)).headers.get('etag') ?? '';
    const read_ = { 'if-match': await etag() };
    assert.equal((await admin.put(path, { price: 2 }, read_)).status, 200);
    const late = [await admin.put(path, { price: 3 }, read_), await admin.delete(path, read_)];
    assert.deepEqual(
      late.map(({ status }) => status),
      [412, 412],
    );
    // Units that orders took are a change too.
    const before = { 'if-match': await etag() };
    await alice.post('/orders/single', { product_id, quantity: 1 });
    assert.equal((await admin.put(path, { stock_quantity: 3 }, before)).status, 412);
    assert.equal((await admin.delete(path, { 'if-match': await etag() })).status, 200);
  });

  test('anybody may ask whether quantities could be ordered now', async () => {
    const { product_id } = await create({ stock_quantity: 3, price: 12.5 });
    const ask = (items: object[]) => shop.guest.post('/availability', { items });
    const line = (quantity: number) => ({ product_id, quantity });
    const facts = { in_stock: true, stock_quantity: 3, unit_price: 12.5 };
    const { status, body } = await ask([line(3)]);
    assert.deepEqual([status, body], [200, { available: true, items: [{ product_id, available: true, ...facts }] }]);
    assert.equal((await ask([line(2), line(2)])).body.available, false);
    const unknown = { product_id: 999_999, available: false, in_stock: false, stock_quantity: null, unit_price: null };
    assert.deepEqual((await ask([line(1), { product_id: 999_999, quantity: 1 }])).body, {
      available: false,
      items: [{ product_id, available: true, ...facts }, unknown],
    });
    for (const items of [[], [line(0)], [{ product_id }], Array(101).fill(line(1))]) {
      assert.equal((await ask(items)).status, 400);
    }
  });

  test('in one process what is internal has no address', async () => {
    const reservation = { order_id: 1, items: [{ product_id: 1, quantity: 1 }] };
    assert.equal((await admin.post('/internal/reservations', reservation)).status, 404);
    assert.equal((await admin.post('/internal/reservations/1/release', {})).status, 404);
  });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDatabase } from '../../platform/db/postgres/postgres.ts';
import type { TestAnswer, TestClient } from '../../testing/client.ts';
import { eachEngine } from '../../testing/engines.ts';
import { publishedEvents } from '../../testing/published-events.ts';
import { settle } from '../../testing/settle.ts';
import { type World, world } from '../../testing/world.ts';
import { signatureOf } from './delivery.signature.ts';

/** The fields that these tests look at. */
interface Seen {
  readonly shipment_id: number;
  readonly order_id: number;
  readonly user_id: number;
  readonly status: string;
  readonly carrier: string | null;
  readonly tracking_number: string | null;
  readonly ship_to: object | null;
  readonly history: { status: string; at: string; note: string | null; source: string; skipped?: string[] }[];
}

const read = ({ body }: TestAnswer) => body as unknown as Seen;
const ids = ({ body }: TestAnswer) => (body as unknown as Seen[]).map(({ shipment_id }) => shipment_id);

const MOUSE = 2;
const SECRET = 'a secret of the carrier';

eachEngine('shipments over HTTP', (engine) => {
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;
  let bob: TestClient;
  before(async () => {
    shop = await world({ engine, env: { CARRIER_SECRET: SECRET } });
    [admin, alice, bob] = await Promise.all([shop.as('admin'), shop.as('alice'), shop.as('bob')]);
  });
  after(() => shop.close());

  const order = async (buyer = alice): Promise<number> =>
    (await buyer.post('/orders', { items: [{ product_id: MOUSE, quantity: 2 }] })).body.order_id;

  /** The shipment of an order, as soon as the order's event made it. */
  const shipmentOf = (order_id: number): Promise<Seen> =>
    settle(async () => {
      const answer = await admin.get(`/shipments/order/${order_id}`);
      assert.equal(answer.status, 200);
      return read(answer);
    });
  const shipped = async (buyer = alice) => shipmentOf(await order(buyer));
  const put = (shipment_id: number, body: object, as = admin) => as.put(`/shipments/${shipment_id}`, body);
  const orderIs = (order_id: number, field: string, value: string) =>
    settle(async () => assert.equal((await admin.get(`/orders/${order_id}`)).body[field], value));

  async function written(text: string, value: unknown): Promise<object[]> {
    const db = openDatabase(shop.databaseUrl, { poolSize: 1 });
    const rows = await db.query({ name: '', text }, [value]);
    await db.close();
    return rows;
  }

  const report = (tracking_number: string, status: string, hour: number, more: object = {}) => ({
    tracking_number,
    status,
    at: `2026-07-29T${hour}:00:00Z`,
    update_id: `${status}-${hour}`,
    ...more,
  });
  const tell = (body: object, as = admin, carrier = 'DHL') => as.post(`/carriers/${carrier}/updates`, body);

  test('an order has a shipment, once, to where its buyer lives', async () => {
    const address = { line1: '2 Example Road', postal_code: '10000', city: 'Example Town', country: 'DE' };
    await bob.patch('/users/me', { display_name: 'Bob Example', address });
    const order_id = await order(bob);
    const { created_at, updated_at, ...rest } = (await shipmentOf(order_id)) as Seen & Record<string, unknown>;
    const { history, shipment_id, ...shipment } = rest;
    assert.deepEqual([typeof shipment_id, created_at, history.length], ['number', updated_at, 1]);
    assert.deepEqual(shipment, {
      order_id,
      user_id: bob.id,
      username: 'bob',
      items: [{ product_id: MOUSE, product_name: 'Wireless Mouse', quantity: 2 }],
      status: 'pending',
      carrier: null,
      tracking_number: null,
      ship_to: { name: 'Bob Example', lines: ['2 Example Road', '10000 Example Town', 'DE'] },
    });
    assert.deepEqual(history[0], { status: 'pending', at: created_at, note: null, source: 'platform' });
  });

  test('fifty orders at once have fifty shipments, although every event comes twice', async () => {
    const orders = await Promise.all(Array.from({ length: 50 }, (_, n) => order(n % 2 ? alice : bob)));
    const shipments = await Promise.all(orders.map(shipmentOf));
    assert.equal(new Set(shipments.map(({ shipment_id }) => shipment_id)).size, 50);
    const [count] = await written('select count(*) from tradepost_delivery.shipments where order_id = any($1)', orders);
    assert.deepEqual(count, { count: 50 });
  });

  test('to another customer a shipment is not there; only staff move it', async () => {
    const { shipment_id, order_id } = await shipped();
    const look = async (path: string) =>
      (await Promise.all([alice, bob, admin, shop.guest].map((one) => one.get(path)))).map(({ status }) => status);
    assert.deepEqual(await look(`/shipments/${shipment_id}`), [200, 404, 200, 401]);
    assert.deepEqual(await look(`/shipments/order/${order_id}`), [200, 404, 200, 401]);
    assert.equal((await put(shipment_id, { status: 'packed' }, alice)).status, 403);
    assert.equal((await put(shipment_id, { status: 'packed' }, shop.guest)).status, 401);
    assert.equal((await put(999_999, { status: 'packed' })).status, 404);
  });

  test('a customer lists their own, staff everybody’s or those of one', async () => {
    const carol = await shop.as('carol');
    const own = [await shipped(carol), await shipped(carol)].map(({ shipment_id }) => shipment_id).toReversed();
    assert.deepEqual(ids(await carol.get('/shipments')), own);
    for (const query of ['all=true', `user_id=${alice.id}`]) {
      assert.deepEqual(ids(await carol.get(`/shipments?${query}`)), own);
    }
    assert.deepEqual(ids(await admin.get(`/shipments?user_id=${carol.id}&status=pending`)), own);
    assert.deepEqual(ids(await admin.get('/shipments')), []);
    assert.ok(ids(await admin.get('/shipments?all=true')).length > own.length);
    const first = await carol.get('/shipments?limit=1');
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    assert.deepEqual([...ids(first), ...ids(await carol.get(next))], own);
    assert.equal((await carol.get('/shipments?status=lost')).status, 400);
  });

  test('staff move a shipment on, and its order follows', async () => {
    const { shipment_id, order_id } = await shipped();
    const steps: [object, string, string][] = [
      [{ status: 'packed' }, 'packed', 'confirmed'],
      [{ status: 'shipped', unpaid: true, carrier: 'DHL', tracking_number: 'STEP-1' }, 'shipped', 'confirmed'],
      [{ status: 'in_transit' }, 'in_transit', 'confirmed'],
      [{ status: 'delivered' }, 'delivered', 'confirmed'],
    ];
    for (const [body, fulfillment, status] of steps) {
      assert.deepEqual((await put(shipment_id, body)).status, 200);
      await orderIs(order_id, 'fulfillment_status', fulfillment);
      await orderIs(order_id, 'status', status);
    }
    const { carrier, tracking_number, history } = read(await alice.get(`/shipments/${shipment_id}`));
    assert.deepEqual([carrier, tracking_number], ['DHL', 'STEP-1']);
    assert.deepEqual(
      history.map(({ status, source }) => `${source} ${status}`),
      ['platform pending', 'staff packed', 'staff shipped', 'staff in_transit', 'staff delivered'],
    );
    const back = await put(shipment_id, { status: 'shipped' });
    assert.deepEqual([back.status, back.body.error], [409, 'a shipment that is delivered cannot become shipped']);
    assert.equal((await alice.post(`/orders/${order_id}/cancel`)).status, 409);
  });

  test('a step that is left out is named, and the history says so', async () => {
    const { shipment_id } = await shipped();
    const refused = await put(shipment_id, { status: 'in_transit' });
    assert.deepEqual(
      [refused.status, refused.body.code, refused.body.steps],
      [409, 'SHIPMENT_STEPS_LEFT_OUT', ['packed', 'shipped']],
    );
    const { status, history } = read(
      await put(shipment_id, { status: 'in_transit', skip: ['packed', 'shipped'], unpaid: true }),
    );
    assert.deepEqual([status, history.at(-1)?.skipped], ['in_transit', ['packed', 'shipped']]);
  });

  test('a parcel that failed is sent again, and its order follows', async () => {
    const { shipment_id, order_id } = await shipped();
    await put(shipment_id, {
      status: 'shipped',
      skip: ['packed'],
      unpaid: true,
      carrier: 'DHL',
      tracking_number: 'AGAIN-1',
    });
    await put(shipment_id, { status: 'failed' });
    await orderIs(order_id, 'fulfillment_status', 'failed');
    const again = await put(shipment_id, { status: 'packed', tracking_number: 'AGAIN-2' });
    assert.deepEqual([again.status, read(again).tracking_number], [200, 'AGAIN-2']);
    await orderIs(order_id, 'fulfillment_status', 'packed');
    await put(shipment_id, { status: 'shipped', unpaid: true });
    assert.equal((await tell(report('AGAIN-2', 'delivered', 12, { at: new Date().toISOString() }))).body.applied, true);
    await orderIs(order_id, 'fulfillment_status', 'delivered');
  });

  test('what is no move is refused with its faults', async () => {
    const { shipment_id } = await shipped();
    const bad: [object, string][] = [
      [{}, '/status'],
      [{ status: 'lost' }, '/status'],
      [{ status: 'packed', tracking_number: '' }, '/tracking_number'],
      [{ status: 'packed', tracking_number: 'a b' }, '/tracking_number'],
      [{ status: 'packed', carrier: '../x' }, '/carrier'],
      [{ status: 'packed', note: 'a\u0000b' }, '/note'],
      [{ status: 'packed', user_id: 1 }, '/user_id'],
    ];
    for (const [body, pointer] of bad) {
      const { status, body: problem } = await put(shipment_id, body);
      assert.deepEqual([status, problem.errors[0]?.pointer], [400, pointer], JSON.stringify(body));
    }
  });

  test('of many who move a shipment at once one does, and it is announced once', async () => {
    const { shipment_id } = await shipped();
    const answers = await Promise.all(Array.from({ length: 20 }, () => put(shipment_id, { status: 'packed' })));
    for (const { status, body } of answers) assert.ok(status === 200 || body.code === 'TRADEPOST_STALE');
    const text = `select type from ${publishedEvents('delivery')} a where subject = $1::text order by n`;
    assert.deepEqual(await written(text, shipment_id), [
      { type: 'shipment.created' },
      { type: 'shipment.status_changed' },
    ]);
  });

  test('a cancelled order stops its shipment, which then goes nowhere', async () => {
    const { shipment_id, order_id } = await shipped();
    await put(shipment_id, { status: 'packed' });
    await orderIs(order_id, 'fulfillment_status', 'packed');
    assert.equal((await alice.post(`/orders/${order_id}/cancel`)).status, 200);
    await settle(async () => assert.equal((await shipmentOf(order_id)).status, 'cancelled'));
    await orderIs(order_id, 'fulfillment_status', 'not_fulfilled');
    assert.equal((await admin.get(`/orders/${order_id}`)).body.status, 'cancelled');
    assert.equal((await put(shipment_id, { status: 'shipped' })).status, 409);
  });

  test('an order that is cancelled the moment it is placed has a cancelled shipment', async () => {
    const orders = await Promise.all(Array.from({ length: 10 }, () => order()));
    await Promise.all(orders.map((order_id) => alice.post(`/orders/${order_id}/cancel`)));
    for (const order_id of orders) {
      await settle(async () => assert.equal((await shipmentOf(order_id)).status, 'cancelled'));
    }
  });

  test('the built-in carrier gives a number at once, to staff who name it', async () => {
    const { shipment_id } = await shipped();
    const { carrier, tracking_number } = read(await put(shipment_id, { status: 'packed', carrier: 'Simulator' }));
    assert.deepEqual([carrier, tracking_number?.startsWith('SIM')], ['simulator', true]);
    const refused = await put((await shipped()).shipment_id, { status: 'failed', carrier: 'simulator' });
    assert.equal(refused.status, 409);
  });

  test('a number that another parcel of the carrier has is refused', async () => {
    const label = { status: 'shipped', skip: ['packed'], unpaid: true, carrier: 'UPS', tracking_number: 'TWICE-1' };
    assert.equal((await put((await shipped()).shipment_id, label)).status, 200);
    const { status, body } = await put((await shipped()).shipment_id, label);
    assert.deepEqual([status, body.code], [409, 'SHIPMENT_TRACKING_TAKEN']);
  });

  test('a carrier’s word moves the shipment, once, and late words only enter its history', async () => {
    const { shipment_id, order_id } = await shipped();
    await put(shipment_id, {
      status: 'shipped',
      skip: ['packed'],
      unpaid: true,
      carrier: 'DHL',
      tracking_number: 'WORD-1',
    });
    const answers = [];
    for (const body of [
      report('WORD-1', 'delivered', 12),
      report('WORD-1', 'delivered', 12),
      report('WORD-1', 'out_for_delivery', 11),
      report('WORD-1', 'out_for_delivery', 11),
    ]) {
      answers.push((await tell(body, admin, 'dhl')).body.applied);
    }
    assert.deepEqual(answers, [true, false, false, false]);
    const { status, history } = read(await alice.get(`/shipments/${shipment_id}`));
    const carriers = history.filter(({ source }) => source === 'carrier');
    assert.equal(status, 'delivered');
    assert.deepEqual(
      carriers.map((one) => [one.status, one.at, one.note]),
      [
        ['in_transit', '2026-07-29T11:00:00.000Z', 'out for delivery'],
        ['delivered', '2026-07-29T12:00:00.000Z', null],
      ],
    );
    await orderIs(order_id, 'fulfillment_status', 'delivered');
  });

  test('what a carrier says many times at once, in any order, is heard once', async () => {
    const { shipment_id } = await shipped();
    await put(shipment_id, {
      status: 'shipped',
      skip: ['packed'],
      unpaid: true,
      carrier: 'DHL',
      tracking_number: 'MANY-1',
    });
    const words = [
      report('MANY-1', 'in_transit', 10),
      report('MANY-1', 'delivered', 12),
      report('MANY-1', 'customs', 11),
    ];
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => tell(words[n % 3] ?? {})));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    const { status, history } = read(await alice.get(`/shipments/${shipment_id}`));
    assert.deepEqual([status, history.filter(({ source }) => source === 'carrier').length], ['delivered', 3]);
  });

  test('who is neither staff nor the carrier is not listened to', async () => {
    const { shipment_id } = await shipped();
    await put(shipment_id, {
      status: 'shipped',
      skip: ['packed'],
      unpaid: true,
      carrier: 'DHL',
      tracking_number: 'SIGN-1',
    });
    const body = { ...report('SIGN-1', 'in_transit', 10), carrier: 'DHL', status: 'in_transit' as const };
    const { carrier: _carrier, ...sent } = body;
    const signature = signatureOf({ ...body, tracking_number: 'SIGN-1' }, SECRET);
    const forged = signatureOf({ ...body, tracking_number: 'SIGN-1' }, 'another secret');
    const statuses = async (as: TestClient, more: object) => (await tell({ ...sent, ...more }, as)).status;
    assert.deepEqual([await statuses(shop.guest, {}), await statuses(alice, {})], [400, 403]);
    assert.equal(await statuses(shop.guest, { signature: forged }), 400);
    assert.equal(await statuses(shop.guest, { signature, status: 'delivered' }), 400);
    assert.equal(await statuses(shop.guest, { signature: 'x' }), 400);
    assert.equal((await tell({ ...sent, signature }, shop.guest, 'ups')).status, 400);
    const signed = await tell({ ...sent, signature }, shop.guest);
    assert.deepEqual([signed.status, signed.body.applied], [200, true]);
    const replayed = await tell({ ...sent, signature }, shop.guest);
    assert.deepEqual([replayed.status, replayed.body.applied], [200, false]);
  });

  test('a parcel that nobody knows and a word that means nothing are refused', async () => {
    assert.equal((await tell(report('NOBODY', 'delivered', 12))).status, 404);
    assert.equal((await tell(report('NOBODY', 'eaten', 12))).status, 400);
    const { shipment_id } = await shipped();
    await put(shipment_id, {
      status: 'shipped',
      skip: ['packed'],
      unpaid: true,
      carrier: 'DHL',
      tracking_number: 'WORD-2',
    });
    const { status, body } = await tell({ ...report('WORD-2', 'delivered', 12), at: 'soon' });
    assert.deepEqual([status, body.errors[0]?.pointer], [400, '/at']);
  });
});

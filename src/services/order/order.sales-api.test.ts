import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SignJWT } from 'jose';
import type { TestAnswer, TestClient } from '../../testing/client.ts';
import { clientOf } from '../../testing/client.ts';
import { eachEngine } from '../../testing/engines.ts';
import { settle } from '../../testing/settle.ts';
import { testApart } from '../../testing/shapes.ts';
import { WORLD_SETTINGS, type World, world } from '../../testing/world.ts';

const MOUSE = 2;
const one = { items: [{ product_id: MOUSE, quantity: 1 }] };
const codeOf = ({ status, body }: TestAnswer) => `${status} ${body.code}`;

interface Making {
  readonly alg?: string;
  readonly secret?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly typ?: string;
  readonly lifetime?: number;
}

/** A token as the auth service would sign it, or nearly. */
function signed(claims: Record<string, unknown>, making: Making = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const { alg = 'HS256', typ = 'at+jwt', lifetime = 600 } = making;
  return new SignJWT(claims)
    .setProtectedHeader({ alg, typ })
    .setIssuer(making.issuer ?? 'tradepost')
    .setAudience(making.audience ?? 'tradepost')
    .setIssuedAt(now - 1000)
    .setExpirationTime(now + lifetime)
    .sign(new TextEncoder().encode(making.secret ?? WORLD_SETTINGS.JWT_SECRET));
}

eachEngine('the sales API', (engine) => {
  let shop: World;
  let admin: TestClient;
  let alice: TestClient;
  before(async () => {
    shop = await world({ engine });
    [admin, alice] = await Promise.all([shop.as('admin'), shop.as('alice')]);
  });
  after(() => shop.close());

  const aliceIs = (more: object = {}) => ({ sub: String(alice.id), username: 'alice', role: 'customer', ...more });
  const as = async (claims: Record<string, unknown>, making?: Making) =>
    clientOf(shop.url, await signed(claims, making), alice.id);

  test('has the operations of orders, under addresses of its own', async () => {
    const placed = await alice.post('/api/v1/orders', one);
    assert.equal(placed.status, 201);
    const { order_id } = placed.body;
    assert.deepEqual(
      (await alice.get(`/api/v1/orders/${order_id}`)).body,
      (await alice.get(`/orders/${order_id}`)).body,
    );
    assert.equal((await alice.post('/api/v1/orders/single', one.items[0])).status, 201);
    assert.equal((await alice.post('/api/v1/orders/alice', one)).status, 201);
    assert.deepEqual((await alice.get('/api/v1/orders')).body, (await alice.get('/orders')).body);
    assert.deepEqual((await alice.get('/api/v1/orders/alice')).body, (await alice.get('/orders')).body);
    for (const part of ['timeline', 'explain']) {
      assert.equal((await alice.get(`/api/v1/orders/${order_id}/${part}`)).status, 200);
    }
    const cancelled = await alice.post(`/api/v1/orders/${order_id}/cancel`);
    assert.deepEqual([cancelled.status, cancelled.body.status], [200, 'cancelled']);
  });

  test('pages within its own addresses, and answers a repeated request once', async () => {
    const key = { 'idempotency-key': 'v1' };
    const [first, second] = [await alice.post('/api/v1/orders', one, key), await alice.post('/orders', one, key)];
    assert.deepEqual([second.body, second.headers.get('idempotent-replayed')], [first.body, 'true']);
    const link = (await alice.get('/api/v1/orders?limit=1')).headers.get('link') ?? '';
    assert.match(link, /^<\/api\/v1\/orders\?/);
  });

  test('refuses what is no token, with a problem that says so', async () => {
    const answer = await shop.guest.get('/api/v1/orders');
    assert.deepEqual(
      [codeOf(answer), answer.headers.get('www-authenticate')],
      ['401 TRADEPOST_UNAUTHENTICATED', 'Bearer'],
    );
    assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    const [head, body, signature] = String(alice.token).split('.');
    const other = Buffer.from(JSON.stringify({ ...aliceIs(), sub: String(admin.id), role: 'admin' })).toString(
      'base64url',
    );
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    for (const token of ['x', 'a.b.c', `${head}.${other}.${signature}`, `${head}.${body}.`, `${none}.${body}.`]) {
      assert.equal(
        codeOf(await clientOf(shop.url, token).get('/api/v1/orders')),
        '401 TRADEPOST_UNAUTHENTICATED',
        token,
      );
    }
    for (const authorization of ['', 'Bearer', `Basic ${alice.token}`, `${alice.token}`]) {
      assert.equal((await shop.guest.get('/api/v1/orders', { authorization })).status, 401, authorization);
    }
    assert.equal((await shop.guest.get(`/api/v1/orders?access_token=${alice.token}`)).status, 401);
    assert.equal(
      (await shop.guest.raw('POST', '/api/v1/orders', '{"items"', { 'content-type': 'application/json' })).status,
      401,
    );
  });

  const wrong: [string, Making][] = [
    ['another secret', { secret: 'a secret that somebody else knows' }],
    ['another algorithm', { alg: 'HS512' }],
    ['another issuer', { issuer: 'https://elsewhere.example' }],
    ['another audience', { audience: 'somebody else' }],
    ['another type', { typ: 'JWT' }],
    ['a time that is over', { lifetime: -60 }],
  ];
  for (const [name, making] of wrong) {
    test(`refuses a token with ${name}`, async () => {
      assert.equal((await (await as(aliceIs())).get('/api/v1/orders')).status, 200);
      assert.equal(codeOf(await (await as(aliceIs(), making)).get('/api/v1/orders')), '401 TRADEPOST_UNAUTHENTICATED');
    });
  }

  test('refuses a token that does not say who it is for', async () => {
    for (const more of [
      { sub: undefined },
      { sub: 'alice' },
      { sub: '0' },
      { role: 'owner' },
      { username: 7 },
      { scope: 7 },
    ]) {
      assert.equal((await (await as(aliceIs(more))).get('/api/v1/orders')).status, 401, JSON.stringify(more));
    }
  });

  test('lets an OAuth2 client do what it was granted, and no more', async () => {
    const reader = await as(aliceIs({ scope: 'openid orders:read' }));
    const writer = await as(aliceIs({ scope: 'orders:write' }));
    const neither = await as(aliceIs({ scope: 'orders orders:readers xorders:read' }));
    const { order_id } = (await writer.post('/api/v1/orders', one)).body;
    assert.equal(typeof order_id, 'number');
    for (const path of ['', `/${order_id}`, '/alice', `/${order_id}/timeline`, `/${order_id}/explain`]) {
      assert.equal((await reader.get(`/api/v1/orders${path}`)).status, 200, path);
      for (const client of [writer, neither]) {
        assert.equal(codeOf(await client.get(`/api/v1/orders${path}`)), '403 TRADEPOST_SCOPE_MISSING', path);
      }
    }
    for (const path of ['', '/single', '/alice', `/${order_id}/cancel`]) {
      const answer = await reader.post(`/api/v1/orders${path}`, path.includes('cancel') ? undefined : one);
      assert.equal(codeOf(answer), '403 TRADEPOST_SCOPE_MISSING', path);
    }
    const { body } = await reader.post('/api/v1/orders', one);
    assert.equal(body.error, 'this token was not granted the scope orders:write');
    assert.equal((await writer.post(`/api/v1/orders/${order_id}/cancel`)).status, 200);
  });

  test('a client’s token is good nowhere else, whatever it was granted', async () => {
    const client = await as(aliceIs({ scope: 'orders:read orders:write', role: 'admin' }));
    assert.equal((await client.get('/api/v1/orders')).status, 200);
    for (const path of ['/orders', '/users/me', '/invoices', '/shipments', '/users']) {
      assert.equal((await client.get(path)).status, 401, path);
    }
  });

  test('shows another customer’s order to nobody but staff', async () => {
    const bob = await shop.as('bob');
    const { order_id } = (await alice.post('/api/v1/orders', one)).body;
    for (const path of [`/${order_id}`, `/${order_id}/timeline`, `/${order_id}/explain`]) {
      assert.equal((await bob.get(`/api/v1/orders${path}`)).status, 404);
      assert.equal((await admin.get(`/api/v1/orders${path}`)).status, 200);
    }
    assert.equal((await bob.post(`/api/v1/orders/${order_id}/cancel`)).status, 404);
  });

  test('nobody sets a status of an order', async () => {
    const { order_id } = (await alice.post('/orders', one)).body;
    for (const client of [alice, admin]) {
      for (const body of [{ status: 'completed' }, { payment_status: 'paid' }, { fulfillment_status: 'delivered' }]) {
        for (const path of [`/orders/${order_id}`, `/api/v1/orders/${order_id}`]) {
          assert.equal((await client.put(path, body)).status, 405);
          assert.equal((await client.patch(path, body)).status, 400);
        }
        assert.equal((await client.post('/api/v1/orders', { ...one, ...body })).status, 400);
      }
    }
  });
});

test('where tokens are signed with a key of their own, its public half is no secret to sign with', async () => {
  const shop = await world({ env: { JWT_SECRET: '' } });
  try {
    const alice = await shop.as('alice');
    assert.equal((await alice.post('/api/v1/orders', one)).status, 201);
    const { keys } = (await shop.guest.get('/auth/jwks')).body as unknown as { keys: { x: string }[] };
    assert.equal(keys.length, 1);
    const claims = { sub: String(alice.id), username: 'alice', role: 'admin' };
    for (const secret of [keys[0]?.x, JSON.stringify(keys[0]), JSON.stringify(keys)]) {
      const forged = clientOf(shop.url, await signed(claims, { secret }));
      assert.equal((await forged.get('/api/v1/orders')).status, 401);
    }
  } finally {
    await shop.close();
  }
});

testApart('the sales API is the same when every service runs in a process of its own', async () => {
  const shop = await world({ processes: 'each' });
  try {
    const alice = await shop.as('alice');
    const { status, body } = await alice.post('/api/v1/orders', one);
    assert.equal(status, 201, JSON.stringify(body));
    await settle(async () => {
      const { body: told } = await alice.get<{ type: string }[]>(`/api/v1/orders/${body.order_id}/timeline`);
      assert.deepEqual(told.map(({ type }) => type).slice(0, 2), ['order.created', 'shipment.created']);
    });
    const claims = { sub: String(alice.id), username: 'alice', role: 'customer', scope: 'orders:read' };
    const reader = clientOf(shop.url, await signed(claims));
    assert.equal((await reader.get('/api/v1/orders')).status, 200);
    assert.equal(codeOf(await reader.post('/api/v1/orders', one)), '403 TRADEPOST_SCOPE_MISSING');
    assert.equal(codeOf(await shop.guest.get('/api/v1/orders')), '401 TRADEPOST_UNAUTHENTICATED');
  } finally {
    await shop.close();
  }
});

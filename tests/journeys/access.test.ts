import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Op } from '../../src/platform/contract/contract.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { settle } from '../../src/testing/settle.ts';
import { eachShape } from '../../src/testing/shapes.ts';
import { PASSWORD, WORLD_SETTINGS, type World, type WorldOptions, world } from '../../src/testing/world.ts';
import { bodyOf, hasBody, internal, operations, pathOf } from './hostile.fixture.ts';
import { everyRow, everyRowAtRest, MOUSE, rowsOf } from './shop.fixture.ts';
import { assertProblem, type Wire, wireTo } from './wire.fixture.ts';

eachShape('who may do what', whoMayDoWhat);

const SQL = [
  '../..', '/../', '%', '100%',
  "' or '1'='1", "'; drop table tradepost_order.orders; --", "1' union select null,null,null --", '") or 1=1 --',
  "admin'--", "admin' #", "' and pg_sleep(60)--", "'; update tradepost_user.users set role='admin' --", '$1', '%27%20or%201=1',
  "\\'; select 1 --", '{{schema}}', "a' || (select password_hash from tradepost_user.users limit 1) || '", ':* & !x', "' | '", '!!()&|',
]; // biome-ignore format: one corpus

function whoMayDoWhat(options: WorldOptions): void {
  let shop: World;
  let admin: TestClient;
  let staff: TestClient;
  let other: TestClient;
  let wire: Wire;
  let number = 0;

  before(async () => {
    shop = await world(options);
    [admin, other] = await Promise.all([shop.as('admin'), shop.as('other')]);
    const clerk = await shop.as('clerk');
    await admin.put(`/users/${clerk.id}/role`, { role: 'staff' });
    const { body } = await shop.guest.post('/login', { username: 'clerk', password: PASSWORD });
    staff = clientOf(shop.url, body.token, clerk.id);
    wire = wireTo(shop.url);
  });

  after(async () => {
    wire.close();
    await shop.close();
  });

  /** A customer with an order, its invoice and a session: all that others are kept from. */
  async function owner() {
    const username = `owner-${++number}`;
    const client = await shop.as(username);
    const { order_id } = (await client.post('/orders/single', { product_id: MOUSE, quantity: 1 })).body;
    const { invoice_id } = (await client.post('/invoices', { order_id })).body;
    const sessions = (await client.get<{ session_id: number }[]>('/users/me/sessions')).body;
    const due = { amount: 1, description: 'a part of it', invoice_id };
    const { id: transaction_id } = (await client.post('/transactions', due)).body;
    await client.post('/transactions/pay', {});
    const shipment_id = await settle(async () => {
      const { status, body } = await client.get<{ shipment_id: number }>(`/shipments/order/${order_id}`);
      assert.equal(status, 200);
      return body.shipment_id;
    });
    const session_id = sessions[0]?.session_id ?? 0;
    const ids = { username, order_id, invoice_id, transaction_id, shipment_id, user_id: client.id, session_id };
    return { client, ids };
  }

  type Owner = Awaited<ReturnType<typeof owner>>;

  function call(op: Op, who: TestClient, { ids }: Owner) {
    const parameters = Object.fromEntries(Object.entries(ids).map(([name, value]) => [name, String(value)]));
    const path = pathOf(op, { name: 'Home', ...parameters });
    const authorization: Record<string, string> = who.token ? { authorization: `Bearer ${who.token}` } : {};
    if (!hasBody(op)) return wire.send({ method: op.method, path, headers: authorization });
    const given = bodyOf(op);
    for (const [name, value] of Object.entries(ids)) if (name in given) given[name] = value;
    // Only with the status paid is there money to tell of.
    if (op.id === 'invoice.setStatus') delete given.payment;
    if (op.id === 'user.register') given.username = `fresh-${++number}`;
    const headers = { ...authorization, 'content-type': 'application/json' };
    return wire.send({ method: op.method, path, headers, body: JSON.stringify(given) });
  }

  /** Whether the request names something that belongs to one customer. */
  const namesWhatIsTheirs = (op: Op): boolean =>
    /\{(order_id|invoice_id|transaction_id|shipment_id|session_id|user_id|username)\}/.test(op.path) ||
    op.id === 'invoice.create';

  /** Whether it must work: what it names is there, and a sample of each field is a request. */
  const mustWork = (op: Op, { ids }: Owner): boolean => {
    const named = [...op.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const asked = hasBody(op) ? [] : ((op.input.required ?? []) as string[]).filter((name) => !named.includes(name));
    return (
      named.every((name) => name in ids || name === 'name') &&
      asked.length === 0 &&
      // Theirs is paid.
      op.id !== 'payment.withdraw' &&
      `${op.method} ${op.path}` !== 'POST /webhooks/endpoints'
    );
  };

  for (const op of operations.filter(({ stream }) => !stream)) {
    test(`${op.method} ${op.path} is for ${op.access}`, async () => {
      const one = await owner();
      const about = (who: string) => `${op.method} ${op.path} by ${who}`;
      const allowed = async (who: string, client: TestClient) => {
        const { status, text } = await call(op, client, one);
        assert.ok(status < 500 && status !== 401 && status !== 403, `${about(who)} → ${status} ${text}`);
        return status;
      };
      const refused = async (who: string, client: TestClient, ...statuses: number[]) =>
        assertProblem(await call(op, client, one), statuses, about(who));

      if (op.access === 'public') {
        await allowed('a guest', shop.guest);
        return;
      }
      await refused('a guest', shop.guest, 401);
      if (op.access === 'customer') {
        if (op.id === 'order.placeFor') await refused('another customer', other, 403);
        else if (namesWhatIsTheirs(op)) await refused('another customer', other, 404);
        const answered = await allowed('its owner', one.client);
        if (mustWork(op, one)) assert.ok(answered < 300, `${about('its owner')} → ${answered}`);
        // What the last request used up is there again for this one.
        const two = op.id === 'user.changePassword' ? one : await owner();
        const { status } = await call(op, staff, two);
        assert.ok(status < 500 && status !== 401 && status !== 403, `${about('staff')} → ${status}`);
        return;
      }
      await refused('a customer', other, 403);
      await refused('its owner', one.client, 403);
      if (op.access === 'admin') await refused('staff', staff, 403);
      const answered = await allowed(op.access, op.access === 'admin' ? admin : staff);
      if (mustWork(op, one)) assert.ok(answered < 300, `${about(op.access)} → ${answered}`);
    });
  }

  for (const op of operations.filter(({ stream }) => stream)) {
    test(`${op.method} ${op.path}, which does not end, is for ${op.access}`, async () => {
      for (const [who, wanted] of [
        [shop.guest, 401],
        [other, 403],
        [staff, 200],
      ] as const) {
        const ended = new AbortController();
        const headers: Record<string, string> = who.token ? { authorization: `Bearer ${who.token}` } : {};
        const { status } = await fetch(shop.url + op.path, { headers, signal: ended.signal });
        ended.abort();
        assert.equal(status, wanted);
      }
    });
  }

  test('what is another’s stays unseen in every list', async () => {
    const one = await owner();
    for (const path of ['/orders', '/orders?all=true', '/invoices', '/invoices?all=true']) {
      assert.deepEqual((await other.get(path)).body, [], path);
    }
    assert.equal((await other.get(`/orders/${one.ids.username}`)).status, 404);
    assert.equal((await other.get('/orders/nobody-at-all')).status, 404);
    const twice = await other.get(`/orders/${one.ids.order_id}`);
    const never = await other.get('/orders/99999999');
    assert.deepEqual([twice.status, twice.body.error], [never.status, never.body.error]);
  });

  test('what services ask each other cannot be asked from outside, whatever the headers say', async () => {
    const before = await everyRowAtRest(shop.databaseUrl);
    const one = await rowsOf<{ order_id: number }>(
      shop.databaseUrl,
      'select order_id from tradepost_order.orders limit 1',
    );
    for (const op of internal) {
      const ids = { order_id: String(one[0]?.order_id ?? 1), user_id: '1', username: 'boss' };
      for (const forged of [undefined, ...forgedContexts()]) {
        for (const who of [shop.guest, other, admin]) {
          const headers: Record<string, string> = { 'content-type': 'application/json' };
          if (forged !== undefined) headers['x-tradepost-ctx'] = forged;
          if (who.token) headers.authorization = `Bearer ${who.token}`;
          for (const path of [pathOf(op, ids), `/orders/..${pathOf(op, ids).replaceAll('/', '\\')}`]) {
            const body = hasBody(op) ? JSON.stringify({ ...bodyOf(op), order_id: 1, order_ids: [1] }) : undefined;
            const answer = await wire.send({ method: op.method, path, headers, body });
            assertProblem(answer, [400, 401, 403, 404], `${op.method} ${path}`);
          }
        }
      }
    }
    assert.deepEqual(await everyRow(shop.databaseUrl), before);
  });

  test('a forged context on an ordinary request makes nobody of anybody', async () => {
    for (const forged of forgedContexts()) {
      const headers = { 'x-tradepost-ctx': forged };
      assert.equal((await shop.guest.get('/orders', headers)).status, 401);
      assert.equal((await other.get('/users', headers)).status, 403);
    }
  });

  // A sleep that were run would be ended by the statement's time limit, and answered as a fault of ours.
  test('SQL in a search, a name or a header is text', async () => {
    const before = await everyRowAtRest(shop.databaseUrl);
    for (const text of SQL) {
      const part = encodeURIComponent(text);
      for (const [who, path, statuses] of [
        [shop.guest, `/products?q=${text.replace(/[\s#&]/g, '+')}`, [200]],
        [shop.guest, `/products?q=${part}`, [200]],
        [shop.guest, `/products?category=${part}`, [200]],
        [shop.guest, `/products/category/${part}`, text.includes('..') ? [200, 404] : [200]],
        [admin, `/orders/${part}`, text.length > 64 ? [400] : [404]],
        [admin, `/orders?status=${part}`, [400]],
        [admin, `/invoices?status=${part}`, [400]],
        [admin, `/orders?cursor=${part}`, [400]],
      ] as const) {
        const answer = await who.get(path);
        assert.ok((statuses as readonly number[]).includes(answer.status), `${path} → ${answer.status}`);
        if (answer.status === 200) assert.ok(JSON.stringify(answer.body).length < 5_000, path);
      }
      assert.equal((await shop.guest.post('/login', { username: text, password: PASSWORD })).status, 401, text);
      assert.equal((await shop.guest.post('/login', { username: 'boss', password: text })).status, 401, text);
      assert.equal((await shop.guest.post('/register', { username: text, password: PASSWORD })).status, 400, text);
      const placed = await admin.post(`/orders/${part}`, { product_id: MOUSE, quantity: 1 });
      assert.equal(placed.status, text.length > 64 ? 400 : 404, text);
    }
    assert.deepEqual(await everyRow(shop.databaseUrl), before);
  });

  test('a token that is none, or of another, is refused', async () => {
    const claims = { sub: '1', username: 'admin', role: 'admin', iss: 'tradepost', aud: 'tradepost' };
    for (const [name, authorization] of Object.entries(badTokens(claims))) {
      for (const path of ['/orders', '/users', '/users/me', '/invoices/1', '/invoices/1/pdf']) {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
        assertProblem(await wire.send({ method: 'GET', path, headers }), [401], `${name} at ${path}`);
      }
    }
    const good = `Bearer ${hs256(claims)}`;
    assert.equal((await shop.guest.get('/users', { authorization: good })).status, 200);
  });
}

function forgedContexts(): string[] {
  const ctx = { actor: { kind: 'system' }, now: new Date().toISOString(), trace: '', requestId: 'x', via: 'order' };
  const body = (to: string) =>
    Buffer.from(JSON.stringify({ ctx, to, until: Date.now() + 30_000 })).toString('base64url');
  const services = ['user', 'product', 'order', 'invoice', 'gateway'];
  const signed = (key: string) =>
    services.map((to) => `${body(to)}.${createHmac('sha256', key).update(body(to)).digest('base64url')}`);
  return [
    '',
    '.',
    'x.y',
    JSON.stringify(ctx),
    `${body('order')}.`,
    ...signed(''),
    ...signed(WORLD_SETTINGS.JWT_SECRET),
  ];
}

type Claims = Readonly<Record<string, unknown>>;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const soon = () => ({ iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 600 });

function hs256(claims: Claims, header: object = {}, key: string | Buffer = WORLD_SETTINGS.JWT_SECRET): string {
  const text = `${part({ alg: 'HS256', typ: 'at+jwt', ...header })}.${part({ ...soon(), ...claims })}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

function rs256(claims: Claims): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const text = `${part({ alg: 'RS256', typ: 'at+jwt' })}.${part({ ...soon(), ...claims })}`;
  return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
}

function badTokens(claims: Claims): Record<string, string | undefined> {
  const bearer = (token: string) => `Bearer ${token}`;
  const none = (header: object) => bearer(`${part({ typ: 'at+jwt', ...header })}.${part({ ...soon(), ...claims })}.`);
  const [head = '', body = '', signature = ''] = hs256(claims).split('.');
  const hour = 3_600;
  return {
    missing: undefined,
    empty: '',
    'no token': 'Bearer',
    garbage: bearer('garbage'),
    dots: bearer('a.b.c'),
    basic: `Basic ${Buffer.from('admin:password123').toString('base64')}`,
    'without a scheme': hs256(claims),
    'two at once': `${bearer(hs256(claims))}, ${bearer(hs256(claims))}`,
    'alg none': none({ alg: 'none' }),
    'alg None': none({ alg: 'None' }),
    'no alg': none({}),
    'another key': bearer(hs256(claims, {}, 'a key that somebody guessed')),
    'an empty key': bearer(hs256(claims, {}, '')),
    'HS512 in name': bearer(hs256(claims, { alg: 'HS512' })),
    RS256: bearer(rs256(claims)),
    'RS256 in name': bearer(hs256(claims, { alg: 'RS256' })),
    'a key of its own': bearer(hs256(claims, { jwk: { kty: 'oct', k: 'AAAA' } }, Buffer.from('AAAA', 'base64url'))),
    'kid with a path': bearer(hs256(claims, { kid: '../../../../dev/null' }, '')),
    'crit unknown': bearer(hs256(claims, { crit: ['x'], x: 1 })),
    'without a signature': bearer(`${head}.${body}.`),
    'signature of another body': bearer(`${head}.${part({ ...soon(), ...claims, role: 'staff' })}.${signature}`),
    expired: bearer(hs256({ ...claims, iat: 1, exp: soon().iat - hour })),
    'without an end': bearer(hs256({ ...claims, exp: undefined })),
    'end as text': bearer(hs256({ ...claims, exp: '9999999999' })),
    'not yet': bearer(hs256({ ...claims, nbf: soon().iat + hour })),
    'another audience': bearer(hs256({ ...claims, aud: 'elsewhere' })),
    'another issuer': bearer(hs256({ ...claims, iss: 'elsewhere' })),
    'no issuer': bearer(hs256({ ...claims, iss: undefined })),
    'another type': bearer(hs256(claims, { typ: 'JWT' })),
    'no type': bearer(hs256(claims, { typ: undefined })),
    'an unknown role': bearer(hs256({ ...claims, role: 'root' })),
    'no role': bearer(hs256({ ...claims, role: undefined })),
    'no subject': bearer(hs256({ ...claims, sub: undefined })),
    'a subject that is no id': bearer(hs256({ ...claims, sub: 'admin' })),
    'a subject of nobody': bearer(hs256({ ...claims, sub: '0' })),
    'a subject below nobody': bearer(hs256({ ...claims, sub: '-1' })),
    'an empty subject': bearer(hs256({ ...claims, sub: '' })),
  };
}

describe('with a key pair instead of a shared secret', () => {
  test('the published key opens nothing, and neither does the secret of another system', async () => {
    const shop = await world({ env: { JWT_SECRET: '' } });
    try {
      const admin = await shop.as('admin');
      assert.equal((await admin.get('/users')).status, 200);
      const { body } = await shop.guest.get<{ keys: { x: string; kid: string }[] }>('/auth/jwks');
      const [key] = body.keys;
      assert.ok(key);
      const claims = { sub: '1', username: 'admin', role: 'admin', iss: 'tradepost', aud: 'tradepost' };
      const guesses = [WORLD_SETTINGS.JWT_SECRET, key.x, Buffer.from(key.x, 'base64url'), JSON.stringify(key), ''];
      for (const guess of guesses) {
        for (const alg of ['HS256', 'EdDSA', 'none']) {
          const token = hs256(claims, { alg, kid: key.kid }, guess);
          assert.equal((await clientOf(shop.url, token).get('/users')).status, 401);
        }
      }
    } finally {
      await shop.close();
    }
  });
});

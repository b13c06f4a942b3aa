import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Op } from '../../src/platform/contract/contract.ts';
import type { TestClient } from '../../src/testing/client.ts';
import { eachShape } from '../../src/testing/shapes.ts';
import { type World, type WorldOptions, world } from '../../src/testing/world.ts';
import { bodyOf, fieldsOf, hasBody, isDescribed, operations, pathOf, withField, wrongFor } from './hostile.fixture.ts';
import { everyRow, everyRowAtRest, MOUSE } from './shop.fixture.ts';
import { assertProblem, speak, type Wire, type WireAnswer, wireTo } from './wire.fixture.ts';

const JSON_TYPE = 'application/json';
const THROUGH_THE_PROXY = ['user.updateMe', 'product.create', 'order.placeFor', 'invoice.setStatus'];

// Everything here is sent by the admin, so that it is the request that is refused, and not the person.
eachShape('what no client should send', hostileRequests);

function hostileRequests(options: WorldOptions): void {
  // Through the proxy the same; one operation of each service will do.
  const chosen = ({ id }: Op): boolean => options.processes === 'one' || THROUGH_THE_PROXY.includes(id);
  let shop: World;
  let admin: TestClient;
  let wire: Wire;
  let before_: Record<string, string>;

  before(async () => {
    shop = await world(options);
    admin = await shop.as('admin');
    await shop.as('customer');
    await admin.post('/orders/single', { product_id: MOUSE, quantity: 1 });
    await admin.post('/invoices', { order_id: 1 });
    wire = wireTo(shop.url);
    before_ = await everyRowAtRest(shop.databaseUrl);
  });

  after(async () => {
    wire.close();
    await shop.close();
  });

  // The proof that a refusal was one.
  const nothingChanged = async () => assert.deepEqual(await everyRow(shop.databaseUrl), before_);

  function send(
    op: Op,
    path: string,
    body?: string | Buffer,
    headers: Record<string, string> = {},
  ): Promise<WireAnswer> {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': JSON_TYPE };
    const authorization = `Bearer ${admin.token}`;
    return wire.send({
      method: op.method,
      path,
      body,
      headers: { authorization, ...type, ...headers },
      alone: (body?.length ?? 0) > 65_536,
    });
  }

  const withBodies = operations.filter(hasBody).filter(isDescribed).filter(chosen);

  for (const op of withBodies) {
    const required = (op.input.required ?? []).filter((name) => name in fieldsOf(op));

    test(`${op.id} takes only JSON objects with the fields it knows`, async () => {
      const bodies = [
        '{', '{"a":}', "{'a':1}", '{"a":1,}', '{"a":NaN}', '\u0000', 'undefined', '{} {}', '\ufeff{',
        'null', '[]', '[{}]', '""', '"x"', '1', '-1', 'true', 'false',
        ...(required.length > 0 ? ['', '{}'] : []),
        withField(bodyOf(op), 'no_such_field', '1'),
        withField(bodyOf(op), '', '1'),
        withField(bodyOf(op), '__proto__', '{"role":"admin"}'),
        withField(bodyOf(op), 'constructor', '{"prototype":{"role":"admin"}}'),
        withField(bodyOf(op), 'constructor', '1'),
        withField(bodyOf(op), 'toString', '1'),
        withField(bodyOf(op), 'user_id', '1e999'),
        ...['role', 'price', 'total', 'status', 'paid_at', 'owner_id'].filter((name) => !(name in fieldsOf(op)))
          .map((name) => withField(bodyOf(op), name, '"admin"')),
        `{${Object.keys(bodyOf(op)).map((name) => `"${name}":null,"${name}":[]`)}}`.replace('{}', 'null'),
        '['.repeat(30_000) + ']'.repeat(30_000),
        `{"a":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`,
      ]; // biome-ignore format: one corpus
      for (const body of bodies) {
        assertProblem(await send(op, pathOf(op), body), [400], `${op.method} ${op.path} ${body.slice(0, 200)}`);
      }
      await nothingChanged();
    });

    test(`${op.id} takes each field only as it is described`, async () => {
      for (const [index, [name, shape]] of Object.entries(fieldsOf(op)).entries()) {
        const deep = ['['.repeat(30_000) + ']'.repeat(30_000), '{"a":'.repeat(10_000) + 1 + '}'.repeat(10_000)];
        for (const wrong of [...wrongFor(shape), ...(index === 0 ? deep : [])]) {
          const body = withField(bodyOf(op), name, wrong);
          assertProblem(await send(op, pathOf(op), body), [400], `${op.method} ${op.path} ${body.slice(0, 200)}`);
        }
        const missing = { ...bodyOf(op) };
        delete missing[name];
        if (!required.includes(name)) continue;
        assertProblem(await send(op, pathOf(op), JSON.stringify(missing)), [400], `${op.id} without ${name}`);
      }
      await nothingChanged();
    });

    test(`${op.id} takes no other kind of body, and none above its limit`, async () => {
      const good = JSON.stringify(bodyOf(op));
      const types = ['text/plain', 'text/json', 'application/xml', 'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x', 'application/octet-stream', 'application/jsonp', 'json', '*/*']; // biome-ignore format: one list
      for (const type of types) {
        assertProblem(await send(op, pathOf(op), good, { 'content-type': type }), [415], `${op.id} as ${type}`);
      }
      for (const packed of [gzipSync(good), gzipSync(good).subarray(5), Buffer.from([0x1f, 0x8b, 0, 255, 254])]) {
        const answer = await send(op, pathOf(op), packed, { 'content-encoding': 'gzip' });
        assertProblem(answer, [400, 415], `${op.id} gzip`);
      }
      const large = withField(bodyOf(op), 'a', JSON.stringify('x'.repeat(op.maxBody ?? 65_536)));
      assertProblem(await send(op, pathOf(op), large), [413], `${op.id} above its limit`);
      const chunked = await send(op, pathOf(op), large, { 'transfer-encoding': 'chunked' });
      assertProblem(chunked, [413], `${op.id} above its limit in chunks`);
      await nothingChanged();
    });
  }

  const IDS = ['0', '-1', '1.5', '00', '1e3', '0x1', '99999999999999999999', '9007199254740992', '9007199254740993',
    '%2e%2e', '..', '%00', '1%00', '%ff', '%', '%zz', '%E0%A4', '1;drop', "1'", '1%20', '+1', `${' 1'.trim()}%0a`, 'null',
    '1,2', '\u00ff', '%EF%BC%91', '{}', '%5B%5D', '7'.repeat(255), '7'.repeat(300), 'a'.repeat(300), 'a'.repeat(8_000),
    '..%2f..%2finternal', '..\\..\\internal\\reservations\\expired', '__proto__', 'constructor']; // biome-ignore format: one corpus

  test('an id that is none is not found or refused, wherever it stands', async () => {
    for (const op of operations) {
      const names = [...op.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
      for (const name of names) {
        for (const id of IDS) {
          const path = pathOf(op, { [name]: id });
          const about = `${op.method} ${path.slice(0, 200)}`;
          const answer = await send(op, path, hasBody(op) ? JSON.stringify(bodyOf(op)) : undefined);
          // Any text may be the name of a category: it is an empty one.
          if (op.id === 'product.byCategory' && answer.status === 200) assert.equal(answer.text, '[]', about);
          // What is no number may be a username, whose address takes other methods.
          else
            assertProblem(
              answer,
              /^\/orders\/\{order_id\}$/.test(op.path) ? [400, 404, 405, 414] : [400, 404, 414],
              about,
            );
        }
      }
    }
    await nothingChanged();
  });

  test('a page that cannot be is refused', async () => {
    for (const op of operations.filter((one) => 'limit' in fieldsOf(one))) {
      const wrong = ['limit=0', 'limit=201', 'limit=abc', 'limit=-1', 'limit=1.5', 'limit=', 'limit=1e9', 'limit=1e1', 'limit=0x10', 'limit=%201', 'limit=+5', 'limit=%2B5', 'limit=010', 'limit=1.0', 'limit=%00',
        'limit=1&limit=2', 'limit[]=1', 'limit[$ne]=1', 'cursor=abc', 'cursor=%00', 'cursor=', 'cursor=djEg',
        `cursor=${Buffer.from('v1 -1').toString('base64url')}`, `cursor=${Buffer.from("v1 1' or 1=1").toString('base64url')}`,
        `cursor=${Buffer.from('v1 99999999999999999999').toString('base64url')}`, `cursor=${Buffer.from('v2 1').toString('base64url')}`,
        `cursor=${'a'.repeat(300)}`, 'cursor=a&cursor=b', 'no_such=1', '__proto__=1', '__proto__[a]=1', 'constructor=1']; // biome-ignore format: one corpus
      for (const query of wrong) {
        const path = `${pathOf(op, { username: 'boss' })}?${query}`;
        // A list of something that is not there is not found, whatever page of it is asked for.
        const refused = query.startsWith('cursor') && op.path.includes('{') ? [400, 404] : [400];
        assertProblem(await send(op, path), refused, `${op.method} ${path}`);
      }
    }
    await nothingChanged();
  });

  test('addresses that lead nowhere are problems too', async () => {
    const paths = ['/', '/nothing', '//', '//products', '/products/', '/PRODUCTS', '/products;x=1', '/products%2f1',
      '/orders/1/2/3', '/.env', '/src/main.ts', '/internal', '/../../etc/passwd', '/products/1/../2', '/%', '/products/%c0%ae',
      `/${'a'.repeat(7_000)}`]; // biome-ignore format: one corpus
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        const answer = await wire.send({ method, path, headers: { authorization: `Bearer ${admin.token}` } });
        assertProblem(answer, [400, 404, 405, 414], `${method} ${path.slice(0, 100)}`);
      }
    }
    const overridden = await wire.send({
      method: 'POST',
      path: '/products/1',
      headers: { authorization: `Bearer ${admin.token}`, 'x-http-method-override': 'PUT', 'content-type': JSON_TYPE },
      body: '{"price":0}',
    });
    assertProblem(overridden, [404, 405], 'x-http-method-override');
    await nothingChanged();
  });

  test('an Idempotency-Key that is none is refused', async () => {
    const path = '/orders/single';
    const body = JSON.stringify({ product_id: MOUSE, quantity: 1 });
    const op = operations.find(({ id }) => id === 'order.placeSingle') ?? assert.fail();
    for (const key of ['', ' ', 'a b', 'x'.repeat(256), 'schl\u00fcssel', 'a\tb']) {
      assertProblem(await send(op, path, body, { 'idempotency-key': key }), [400], `Idempotency-Key ${key}`);
    }
    await nothingChanged();
  });

  test('what is not HTTP is answered with a problem, too, and the server lives', async () => {
    const garbage = [
      'GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n',
      'GET /a b HTTP/1.1\r\nhost: x\r\n\r\n',
      'nonsense\r\n\r\n',
      'POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}',
      'POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}',
      'POST /login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\nzz\r\n',
      'POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
      'GET / HTTP/1.1\r\nhost: x\r\nx: a\r\n b\r\n\r\n',
    ];
    for (const text of garbage) assertProblem(await speak(shop.url, text), [400, 404, 431], text.slice(0, 100));
    assert.equal((await shop.guest.get('/health')).status, 200);
    await nothingChanged();
  });

  test('text that cannot be kept is refused, or does no harm', async () => {
    const texts = [
      '"\\u0000"',
      '"a\\u0000b"',
      '"\\ud800"',
      '"\\udc00 half"',
      '"\\ud83d\\ude00"',
      '"\\u202e"',
      '"\\uffff"',
      '"%s%n"',
    ];
    for (const op of withBodies) {
      for (const [name, shape] of Object.entries(fieldsOf(op)).filter(([, one]) =>
        [one.type].flat().includes('string'),
      )) {
        for (const text of [
          ...texts,
          ...texts.map((one) => one.replace(/^"/, '"someone ')),
          JSON.stringify('é'.repeat(100)),
        ]) {
          const about = `${op.id} ${name} ${text}`;
          const answer = await send(op, pathOf(op), withField(bodyOf(op), name, text));
          if (answer.status >= 400) assertProblem(answer, [400, 401, 404, 409], about);
          else assert.ok(answer.status < 300 && shape, about);
        }
      }
    }
  });
}

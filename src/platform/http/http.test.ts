import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clientOf, type TestAnswer, type TestClient } from '../../testing/client.ts';
import { CTX_HEADER } from '../auth/seal.ts';
import { MAX_BODY } from '../contract/contract.ts';
import { endServers, seal, serveThings, type ThingServer, thingService, tokenOf } from './things.fixture.ts';

const service = thingService();
let server: ThingServer;
let guest: TestClient;
let customer: Record<string, string>;
let staff: Record<string, string>;

before(async () => {
  server = await serveThings(service.api);
  guest = clientOf(server.url);
  [customer, staff] = await Promise.all([tokenOf('customer'), tokenOf('staff')]);
});

after(() => endServers(server));

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
const lastSeen = () => service.seen.at(-1);

test('an answer has the fields of its schema, with amounts of two digits', async () => {
  const answer = await fetch(`${server.url}/things/2`);
  assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
  assert.equal(await answer.text(), '{"thing_id":2,"name":"thing 2","price":3.00,"note":null}');
});

test('digits in a path are an id, anything else a name, whatever characters it has', async () => {
  assert.equal((await guest.get('/things/3')).body.thing_id, 3);
  for (const path of ['/things/thing%203', '/by-name/thing%203']) {
    assert.deepEqual([(await guest.get(path)).status, (await guest.get(path, customer)).body.thing_id], [401, 3]);
  }
  assert.equal((await guest.get('/things/99')).body.code, 'THING_NOT_FOUND');
  for (const name of ['..%2f..', '%00', '%F0%9F%8D%8B', '%25']) {
    assert.equal((await guest.get(`/things/${name}`, customer)).body.code, 'THING_NOT_FOUND', name);
  }
});

test('a request keeps the id that it brings, and has one made when it brings none that is fit', async () => {
  const idOf = async (headers?: Record<string, string>) =>
    (await guest.get('/things/1', headers)).headers.get('x-request-id');
  assert.equal(await idOf({ 'x-request-id': 'mine-1' }), 'mine-1');
  const made = [
    await idOf(),
    await idOf(),
    await idOf({ 'x-request-id': 'a b' }),
    await idOf({ 'x-request-id': 'x'.repeat(129) }),
  ];
  for (const id of made) assert.match(id ?? '', /^[0-9a-f-]{36}$/);
  assert.equal(new Set(made).size, 4);
  const { body } = await guest.get('/nowhere', { 'x-request-id': 'mine-2' });
  assert.equal(body.request_id, 'mine-2');
});

test('a trace that comes with the request goes on in a span of its own; without one it begins', async () => {
  const traceOf = async (headers: Record<string, string>) => {
    await guest.post('/things/1/touch', {}, headers);
    return lastSeen()?.trace ?? '';
  };
  const [trace, span] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  const continued = await traceOf({ traceparent: `00-${trace}-${span}-01` });
  assert.match(continued, new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
  assert.equal(continued.includes(span), false);
  for (const traceparent of ['nonsense', `00-${'0'.repeat(32)}-${span}-01`, `00-${trace.toUpperCase()}-${span}-01`]) {
    const begun = await traceOf({ traceparent });
    assert.match(begun, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    assert.equal(begun.includes(trace), false);
  }
});

test('a JSON request without a body is one without fields', async () => {
  assert.equal((await guest.raw('POST', '/things/1/touch', '', JSON_TYPE)).status, 200);
  assert.equal((await guest.raw('POST', '/things/1/touch')).status, 200);
  assert.equal((await guest.raw('DELETE', '/things/1', '', { ...JSON_TYPE, ...staff })).status, 204);
  const { status, body } = await guest.raw('POST', '/things', '', { ...JSON_TYPE, ...customer });
  assert.deepEqual([status, body.errors.length], [400, 2]);
});

test('what is no valid request is answered with a problem document', async () => {
  const big = JSON.stringify({ how: 'x'.repeat(MAX_BODY) });
  const cases: [number, string, Promise<TestAnswer>][] = [
    [404, 'TRADEPOST_NOT_FOUND', guest.get('/nowhere')],
    [405, 'TRADEPOST_METHOD_NOT_ALLOWED', guest.put('/things', {})],
    [413, 'TRADEPOST_BODY_TOO_LARGE', guest.raw('POST', '/failures', big, JSON_TYPE)],
    [415, 'TRADEPOST_MEDIA_TYPE', guest.raw('POST', '/failures', 'how=short', { 'content-type': 'text/plain' })],
    [415, 'TRADEPOST_MEDIA_TYPE', guest.raw('POST', '/failures', 'how=short', FORM_TYPE)],
    [400, 'TRADEPOST_INVALID', guest.raw('POST', '/failures', '{"how":', JSON_TYPE)],
    [400, 'TRADEPOST_INVALID', guest.raw('POST', '/failures', '{"__proto__":{"how":"short"}}', JSON_TYPE)],
    [400, 'TRADEPOST_INVALID', guest.raw('POST', '/failures', '["short"]', JSON_TYPE)],
    [400, 'TRADEPOST_INVALID', guest.get('/things?limit=many')],
    [400, 'TRADEPOST_INVALID', guest.get('/things?colour=red')],
    [400, 'TRADEPOST_INVALID', guest.get('/things/%E0%A4%A')],
  ];
  for (const [status, code, asked] of cases) {
    const { status: given, headers, body } = await asked;
    assert.deepEqual([given, body.code, body.status], [status, code, status], JSON.stringify(body));
    assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8');
    assert.equal(typeof body.error, 'string');
  }
});

test('a declared error is answered with its facts', async () => {
  const { status, body } = await guest.post('/failures', { how: 'short' });
  assert.deepEqual(
    [status, body.code, body.error, body.left, body.instance],
    [409, 'THING_SHORT', 'only 3 left', 3, '/failures'],
  );
  const { body: input } = await guest.post('/failures', { how: 'input' });
  assert.deepEqual(input.errors, [{ pointer: '/name', detail: 'is odd' }]);
});

test('an unexpected error hides its text from the client, and is logged with the request’s id', async () => {
  for (const how of ['broken', 'text']) {
    const { status, body } = await guest.post(
      '/failures',
      { how },
      { 'x-request-id': `look for ${how}`.replaceAll(' ', '-') },
    );
    assert.deepEqual([status, body.code], [500, 'TRADEPOST_INTERNAL']);
    assert.doesNotMatch(JSON.stringify(body), /select|thrown|stack|\.ts/);
    const line = server.log.find((one) => one.msg === 'unexpected error' && one.request_id === `look-for-${how}`);
    assert.match(JSON.stringify(line), /select password|thrown text/);
  }
});

test('a token is asked for where it is needed, and a bad one is refused', async () => {
  const without = await guest.post('/things', { name: 'x', price: 1 });
  assert.deepEqual([without.status, without.headers.get('www-authenticate')], [401, 'Bearer']);
  const bad = await guest.post('/things', { name: 'x', price: 1 }, { authorization: 'Bearer nonsense' });
  assert.equal(bad.status, 401);
  assert.equal((await guest.delete('/things/1', customer)).status, 403);
  // A public operation ignores an expired token.
  assert.equal((await guest.get('/things/1', { authorization: 'Bearer nonsense' })).status, 200);
});

test('a created resource answers 201, and 200 when it already existed', async () => {
  const made = await guest.post('/things', { name: 'new', price: 12.5 }, customer);
  assert.deepEqual([made.status, made.body], [201, { thing_id: 100, name: 'new', price: 12.5, note: null }]);
  const known = await guest.post('/things', { name: 'thing 1', price: 1 }, customer);
  assert.deepEqual([known.status, known.body.thing_id, 'existing' in known.body], [200, 1, false]);
  assert.equal(made.headers.get('cache-control'), 'no-store');
});

test('what has no answer answers 204 without a body', async () => {
  const { status, body, headers } = await guest.delete('/things/1', staff);
  assert.deepEqual([status, body, headers.get('content-type')], [204, '', null]);
});

test('a list is a bare array; the Link header leads from page to page with the same filter', async () => {
  const ids: unknown[] = [];
  let path: string | undefined = '/things?limit=2&cheaper_than=7.50';
  while (path) {
    const page: TestAnswer<{ thing_id: number }[]> = await guest.get(path);
    ids.push(page.body.map((one) => one.thing_id));
    path = /^<(\/things\?[^>]*)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1];
    if (path) assert.match(path, /limit=2.*cheaper_than=7\.50.*cursor=/);
  }
  assert.deepEqual(ids, [
    [1, 2],
    [3, 4],
  ]);
});

test('a file goes out as it is, under its name', async () => {
  const answer = await fetch(`${server.url}/things/2/label`);
  assert.equal(await answer.text(), 'Nr. 2: ÄÖ€');
  const headers = ['content-type', 'content-disposition', 'x-content-type-options'].map((name) =>
    answer.headers.get(name),
  );
  assert.deepEqual(headers, ['text/plain; charset=utf-8', 'inline; filename="label-2.txt"', 'nosniff']);
});

test('a file that may be of several kinds says which one it is', async () => {
  const pictures = ['picture', 'picture?drawn=true'].map((path) => guest.get(`/things/2/${path}`));
  const described = (await Promise.all(pictures)).map(({ headers, body }) => [
    headers.get('content-type'),
    headers.get('content-disposition'),
    String(body),
  ]);
  assert.deepEqual(described, [
    ['text/plain; charset=utf-8', 'inline; filename="thing 2.txt"', 'round'],
    ['image/svg+xml', 'inline; filename="thing 2.svg"', '<svg/>'],
  ]);
});

test('an Idempotency-Key belongs to its user and operation, and knows the request by its open fields', async () => {
  const make = async (fields: object, key: string) => {
    await guest.post('/things', { name: 'x', price: 1, ...fields }, { ...customer, 'idempotency-key': key });
    return lastSeen()?.request;
  };
  const first = await make({}, 'k');
  assert.deepEqual([first?.op, first?.key], ['thing.make', '7 thing.make k']);
  assert.equal((await make({}, 'other'))?.fingerprint, first?.fingerprint);
  assert.notEqual((await make({ price: 2 }, 'k'))?.fingerprint, first?.fingerprint);
  assert.equal((await make({ password: 'a secret' }, 'k'))?.fingerprint, first?.fingerprint);
  const reordered = await guest.raw('POST', '/things', '{"price":1,"name":"x"}', {
    ...customer,
    ...JSON_TYPE,
    'idempotency-key': 'k',
  });
  assert.deepEqual([reordered.status, lastSeen()?.request?.fingerprint], [201, first?.fingerprint]);
  await guest.post('/things/1/touch', {}, { 'idempotency-key': 'k' });
  assert.equal(lastSeen()?.request, undefined);
});

test('an Idempotency-Key is 1 to 255 visible characters', async () => {
  for (const key of ['', 'a b', 'é', 'x'.repeat(256)]) {
    const answer = await guest.post('/things', { name: 'x', price: 1 }, { ...customer, 'idempotency-key': key });
    assert.deepEqual([answer.status, answer.body.code], [400, 'TRADEPOST_BAD_KEY'], key);
  }
});

test('without calls between processes, internal operations have no route and a sealed context is ignored', async () => {
  assert.equal((await guest.post('/internal/things/count', {})).status, 404);
  const forged = seal.seal(
    { actor: { kind: 'system' }, now: new Date().toISOString(), trace: '', requestId: 'r' },
    'thing',
  );
  assert.equal((await guest.delete('/things/1', { [CTX_HEADER]: forged })).status, 401);
});

test('every request is logged with its id and status, and no query', async () => {
  await guest.get('/things?limit=1', { 'x-request-id': 'logged' });
  const line = server.log.find((one) => one.request_id === 'logged');
  assert.deepEqual([line?.method, line?.path, line?.status, line?.msg], ['GET', '/things', 200, 'request']);
});

import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { clientOf, type TestAnswer, type TestClient } from '../../../testing/client.ts';
import { freePort } from '../../../testing/ports.ts';
import { asPeer } from '../../app/guard.ts';
import { CTX_HEADER, type CtxSeal, createSeal } from '../../auth/seal.ts';
import type { Actor, Ctx } from '../../contract/contract.ts';
import { AppError } from '../../contract/errors.ts';
import { minor } from '../../contract/money.ts';
import {
  endServers,
  seal,
  serveThings,
  type ThingApi,
  type ThingServer,
  thingContract,
  thingService,
  tokenOf,
} from '../things.fixture.ts';
import { type Remote, remote } from './remote.ts';

const service = thingService();
const local = asPeer('tester', service.api);
let things: ThingServer;
let front: ThingServer;
let client: Remote<typeof thingContract>;
let distant: ThingApi;

// Two processes: `things` has the service, `front` serves the same operations and calls the other for each.
before(async () => {
  things = await serveThings(service.api, seal);
  client = remote(thingContract, things.url, seal);
  distant = asPeer('tester', client.api);
  front = await serveThings(client.api);
});

after(async () => {
  await endServers(front);
  await client.close();
  await endServers(things);
});

function ctxOf(actor: Actor = { kind: 'anonymous' }, more: Partial<Ctx> = {}): Ctx {
  return Object.freeze({ actor, now: '2026-07-28T09:30:00.000Z', trace: '00-1-2-01', requestId: 'r', ...more });
}

const customer = ctxOf({ kind: 'user', id: 7, username: 'alice', role: 'customer', session: 's' });
const staff = ctxOf({ kind: 'user', id: 8, username: 'bob', role: 'staff', session: 's' });

type Call = (api: ThingApi) => Promise<object>;

/** The outcome of a call, as a comparable text. */
async function outcome(call: Call, api: ThingApi): Promise<object> {
  try {
    return await call(api);
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    const { code, kind, message, faults, details, retryAfterSeconds } = error;
    return { code, kind, message, faults, details, retryAfterSeconds };
  }
}

const answers: [string, Call][] = [
  ['one thing', (api) => api.get(ctxOf(), { thing_id: 2 })],
  ['a thing whose name is odd in a path', (api) => api.named(customer, { name: 'thing 1' })],
  ['a page and the way to the next', (api) => api.list(ctxOf(), { limit: 2 })],
  ['a page in the middle', (api) => api.list(ctxOf(), { limit: 2, cursor: '2' })],
  ['the last page', (api) => api.list(ctxOf(), { limit: 2, cursor: '4' })],
  ['a list that an amount filters', (api) => api.list(ctxOf(), { cheaper_than: minor(450) })],
  ['a new thing', (api) => api.make(customer, { name: 'new', price: minor(1_250) })],
  ['a thing that was there before', (api) => api.make(customer, { name: 'thing 1', price: minor(1) })],
  ['nothing to answer', (api) => api.remove(staff, { thing_id: 1 })],
  ['a file', (api) => api.label(ctxOf(), { thing_id: 2 })],
  ['a file of the first kind', (api) => api.picture(ctxOf(), { thing_id: 2, drawn: true })],
  ['a file of the second kind', (api) => api.picture(ctxOf(), { thing_id: 2 })],
  ['what is internal', (api) => api.count(ctxOf(), {})],
];

for (const [name, call] of answers) {
  test(`${name}: the answer is the same from here and from another process`, async () => {
    const [here, there] = [await outcome(call, local), await outcome(call, distant)];
    // Fields outside the schema are not sent; `existing` is sent as the status.
    assert.deepEqual(there, withoutSecrets(here));
    assert.equal('code' in there, false);
  });
}

function withoutSecrets(value: object): object {
  return JSON.parse(JSON.stringify(value, (name, field) => (name === 'secret' ? undefined : field)));
}

const refusals: [string, Call][] = [
  ['a thing that is not there', (api) => api.get(ctxOf(), { thing_id: 99 })],
  ['a name that is not there', (api) => api.named(customer, { name: '../things/1?x#y' })],
  ['nobody where a customer is wanted', (api) => api.named(ctxOf(), { name: 'thing 1' })],
  ['a customer where staff is wanted', (api) => api.remove(customer, { thing_id: 1 })],
  ['input with faults', (api) => api.fail(ctxOf(), { how: 'input' })],
  ['an error with facts', (api) => api.fail(ctxOf(), { how: 'short' })],
];

for (const [name, call] of refusals) {
  test(`${name}: the refusal is the same from here and from another process`, async () => {
    const [here, there] = [await outcome(call, local), await outcome(call, distant)];
    assert.ok('code' in here);
    assert.deepEqual(there, here);
  });
}

test('`existing` is sent as the status', async () => {
  const made = (await distant.make(customer, { name: 'new', price: minor(1) })) as { existing?: boolean };
  const known = (await distant.make(customer, { name: 'thing 1', price: minor(1) })) as { existing?: boolean };
  assert.deepEqual([made.existing, known.existing], [undefined, true]);
});

test('the context arrives as it was, with the caller’s name', async () => {
  const request = { op: 'order.place', key: 'k', fingerprint: 'f' };
  const ctx = ctxOf(customer.actor, { cause: { consumer: 'c', eventId: 'e' }, request });
  await distant.touch(ctx, { thing_id: 1 });
  assert.deepEqual(service.seen.at(-1), { ...ctx, via: 'tester', request: undefined });
});

const requests: [string, (client: TestClient, headers: Record<string, string>) => Promise<TestAnswer>][] = [
  ['GET /things/2', (http) => http.get('/things/2')],
  ['GET /things?limit=2', (http) => http.get('/things?limit=2')],
  ['GET /by-name', (http, headers) => http.get('/by-name/thing%202', headers)],
  ['POST /things', (http, headers) => http.post('/things', { name: 'new', price: 12.5 }, headers)],
  ['POST /things, known', (http, headers) => http.post('/things', { name: 'thing 1', price: 1 }, headers)],
  ['DELETE /things/1, not allowed', (http, headers) => http.delete('/things/1', headers)],
  ['GET /things/1/label', (http) => http.get('/things/1/label')],
  ['GET /things/1/picture', (http) => http.get('/things/1/picture')],
  ['GET /things/1/picture, drawn', (http) => http.get('/things/1/picture?drawn=true')],
  ['GET /things/99', (http) => http.get('/things/99')],
  ['POST /failures', (http) => http.post('/failures', { how: 'short' })],
];

for (const [name, send] of requests) {
  test(`${name}: a client gets the same response whether the service runs in this process or behind another`, async () => {
    const headers = await tokenOf('customer');
    const [direct, through] = await Promise.all([things, front].map(({ url }) => send(clientOf(url), headers)));
    assert.ok(direct && through);
    const compared = [
      'content-type',
      'link',
      'content-disposition',
      'cache-control',
      'www-authenticate',
      'retry-after',
    ];
    const shown = ({ status, headers: given, body }: typeof direct) => ({
      status,
      headers: compared.map((header) => given.get(header)),
      body: typeof body === 'string' ? body : { ...body, timestamp: '', request_id: '' },
    });
    assert.deepEqual(shown(through), shown(direct));
  });
}

test('an internal operation is for sealed calls of a peer, and not for a token', async () => {
  const headers = await tokenOf('staff');
  assert.equal((await clientOf(things.url).post('/internal/things/count', {}, headers)).status, 403);
  assert.deepEqual(await distant.count(ctxOf(), {}), { count: 5, by: 'tester' });
});

test('another secret is a fault between the processes: both log it, and no client gets 401', async () => {
  const stranger = remote(thingContract, things.url, createSeal('another secret that is long'));
  const between = await serveThings(stranger.api);
  const { status, headers, body } = await clientOf(between.url).get('/things/1');
  assert.deepEqual([status, headers.get('retry-after'), body.code], [503, '1', 'TRADEPOST_UNAVAILABLE']);
  assert.match(JSON.stringify(between.log), /thing does not take our calls: the secret of its process differs/);
  assert.match(JSON.stringify(things.log), /the secret of that process differs from ours/);
  await endServers(between);
  await stranger.close();
});

test('a clock that is a minute off is a fault between the processes, and both log the difference', async () => {
  const late: CtxSeal = { ...seal, seal: () => sealedAt(-60_000) };
  const caller = remote(thingContract, things.url, late);
  const between = await serveThings(caller.api);
  const answer = await clientOf(between.url).get('/things/1');
  assert.deepEqual([answer.status, answer.body.code], [503, 'TRADEPOST_UNAVAILABLE']);
  for (const { log } of [between, things]) assert.match(JSON.stringify(log), /differs from ours by about (60|61|62) s/);
  await endServers(between);
  await caller.close();
});

/** A context sealed by a process whose clock is off. */
function sealedAt(offset: number): string {
  mock.timers.enable({ apis: ['Date'], now: Date.now() + offset });
  const header = seal.seal(ctxOf(), 'thing');
  mock.timers.reset();
  return header;
}

test('a forged context gives no rights, is refused alike whatever is wrong with it, and fills no log', async () => {
  const alone = await serveThings(service.api, seal);
  const client = clientOf(alone.url);
  const attempts = ['', 'x', 'a.b', `${seal.seal(ctxOf({ kind: 'system' }), 'thing')}x`, 'x'.repeat(4_000)];
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, n) => client.delete('/things/1', { [CTX_HEADER]: attempts[n % 5] ?? '' })),
  );
  const refusals = new Set(answers.map(({ status, body }) => `${status} ${body.code} ${body.detail} ${body.reason}`));
  assert.deepEqual([...refusals], ['401 TRADEPOST_SEAL_REFUSED this call between processes was not taken secret']);
  assert.equal(alone.log.filter(({ msg }) => String(msg).includes('was refused')).length, 1);
  await endServers(alone);
});

test('without a listener at its address the service is unavailable, with Retry-After', async () => {
  const nowhere = remote(thingContract, `http://127.0.0.1:${await freePort()}`, seal);
  const error = (await nowhere.api.get(ctxOf(), { thing_id: 1 }).catch((reason: unknown) => reason)) as AppError;
  assert.deepEqual([error.code, error.status, error.retryAfterSeconds], ['TRADEPOST_UNAVAILABLE', 503, 1]);
  assert.ok(error.cause instanceof Error);
  await nowhere.close();
});

test('an unexpected error of the other process is UNAVAILABLE here, without its text', async () => {
  for (const how of ['broken', 'text'] as const) {
    await assert.rejects(distant.fail(ctxOf(), { how }), (error: AppError) => {
      assert.deepEqual([error.code, /select|thrown/.test(error.message)], ['TRADEPOST_UNAVAILABLE', false]);
      return true;
    });
  }
});

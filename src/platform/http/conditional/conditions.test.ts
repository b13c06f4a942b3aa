import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clientOf, type TestClient } from '../../../testing/client.ts';
import { contract, Nothing, op } from '../../contract/contract.ts';
import { endServers, serveThings, type ThingServer, thingService, tokenOf } from '../things.fixture.ts';

let server: ThingServer;
let guest: TestClient;
let staff: Record<string, string>;

before(async () => {
  server = await serveThings(thingService().api);
  guest = clientOf(server.url);
  staff = await tokenOf('staff');
});

after(() => endServers(server));

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(server.url + path, { method, headers });
const etagOf = async (path: string) => (await get(path)).headers.get('etag') ?? '';

test('one thing has an ETag, the same as long as it stays the same', async () => {
  const etag = await etagOf('/things/2');
  assert.match(etag, /^"[\w-]{27}"$/);
  assert.equal(await etagOf('/things/2'), etag);
  assert.notEqual(await etagOf('/things/3'), etag);
  assert.equal((await get('/things/2', {}, 'HEAD')).headers.get('etag'), etag);
});

test('who has it is answered 304, without a body', async () => {
  const etag = await etagOf('/things/2');
  for (const value of [etag, `W/${etag}`, `"a", ${etag}`, `"a,b",W/"c" , W/${etag}`, '*']) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await get('/things/2', { 'if-none-match': value }, method);
      assert.deepEqual([answer.status, answer.headers.get('etag'), await answer.text()], [304, etag, ''], value);
      assert.equal(answer.headers.get('content-type'), null);
      assert.equal(answer.headers.get('cache-control'), 'no-cache');
    }
  }
  for (const value of ['"other"', etag.slice(1, -1), '', 'W/"other", "another"']) {
    assert.equal((await get('/things/2', { 'if-none-match': value })).status, 200, value);
  }
});

test('a public list has one, which changes with the address of the next page', async () => {
  const [all, two] = [await etagOf('/things'), await etagOf('/things?limit=2')];
  assert.notEqual(all, two);
  assert.equal((await get('/things', { 'if-none-match': all })).status, 304);
  const page = await get('/things?limit=2', { 'if-none-match': two });
  assert.equal(page.status, 304);
  assert.match(page.headers.get('link') ?? '', /rel="next"/);
});

test('so has a file', async () => {
  const etag = await etagOf('/things/2/label');
  assert.equal((await get('/things/2/label', { 'if-none-match': etag })).status, 304);
  assert.equal((await get('/things/3/label', { 'if-none-match': etag })).status, 200);
});

test('what fails has none', async () => {
  const { status, headers } = await get('/things/99', { 'if-none-match': '*' });
  assert.deepEqual([status, headers.get('etag')], [404, null]);
});

test('a change under If-Match happens to what the client has read, and to nothing newer', async () => {
  const etag = await etagOf('/things/4');
  const rename = (name: string, headers: Record<string, string>) => guest.put('/things/4', { name }, headers);
  const first = await rename('first', { 'if-match': `"other", ${etag}` });
  assert.equal(first.status, 200);
  assert.equal(first.headers.get('etag'), await etagOf('/things/4'), 'the answer has the new tag');
  const second = await rename('second', { 'if-match': etag });
  assert.deepEqual([second.status, second.body.code], [412, 'TRADEPOST_PRECONDITION_FAILED']);
  assert.match(String(second.body.remedy), /GET/);
  const weak = await rename('weak', { 'if-match': `W/${first.headers.get('etag')}` });
  assert.equal(weak.status, 412, 'weak tags do not match');
  assert.equal((await rename('any', { 'if-match': '*' })).status, 200);
  assert.equal((await rename('none', { 'if-none-match': '*' })).status, 412);
  assert.equal((await rename('none', { 'if-none-match': etag })).status, 200);
  const unquoted = await rename('unquoted', { 'if-match': etag.slice(1, -1) });
  assert.deepEqual([unquoted.status, unquoted.body.code], [400, 'TRADEPOST_BAD_ETAG']);
  assert.equal((await guest.get('/things/4')).body.name, 'none');
});

test('a change that loses a race is 412 under If-Match, and 409 without', async () => {
  const rename = (headers: Record<string, string>) => guest.put('/things/5', { name: 'contested' }, headers);
  assert.equal((await rename({ 'if-match': await etagOf('/things/5') })).status, 412);
  assert.equal((await rename({})).body.code, 'TRADEPOST_STALE');
});

test('access and existence come before a condition', async () => {
  const remove = (id: number, headers: Record<string, string>) =>
    guest.delete(`/things/${id}`, { 'if-match': '"old"', ...headers });
  assert.equal((await remove(1, {})).status, 401);
  assert.equal((await remove(99, staff)).status, 404);
  assert.equal((await remove(1, staff)).status, 412);
  assert.equal((await remove(1, { ...staff, 'if-match': await etagOf('/things/1') })).status, 204);
});

test('a read takes If-Match too', async () => {
  const etag = await etagOf('/things/2');
  assert.equal((await get('/things/2', { 'if-match': etag })).status, 200);
  assert.equal((await get('/things/2', { 'if-match': '"old"' })).status, 412);
});

test('a contract names an operation that reads', () => {
  const ops = (changes: string) => ({
    put: op('PUT /things', { access: 'public', summary: '', changes, input: Nothing(), output: Nothing() }),
  });
  const of = (changes: string) => () =>
    contract({ name: 'thing', summary: '', port: 1, topic: 't', ops: ops(changes), events: {}, errors: {} });
  assert.throws(of('get'), /PUT|\/things changes 'get'/);
  assert.throws(of('put'), /changes 'put'/);
});

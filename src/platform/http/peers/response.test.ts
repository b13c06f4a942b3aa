import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Ctx } from '../../contract/contract.ts';
import { AppError } from '../../contract/errors.ts';
import { seal, thingContract, thingErrors } from '../things.fixture.ts';
import { type Remote, remote } from './remote.ts';

const ctx: Ctx = Object.freeze<Ctx>({
  actor: { kind: 'user', id: 7, username: 'alice', role: 'staff', session: 's' },
  now: '2026-07-28T09:30:00.000Z',
  trace: '00-1-2-01',
  requestId: 'r',
  via: 'tester',
});

let answer: (response: ServerResponse) => void;
let peer: Server;
let client: Remote<typeof thingContract>;
let hasty: Remote<typeof thingContract>;

before(async () => {
  peer = createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
  client = remote(thingContract, url, seal);
  hasty = remote(thingContract, url, seal, 100);
});

after(async () => {
  peer.closeAllConnections();
  await Promise.all([client.close(), hasty.close()]);
  peer.close();
});

const sends =
  (status: number, body: string | object, type = 'application/json') =>
  (response: ServerResponse): void => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': type, location: '/elsewhere' }).end(text);
  };
const problem = (status: number, code: string, more: object = {}) =>
  sends(status, { code, status, detail: 'd', request_id: 'r-9', ...more }, 'application/problem+json; charset=utf-8');

const one = () => client.api.get(ctx, { thing_id: 1 });
const list = () => client.api.list(ctx, {});
const make = () => client.api.make(ctx, { name: 'x', price: 1 as never });
const remove = () => client.api.remove(ctx, { thing_id: 1 });
const label = () => client.api.label(ctx, { thing_id: 1 });
const count = () => client.api.count(ctx, {});
const slow = () => hasty.api.get(ctx, { thing_id: 1 });

const thing = { thing_id: 1, name: 'x', price: 1.5, note: null };

const faults: [string, () => Promise<unknown>, (response: ServerResponse) => void, RegExp][] = [
  ['a page of another program', one, sends(200, '<html>welcome</html>', 'text/html'), /text\/html/],
  ['a page without a type', one, (response) => response.end('hello'), /no content type/],
  ['half of its JSON', one, sends(200, '{"thing_id": 1,'), /not the JSON/],
  ['nothing at all', one, sends(200, ''), /not the JSON/],
  ['null', one, sends(200, 'null'), /no object/],
  ['a list where a thing is', one, sends(200, [thing]), /no object/],
  ['a thing of another version', one, sends(200, { id: 1 }), /without thing_id/],
  ['an amount that is none', one, sends(200, { ...thing, price: 'much' }), /not the JSON/],
  ['a thing where a list is', list, sends(200, thing), /no list/],
  ['200 where nothing is answered', remove, sends(200, thing), /answers 200 where/],
  ['204 where a thing is', one, (response) => response.writeHead(204).end(), /answers 204 where/],
  ['a redirect', one, sends(302, ''), /answers 302/],
  ['a page where a file is', label, sends(200, '<html>', 'text/html'), /no file/],
  ['the page of a proxy', one, sends(502, '<html>bad gateway</html>', 'text/html'), /answers 502/],
  ['404 of another program', one, sends(404, 'Not Found', 'text/plain'), /answers 404/],
  ['401 of another program', one, sends(401, '{}'), /answers 401/],
  ['500 with a problem document', one, problem(500, 'TRADEPOST_INTERNAL'), /answers 500 to request r-9/],
  ['no such address', count, problem(404, 'TRADEPOST_NOT_FOUND'), /of another version/],
  ['no such method', make, problem(405, 'TRADEPOST_METHOD_NOT_ALLOWED'), /of another version/],
  ['a media type that it does not take', make, problem(415, 'TRADEPOST_MEDIA_TYPE'), /of another version/],
  ['that it does not know the caller', one, problem(401, 'TRADEPOST_UNAUTHENTICATED'), /for want of SERVICE_SECRET/],
  ['that the seal is of another secret', one, problem(401, 'TRADEPOST_SEAL_REFUSED', { reason: 'secret' }), /secret/],
  [
    'that the clock is off',
    one,
    problem(401, 'TRADEPOST_SEAL_REFUSED', { reason: 'clock', seconds: 61 }),
    /about 61 s/,
  ],
  ['that it is another service', one, problem(401, 'TRADEPOST_SEAL_REFUSED', { reason: 'receiver' }), /_URL/],
  [
    'an answer that ends in the middle',
    one,
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 900 });
      response.write('{"thing_id":', () => response.destroy());
    },
    /connection|middle/,
  ],
  ['no answer, and ends the connection', one, (response) => response.socket?.destroy(), /ended the connection/],
  ['what is no HTTP', one, (response) => response.socket?.end('hello\r\n\r\n'), /not HTTP/],
  ['nothing in time', slow, () => undefined, /in time/],
  [
    'the head in time and not the rest',
    slow,
    (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    /in time/,
  ],
];

for (const [name, call, answers, cause] of faults) {
  test(`a peer that answers ${name} is unavailable, with the cause for the log`, async () => {
    answer = answers;
    await assert.rejects(call, (error: AppError) => {
      assert.ok(error instanceof AppError, String(error));
      assert.deepEqual([error.code, error.status, error.retryAfterSeconds], ['TRADEPOST_UNAVAILABLE', 503, 1]);
      assert.match(String(error.cause), cause);
      assert.match(String(error.cause), /thing/);
      return true;
    });
  });
}

test('a refusal of the service that was called stays what it is', async () => {
  answer = problem(404, thingErrors.NOT_FOUND.code);
  await assert.rejects(one, { code: 'THING_NOT_FOUND', kind: 'not_found' });
  answer = problem(403, 'TRADEPOST_FORBIDDEN');
  await assert.rejects(one, { code: 'TRADEPOST_FORBIDDEN', kind: 'forbidden' });
  answer = problem(503, 'TRADEPOST_TOO_SLOW');
  await assert.rejects(one, { code: 'TRADEPOST_TOO_SLOW', kind: 'unavailable' });
  answer = problem(503, 'THING_RESTING');
  await assert.rejects(one, { code: 'THING_RESTING', kind: 'unavailable', retryAfterSeconds: 1 });
});

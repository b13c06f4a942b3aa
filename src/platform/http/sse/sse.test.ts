import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { clientOf, type TestClient } from '../../../testing/client.ts';
import { asPeer } from '../../app/guard.ts';
import { minor } from '../../contract/money.ts';
import { createLog } from '../../observability/log.ts';
import { remote } from '../peers/remote.ts';
import { mount } from '../routes.ts';
import { createServer } from '../server.ts';
import { seal, tokenOf, tokens } from '../things.fixture.ts';
import { messagesOf, nextOf, type Ticker, ticker, tickerContract } from './sse.fixture.ts';
import { eventStream } from './sse.ts';

let service: Ticker;
let app: FastifyInstance;
let url: string;
let guest: TestClient;
let lines: string[];

beforeEach(async () => {
  service = ticker();
  lines = [];
  const log = createLog({ LOG_LEVEL: 'info', NODE_ENV: 'test' }, { write: (line: string) => void lines.push(line) });
  app = createServer(log);
  mount(app, tickerContract, service.api, { log, tokens, seal });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  guest = clientOf(url);
});

afterEach(() => app.close());

const staffToken = async () => (await tokenOf('staff')).authorization?.replace('Bearer ', '') ?? '';

async function listening(): Promise<{ response: Response; messages: AsyncGenerator<string, void> }> {
  const response = await fetch(`${url}/prices/tea`, { headers: await tokenOf('staff') });
  return { response, messages: messagesOf(response) };
}

test('every value goes out as it comes, as the contract has it', async () => {
  const { response, messages } = await listening();
  assert.deepEqual(
    ['content-type', 'cache-control', 'x-accel-buffering'].map((name) => response.headers.get(name)),
    ['text/event-stream; charset=utf-8', 'no-store', 'no'],
  );
  assert.match(response.headers.get('x-request-id') ?? '', /./);
  for (const price of [1_250, 1_300]) service.emit(minor(price));
  assert.deepEqual([await nextOf(messages), await nextOf(messages)], ['{"price":12.50}', '{"price":13.00}']);
  service.stop();
  assert.equal(await nextOf(messages), undefined);
});

test('a stream needs the access of its operation, and a refusal is a problem document', async () => {
  assert.equal((await guest.get('/prices/tea')).status, 401);
  assert.equal((await guest.get('/prices/tea', await tokenOf('customer'))).status, 403);
  const headers = await tokenOf('staff');
  const refused = await guest.get('/prices/nothing', headers);
  assert.deepEqual([refused.status, refused.body.detail], [400, 'nothing has no price']);
  assert.equal((await guest.get('/prices/tea?below=3', headers)).status, 400);
  assert.equal(service.open(), 0);
});

test('a client without headers sends its token as a parameter: to a stream only, and it is not logged', async () => {
  const token = await staffToken();
  assert.equal((await guest.get(`/last-price?access_token=${token}`)).status, 401);
  assert.equal((await guest.get('/prices/tea?access_token=no')).status, 401);
  assert.equal((await guest.get('/prices/tea?access_token=a&access_token=b')).status, 401);
  const response = await fetch(`${url}/prices/tea?above=3&access_token=${token}`);
  assert.equal(response.status, 200);
  await response.body?.cancel();
  await service.left;
  await app.close();
  assert.ok(lines.some((line) => line.includes('"path":"/prices/tea"')));
  assert.equal(lines.join('').includes(token), false);
});

test('when the client disconnects, no more values are requested', async () => {
  const { messages } = await listening();
  service.emit(minor(100));
  await nextOf(messages);
  assert.equal(service.open(), 1);
  await messages.return();
  await service.left;
});

test('a server that stops ends its streams first and does not wait for them', async () => {
  const { messages } = await listening();
  service.emit(minor(100));
  await nextOf(messages);
  const [end] = await Promise.all([nextOf(messages), app.close()]);
  assert.equal(end, undefined);
  assert.equal(service.open(), 0);
});

test('a server that stops is not held up by a client that does not read', async () => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const { authorization } = await tokenOf('staff');
  socket.write(`GET /prices/tea HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`);
  await once(socket, 'readable');
  // More than the buffers of the connection hold.
  service.emit(minor(100), 'x'.repeat(20_000_000));
  service.emit(minor(200));
  await app.close();
  socket.destroy();
  assert.equal(service.open(), 0);
});

test('a server that stops does not wait for a connection that somebody opened in advance', async () => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await Promise.all([once(app.server, 'connection'), once(socket, 'connect')]);
  await Promise.all([app.close(), once(socket, 'close')]);
});

test('values that end with an error close the connection, and the error is logged', async () => {
  const { messages } = await listening();
  service.emit(minor(100));
  await nextOf(messages);
  service.stop(new Error('the sky fell'));
  await assert.rejects(nextOf(messages));
  assert.ok(lines.some((line) => line.includes('a stream ended with an error') && line.includes('the sky fell')));
});

test('a HEAD request has the head of the stream, and begins none', async () => {
  const { status, headers } = await fetch(`${url}/prices/tea`, { method: 'HEAD', headers: await tokenOf('staff') });
  assert.deepEqual([status, headers.get('content-type')], [200, 'text/event-stream; charset=utf-8']);
  assert.equal(service.open(), 0);
});

test('a peer in another process reads the same values, and ends the stream by leaving its loop', async () => {
  const client = remote(tickerContract, url, seal);
  const peer = asPeer('tester', client.api);
  const actor = { kind: 'user', id: 8, username: 'bob', role: 'staff' } as const;
  const ctx = { actor, now: '2026-11-21T12:00:00.000Z', trace: '00-1-2-01', requestId: 'r' };
  const values = (await peer.watch(ctx, { name: 'tea' }))[Symbol.asyncIterator]();
  for (const price of [1_250, 99]) service.emit(minor(price));
  assert.deepEqual((await values.next()).value, { price: 1_250 });
  assert.deepEqual((await values.next()).value, { price: 99 });
  await values.return?.();
  await service.left;
  await client.close();
  await assert.rejects(async () => peer.watch({ ...ctx, actor: { kind: 'anonymous' } }, { name: 'tea' }));
});

/** Endless values, and how many were requested. */
function endless(size: number) {
  const seen = { asked: 0, returned: false };
  const values: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        seen.asked++;
        return { done: false, value: 'x'.repeat(size) };
      },
      async return() {
        seen.returned = true;
        return { done: true, value: undefined };
      },
    }),
  };
  return { values, seen };
}

const options = { encode: String, stillAllowed: () => undefined, onError: () => undefined };

test('for a client that does not read nothing is requested, and it is disconnected after two heartbeats', async () => {
  const { values, seen } = endless(1_000);
  const { body } = eventStream(values, { ...options, heartbeatMs: 20 });
  const stuck = new Writable({ highWaterMark: 1, write: () => undefined });
  body.on('error', () => undefined).pipe(stuck);
  await once(body, 'close');
  assert.ok(seen.asked <= 3, `${seen.asked} values`);
  assert.equal(seen.returned, true);
});

test('the stream of a client that lost its access ends at the next heartbeat', async () => {
  const refuse = () => Promise.reject(new Error('the token has expired'));
  const quiet: AsyncIterable<string> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) };
  const { body } = eventStream(quiet, { ...options, stillAllowed: refuse, heartbeatMs: 10 });
  const text = [];
  for await (const chunk of body) text.push(String(chunk));
  assert.deepEqual(text, ['retry: 2000\n\n']);
});

test('silence is filled with heartbeats', async () => {
  const quiet: AsyncIterable<string> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) };
  const { body, end } = eventStream(quiet, { ...options, heartbeatMs: 5 });
  const text: string[] = [];
  for await (const chunk of body) if (text.push(String(chunk)) === 4) end();
  assert.deepEqual(text.slice(1), [': still here\n\n', ': still here\n\n', ': still here\n\n']);
});

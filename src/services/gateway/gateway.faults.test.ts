import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { createServer } from '../../platform/http/server.ts';
import { thingContract } from '../../platform/http/things.fixture.ts';
import { createLog } from '../../platform/observability/log.ts';
import { clientOf } from '../../testing/client.ts';
import { freePort } from '../../testing/ports.ts';
import { gatewayRoutes } from './gateway.routes.ts';
import { selfSigned } from './self-signed.fixture.ts';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const WHOLE = `${HEAD}content-length: 2\r\n\r\n{}`;

/** What a service does with a request that it has read. */
type Deed = (socket: Socket) => void;

describe('a gateway whose service', { timeout: 60_000 }, () => {
  let gateway: ReturnType<typeof createServer>;
  let url: string;
  let service: Server;
  let lines: Record<string, unknown>[];
  /** What became of each request, in turn; the last one of what follows. */
  let deeds: Deed[];
  let asked: string[];

  beforeEach(() => {
    lines = [];
    asked = [];
  });
  afterEach(async () => {
    const closed = once(gateway.server, 'close');
    await gateway.close();
    await closed;
    service?.close();
  });

  function serve(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.on('data', (request) => {
      asked.push(request.toString('latin1').split(' ', 1)[0] ?? '');
      (deeds.length > 1 ? deeds.shift() : deeds[0])?.(socket);
    });
  }

  async function before(there: string, timeoutMs?: number): Promise<void> {
    const write = (line: string): void => void lines.push(JSON.parse(line));
    gateway = createServer(createLog({ LOG_LEVEL: 'warn', NODE_ENV: 'test' }, { write }));
    gatewayRoutes({ app: gateway, remotes: [{ contract: thingContract, url: there }], timeoutMs });
    url = await gateway.listen({ host: '127.0.0.1', port: 0 });
  }

  async function does(given: Deed[], timeoutMs?: number): Promise<void> {
    deeds = given;
    service = createTcpServer(serve);
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    await before(`http://127.0.0.1:${(service.address() as AddressInfo).port}`, timeoutMs);
  }

  /** Every answer is a 503 that says when to come back, and the cause is told to the log once. */
  async function saysOnce(cause: RegExp, times = 3): Promise<void> {
    for (let n = 0; n < times; n++) {
      const { status, headers, body } = await clientOf(url).get('/things/1');
      assert.deepEqual([status, headers.get('retry-after'), body.code], [503, '1', 'TRADEPOST_UNAVAILABLE']);
      assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8');
      assert.equal(headers.get('etag'), null);
    }
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['warn'],
    );
    assert.match(String(lines[0]?.msg), cause);
    assert.match(String(lines[0]?.msg), /^thing /);
  }

  const reset: Deed = (socket) => void socket.resetAndDestroy();

  test('is not there', async () => {
    await before(`http://127.0.0.1:${await freePort()}`);
    await saysOnce(/refuses the connection/);
  });

  test('has a name that nobody knows', async () => {
    await before('http://nowhere.invalid:3000');
    await saysOnce(/the name in its address is not known/);
  });

  test('ends the connection before the head of its answer', async () => {
    await does([reset]);
    await saysOnce(/ended the connection before its answer was complete/);
  });

  test('ends the connection after the head of its answer', async () => {
    await does([(socket) => void socket.end(`${HEAD}etag: "1"\r\ncontent-length: 2\r\n\r\n`)]);
    await saysOnce(/ended its answer in the middle/);
  });

  test('does not answer in time', async () => {
    await does([() => undefined], 100);
    await saysOnce(/did not answer in time/, 1);
  });

  test('does not send the body of its answer in time', async () => {
    await does([(socket) => void socket.write(`${HEAD}content-length: 2\r\n\r\n`)], 100);
    await saysOnce(/did not send the rest of its answer in time/, 1);
  });

  test('answers something that is no HTTP', async () => {
    await does([(socket) => void socket.end('SSH-2.0-OpenSSH_9.9\r\n')]);
    await saysOnce(/answers something that is not HTTP/);
  });

  test('shows a certificate that nobody has signed', async () => {
    deeds = [(socket) => void socket.write(WHOLE)];
    service = createTlsServer(selfSigned, serve);
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    await before(`https://127.0.0.1:${(service.address() as AddressInfo).port}`);
    await saysOnce(/shows a certificate that is not trusted/);
    assert.deepEqual(asked, []);
    assert.match(JSON.stringify(lines), /self-signed certificate/);
  });

  test('speaks no TLS', async () => {
    deeds = [(socket) => void socket.end(WHOLE)];
    service = createTcpServer(serve);
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    await before(`https://127.0.0.1:${(service.address() as AddressInfo).port}`);
    await saysOnce(/speaks no TLS/);
  });

  test('breaks off in the middle of its answer: the client sees that it is not whole, and the log why', async () => {
    await does([(socket) => void socket.end(`${HEAD}content-length: 200\r\n\r\n{"thing_id":`)]);
    const answer = await fetch(`${url}/things/1`);
    assert.equal(answer.status, 200);
    await assert.rejects(answer.text());
    assert.match(JSON.stringify(lines.map(({ msg }) => msg)), /thing ended its answer in the middle/);
  });

  test('resets a connection once: a reading request is sent again, one that may have had an effect is not', async () => {
    await does([reset, (socket) => void socket.write(WHOLE)]);
    assert.equal((await clientOf(url).get('/things/1')).status, 200);
    assert.deepEqual([asked, lines], [['GET', 'GET'], []]);
    asked = [];
    deeds = [reset, (socket) => void socket.write(WHOLE)];
    assert.equal((await clientOf(url).post('/things', { name: 'x' })).status, 503);
    assert.equal((await clientOf(url).delete('/things/1')).status, 200);
    assert.deepEqual(asked, ['POST', 'DELETE']);
    asked = [];
    deeds = [reset, (socket) => void socket.write(WHOLE)];
    assert.equal((await clientOf(url).delete('/things/1')).status, 503);
    assert.deepEqual(asked, ['DELETE']);
  });

  test('always resets: a reading request is sent twice, and not more often', async () => {
    await does([reset]);
    assert.equal((await clientOf(url).get('/things/1')).status, 503);
    assert.deepEqual(asked, ['GET', 'GET']);
  });
});

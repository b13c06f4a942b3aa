import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, type TestContext, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { settle } from '../../../testing/settle.ts';
import { createLog } from '../../observability/log.ts';
import { createServer } from '../server.ts';

const log = createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' });
/** More than all buffers hold, so that the response waits for its reader. */
const LARGE = 64_000_000;
const HOST = 'Host: localhost\r\n';
const POST = `POST /keep HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 9\r\n`;

describe('a server that stops', { timeout: 60_000 }, () => {
  let app: FastifyInstance;
  let port: number;
  let kept: number;
  let asked: number;
  let release: () => void;
  let clients: Client[];
  let large: ServerResponse | undefined;

  beforeEach(async () => {
    kept = 0;
    asked = 0;
    clients = [];
    large = undefined;
    app = createServer(log);
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    app.get('/large', async (_request, reply) => {
      large = reply.raw;
      return Buffer.alloc(LARGE);
    });
    app.post('/keep', async () => ({ kept: ++kept }));
    app.get('/gate', async () => {
      asked++;
      await gate;
      return { kept: ++kept };
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    // Node's own request timeout would end it eventually, too.
    app.server.requestTimeout = 0;
    app.server.headersTimeout = 0;
    app.server.keepAliveTimeout = 0;
    ({ port } = app.server.address() as { port: number });
  });

  afterEach(() => {
    for (const { socket } of clients) socket.destroy();
  });

  /** A connection that has sent this much. */
  async function client(...parts: string[]): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    const one: Client = { socket, said: '', ended: new Promise((resolve) => socket.once('close', resolve)) };
    clients.push(one);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      one.said += data;
    });
    await once(socket, 'connect');
    for (const part of parts) socket.write(part);
    return one;
  }

  const taken = (count: number) =>
    settle(async () => {
      const open = await new Promise<number>((resolve) => app.server.getConnections((_error, n) => resolve(n)));
      assert.equal(open, count);
    });

  test('does not wait for requests that are not whole, whatever is missing of them', async () => {
    const halves = await Promise.all([
      client(),
      client('GE'),
      client('GET /gate HTTP/1.1\r\n', 'Host: loc'),
      client(POST, '\r\n', '{"a"'),
      client(POST, 'Transfer-Encoding: chunked\r\n\r\n'),
      client(POST, 'Expect: 100-continue\r\n\r\n'),
      client('\x16\x03\x01\x02\x00\x01\x00'),
    ]);
    const used = await client(POST, '\r\n', '{"a": 1 }');
    await settle(() => assert.match(used.said, /"kept":1/));
    used.socket.write(`${POST}\r\n{"a`);
    await app.close();
    await Promise.all([...halves, used].map(({ ended }) => ended));
    assert.equal(kept, 1);
  });

  test('answers the requests that it accepted, and accepts no new ones', async () => {
    const waiting = await client(`GET /gate HTTP/1.1\r\n${HOST}\r\n`);
    const half = await client(POST, '\r\n', '{"a"');
    await taken(2);
    const closed = app.close();
    await half.ended;
    assert.equal(half.said, '');
    const late = connect(port, '127.0.0.1');
    await once(late, 'error');
    release();
    await closed;
    await waiting.ended;
    assert.match(waiting.said, /^HTTP\/1\.1 200 /);
    assert.match(waiting.said, /"kept":1/);
  });

  test('answers each request of a pipeline that it executed', async () => {
    const ask = `GET /gate HTTP/1.1\r\n${HOST}\r\n`;
    const early = await client(ask + ask);
    const late = await client(ask);
    await settle(() => assert.equal(asked, 3));
    const closed = app.close();
    await settle(() => assert.equal(app.server.listening, false));
    late.socket.write(`${ask}${POST}\r\n{"a": 1 }`);
    await settle(() => assert.equal(asked, 4));
    release();
    await closed;
    await Promise.all([early, late].map(({ ended }) => ended));
    const answers = [early, late].flatMap(({ said }) => said.match(/"kept":\d+/g) ?? []);
    assert.equal(answers.length, kept, `${early.said}\n${late.said}`);
  });

  test('gives a client five seconds to read its answer, and a request one to become whole', async (t) => {
    const slow = await client(`GET /large HTTP/1.1\r\n${HOST}\r\n`);
    slow.socket.pause();
    const half = await client(POST, '\r\n', '{"a"');
    await settle(() => assert.equal(large?.headersSent, true));
    await taken(2);
    const clock = stoppedClock(t);
    const closed = app.close();
    await clock.looks();
    clock.forward(1_000);
    await clock.looks();
    await taken(2);
    clock.forward(1);
    await half.ended;
    clock.forward(3_999);
    await clock.looks();
    await taken(1);
    assert.equal(large?.destroyed, false);
    clock.forward(1);
    await closed;
    assert.equal(large?.writableFinished, false);
  });

  test('waits for a client that has read its answer in time', async (t) => {
    const slow = await client(`GET /large HTTP/1.1\r\n${HOST}\r\n`);
    slow.socket.pause();
    await settle(() => assert.equal(large?.headersSent, true));
    const clock = stoppedClock(t);
    const closed = app.close();
    await clock.looks();
    clock.forward(4_999);
    slow.socket.resume();
    await Promise.all([closed, slow.ended]);
    assert.ok(slow.said.length > LARGE);
  });
});

interface Client {
  readonly socket: Socket;
  readonly ended: Promise<unknown>;
  said: string;
}

/** The clock of the server, which the test sets. */
function stoppedClock(t: TestContext): { forward(ms: number): void; looks(): Promise<void> } {
  // A whole number: differences of others are off by a little, and a limit would be met too early.
  let now = Math.round(performance.now());
  const asked = t.mock.method(performance, 'now', () => now).mock;
  return {
    forward: (ms) => {
      now += ms;
    },
    // Enough of them that each connection was looked at since the clock was set.
    looks: async () => {
      const before = asked.callCount();
      while (asked.callCount() < before + 5) await new Promise((resolve) => setTimeout(resolve, 1));
    },
  };
}

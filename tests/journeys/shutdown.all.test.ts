import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, type TestContext, test } from 'node:test';
import { clientOf } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { PASSWORD, WORLD_SETTINGS } from '../../src/testing/world.ts';
import { killNow, readyAt, type Started, serversOf, startCommand, until } from './process.fixture.ts';
import { MOUSE, rowsOf } from './shop.fixture.ts';

const EMBEDDED = { PORT: '0', BCRYPT_COST: '4', LOG_LEVEL: 'error' };
const noneLeft = (dataDir: string) =>
  until(() => (serversOf(dataDir).length === 0 ? true : undefined), 60_000, 'the database server was left');

describe('a start and its end', () => {
  let dataDir: string;
  const running = new Set<Started>();

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'tradepost-start-'));
  });

  afterEach(async () => {
    for (const one of running) killNow(one.child.pid ?? 0);
    await Promise.all([...running].map((one) => one.ended));
    await noneLeft(dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  });

  const start = (env: Record<string, string>): Started => {
    const started = startCommand({ ...EMBEDDED, DATA_DIR: dataDir, ...env });
    running.add(started);
    void started.ended.then(() => running.delete(started));
    return started;
  };

  /** The lines that a start that must not succeed says before it ends with code 1. */
  async function refusalOf(env: Record<string, string>): Promise<string[]> {
    const started = start(env);
    assert.equal(await started.ended, 1, started.said());
    return started.said().trim().split('\n');
  }

  test('a second start on the same data is refused with one sentence', async (t) => {
    const first = start({});
    const url = await readyAt(first);
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const began = performance.now();
      const lines = await refusalOf({});
      times.push(Math.round(performance.now() - began));
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(
        lines[0] ?? '',
        new RegExp(`^The data directory .* is in use by process ${first.child.pid}; .*DATA_DIR`),
      );
    }
    t.diagnostic(`refused after ${times.join(', ')} ms`);
    assert.equal((await clientOf(url).get('/health')).status, 200);
    first.child.kill('SIGINT');
    assert.equal(await first.ended, 0);
    await noneLeft(dataDir);
  });

  test('settings that are wrong stop the start, all named at once', async () => {
    const lines = await refusalOf({
      PORT: '80800',
      TAX_RATE: '10%',
      BCRYPT_COST: 'high',
      JWT_SECRET: 'short',
      SERVICES: 'order,shop',
      ORDER_URL: 'not a url',
    });
    assert.equal(lines.length, 6, lines.join('\n'));
    for (const name of ['PORT', 'TAX_RATE', 'BCRYPT_COST', 'JWT_SECRET', 'SERVICES', 'ORDER_URL']) {
      const named = lines.filter((line) => line.startsWith(`${name} is '`));
      assert.equal(named.length, 1, name);
      assert.match(named[0] ?? '', /; it takes .+\.$/);
    }
    assert.ok(
      lines.includes("TAX_RATE is '10%'; it takes a decimal from 0 to 1 with at most seven digits, such as 0.1."),
    );
    assert.equal(lines.join('').includes('short'), false);
  });

  test('a port that is taken stops the start with one sentence and leaves nothing behind', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const lines = await refusalOf({ PORT: String(port) });
    assert.deepEqual([lines.length, lines[0]?.includes(`Port ${port} `)], [1, true], lines.join('\n'));
    assert.match(lines[0] ?? '', /PORT/);
    await noneLeft(dataDir);
    await new Promise((resolve) => taken.close(resolve));
  });

  test('a database that is not there stops the start with one sentence', async () => {
    const lines = await refusalOf({
      DB_DRIVER: 'postgres',
      DATABASE_URL: 'postgresql://nobody:topsecret@127.0.0.1:1/none',
    });
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0] ?? '', /DATABASE_URL/);
    assert.equal(lines.join('').includes('topsecret'), false);
  });

  test('a signal during the start ends it, and leaves nothing behind', async () => {
    const early = start({});
    await until(() => (serversOf(dataDir).length > 0 || process.platform !== 'linux' ? true : undefined), 60_000);
    early.child.kill('SIGTERM');
    assert.equal(await early.ended, 0, early.said());
    await noneLeft(dataDir);
  });
});

interface Sent {
  readonly key: string;
  /** 0 when the connection was refused or ended without an answer. */
  readonly status: number;
  readonly code?: string;
}

describe('a stop while customers are buying', () => {
  let database: TestDatabase;

  before(async () => {
    database = await testDatabase(engine);
  });
  after(() => database.drop());

  test('cuts no request that was taken', async (t) => {
    for (const round of [1, 2, 3]) {
      const started = startCommand({ ...WORLD_SETTINGS, DATABASE_URL: database.url });
      try {
        await stopUnderLoad(started, round, t);
      } finally {
        killNow(started.child.pid ?? 0);
      }
    }
  });

  async function stopUnderLoad(started: Started, round: number, t: TestContext): Promise<void> {
    const url = await readyAt(started);
    const { body } = await clientOf(url).post('/register', { username: `owner-${round}`, password: PASSWORD });
    const sent: Sent[] = [];
    let over = false;
    const buyers = Array.from({ length: 12 }, async (_, buyer) => {
      for (let number = 0; !over; number++) {
        const one = await order(url, body.token, `${round}-${buyer}-${number}`);
        sent.push(one);
        // It has stopped: nobody is there any more.
        if (one.code === 'ECONNREFUSED') return;
      }
    });
    await until(() => (sent.length > 100 ? true : undefined), 60_000);
    const began = performance.now();
    started.child.kill('SIGTERM');
    assert.equal(await started.ended, 0, started.said());
    t.diagnostic(`stopped after ${Math.round(performance.now() - began)} ms`);
    over = true;
    await Promise.all(buyers);

    const answered = sent.filter(({ status }) => status > 0);
    assert.deepEqual(
      [...new Set(answered.map(({ status }) => status))].filter((one) => one !== 503),
      [201],
    );
    const kept = new Set(
      (await rowsOf<{ key: string }>(database.url, 'select key from tradepost_order.request'))
        .map(({ key }) => key.split(' ')[2] ?? '')
        .filter((key) => key.startsWith(`${round}-`)),
    );
    const confirmed = answered.filter(({ status }) => status === 201);
    assert.deepEqual(
      confirmed.filter(({ key }) => !kept.has(key)),
      [],
      'what was confirmed is there',
    );
    // A request that was not answered was not taken either: it left nothing.
    const cut = sent.filter(({ key, status }) => status !== 201 && kept.has(key));
    assert.deepEqual(cut, [], 'an order was made, and its answer was cut off');
    assert.equal(kept.size, confirmed.length);
    t.diagnostic(`${confirmed.length} orders confirmed, ${sent.length - confirmed.length} turned away, 0 cut`);
  }
});

/** Places an order on a connection that is kept for the next one. */
function order(url: string, token: string, key: string): Promise<Sent> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key };
    const call = request(`${url}/orders/single`, { method: 'POST', headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve({ key, status: answer.statusCode ?? 0 }));
      answer.on('error', ({ message }) => resolve({ key, status: 0, code: message }));
    });
    call.on('error', (error: Error & { code?: string }) => resolve({ key, status: 0, code: error.code }));
    call.end(JSON.stringify({ product_id: MOUSE, quantity: 1 }));
  });
}

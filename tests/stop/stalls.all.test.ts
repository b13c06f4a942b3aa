import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, before, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { PASSWORD, WORLD_SETTINGS } from '../../src/testing/world.ts';
import { killNow, readyAt, type Started, startedBy } from '../journeys/process.fixture.ts';
import { MOUSE } from '../journeys/shop.fixture.ts';
import { COMMAND } from './launch.fixture.ts';

const PRELOAD = new URL('./stalls.fixture.ts', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const JSON_TYPE = { 'content-type': 'application/json' };

describe('the event loop', { timeout: 240_000 }, () => {
  let database: TestDatabase;
  let started: Started;
  let url: string;
  let owner: TestClient;
  let token: string;

  before(async () => {
    database = await testDatabase(engine);
    const env = { PATH: process.env.PATH, ...WORLD_SETTINGS, LOG_LEVEL: 'error', DATABASE_URL: database.url };
    const child = spawn(process.execPath, ['--import', PRELOAD, COMMAND, 'start', '--json'], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    started = startedBy(child);
    url = await readyAt(started);
    ({ token } = (await clientOf(url).post('/register', { username: 'owner', password: PASSWORD })).body);
    owner = clientOf(url, token);
  });
  after(async () => {
    killNow(started.child.pid ?? 0);
    await started.ended;
    await database.drop();
  });

  async function ask<T>(question: string): Promise<T> {
    const answer = once(started.child, 'message');
    started.child.send(question);
    const [told] = await answer;
    return told as T;
  }

  /** Fails when the longest stall under `work` is longer than the unit of the same moment, and again in a second sample. */
  async function stallsLessThanUnit(t: TestContext, work: () => Promise<unknown>): Promise<void> {
    await work();
    const samples: number[] = [];
    for (let sample = 0; sample < 2; sample++) {
      const { unit } = await ask<{ unit: number }>('begin');
      await work();
      const { stall } = await ask<{ stall: number }>('end');
      samples.push(stall / unit);
      if (stall < unit) break;
    }
    t.diagnostic(`stalls in units: ${samples.map((one) => one.toFixed(2)).join(', ')}`);
    assert.ok(Math.min(...samples) < 1, samples.join(', '));
  }

  const forty = <T>(work: (number: number) => Promise<T>) => Promise.all(Array.from({ length: 40 }, (_, n) => work(n)));

  for (const path of ['/docs/js/scalar.js', '/docs/', '/openapi.json', '/asyncapi.json', '/docs/errors']) {
    test(`goes on under forty requests for ${path}`, (t) =>
      stallsLessThanUnit(t, async () => {
        const sizes = await forty(() => sizeOf(`${url}${path}`));
        assert.equal(new Set(sizes).size, 1);
      }));
  }

  test('goes on under forty bodies of nearly a megabyte', (t) =>
    stallsLessThanUnit(t, async () => {
      const body = JSON.stringify({ items: Array.from({ length: 35_000 }, () => ({ product_id: 1, quantity: 1 })) });
      const statuses = await forty(() => statusOf(`${url}/orders`, body, { authorization: `Bearer ${token}` }));
      assert.deepEqual(new Set(statuses), new Set([413]));
    }));

  test('goes on under forty PDFs', async (t) => {
    const { body: order } = await owner.post('/orders', { items: [{ product_id: MOUSE, quantity: 1 }] });
    const { body: invoice } = await owner.post('/invoices', { order_id: order.order_id });
    await stallsLessThanUnit(t, async () => {
      const statuses = await forty(() =>
        fetch(`${url}/invoices/${invoice.invoice_id}/pdf`, { headers: { authorization: `Bearer ${token}` } }).then(
          async (answer) => {
            await answer.arrayBuffer();
            return answer.status;
          },
        ),
      );
      assert.deepEqual(new Set(statuses), new Set([200]));
    });
  });

  async function sizeOf(address: string): Promise<number> {
    const answer = await fetch(address);
    assert.equal(answer.status, 200);
    return (await answer.arrayBuffer()).byteLength;
  }
});

/** The status of the answer, which may come before the body is sent; 413 also when the connection ends for it. */
function statusOf(address: string, body: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(address, { method: 'POST', agent: false, headers: { ...JSON_TYPE, ...headers } }, (answer) => {
      resolve(answer.statusCode ?? 0);
      answer.resume();
      call.destroy();
    });
    call.on('error', (error: NodeJS.ErrnoException) =>
      ['EPIPE', 'ECONNRESET'].includes(error.code ?? '') ? resolve(413) : reject(error),
    );
    call.end(body);
  });
}

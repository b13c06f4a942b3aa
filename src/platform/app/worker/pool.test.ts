import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../../testing/settle.ts';
import type { AppError } from '../../contract/errors.ts';
import { testTask } from './pool.fixture.ts';
import { createPool } from './pool.ts';

const options = { threads: 1, queue: 2, idleMs: 60_000 };
const codeOf = (error: unknown): string => (error as AppError).code;

test('one thread does one thing after the other, and stays', async () => {
  const pool = createPool(testTask, options);
  const first = await pool.run({ what: 'answer' });
  assert.notEqual(first, 0);
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => pool.run({ what: 'answer' }))), [first, first, first]);
});

test('what fails in the thread fails here, and the thread goes on', async () => {
  const pool = createPool(testTask, options);
  const thread = await pool.run({ what: 'answer' });
  await assert.rejects(pool.run({ what: 'fail' }), /^Error: it failed$/);
  assert.equal(await pool.run({ what: 'answer' }), thread);
});

test('a thread that ends is replaced: what it did is UNAVAILABLE, what waited is done', async () => {
  const pool = createPool(testTask, options);
  for (const what of ['crash', 'exit'] as const) {
    const broken = pool.run({ what }).catch(codeOf);
    const waiting = pool.run({ what: 'answer' });
    assert.deepEqual([await broken, typeof (await waiting)], ['TRADEPOST_UNAVAILABLE', 'number'], what);
  }
});

test('more than may wait is refused, and told when to come again', async () => {
  const pool = createPool(testTask, options);
  const until = new Int32Array(new SharedArrayBuffer(4));
  const held = [1, 2, 3].map(() => pool.run({ what: 'wait', until }));
  const refused = await pool.run({ what: 'answer' }).then(
    () => assert.fail('it was taken'),
    (error: AppError) => error,
  );
  assert.deepEqual([refused.code, refused.status, refused.retryAfterSeconds], ['TRADEPOST_BUSY', 503, 1]);
  Atomics.store(until, 0, 1);
  Atomics.notify(until, 0);
  await Promise.all(held);
  assert.equal(typeof (await pool.run({ what: 'answer' })), 'number');
});

test('a thread without work ends, and the next work has a new one', async () => {
  const pool = createPool(testTask, { ...options, idleMs: 0 });
  const first = await pool.run({ what: 'answer' });
  await settle(async () => assert.notEqual(await pool.run({ what: 'answer' }), first));
});

test('a thread that takes more memory than it may ends, and what waited is done', async () => {
  const pool = createPool(testTask, { ...options, memoryMb: 16 });
  const greedy = pool.run({ what: 'hoard' }).catch((error: AppError) => error);
  const waiting = pool.run({ what: 'answer' });
  const error = (await greedy) as AppError;
  assert.equal(error.code, 'TRADEPOST_UNAVAILABLE');
  assert.match(String(error.cause), /memory/);
  assert.equal(typeof (await waiting), 'number');
});

test('a thread that is not done in half a minute ends, and what waited is done', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const pool = createPool(testTask, options);
  const until = new Int32Array(new SharedArrayBuffer(4));
  const endless = pool.run({ what: 'wait', until }).catch((error: AppError) => error);
  const waiting = pool.run({ what: 'answer' });
  t.mock.timers.tick(29_999);
  assert.equal(await Promise.race([endless, Promise.resolve('at work')]), 'at work');
  t.mock.timers.tick(1);
  const error = (await endless) as AppError;
  assert.equal(error.code, 'TRADEPOST_UNAVAILABLE');
  assert.match(String(error.cause), /longer than 30 s/);
  assert.equal(typeof (await waiting), 'number');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthOf } from './health.ts';

const well = async () => {};

test('a service whose parts all answer is ok', async () => {
  const { timestamp, ...rest } = await healthOf('order', { database: well, product: well });
  assert.deepEqual(rest, { status: 'ok', service: 'order', checks: { database: 'ok', product: 'ok' } });
  assert.equal(new Date(timestamp).toISOString(), timestamp);
  assert.equal((await healthOf('gateway', {})).status, 'ok');
});

test('one part that fails makes the whole unavailable, and its reason is not told', async () => {
  const failing = async () => {
    throw new Error('password of the database is wrong');
  };
  const health = await healthOf('order', { database: failing, product: well });
  assert.deepEqual([health.status, health.checks], ['unavailable', { database: 'does not answer', product: 'ok' }]);
});

test('a part is waited for two seconds and no longer, and the parts side by side', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const never = () => new Promise<void>(() => {});
  const asked = healthOf('order', { database: never, bus: never, product: well });
  await new Promise<void>((resolve) => setImmediate(resolve));
  t.mock.timers.tick(2_000);
  const { status, checks } = await asked;
  assert.deepEqual(
    [status, checks],
    ['unavailable', { database: 'does not answer', bus: 'does not answer', product: 'ok' }],
  );
});

test('a part that is only watched is told, and makes nothing unavailable', async () => {
  const away = Object.assign(() => Promise.reject(new Error('away')), { watched: true });
  const health = await healthOf('order', { database: well, events: away });
  assert.deepEqual([health.status, health.checks], ['ok', { database: 'ok', events: 'does not answer' }]);
});

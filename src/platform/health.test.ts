import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Degraded, Down, healthOf } from './health.ts';

const well = async () => {};
const failing = (error: Error) => async () => {
  throw error;
};

test('a service whose parts all answer is ok', async () => {
  const { timestamp, ...rest } = await healthOf('order', { database: well, product: well });
  assert.deepEqual(rest, { status: 'ok', service: 'order', checks: { database: 'ok', product: 'ok' } });
  assert.equal(new Date(timestamp).toISOString(), timestamp);
  assert.equal((await healthOf('gateway', {})).status, 'ok');
});

test('one part that fails takes the whole down, and its reason is not told', async () => {
  const health = await healthOf('order', {
    database: failing(new Error('password of the database is wrong')),
    product: well,
  });
  assert.deepEqual([health.status, health.checks], ['down', { database: 'does not answer', product: 'ok' }]);
});

test('a part that works only in part degrades the whole and says why', async () => {
  const health = await healthOf('order', { database: failing(new Degraded('it takes reads only')), product: well });
  assert.deepEqual([health.status, health.checks], ['degraded', { database: 'it takes reads only', product: 'ok' }]);
});

test('a part that does not work may say why in public', async () => {
  const health = await healthOf('order', {
    database: failing(new Down('the disk is full')),
    events: failing(new Degraded('events wait')),
  });
  assert.deepEqual([health.status, health.checks], ['down', { database: 'the disk is full', events: 'events wait' }]);
});

test('a part is waited for two seconds and no longer, and the parts side by side', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const never = () => new Promise<void>(() => {});
  const asked = healthOf('order', { database: never, bus: never, product: well });
  await new Promise<void>((resolve) => setImmediate(resolve));
  t.mock.timers.tick(2_000);
  const { status, checks } = await asked;
  assert.deepEqual([status, checks], ['down', { database: 'does not answer', bus: 'does not answer', product: 'ok' }]);
});

test('a part that is only watched degrades the whole and takes nothing down', async () => {
  const away = Object.assign(() => Promise.reject(new Error('away')), { watched: true });
  const health = await healthOf('order', { database: well, events: away });
  assert.deepEqual([health.status, health.checks], ['degraded', { database: 'ok', events: 'does not answer' }]);
});

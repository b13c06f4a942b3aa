import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHECK_MS, Degraded, Down, healthOf, sharedCall, sharedCheck } from './health.ts';

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

test('one failed part makes the whole down, and its reason is not exposed', async () => {
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

const moment = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a check times out after a second and a half, and checks run concurrently', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const never = sharedCheck(() => new Promise<void>(() => {}));
  const asked = healthOf('order', { database: never, bus: never, product: sharedCheck(well) });
  await moment();
  t.mock.timers.tick(CHECK_MS);
  const { status, checks } = await asked;
  assert.deepEqual([status, checks], ['down', { database: 'does not answer', bus: 'does not answer', product: 'ok' }]);
});

test('after a check that hung a new one is run', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  let hangs = true;
  const check = sharedCheck(() => (hangs ? new Promise<void>(() => {}) : well()));
  const asked = healthOf('order', { database: check });
  await moment();
  t.mock.timers.tick(CHECK_MS);
  assert.equal((await asked).status, 'down');
  hangs = false;
  now += CHECK_MS;
  assert.equal((await healthOf('order', { database: check })).status, 'ok');
});

test('concurrent callers share one run a second', async (t) => {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  let looks = 0;
  let end = (): void => undefined;
  const look = sharedCall(async () => {
    looks++;
    await new Promise<void>((resolve) => {
      end = resolve;
    });
    return looks;
  });
  const crowd = Array.from({ length: 100 }, look);
  now = 5_000;
  crowd.push(look());
  end();
  assert.deepEqual(
    [...new Set(await Promise.all(crowd))],
    [1],
    'one that is under way is shared, however long it takes',
  );
  now = 5_999;
  const later = look();
  await moment();
  end();
  assert.equal(await later, 2);
  now = 6_998;
  assert.equal(await look(), 2);
  now = 6_999;
  const last = look();
  end();
  assert.deepEqual([await last, looks], [3, 3]);
});

test('a failed run is shared like any other', async () => {
  let looks = 0;
  const check = sharedCheck(async () => {
    looks++;
    throw new Degraded('it takes reads only');
  });
  const all = await Promise.all(Array.from({ length: 10 }, () => healthOf('order', { database: check })));
  assert.deepEqual([new Set(all.map(({ status }) => status)), looks], [new Set(['degraded']), 1]);
});

test('a part that is only watched degrades the whole and never makes it down', async () => {
  const away = Object.assign(() => Promise.reject(new Error('away')), { watched: true });
  const health = await healthOf('order', { database: well, events: away });
  assert.deepEqual([health.status, health.checks], ['degraded', { database: 'ok', events: 'does not answer' }]);
});

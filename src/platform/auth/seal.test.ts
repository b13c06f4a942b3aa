import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { Ctx } from '../contract/contract.ts';
import type { AppError } from '../contract/errors.ts';
import { createSeal } from './seal.ts';

const SECRET = 'a secret that only tests know';
const actor = { kind: 'user', id: 7, username: 'alice', role: 'customer', session: 'session-1' } as const;
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const refusedFor =
  (reason: string, more: object = {}) =>
  (error: AppError) => {
    assert.deepEqual([error.code, error.details], ['TRADEPOST_SEAL_REFUSED', { reason, ...more }]);
    return true;
  };

const ctx: Ctx = Object.freeze({
  actor,
  now: '2026-07-28T09:30:00.000Z',
  trace: '00-1-2-01',
  requestId: 'r',
  via: 'order',
});

test('a context travels sealed, and arrives frozen and as it was', () => {
  const opened = createSeal(SECRET).open(createSeal(SECRET).seal(ctx, 'product'), 'product');
  assert.deepEqual(opened, ctx);
  assert.ok(Object.isFrozen(opened));
});

test('a sealed context is for one service only', () => {
  const { seal, open } = createSeal(SECRET);
  assert.throws(() => open(seal(ctx, 'product'), 'user'), refusedFor('receiver'));
});

test('a forged seal is refused', () => {
  const { seal, open } = createSeal(SECRET);
  const [body = '', signature = ''] = seal(ctx, 'product').split('.');
  const forged = base64url({ ctx: { ...ctx, actor: { kind: 'system' } }, to: 'product', until: Date.now() + 60_000 });
  const bare = createHmac('sha256', SECRET).update(forged).digest('base64url');
  const attempts = [
    createSeal('another secret that is long').seal(ctx, 'product'),
    `${forged}.${signature}`,
    // The key is derived: the shared secret itself signs nothing here.
    `${forged}.${bare}`,
    `${body}.${signature.slice(2)}`,
    `${body}.`,
    body,
    '.',
    '',
  ];
  for (const header of attempts) assert.throws(() => open(header, 'product'), refusedFor('secret'), header);
});

test('a clock that is a minute off is named with its difference, whichever way it is off', (t) => {
  const noon = Date.parse('2026-07-28T12:00:00Z');
  t.mock.timers.enable({ apis: ['Date'], now: noon });
  const { seal, open } = createSeal(SECRET);
  const header = seal(ctx, 'product');
  for (const offset of [-29_000, 0, 29_000]) {
    t.mock.timers.setTime(noon + offset);
    assert.deepEqual(open(header, 'product'), ctx);
  }
  for (const offset of [-60_000, 60_000]) {
    t.mock.timers.setTime(noon + offset);
    assert.throws(() => open(header, 'product'), refusedFor('clock', { seconds: 60 }));
    assert.throws(
      () => open(header, 'product'),
      (error: AppError) => /about 60 s/.test(String(error.cause)),
    );
  }
});

test('every fault of a signature has the same response', () => {
  const { seal, open } = createSeal(SECRET);
  const refusalOf = (header: string): object => {
    try {
      return open(header, 'product');
    } catch (error) {
      const { code, message, details, status } = error as AppError;
      return { code, message, details, status };
    }
  };
  const good = seal(ctx, 'user');
  const late = base64url({ ctx, to: 'product', until: 0 });
  const answers = ['', 'x', `${late}.x`, `${good}x`, createSeal('another').seal(ctx, 'product')].map(refusalOf);
  assert.deepEqual(new Set(answers.map((one) => JSON.stringify(one))).size, 1);
});

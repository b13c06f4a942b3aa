import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, common, errors, invalid, type Kind, STATUS } from './errors.ts';

const stock = errors('STOCK', {
  GONE: ['not_found', 'it is gone'],
  SHORT: ['conflict', ({ left }: { left: number }) => `only ${left} left`],
});

test('an error is declared once and raised by its name, with its sentence', () => {
  const gone = stock.GONE();
  assert.ok(gone instanceof AppError && gone instanceof Error);
  assert.deepEqual([gone.code, gone.kind, gone.status, gone.message], ['STOCK_GONE', 'not_found', 404, 'it is gone']);
  assert.equal(gone.details, undefined);
});

test('a sentence may need facts, and they travel with the error', () => {
  const short = stock.SHORT({ left: 3 });
  assert.deepEqual([short.message, short.details], ['only 3 left', { left: 3 }]);
});

test('a declared error has its code and kind without being raised', () => {
  assert.deepEqual([stock.SHORT.code, stock.SHORT.kind], ['STOCK_SHORT', 'conflict']);
});

test('the kind alone decides the status', () => {
  for (const kind of Object.keys(STATUS) as Kind[]) {
    assert.equal(new AppError('X', kind, 'x').status, STATUS[kind]);
  }
  const statuses = [
    'TRADEPOST_STALE',
    common.STALE().status,
    common.KEY_REUSED().status,
    common.UNAUTHENTICATED().status,
  ];
  assert.deepEqual(statuses, ['TRADEPOST_STALE', 409, 422, 401]);
});

test('only an unavailable error has Retry-After by default', () => {
  assert.equal(common.UNAVAILABLE().retryAfterSeconds, 1);
  assert.equal(common.STALE().retryAfterSeconds, undefined);
  assert.equal(new AppError('X', 'too_many', 'x', { retryAfterSeconds: 30 }).retryAfterSeconds, 30);
});

test('bad input carries a pointer to each place', () => {
  const faults = [{ pointer: '/name', detail: 'is missing' }];
  const { code, status, faults: given } = invalid('name is missing', faults);
  assert.deepEqual([code, status, given], ['TRADEPOST_INVALID', 400, faults]);
});

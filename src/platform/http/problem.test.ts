import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, common, errors, invalid, type Kind, REMEDY, STATUS } from '../contract/errors.ts';
import { problemOf, toAppError } from './problem.ts';

const stock = errors('STOCK', {
  SHORT: ['conflict', ({ left }: { left: number }) => `only ${left} left`],
  SLY: ['conflict', (_: { status: number; detail: string; request_id: string }) => 'as it is'],
});

test('a problem document has the members of the standard, those of the first clients, and the facts', () => {
  const { timestamp, ...rest } = problemOf(stock.SHORT({ left: 3 }), '/orders', 'request-1');
  assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 10_000);
  assert.deepEqual(rest, {
    type: '/docs/errors#STOCK_SHORT',
    title: 'Conflict',
    status: 409,
    detail: 'only 3 left',
    instance: '/orders',
    code: 'STOCK_SHORT',
    error: 'only 3 left',
    request_id: 'request-1',
    left: 3,
    remedy: REMEDY.conflict,
  });
});

test('faults of the input are listed, and only they make a list', () => {
  const faults = [{ pointer: '/name', detail: 'is missing' }];
  assert.deepEqual(problemOf(invalid('name is missing', faults), '/', 'r').errors, faults);
  assert.equal('errors' in problemOf(common.STALE(), '/', 'r'), false);
});

test('facts never stand in for a member of the document', () => {
  const { status, detail, request_id } = problemOf(stock.SLY({ status: 200, detail: 'x', request_id: 'y' }), '/', 'r');
  assert.deepEqual([status, detail, request_id], [409, 'as it is', 'r']);
});

test('an unexpected error exposes nothing', () => {
  const { status, code, title, detail } = problemOf(undefined, '/', 'r');
  assert.deepEqual([status, code, title], [500, 'TRADEPOST_INTERNAL', 'Internal error']);
  assert.match(detail, /request id/);
});

test('every kind of error has a title', () => {
  for (const kind of Object.keys(STATUS) as Kind[]) {
    assert.notEqual(problemOf(new AppError('X', kind, 'x'), '/', 'r').title, 'Error', kind);
  }
});

test('an AppError stays itself, an error of the HTTP layer becomes one, any other is unexpected', () => {
  const stale = common.STALE();
  assert.equal(toAppError(stale), stale);
  const statusOf = (error: object) => toAppError(Object.assign(new Error('inner text'), error))?.status;
  assert.equal(statusOf({ code: 'FST_ERR_CTP_BODY_TOO_LARGE' }), 413);
  assert.equal(statusOf({ code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }), 415);
  assert.equal(statusOf({ name: 'SyntaxError', statusCode: 400 }), 400);
  assert.equal(statusOf({ name: 'SyntaxError' }), undefined);
  assert.equal(statusOf({ code: '23505' }), undefined);
  assert.equal(toAppError('a thrown text'), undefined);
});

test('a body that is no JSON is described by our sentence, not by the parser’s', () => {
  const error = Object.assign(new SyntaxError('Unexpected token <script>'), { statusCode: 400 });
  assert.equal(toAppError(error)?.message, 'the body is not valid JSON');
});

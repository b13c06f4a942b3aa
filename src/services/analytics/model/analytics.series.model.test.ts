import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minor } from '../../../platform/contract/money.ts';
import { MAX_POINTS } from '../analytics.contract.ts';
import { bucketsOf, daysOf, filled, type GivenSpan } from './analytics.series.model.ts';

const NOW = '2026-11-18T12:34:56.789Z';

const startsOf = (interval: 'hour' | 'day' | 'week' | 'month', span: GivenSpan) =>
  bucketsOf(interval, span, NOW, 'UTC').starts.map((start) => start.replace(':00:00.000Z', ''));
const codeOf = (span: GivenSpan): string | undefined => {
  try {
    bucketsOf('hour', span, NOW, 'UTC');
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test('the first bucket is the one in which the span begins, the last the one before its end', () => {
  const span = { from: '2026-11-18T10:20:00Z', to: '2026-11-18T12:00:00Z' };
  assert.deepEqual(startsOf('hour', span), ['2026-11-18T10', '2026-11-18T11']);
  assert.deepEqual(startsOf('day', { from: '2026-11-17', to: '2026-11-19' }), ['2026-11-17T00', '2026-11-18T00']);
});

test('weeks begin on Monday, months on their first, over the end of a year', () => {
  const span = { from: '2026-12-30', to: '2027-01-12' };
  assert.deepEqual(startsOf('week', span), ['2026-12-28T00', '2027-01-04T00', '2027-01-11T00']);
  assert.deepEqual(startsOf('month', span), ['2026-12-01T00', '2027-01-01T00']);
  assert.equal(bucketsOf('month', { from: '2028-01-15', to: '2028-02-29' }, NOW, 'UTC').to, '2028-03-01T00:00:00.000Z');
});

test('without an end it is now, and now belongs to it; without a beginning it looks back a while', () => {
  assert.deepEqual(startsOf('hour', { from: '2026-11-18T11:00:00Z' }), ['2026-11-18T11', '2026-11-18T12']);
  assert.equal(
    bucketsOf('hour', { from: NOW }, '2026-11-18T13:00:00.000Z', 'UTC').starts.at(-1),
    '2026-11-18T13:00:00.000Z',
  );
  const lengths = (['hour', 'day', 'week', 'month'] as const).map(
    (interval) => bucketsOf(interval, {}, NOW, 'UTC').starts.length,
  );
  assert.deepEqual(lengths, [25, 31, 13, 13]);
});

test('a time may be of any zone, and a plus that became a space is a plus', () => {
  const starts = startsOf('hour', { from: '2026-11-18T10:00:00+02:00', to: '2026-11-18T10:00:00 01:00' });
  assert.deepEqual(starts, ['2026-11-18T08']);
});

test('what is no time is refused, and so is a span without length or without end', () => {
  const bad = ['now', '', '2026-13-01', '2026-02-30', '2026-11-18T25:00:00Z', '2026-11-18T10:00:00', '20261118', '1e9'];
  for (const from of [...bad, '9999-12-31', '0001-01-01']) assert.equal(codeOf({ from }), 'ANALYTICS_BAD_TIME', from);
  assert.equal(codeOf({ from: '2026-11-18', to: '2026-11-18' }), 'ANALYTICS_NO_SPAN');
  assert.equal(codeOf({ from: '2027-01-01' }), 'ANALYTICS_NO_SPAN');
  assert.equal(codeOf({ from: '2000-01-01' }), 'ANALYTICS_TOO_MANY_POINTS');
  const day = 86_400_000;
  const from = new Date(Date.parse('2026-01-01') - MAX_POINTS * day).toISOString();
  assert.equal(bucketsOf('day', { from, to: '2026-01-01' }, NOW, 'UTC').starts.length, MAX_POINTS);
});

test('days are whole days, from the one of the beginning to the one of the end', () => {
  const midnight = (day: string) => `${day}T00:00:00.000Z`;
  const days = daysOf({ from: '2026-11-17T22:00:00Z', to: '2026-11-18T00:00:01Z' }, NOW, 'UTC');
  assert.deepEqual(days, { from: midnight('2026-11-17'), to: midnight('2026-11-19') });
  assert.equal(daysOf({ from: '2026-11-17', to: '2026-11-18' }, NOW, 'UTC').to, midnight('2026-11-18'));
});

test('a bucket in which nothing happened has a point of 0', () => {
  const buckets = bucketsOf('day', { from: '2026-11-16', to: '2026-11-19' }, NOW, 'UTC');
  const point = { bucket: '2026-11-17T00:00:00.000Z', count: 3, amount: minor(1_200) };
  const points = filled(buckets, [point]);
  assert.deepEqual(
    points.map(({ count, amount }) => [count, amount]),
    [
      [0, 0],
      [3, 1_200],
      [0, 0],
    ],
  );
  assert.equal(points[1], point);
});

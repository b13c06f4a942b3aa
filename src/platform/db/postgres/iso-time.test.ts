import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toIsoTime } from './iso-time.ts';

test('a time of PostgreSQL becomes the one that Date makes of it, whatever its digits', () => {
  const fractions = ['', '.1', '.12', '.123', '.1234', '.999999', '.000001', '.05'];
  for (const day of ['2026-11-21', '2024-02-29', '1900-01-01', '0001-01-01', '9999-12-31']) {
    for (const time of ['00:00:00', '08:45:09', '23:59:59']) {
      for (const fraction of fractions) {
        const expected = new Date(`${day}T${time}${fraction}Z`).toISOString();
        assert.equal(toIsoTime(`${day} ${time}${fraction}+00`), expected);
      }
    }
  }
});

test('what is no moment of these years is refused as before', () => {
  for (const text of ['infinity', '-infinity', '0044-03-15 00:00:00+00 BC', '10000-01-01 00:00:00+00'])
    assert.throws(() => toIsoTime(text), RangeError);
});

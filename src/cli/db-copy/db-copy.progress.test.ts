import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedTable } from '../../platform/db/transfer/copy.ts';
import { groupDigits } from './db-copy.print.ts';
import { showProgress } from './db-copy.progress.ts';

const planned = (table: string, rows: number, copied = 0): PlannedTable => ({
  service: 'order',
  table,
  rows,
  progress: { copy: 'c', source: 's', end: undefined, rows: copied, done: false },
});

function shown(isTTY: boolean, columns = 100) {
  const text: string[] = [];
  let time = 0;
  return {
    text,
    out: { isTTY, columns, write: (part: unknown) => text.push(String(part)) > 0 },
    now: () => time,
    later: (ms: number) => {
      time += ms;
    },
  };
}

test('a terminal has one line: how much is done, how fast, and how long it will take', () => {
  const { out, text, now, later } = shown(true);
  const orders = planned('orders', 1_000);
  const progress = showProgress([orders], out, now);
  later(10_000);
  progress.rows('copying', orders, 500);
  assert.equal(
    text.at(-1),
    '\r\x1b[2K██████░░░░░░░░░░░░░░░░░░ 25 %  copying order.orders  500 of 2 000 rows, 50/s, 30 s left',
  );
  progress.rows('copying', orders, 1);
  assert.equal(text.length, 1, 'not for every page');
  progress.end();
  assert.equal(text.at(-1), '\r\x1b[2K', 'and leaves nothing behind');
});

test('no line is longer than the terminal', () => {
  const { out, text, now, later } = shown(true, 30);
  const orders = planned('orders', 1_000);
  const progress = showProgress([orders], out, now);
  later(1_000);
  progress.rows('copying', orders, 500);
  assert.equal(text.at(-1)?.replace('\r\x1b[2K', '').length, 29);
});

test('a file gets a line a table that has rows, and one every ten seconds', () => {
  const { out, text, now, later } = shown(false);
  const [orders, none] = [planned('orders', 100), planned('marks', 0)];
  const progress = showProgress([orders, none], out, now);
  progress.rows('copying', orders, 0);
  progress.rows('copying', orders, 50);
  assert.equal(text.length, 1);
  later(10_000);
  progress.rows('copying', orders, 0);
  progress.rows('copying', none, 0);
  assert.equal(text.length, 2);
  progress.end();
  assert.ok(text.every((line) => line.endsWith('\n') && !line.includes('\x1b')));
});

test('what an earlier run has copied is done, and says nothing of how fast this one is', () => {
  const { out, text, now, later } = shown(true);
  const orders = planned('orders', 1_000, 900);
  const progress = showProgress([orders], out, now);
  later(1_000);
  progress.rows('copying', orders, 900);
  assert.match(text.at(-1) ?? '', /45 % {2}copying order\.orders {2}900 of 2 000 rows, 0\/s$/);
});

test('large numbers can be read', () => {
  assert.deepEqual([0, 999, 1_000, 1_234_567].map(groupDigits), ['0', '999', '1 000', '1 234 567']);
});

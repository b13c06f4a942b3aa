import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainText } from '../output/plain.ts';
import { details, type ListedDeadLetter, deadLetterTable as table } from './dead-letters.print.ts';

const LETTER: ListedDeadLetter = {
  service: 'delivery',
  id: 3,
  consumer: 'delivery.open_shipment',
  event: {
    id: '0192f0c0-0000-7000-8000-000000000001',
    source: 'order',
    type: 'order.created',
    subject: '17',
    time: '2026-11-21T12:00:00.000Z',
    correlation: 'a-request',
    actor: 'user/2/alice',
    about: 'order/17',
    data: '{"order_id":17,"total":1300.00}',
  },
  error: 'no parcel',
  attempts: 1,
  failed_at: '2026-11-21T12:00:01.000Z',
};

test('dead letters stand in columns, and no line is longer than the terminal is wide', () => {
  const lines = table([LETTER, { ...LETTER, id: 1_234, error: 'x'.repeat(500) }], 100).split('\n');
  assert.equal(new Set(lines.map((line) => line.indexOf('failed at') > 0 || line.includes('2026'))).size, 1);
  assert.ok(lines.every((line) => line.length <= 100));
  assert.match(lines[2] ?? '', /^delivery {2}1234 {2}.*…$/);
  assert.match(table([LETTER]).split('\n')[1] ?? '', /order\/17 {2}no parcel$/);
});

test('a letter is shown whole, its payload as it came', () => {
  const text = details(LETTER);
  assert.match(text, /^payload +\{"order_id":17,"total":1300\.00\}$/m);
  assert.match(text, /^failed +2026-11-21T12:00:01\.000Z, after 1 attempt$/m);
  assert.ok(!text.includes('causation'));
});

test('what is no event has its letter too', () => {
  const event = { ...LETTER.event, source: '', type: '', subject: '' };
  assert.match(table([{ ...LETTER, event }]), /\(no event\)/);
  assert.match(details({ ...LETTER, event }), /^event +\(no event\)$/m);
});

test('a payload gives the terminal no orders', () => {
  assert.equal(plainText('a\u001b[2Jb\u009b31mc\u202ed\ne'), 'a [2Jb 31mc d e');
  assert.ok(!details({ ...LETTER, error: 'x\nletter forged' }).includes('\nletter forged'));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventsOf } from '../../db/clickhouse/store/outbox-progress.ts';
import { parseToPrint } from './json.ts';

test('what is read to be printed again keeps its digits', () => {
  const text =
    '{"total":3.00,"items":[{"price":0.10,"quantity":2}],"currency":"KWD","rate":1.250,"big":90071992547409.91}';
  assert.equal(JSON.stringify(parseToPrint(text)), text);
});

test('the payload of an event has the digits that it was announced with, whatever row keeps it', () => {
  const events = '[{"id":"1","type":"payment.captured","data":{"amount":3.00,"currency":"USD"}}]';
  const [event] = eventsOf('payment', { position: 1, events });
  assert.equal(event?.data, '{"amount":3.00,"currency":"USD"}');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventsOf } from '../../db/clickhouse/store/outbox-progress.ts';
import { parseToPrint, withDigits } from './json.ts';

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

test('a payload that was read as plain JSON is printed with the digits of its amounts, and nothing else is', () => {
  const data = {
    total: 3,
    tax_rate: 1,
    quantity: 2,
    paid_total: null,
    items: [{ unit_price: 1.5, total: 3 }],
    of: { currency: 'JPY', amount: 3 },
    odd_amount: 1.2345,
  };
  assert.equal(
    JSON.stringify(withDigits(data, 'USD')),
    '{"total":3.00,"tax_rate":1,"quantity":2,"paid_total":null,"items":[{"unit_price":1.50,"total":3.00}],' +
      '"of":{"currency":"JPY","amount":3},"odd_amount":1.2345}',
  );
});

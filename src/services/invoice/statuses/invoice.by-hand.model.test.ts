import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minor } from '../../../platform/contract/money.ts';
import { anOrder, at } from '../invoice.fixture.ts';
import { createInvoice } from '../invoice.model.ts';
import { type PaymentByHand, paymentToRecord } from './invoice.by-hand.model.ts';

const ctx = at('2026-12-31T11:30:00.000Z');
const { next: invoice } = createInvoice(
  anOrder(),
  { invoice_id: 7, buyer: { name: 'Alice Example', lines: [] }, time_zone: 'UTC' },
  ctx,
);
const recorded = (given?: PaymentByHand, zone = 'UTC', more = {}) =>
  paymentToRecord({ ...invoice, ...more }, given, zone, ctx);

test('without more it is all that is owed, by other means, today as the shop has it', () => {
  const { identity: _identity, ...money } = recorded();
  assert.deepEqual(money, { order_id: 17, invoice_id: 7, method: 'other', date: '2026-12-31' });
  assert.equal(recorded(undefined, 'Pacific/Auckland').date, '2027-01-01');
});

test('what is said is recorded', () => {
  const said = { method: 'cheque' as const, reference: '17', date: '2026-12-01', amount: minor(500) };
  const { identity: _identity, ...money } = recorded(said);
  assert.deepEqual(money, { order_id: 17, invoice_id: 7, ...said });
});

test('a day must be one, and not be in the future of the shop', () => {
  for (const date of ['2026-02-30', '2026-13-01', '2027-01-01']) {
    assert.throws(() => recorded({ date }), { kind: 'invalid', message: /^payment\.date: / }, date);
  }
  assert.equal(recorded({ date: '2027-01-01' }, 'Pacific/Auckland').date, '2027-01-01');
});

test('a payment with a reference is the same one until something is given back, any other while nothing changed', () => {
  const same = (given: PaymentByHand | undefined, more: object) =>
    recorded(given).identity === recorded(given, 'UTC', more).identity;
  assert.equal(same({ reference: 'A' }, { version: 9 }), true);
  assert.equal(same({ reference: 'A' }, { refunded_total: minor(1) }), false);
  assert.equal(same({ amount: minor(1) }, { version: 9 }), false);
  assert.equal(same(undefined, {}), true);
  assert.notEqual(recorded({ reference: 'A' }).identity, recorded({ reference: 'B' }).identity);
});

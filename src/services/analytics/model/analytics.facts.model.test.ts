import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minor } from '../../../platform/contract/money.ts';
import {
  arrival,
  captured,
  described,
  invoiceBecame,
  invoiced,
  moved,
  NOON,
  owed,
  placed,
  refunded,
  registered,
  shipmentBecame,
} from '../analytics.fixture.ts';
import { countedOnly, transactionVoided } from './analytics.facts.model.ts';
import { statsOf, type Total } from './analytics.model.ts';

const countsFor = ({ metric, currency, amount }: ReturnType<typeof placed>) => [metric, currency, amount];

test('an event counts for what happened, in its currency', () => {
  assert.deepEqual(countsFor(placed(1)), ['orders', 'USD', 22_000]);
  assert.deepEqual(countsFor(owed(1, 500)), ['transactions', 'USD', 500]);
  assert.deepEqual(countsFor(captured(1, 500)), ['payments', 'USD', 500]);
  assert.deepEqual(countsFor(refunded(1, 200)), ['refunds', 'USD', 200]);
  assert.deepEqual(countsFor(registered(1)), ['users', '', 0]);
  assert.deepEqual(countsFor(countedOnly(arrival('transaction.paid', 1))), [null, '', 0]);
});

test('an order is told with its lines and amounts, and without who bought it', () => {
  const { stories } = placed(17);
  const line = { product_id: 1, product_name: 'Laptop', quantity: 2, total: 20_000 };
  const amounts = { net: 20_000, tax: 2_000, gross: 22_000, currency: 'USD' };
  const begun = { kind: 'order', item_id: 17, known: true, place: '0', status: 'pending' };
  assert.deepEqual(stories, [{ ...begun, ...amounts, lines: [line] }]);
  assert.equal(JSON.stringify(placed(17)).includes('alice'), false);
});

test('of two statuses of an order or an invoice the one further on is the later one, whatever the clocks say', () => {
  const placeOf = ({ stories }: ReturnType<typeof moved>) => stories[0]?.place ?? '';
  const orders = (['pending', 'confirmed', 'completed', 'cancelled'] as const).map((status) => moved(1, status));
  const invoices = [invoiced(1), ...(['sent', 'paid', 'cancelled'] as const).map((status) => invoiceBecame(1, status))];
  for (const steps of [orders, invoices]) assert.deepEqual(steps.map(placeOf), [...steps.map(placeOf)].sort());
  assert.equal(placeOf(moved(1, 'confirmed', '2030-01-01T00:00:00.000Z')) < placeOf(moved(1, 'cancelled')), true);
});

test('of two statuses of a parcel, or names of a product, the later one counts', () => {
  const placeOf = ({ stories }: ReturnType<typeof moved>) => stories[0]?.place ?? '';
  const [early, late] = ['2026-11-18T12:00:00.000Z', '2026-11-18T12:00:00.001Z'] as const;
  assert.ok(placeOf(shipmentBecame(1, 'failed', early)) < placeOf(shipmentBecame(1, 'shipped', late)));
  assert.ok(placeOf(described(1, 'B', 'x', early)) < placeOf(described(1, 'A', 'x', late)));
  // At the same moment the ids decide, the same way everywhere.
  assert.ok(placeOf(described(1, 'B', 'x', early)) < placeOf(described(1, 'A', 'x', early)));
});

test('money for an invoice concerns the transaction, the order and the invoice, and what goes back is negative', () => {
  const paid = (fact: ReturnType<typeof captured>) =>
    fact.stories.map(({ kind, item_id, paid }) => [kind, item_id, paid]);
  assert.deepEqual(paid(captured(3, 500, 8)), [
    ['transaction', 3, 500],
    ['invoice', 8, 500],
    ['order', 8, undefined],
  ]);
  assert.deepEqual(paid(refunded(3, 200, 8)), [
    ['transaction', 3, -200],
    ['invoice', 8, undefined],
    ['order', 8, undefined],
  ]);
  assert.deepEqual(paid(captured(3, 500)), [['transaction', 3, 500]]);
});

test('a refund without a kind, as older versions told it, is a credit', () => {
  const totals = ({ stories }: ReturnType<typeof refunded>) =>
    stories
      .slice(1)
      .map(({ paid_total, refunded_total, credited_total }) => [paid_total, refunded_total, credited_total]);
  assert.deepEqual(totals(refunded(3, 200, 8, [500, 200])), [
    [500, 200, 200],
    [500, 200, 200],
  ]);
  assert.deepEqual(totals(refunded(3, 200, 8, [500, 200, 0])), [
    [500, 200, undefined],
    [500, 200, undefined],
  ]);
});

test('a transaction that was voided and paid all the same is paid', () => {
  const given = { transaction_id: 3, user_id: 2, amount: minor(1), currency: 'USD', invoice_id: null, order_id: null };
  const voided = transactionVoided(arrival('transaction.voided', 3), { ...given, at: NOON });
  assert.ok((voided.stories[0]?.place ?? '9') < (captured(3, 1).stories[0]?.place ?? ''));
});

test('figures are counts of everything and amounts of one currency', () => {
  const total = (metric: string, currency: string, count: number, amount: number): Total => ({
    metric,
    currency,
    count,
    amount: minor(amount),
    latest: NOON,
  });
  const totals = [
    total('events', '', 9, 0),
    total('order:pending', 'USD', 2, 300),
    total('order:pending', 'EUR', 1, 100),
    total('order:cancelled', 'USD', 1, 50),
    total('revenue', 'USD', 2, 300),
    total('revenue', 'EUR', 1, 100),
    total('refunds', 'EUR', 1, 9),
    total('revenue:refunded', 'EUR', 1, 7),
  ];
  const { orders, revenue, events_processed, last_event_time } = statsOf(totals, 'EUR');
  assert.deepEqual(orders, { total: 4, pending: 3, confirmed: 0, completed: 0, cancelled: 1, paid: 0 });
  assert.deepEqual(revenue, { net: 0, tax: 0, gross: 100, refunded: 7, credited: 0, paid: 0 });
  assert.deepEqual([events_processed, last_event_time], [9, NOON]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aLine, anEvent, aReservation, at, NOW, TERMS, user } from '../order.fixture.ts';
import { placeOrder } from '../order.model.ts';
import { eventSummary, inCausalOrder, type TimelineEvent } from './order.timeline.model.ts';
import { timelineFor } from './order.timeline.ts';

const order = placeOrder({ id: 2, username: 'alice' }, aReservation(17, aLine()), TERMS, at()).next;
const minute = (n: number) => `2026-07-28T09:3${n}:00.000Z`;
const because = (cause: TimelineEvent) => ({ causation_id: cause.event_id, correlation_id: cause.correlation_id });

const placed = anEvent('order.created', { username: 'alice', total: 2859.98 }, minute(0), { actor: 'user/2/alice' });
const shipment = anEvent('shipment.created', { shipment_id: 9 }, minute(0), because(placed));
const packed = anEvent('shipment.status_changed', { shipment_id: 9, from: 'pending', to: 'packed' }, minute(2), {
  actor: 'user/1/admin',
});
// The clock of the process that noted it is behind.
const confirmed = anEvent('order.status_changed', { status: 'confirmed' }, minute(1), because(packed));

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((one, n) => permutations(all.toSpliced(n, 1)).map((rest) => [one, ...rest]));
}

const types = (events: readonly { type: string }[]) => events.map(({ type }) => type);

test('a cause is told before its effects, whatever the clocks say and in whichever order they became known', () => {
  for (const events of permutations([placed, shipment, packed, confirmed])) {
    assert.deepEqual(types(inCausalOrder(events)), types([placed, shipment, packed, confirmed]));
  }
});

test('what one act announced twice in one moment is told in its order', () => {
  const sent = anEvent('invoice.status_changed', { to: 'sent' }, minute(3), because(packed));
  const paid = anEvent('invoice.status_changed', { to: 'paid' }, minute(3), { ...because(packed), event_id: '0' });
  const told = inCausalOrder([packed, sent, paid]).map(({ data }) => data.to);
  assert.deepEqual(told, ['packed', 'sent', 'paid']);
});

test('a cause that nobody knows, and causes in a circle, keep nothing from being told', () => {
  const lost = anEvent('invoice.created', {}, minute(4), { causation_id: '01980000-0000-7000-8000-ffffffffffff' });
  const [a, b] = [anEvent('a', {}, minute(5)), anEvent('b', {}, minute(6))];
  const circle = [
    { ...a, causation_id: b.event_id },
    { ...b, causation_id: a.event_id },
  ];
  assert.deepEqual(types(inCausalOrder([...circle, lost, placed])), ['order.created', 'invoice.created', 'a', 'b']);
  assert.equal(timelineFor(order, circle, user(1, 'admin', 'admin')).length, 2);
});

test('what the platform did names the act of the person that brought it about', () => {
  const told = timelineFor(order, [confirmed, shipment, packed, placed], user(1, 'admin', 'admin'));
  const alice = { kind: 'user', id: 2, username: 'alice' };
  const admin = { kind: 'user', id: 1, username: 'admin' };
  const system = { kind: 'system', id: undefined, username: undefined };
  assert.deepEqual(
    told.map(({ actor, because_of }) => [actor, because_of?.type, because_of?.actor]),
    [
      [alice, undefined, undefined],
      [system, 'order.created', alice],
      [admin, undefined, undefined],
      [system, 'shipment.status_changed', admin],
    ],
  );
});

test('when the cause is not told here, the request with which it began still names the person', () => {
  const { correlation_id } = placed;
  const paid = anEvent('invoice.status_changed', {}, minute(3), {
    causation_id: '01980000-0000-7000-8000-eeeeeeeeeeee',
    correlation_id,
  });
  const [, last] = timelineFor(order, [placed, paid], user(2, 'alice'));
  assert.deepEqual(last?.because_of?.type, 'order.created');
});

test('a customer reads their own name, and of others only that it was a person', () => {
  const [first, , third] = timelineFor(order, [placed, shipment, packed], user(2, 'alice'));
  assert.deepEqual([first?.actor, third?.actor], [{ kind: 'user', id: 2, username: 'alice' }, { kind: 'user' }]);
});

const sentences: [string, object, string][] = [
  ['order.created', { username: 'alice', total: 2859.98 }, 'alice placed the order for 2,859.98 USD.'],
  ['order.cancelled', {}, 'The order was cancelled and its stock given back.'],
  [
    'order.status_changed',
    { status: 'confirmed', payment_status: 'partially_paid', fulfillment_status: 'not_fulfilled' },
    'The order is confirmed: partially paid, not fulfilled.',
  ],
  ['shipment.created', { shipment_id: 9 }, 'Shipment 9 waits to be packed.'],
  ['shipment.status_changed', { shipment_id: 9, from: 'packed', to: 'in_transit' }, 'Shipment 9 is in transit.'],
  [
    'shipment.status_changed',
    { shipment_id: 9, from: 'packed', to: 'shipped', carrier: 'simulator', tracking_number: 'SIM1' },
    'Shipment 9 is shipped, as SIM1 with simulator.',
  ],
  [
    'shipment.status_changed',
    { shipment_id: 9, from: 'packed', to: 'packed', carrier: 'simulator', tracking_number: 'SIM1' },
    'Shipment 9 has another label, as SIM1 with simulator.',
  ],
  [
    'invoice.created',
    { invoice_number: 'INV-2026-000007', total: 10 },
    'Invoice INV-2026-000007 over 10.00 USD was made.',
  ],
  ['invoice.status_changed', { invoice_number: 'INV-2026-000007', to: 'paid' }, 'Invoice INV-2026-000007 is paid.'],
  ['transaction.created', { amount: 0.5 }, 'A payment of 0.50 USD was asked for.'],
  ['transaction.paid', { transactions_paid: 2 }, 'All that was open was paid: 2 transaction(s).'],
  ['payment.captured', { amount: 1299.9 }, '1,299.90 USD was paid.'],
  ['payment.refunded', { amount: 3 }, '3.00 USD was given back.'],
  ['payment.refunded', {}, 'an amount was given back.'],
  ['order.something_new', {}, 'order.something_new happened.'],
];

for (const [type, data, sentence] of sentences) {
  test(`what ${type} means is said in one sentence: ${sentence}`, () => {
    assert.equal(eventSummary(anEvent(type, data, NOW), order), sentence);
  });
}

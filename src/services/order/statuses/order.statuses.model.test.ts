import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventOf } from '../../../platform/contract/contract.ts';
import { minor } from '../../../platform/contract/money.ts';
import type { ShipmentStatus } from '../../delivery/delivery.contract.ts';
import { aLine, aReservation, at, TERMS } from '../order.fixture.ts';
import { cancelOrder, type OrderState, placeOrder } from '../order.model.ts';
import { followPayment, followShipment, isBehind } from './order.statuses.model.ts';

const LATER = at('2026-07-29T10:00:00.000Z');
const order = {
  ...placeOrder({ id: 2, username: 'alice' }, aReservation(17, aLine()), TERMS, at()).next,
  version: 1,
};
const TOTAL = order.total;

const ship = (from: ShipmentStatus, to: ShipmentStatus, sent_again?: number) => (state: OrderState) =>
  followShipment(state, { from, to, at: LATER.now, sent_again }, LATER);

/** The totals after a movement; what was given back is a credit unless the third says otherwise. */
const money =
  (paid: number, refunded: number, credited = refunded) =>
  (state: OrderState) =>
    followPayment(state, totals(paid, refunded, credited), LATER);

const totals = (paid: number, refunded: number, credited: number) => ({
  paid_total: minor(paid),
  refunded_total: minor(refunded),
  credited_total: minor(credited),
});

type Step = (state: OrderState) => { next: OrderState; events: readonly EventOf[] };
const after = (steps: readonly Step[], from: OrderState = order): OrderState =>
  steps.reduce((state, step) => step(state).next, from);
const axes = ({ status, payment_status, fulfillment_status }: OrderState) => [
  status,
  payment_status,
  fulfillment_status,
];

test('an order is paid in parts, and confirmed when all is paid', () => {
  assert.deepEqual(axes(after([money(TOTAL - 1, 0)])), ['pending', 'partially_paid', 'not_fulfilled']);
  assert.deepEqual(axes(after([money(TOTAL - 1, 0), money(TOTAL, 0)])), ['confirmed', 'paid', 'not_fulfilled']);
});

test('an order that is packed is confirmed, paid or not', () => {
  assert.deepEqual(axes(after([ship('pending', 'packed')])), ['confirmed', 'not_paid', 'packed']);
});

test('an order is complete when it is delivered and paid, whichever comes first', () => {
  const delivered = ship('pending', 'delivered');
  assert.deepEqual(axes(after([delivered])), ['confirmed', 'not_paid', 'delivered']);
  for (const steps of [
    [delivered, money(TOTAL, 0)],
    [money(TOTAL, 0), delivered],
  ]) {
    assert.deepEqual(axes(after(steps)), ['completed', 'paid', 'delivered']);
  }
});

test('what is given back shows, in part and whole, and takes no status back', () => {
  const completed = after([ship('pending', 'delivered'), money(TOTAL, 0)]);
  assert.deepEqual(axes(after([money(TOTAL, 1)], completed)), ['completed', 'partially_refunded', 'delivered']);
  assert.deepEqual(axes(after([money(TOTAL, TOTAL)], completed)), ['completed', 'refunded', 'delivered']);
});

test('a cancelled order stays cancelled, and its other statuses follow the facts', () => {
  const cancelled = cancelOrder(order, 'requested', LATER).next;
  const steps = [ship('pending', 'shipped'), money(TOTAL, 0), ship('shipped', 'delivered')];
  assert.deepEqual(axes(after(steps, cancelled)), ['cancelled', 'paid', 'delivered']);
});

test('a shipment that is cancelled after it was packed leaves the order unfulfilled', () => {
  const steps = [ship('pending', 'packed'), ship('packed', 'cancelled')];
  assert.deepEqual(axes(after(steps)), ['confirmed', 'not_paid', 'not_fulfilled']);
  assert.deepEqual(axes(after([...steps, ship('pending', 'packed')])), ['confirmed', 'not_paid', 'not_fulfilled']);
});

test('a shipment that is cancelled before anything was done tells the order nothing', () => {
  assert.deepEqual(ship('pending', 'cancelled')(order), { next: order, events: [] });
});

test('events of a parcel that was sent again may come in any order', () => {
  const all = [ship('packed', 'failed', 0), ship('failed', 'packed', 1), ship('packed', 'shipped', 1)];
  for (const way of interleavings(all.map((step) => [step]))) {
    assert.deepEqual(axes(after([...way, ...way])), ['confirmed', 'not_paid', 'shipped']);
  }
  const packed = after([ship('pending', 'packed', 0), ship('failed', 'packed', 1), ship('packed', 'shipped', 0)]);
  assert.equal(packed.fulfillment_status, 'packed');
});

test('an event that comes again changes nothing and announces nothing', () => {
  for (const step of [ship('pending', 'packed'), money(5, 0), money(TOTAL, TOTAL), ship('pending', 'delivered')]) {
    const once = step(order).next;
    assert.deepEqual([step(once).next, step(once).events], [once, []]);
  }
});

test('more money is announced although the status is the same, and says where all three stand', () => {
  const { next, events } = money(2, 0)(after([money(1, 0)]));
  assert.deepEqual([next.paid_total, next.payment_status], [2, 'partially_paid']);
  const { order_id, user_id, username } = order;
  const statuses = { status: 'pending', payment_status: 'partially_paid', fulfillment_status: 'not_fulfilled' };
  const data = { order_id, user_id, username, ...statuses, at: LATER.now };
  assert.deepEqual(events, [{ type: 'order.status_changed', subject: '17', about: 'order/17', data }]);
});

test('money that belongs to no invoice is not the order’s', () => {
  assert.deepEqual(followPayment(order, { paid_total: null, refunded_total: null }, LATER).events, []);
});

test('an order that costs nothing is paid and confirmed at once, and complete when it is delivered', () => {
  const line = aLine({ unit_price: minor(0) });
  const free = placeOrder({ id: 2, username: 'alice' }, aReservation(17, line), TERMS, at()).next;
  assert.deepEqual(axes(free), ['confirmed', 'paid', 'not_fulfilled']);
  assert.deepEqual(axes(after([ship('pending', 'delivered')], free)), ['completed', 'paid', 'delivered']);
});

test('what is given back as a correction is owed again: it must be paid before the order is complete', () => {
  const half = 142_999;
  const corrected = after([money(half, 0), money(half, half, 0), money(TOTAL, half, 0)]);
  assert.deepEqual(axes(corrected), ['pending', 'partially_paid', 'not_fulfilled']);
  const delivered = after([ship('pending', 'delivered')], corrected);
  assert.deepEqual(axes(delivered), ['confirmed', 'partially_paid', 'delivered']);
  assert.deepEqual(axes(after([money(TOTAL + half, half, 0)], delivered)), ['completed', 'paid', 'delivered']);
});

test('a correction takes a completed order back to confirmed, until it is paid again', () => {
  const completed = after([ship('pending', 'delivered'), money(TOTAL, 0)]);
  const owed = after([money(TOTAL, 5, 0)], completed);
  assert.deepEqual(axes(owed), ['confirmed', 'partially_paid', 'delivered']);
  assert.deepEqual(axes(after([money(TOTAL + 5, 5, 0)], owed)), ['completed', 'paid', 'delivered']);
});

test('a credit after a correction settles what was owed', () => {
  const owed = after([money(TOTAL, TOTAL, 0)]);
  assert.deepEqual(axes(owed), ['pending', 'not_paid', 'not_fulfilled']);
  assert.deepEqual(axes(after([money(TOTAL + 5, TOTAL + 5, 5)], owed)).slice(1, 2), ['not_paid']);
  assert.deepEqual(axes(after([money(TOTAL * 2, TOTAL + 5, 5)], owed)), [
    'confirmed',
    'partially_refunded',
    'not_fulfilled',
  ]);
});

test('a cancelled order says what was paid of it and given back', () => {
  const paid = after([money(TOTAL, 0)]);
  const cancelled = cancelOrder(paid, 'requested', LATER).next;
  assert.equal(cancelled.payment_status, 'paid');
  assert.equal(after([money(TOTAL, TOTAL)], cancelled).payment_status, 'refunded');
  assert.equal(after([money(TOTAL, 5, 0)], cancelled).payment_status, 'partially_refunded');
});

test('of an order from before credits were kept all that was refunded was credited', () => {
  const old = { ...after([money(TOTAL, 5)]), credited_total: null };
  assert.deepEqual(axes(after([ship('pending', 'delivered')], old)), ['completed', 'partially_refunded', 'delivered']);
  const event = { paid_total: minor(TOTAL), refunded_total: minor(5) };
  assert.deepEqual(followPayment(order, event, LATER).next.credited_total, 5);
  assert.deepEqual([isBehind(old, event), isBehind(order, event)], [false, true]);
  assert.equal(isBehind({ ...old, credited_total: minor(0) }, totals(TOTAL, 5, 5)), true);
});

/** Every way to tell some stories at once, each of them in its own order. */
function interleavings<T>(stories: readonly (readonly T[])[]): T[][] {
  const open = stories.filter((story) => story.length > 0);
  if (open.length === 0) return [[]];
  return open.flatMap((story) => {
    const [first, ...rest] = story as [T, ...T[]];
    const left = open.map((one) => (one === story ? rest : one));
    return interleavings(left).map((way) => [first, ...way]);
  });
}

/** Each step again after a while, as an event that is delivered twice. */
const withCopies = (steps: readonly Step[]): Step[] => [
  ...steps.flatMap((step, n) => [step, ...(n > 0 ? [steps[n - 1] as Step] : [])]),
  ...steps,
];

const journeys: [string, Step[], string[]][] = [
  [
    'delivered',
    [
      ship('pending', 'packed'),
      ship('packed', 'shipped'),
      ship('shipped', 'in_transit'),
      ship('in_transit', 'delivered'),
    ],
    ['completed', 'paid', 'delivered'],
  ],
  [
    'brought back',
    [ship('pending', 'shipped'), ship('shipped', 'delivered'), ship('delivered', 'returned')],
    ['completed', 'paid', 'returned'],
  ],
  [
    'brought back at once',
    [ship('pending', 'packed'), ship('packed', 'delivered'), ship('delivered', 'returned')],
    ['completed', 'paid', 'returned'],
  ],
  [
    'not delivered and brought back',
    [ship('pending', 'shipped'), ship('shipped', 'failed'), ship('failed', 'returned')],
    ['confirmed', 'paid', 'returned'],
  ],
  ['cancelled', [ship('pending', 'packed'), ship('packed', 'cancelled')], ['confirmed', 'paid', 'not_fulfilled']],
  [
    'sent again after it failed',
    [ship('pending', 'shipped', 0), ship('shipped', 'failed', 0), ship('failed', 'packed', 1)],
    ['confirmed', 'paid', 'packed'],
  ],
];

for (const [name, shipment, expected] of journeys) {
  test(`however the events of payments and of a shipment that is ${name} come, doubled or not, the order ends the same`, () => {
    // Two transactions are two subjects: even the first payment may be heard last.
    const ways = interleavings<Step>([shipment, [money(TOTAL - 5, 0)], [money(TOTAL, 0)]]);
    assert.ok(ways.length >= 12);
    for (const way of ways) {
      assert.deepEqual(axes(after(way)), expected);
      assert.deepEqual(axes(after(withCopies(way))), expected);
    }
  });
}

test('an order that was paid for a moment is confirmed, however late and in whatever order that becomes known', () => {
  // The first transaction is paid and corrected, the second paid in between: of each its events come in order.
  for (const way of interleavings<Step>([[money(5, 0), money(TOTAL, 5, 0)], [money(TOTAL, 0)]])) {
    assert.deepEqual(axes(after(way)), ['confirmed', 'partially_paid', 'not_fulfilled']);
    assert.deepEqual(axes(after(withCopies(way))), ['confirmed', 'partially_paid', 'not_fulfilled']);
  }
});

test('however payments and refunds of several transactions come, the order ends refunded', () => {
  const ways = interleavings<Step>([
    [money(5, 0)],
    [money(TOTAL, 0), money(TOTAL, 4)],
    [money(TOTAL, TOTAL)],
    [ship('pending', 'delivered')],
  ]);
  for (const way of ways) {
    assert.deepEqual(axes(after(way)), ['completed', 'refunded', 'delivered']);
    assert.deepEqual(axes(after(withCopies(way))), ['completed', 'refunded', 'delivered']);
  }
});

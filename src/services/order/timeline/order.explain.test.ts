import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minor } from '../../../platform/contract/money.ts';
import { aLine, anEvent, aReservation, at, NOW, TERMS } from '../order.fixture.ts';
import { type OrderState, placeOrder } from '../order.model.ts';
import { explain } from './order.explain.ts';
import type { TimelineEvent } from './order.timeline.model.ts';

const placed = placeOrder({ id: 2, username: 'alice' }, aReservation(17, aLine()), TERMS, at()).next;
const day = (n: number) => `2026-08-0${n}T10:00:00.000Z`;

const invoiced = anEvent(
  'invoice.created',
  { invoice_id: 7, invoice_number: 'INV-2026-000007', status: 'draft' },
  day(1),
);
const asked = anEvent('transaction.created', { transaction_id: 3, amount: 2859.98 }, day(2));
const paid = anEvent('payment.captured', { transaction_id: 3, amount: 2859.98 }, day(3));
const opened = anEvent('shipment.created', { shipment_id: 9, status: 'pending' }, day(1));
const moved = (to: string, n: number, more = {}) =>
  anEvent('shipment.status_changed', { shipment_id: 9, from: 'pending', to, ...more }, day(n));
const parcel = { tracking_number: 'SIM1', carrier: 'simulator' };

const all = { paid_total: placed.total, payment_status: 'paid', status: 'confirmed' } as const;
const at_ = (shipment_status: Exclude<OrderState['shipment_status'], 'pending' | 'cancelled'>) => ({
  shipment_status,
  fulfillment_status: shipment_status,
});

const now = (moment: string) => ({ now: moment, expires: true });

function waits(more: Partial<OrderState>, ...events: TimelineEvent[]) {
  return explain({ ...placed, ...more }, events, now(placed.created_at)).waiting_for;
}
const who = (...args: Parameters<typeof waits>) => waits(...args).map((one) => `${one.who}: ${one.what}`);

test('an order without an invoice waits for one, which the customer or staff can make', () => {
  assert.deepEqual(waits({}, opened), [
    {
      what: 'an invoice',
      since: NOW,
      who: 'customer',
      how: 'POST /invoices {"order_id": 17}',
    },
  ]);
});

test('an order with an invoice waits for its payment, since the invoice was made', () => {
  assert.deepEqual(waits({}, opened, invoiced), [
    {
      what: 'the payment of 2,859.98 USD for invoice INV-2026-000007, a draft',
      since: day(1),
      who: 'customer',
      how: 'POST /transactions {"invoice_id": 7, "amount": 2859.98, "description": "INV-2026-000007"}, then POST /transactions/pay',
    },
  ]);
});

test('once a payment is asked for, paying is all that is left', () => {
  const [one] = waits({}, opened, invoiced, asked);
  assert.deepEqual([one?.since, one?.how], [day(2), 'POST /transactions/pay']);
});

test('of an order that is paid in part the rest is waited for', () => {
  const partly = { paid_total: minor(200_000), payment_status: 'partially_paid' } as const;
  const [one] = waits(partly, opened, invoiced, asked, paid);
  assert.deepEqual([one?.what, one?.since], ['the payment of 859.98 USD for invoice INV-2026-000007, a draft', day(3)]);
});

test('a payment that only the timeline knows of so far is not asked for again', () => {
  const known = anEvent('payment.captured', { transaction_id: 3, amount: 2859.98, paid_total: 2859.98 }, day(3));
  assert.deepEqual(who({}, opened, invoiced, asked, known), ['staff: the goods to be packed']);
});

test('what is asked for and not paid is paid first, whatever else was paid', () => {
  const more = anEvent('transaction.created', { transaction_id: 4, amount: 859.98 }, day(2));
  const part = anEvent('payment.captured', { transaction_id: 3, amount: 2000, paid_total: 2000 }, day(3));
  assert.equal(waits({}, opened, invoiced, asked, more, part)[0]?.how, 'POST /transactions/pay');
});

test('each transaction that was paid and not given back is refunded by a request of its own', () => {
  const captured = (transaction_id: number, amount: number) =>
    anEvent('payment.captured', { transaction_id, amount }, day(3));
  const back = anEvent('payment.refunded', { transaction_id: 3, amount: 1000 }, day(4));
  const story = [opened, captured(3, 1000), captured(4, 1000), captured(5, 859.98), back, moved('returned', 7)];
  const [one] = waits({ ...all, ...at_('returned') }, ...story);
  const reason = '{"reason": "the goods came back"}';
  assert.equal(one?.how, `POST /transactions/4/refund ${reason}, then POST /transactions/5/refund ${reason}`);
});

test('an order whose invoice was cancelled waits for another one', () => {
  const number = 'INV-2026-000007';
  const cancelled = anEvent(
    'invoice.status_changed',
    { invoice_id: 7, invoice_number: number, from: 'draft', to: 'cancelled' },
    day(2),
  );
  assert.deepEqual(waits({}, opened, invoiced, cancelled), [
    {
      what: `another invoice, for ${number} was cancelled`,
      since: day(2),
      who: 'customer',
      how: 'POST /invoices {"order_id": 17}',
    },
  ]);
});

test('an order that is paid waits for staff to pack it, since it was paid', () => {
  assert.deepEqual(waits(all, opened, invoiced, asked, paid), [
    { what: 'the goods to be packed', since: day(3), who: 'staff', how: 'PUT /shipments/9 {"status": "packed"}' },
  ]);
});

test('a paid order whose shipment is still to be made waits for nobody', () => {
  assert.deepEqual(who(all, invoiced, paid), ['nobody: its shipment']);
});

test('what is packed waits for staff to hand it over, and what is shipped for the carrier', () => {
  assert.deepEqual(who({ ...all, ...at_('packed') }, opened, paid, moved('packed', 4)), ['staff: the parcel to leave']);
  const shipped = waits({ ...all, ...at_('shipped') }, opened, paid, moved('shipped', 5, parcel));
  assert.deepEqual(shipped, [
    {
      what: 'parcel SIM1 of simulator to arrive',
      since: day(5),
      who: 'carrier',
      how: 'the carrier reports it, or staff do: PUT /shipments/9 {"status": "delivered", "skip": ["in_transit"]}',
    },
  ]);
});

test('an order that is shipped and not paid waits for both', () => {
  const shipped = { ...at_('shipped'), status: 'confirmed' } as const;
  assert.deepEqual(who(shipped, opened, invoiced, moved('shipped', 5)), [
    'customer: the payment of 2,859.98 USD for invoice INV-2026-000007, a draft',
    'carrier: the parcel to arrive',
  ]);
});

test('a parcel that failed waits for staff', () => {
  assert.deepEqual(who({ ...all, ...at_('failed') }, opened, paid, moved('failed', 6, parcel)), [
    'staff: a way on for parcel SIM1 of simulator, which could not be delivered',
  ]);
});

test('an order whose shipment was cancelled waits to be cancelled itself', () => {
  assert.deepEqual(who(all, opened, paid, moved('cancelled', 4)), ['staff: its cancellation']);
});

test('what came back and was paid waits for its refund, and then for nothing', () => {
  const returned = { ...all, ...at_('returned') };
  assert.deepEqual(who(returned, opened, paid, moved('returned', 7)), ['staff: the refund of 2,859.98 USD']);
  assert.deepEqual(who({ ...returned, refunded_total: placed.total }, opened, paid, moved('returned', 7)), []);
});

test('a cancelled order that was paid waits for what it has back, by itself unless that was refused', () => {
  const cancelled = { ...all, status: 'cancelled' } as const;
  const cancelling = anEvent('order.cancelled', {}, day(4));
  const refused = anEvent('refund.failed', { amount: 2859.98 }, day(5));
  assert.deepEqual(who(cancelled, opened, paid, cancelling), ['nobody: the refund of 2,859.98 USD']);
  assert.deepEqual(who(cancelled, opened, paid, cancelling, refused), ['staff: the refund of 2,859.98 USD']);
  const [one] = waits({ ...cancelled, refunded_total: minor(100) }, paid, cancelling);
  assert.deepEqual([one?.what, one?.since], ['the refund of 2,858.98 USD', day(4)]);
});

test('a cancelled order whose parcel had left waits for it to come back', () => {
  const cancelled = { ...at_('in_transit'), status: 'cancelled' } as const;
  const story = [opened, moved('in_transit', 5, parcel), anEvent('order.cancelled', {}, day(5))];
  assert.deepEqual(who(cancelled, ...story), [
    'staff: the return of parcel SIM1 of simulator, which had left when the order was cancelled',
  ]);
});

test('what is complete, or cancelled with nothing paid or sent, waits for nothing, and says so', () => {
  const completed = { ...all, ...at_('delivered'), status: 'completed' } as const;
  assert.deepEqual(waits(completed, opened, paid, moved('delivered', 6)), []);
  assert.deepEqual(waits({ status: 'cancelled' }, opened), []);
  const { sentence } = explain({ ...placed, ...completed }, [], now(day(9)));
  assert.equal(sentence, 'Order 17 is completed, paid and delivered; it waits for nothing.');
});

test('one sentence says where an order stands and what it waits for', () => {
  const { sentence, ...rest } = explain({ ...placed, ...all }, [opened, paid], now(day(9)));
  assert.equal(sentence, 'Order 17 is confirmed, paid and not fulfilled; it waits for the goods to be packed (staff).');
  assert.deepEqual(
    [rest.order_id, rest.status, rest.payment_status, rest.fulfillment_status],
    [17, 'confirmed', 'paid', 'not_fulfilled'],
  );
});

test('an order that has had no shipment for minutes says that it is missing, paid or not; one that has it does not', () => {
  const later = new Date(Date.parse(placed.created_at) + 121_000).toISOString();
  const missing = (order: object, events: Parameters<typeof explain>[1]) =>
    explain({ ...placed, ...order }, events, now(later)).waiting_for.filter(({ what }) =>
      /which is missing/.test(what),
    );
  for (const order of [{}, all]) {
    const [one] = missing(order, []);
    assert.deepEqual([one?.who, one?.since], ['staff', placed.created_at]);
    assert.match(one?.how ?? '', /dead-letters.delivery/);
    assert.deepEqual(missing(order, [opened]), []);
  }
  assert.deepEqual(missing({ status: 'cancelled' }, []), []);
});

test('an order whose invoice is paid, and that knows nothing of it, waits for word of its payment', () => {
  const covered = anEvent('invoice.status_changed', { invoice_id: 7, from: 'sent', to: 'paid' }, day(2));
  const [one] = waits({}, opened, invoiced, covered);
  assert.deepEqual([one?.what, one?.since, one?.who], ['word of its payment, which is missing', day(2), 'staff']);
});

test('an order that nobody pays says when it is cancelled by itself, and no other does', () => {
  const ends = (more: Partial<OrderState>, events: TimelineEvent[], moment = now(day(1))) => {
    const { expires_at, sentence } = explain({ ...placed, ...more }, events, moment);
    assert.equal(sentence.includes('cancelled by itself'), expires_at !== null, sentence);
    return expires_at;
  };
  const sent = anEvent('invoice.status_changed', { invoice_id: 7, from: 'draft', to: 'sent' }, day(2));
  const withdrawn = anEvent('invoice.status_changed', { invoice_id: 7, from: 'sent', to: 'cancelled' }, day(3));
  assert.notEqual(placed.expires_at, null);
  assert.equal(ends({}, [opened]), placed.expires_at);
  assert.equal(ends({}, [opened, invoiced]), placed.expires_at);
  assert.equal(ends({}, [opened, invoiced, sent]), null);
  assert.equal(ends({}, [opened, invoiced, sent, withdrawn]), placed.expires_at);
  assert.equal(ends({ paid_total: minor(1) }, [opened]), null);
  assert.equal(ends({ ...at_('packed'), status: 'confirmed' }, [opened]), null);
  assert.equal(ends({ expires_at: null }, [opened]), null);
  assert.equal(ends({}, [opened], { now: day(1), expires: false }), null);
});

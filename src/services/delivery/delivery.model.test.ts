import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minor } from '../../platform/contract/money.ts';
import type { Receivable } from '../payment/receivables/payment.receivables.contract.ts';
import type { ShipmentStatus } from './delivery.contract.ts';
import { anOrder, anUpdate, aShipment, at, NOW, SHIP_TO } from './delivery.fixture.ts';
import {
  bookedAt,
  type CarrierUpdate,
  carrierUpdate,
  chronological,
  departs,
  openShipment,
  openStoppedShipment,
  owedOf,
  type ShipmentState,
  setShipmentStatus,
  stopShipment,
} from './delivery.model.ts';
import { destinationOf, shipToOf } from './orders/delivery.destination.model.ts';

const LATER = at('2026-07-30T10:00:00.000Z');
function aReceivable(more: Partial<Receivable>): Receivable {
  const nothing = { paid_total: minor(0), refunded_total: minor(0), credited_total: minor(0) };
  const bill = { order_id: 17, user_id: 2, invoice_id: 7, currency: 'USD', total: anOrder().total };
  return { ...bill, ...nothing, open: minor(0), processing: false, closed: false, ...more };
}

const STATUSES: ShipmentStatus[] = [
  'pending',
  'packed',
  'shipped',
  'in_transit',
  'delivered',
  'failed',
  'returned',
  'cancelled',
];

test('an order has a shipment that waits to be packed, and says so without the address', () => {
  const { next, events } = openShipment(anOrder(), { shipment_id: 9, ship_to: SHIP_TO, shipping_address: null }, at());
  assert.deepEqual(
    [next.status, next.items, next.ship_to],
    ['pending', [{ product_id: 1, product_name: 'Laptop', quantity: 2 }], SHIP_TO],
  );
  assert.deepEqual(next.history, [{ status: 'pending', at: NOW, note: null, source: 'platform' }]);
  assert.deepEqual(
    events.map(({ type, subject, about }) => [type, subject, about]),
    [['shipment.created', '9', 'order/17']],
  );
});

test('a parcel goes where the profile says, and nowhere yet when it says nothing', () => {
  const address = { line1: '2 Example Road', postal_code: '10000', city: 'Example Town', country: 'DE' };
  assert.deepEqual(shipToOf({ username: 'alice', display_name: 'Alice Example', address }), SHIP_TO);
  assert.equal(shipToOf({ username: 'alice', display_name: null, address })?.name, 'alice');
  assert.equal(shipToOf({ username: 'alice', display_name: 'Alice Example', address: null }), null);
  assert.equal(shipToOf(undefined), null);
});

test('the address that an order sets takes the name of its own, else that of the profile', () => {
  const address = { line1: '2 Example Road', postal_code: '10000', city: 'Example Town', country: 'DE' };
  const profile = { username: 'alice', display_name: 'Alice Example' };
  assert.deepEqual(destinationOf(address, profile), { ship_to: SHIP_TO, shipping_address: address });
  assert.equal(destinationOf({ ...address, name: 'Bob' }, profile).ship_to?.name, 'Bob');
  assert.equal(destinationOf(address, { ...profile, display_name: null }).ship_to?.name, 'alice');
});

const ALLOWED: Record<ShipmentStatus, ShipmentStatus[]> = {
  pending: ['packed', 'shipped', 'in_transit', 'delivered', 'cancelled'],
  packed: ['shipped', 'in_transit', 'delivered', 'cancelled'],
  shipped: ['in_transit', 'delivered', 'failed'],
  in_transit: ['delivered', 'failed', 'returned'],
  failed: ['packed', 'delivered', 'returned'],
  delivered: ['returned'],
  returned: [],
  cancelled: [],
};

const LEFT_OUT: Record<string, ShipmentStatus[]> = {
  'pending shipped': ['packed'],
  'pending in_transit': ['packed', 'shipped'],
  'pending delivered': ['packed', 'shipped', 'in_transit'],
  'packed in_transit': ['shipped'],
  'packed delivered': ['shipped', 'in_transit'],
  'shipped delivered': ['in_transit'],
};

for (const from of STATUSES) {
  for (const to of STATUSES) {
    const shipment = aShipment({ status: from });
    const skip = LEFT_OUT[`${from} ${to}`];
    if (from === to) {
      test(`a shipment that is ${from} stays ${from} without an event`, () => {
        assert.deepEqual(setShipmentStatus(shipment, { status: to }, LATER), { next: shipment, events: [] });
      });
    } else if (ALLOWED[from].includes(to)) {
      test(`staff may make a shipment that is ${from} ${to}, which is announced and remembered`, () => {
        const { next, events } = setShipmentStatus(shipment, { status: to, skip, note: 'as told' }, LATER);
        const step = { status: to, at: LATER.now, note: 'as told', source: 'staff', ...(skip && { skipped: skip }) };
        assert.deepEqual(next.history.at(-1), step);
        const sent_again = from === 'failed' && to === 'packed' ? 1 : 0;
        const data = { shipment_id: 9, order_id: 17, user_id: 2, carrier: null, tracking_number: null, sent_again };
        const event = { type: 'shipment.status_changed', subject: '9', about: 'order/17' };
        const reason = to === 'cancelled' ? { reason: 'staff' } : {};
        assert.deepEqual(events, [{ ...event, data: { ...data, ...reason, from, to, at: LATER.now } }]);
      });
      if (skip)
        test(`a shipment that is ${from} becomes ${to} only when the steps between are named`, () => {
          const message = `between ${from} and ${to} a shipment is ${skip.join(' and ')}; to leave that out, send {"status": "${to}", "skip": ${JSON.stringify(skip)}}`;
          for (const named of [undefined, [], skip.slice(1)]) {
            assert.throws(() => setShipmentStatus(shipment, { status: to, skip: named }, LATER), {
              code: 'SHIPMENT_STEPS_LEFT_OUT',
              message,
            });
          }
        });
    } else {
      test(`a shipment that is ${from} cannot become ${to}`, () => {
        const message = `a shipment that is ${from} cannot become ${to}`;
        assert.throws(() => setShipmentStatus(shipment, { status: to, skip: STATUSES }, LATER), {
          code: 'SHIPMENT_ILLEGAL_STATUS',
          message,
        });
      });
    }
  }
}

test('a parcel departs once, and the history says when the staff let it go unpaid', () => {
  const packed = aShipment({ status: 'packed' });
  const { next } = setShipmentStatus(packed, { status: 'shipped', unpaid: true }, LATER);
  assert.equal(next.history.at(-1)?.unpaid, true);
  assert.equal(
    setShipmentStatus(packed, { status: 'cancelled', unpaid: true }, LATER).next.history.at(-1)?.unpaid,
    undefined,
  );
  const gone = (from: ShipmentStatus, to: ShipmentStatus) => departs(aShipment({ status: from }), { status: to });
  assert.deepEqual(
    [gone('pending', 'packed'), gone('packed', 'shipped'), gone('pending', 'delivered')],
    [false, true, true],
  );
  assert.deepEqual(
    [gone('shipped', 'delivered'), gone('failed', 'packed'), gone('packed', 'cancelled')],
    [false, false, false],
  );
});

test('what is owed of an order is net of what was given back and of its credits', () => {
  const total = anOrder().total;
  const owes = (paid: number, refunded = 0, credited = 0) =>
    owedOf(
      aShipment(),
      aReceivable({ paid_total: minor(paid), refunded_total: minor(refunded), credited_total: minor(credited) }),
    );
  assert.deepEqual([owes(0), owes(total), owes(total, 5), owes(total, 5, 5)], [total, 0, 5, 0]);
  assert.deepEqual([owedOf(aShipment(), undefined), owedOf(aShipment({ total: null }), undefined)], [total, null]);
});

test('a parcel that failed is packed and sent again, with the number that it had or another', () => {
  const failed = aShipment({ status: 'failed', carrier: 'DHL', tracking_number: 'A1' });
  const same = setShipmentStatus(failed, { status: 'packed' }, LATER).next;
  const other = setShipmentStatus(failed, { status: 'packed', tracking_number: 'A2' }, LATER).next;
  assert.deepEqual([same.tracking_number, other.tracking_number, other.sent_again], ['A1', 'A2', 1]);
  const gone = setShipmentStatus(other, { status: 'shipped' }, LATER).next;
  const again = setShipmentStatus({ ...gone, status: 'failed' }, { status: 'packed' }, LATER).next;
  assert.deepEqual([gone.sent_again, again.sent_again], [1, 2]);
  assert.equal(stopShipment(again, 'requested', LATER).next.status, 'cancelled');
});

test('what a carrier reports late of the first attempt moves the second one nowhere', () => {
  const failed = aShipment({ status: 'failed', carrier: 'DHL', tracking_number: 'A1' });
  const again = setShipmentStatus(failed, { status: 'packed' }, LATER).next;
  const { change, historyOnly } = carrierUpdate(again, anUpdate('failed', 12), LATER);
  assert.deepEqual([change.events, historyOnly?.status], [[], 'failed']);
  const later = { ...anUpdate('picked_up', 12), at: '2026-07-31T08:00:00Z' };
  assert.equal(carrierUpdate(again, later, LATER).change.next.status, 'shipped');
});

test('canceled is another spelling of cancelled', () => {
  assert.equal(setShipmentStatus(aShipment(), { status: 'canceled' }, LATER).next.status, 'cancelled');
});

test('another tracking number is announced although the shipment has not moved', () => {
  const { next, events } = setShipmentStatus(
    aShipment({ status: 'packed' }),
    { status: 'packed', carrier: 'DHL', tracking_number: 'A1' },
    LATER,
  );
  assert.deepEqual([next.carrier, next.tracking_number, events.length], ['DHL', 'A1', 1]);
  assert.equal(setShipmentStatus(next, { status: 'packed', tracking_number: 'A1' }, LATER).events.length, 0);
});

for (const status of STATUSES) {
  const stops = status === 'pending' || status === 'packed';
  test(`when its order is cancelled, a shipment that is ${status} ${stops ? 'is cancelled' : 'goes its way'}`, () => {
    const { next, events } = stopShipment(aShipment({ status }), 'requested', LATER);
    assert.deepEqual([next.status, events.length], stops ? ['cancelled', 1] : [status, 0]);
  });
}

test('a shipment that is stopped says how its order is to be cancelled, and stopping it again changes nothing', () => {
  const { next, events } = stopShipment(aShipment({ status: 'packed' }), 'expired', LATER);
  const data = events[0]?.data as Record<string, unknown>;
  assert.deepEqual([data.to, data.reason, data.cancellation], ['cancelled', 'order_cancelled', 'expired']);
  assert.deepEqual(stopShipment(next, 'requested', LATER), { next, events: [] });
});

test('an order that is cancelled before it had a shipment gets one that is cancelled', () => {
  const { next, events } = openStoppedShipment(
    anOrder(),
    { shipment_id: 9, ship_to: null, shipping_address: null },
    'requested',
    LATER,
  );
  assert.deepEqual([next.status, next.version], ['cancelled', 0]);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['shipment.created', 'shipment.status_changed'],
  );
});

test('the staff cancel a shipment for reasons of their own, which its order does not follow', () => {
  const { next, events } = setShipmentStatus(aShipment(), { status: 'cancelled' }, LATER);
  assert.deepEqual(
    events.map(({ data }) => (data as { reason?: string }).reason),
    ['staff'],
  );
  assert.equal(stopShipment(next, 'requested', LATER).next.cancelled_for, 'staff');
});

/** What is kept after a carrier has said all this. */
function told(shipment: ShipmentState, updates: readonly CarrierUpdate[]): ShipmentState {
  return updates.reduce((state, update) => {
    const { change, historyOnly } = carrierUpdate(state, update, LATER);
    return historyOnly ? { ...change.next, history: [...change.next.history, historyOnly] } : change.next;
  }, shipment);
}

test('a carrier moves a shipment on, over steps that nobody told of', () => {
  const { change } = carrierUpdate(aShipment(), anUpdate('out_for_delivery', 9), LATER);
  assert.equal(change.next.status, 'in_transit');
  assert.deepEqual(change.next.history.at(-1), {
    status: 'in_transit',
    at: '2026-07-29T09:00:00.000Z',
    note: 'out for delivery',
    source: 'carrier',
    update_id: 'out_for_delivery-9',
  });
  assert.equal(change.events.length, 1);
});

test('what a carrier says late enters the history and moves nothing back', () => {
  const shipment = told(aShipment(), [anUpdate('delivered', 12)]);
  const { change, historyOnly } = carrierUpdate(shipment, anUpdate('in_transit', 9), LATER);
  assert.deepEqual([change.next.status, change.events, historyOnly?.status], ['delivered', [], 'in_transit']);
});

test('what a carrier says twice is heard once', () => {
  const shipment = told(aShipment(), [anUpdate('delivered', 12), anUpdate('in_transit', 9)]);
  for (const update of [anUpdate('delivered', 12), anUpdate('in_transit', 9)]) {
    assert.deepEqual(carrierUpdate(shipment, update, LATER), { change: { next: shipment, events: [] } });
  }
});

test('a cancelled shipment goes nowhere, but what is said of it is remembered', () => {
  const { change, historyOnly } = carrierUpdate(aShipment({ status: 'cancelled' }), anUpdate('delivered', 9), LATER);
  assert.deepEqual([change.events, historyOnly?.status], [[], 'delivered']);
});

test('a carrier without an end is not listened to for ever', () => {
  const many = Array.from({ length: 400 }, (_, n) => anUpdate('in_transit', 9, `u-${n}`));
  const shipment = told(aShipment(), many);
  assert.equal(shipment.history.length, 200);
  assert.equal(told(shipment, [anUpdate('delivered', 9)]).status, 'delivered');
});

test('a time that is none is refused, and one of another zone is understood', () => {
  for (const time of [
    '',
    'yesterday',
    '2026-07-28',
    '2026-13-40T00:00:00Z',
    '9999-07-28T10:00:00Z',
    '2026-07-28T10:00:00',
  ]) {
    assert.throws(
      () => carrierUpdate(aShipment(), { ...anUpdate('delivered', 9), at: time }, LATER),
      { status: 400 },
      time,
    );
  }
  const { change } = carrierUpdate(
    aShipment(),
    { ...anUpdate('delivered', 9), at: '2026-07-28T10:00:00+02:00' },
    LATER,
  );
  assert.equal(change.next.history.at(-1)?.at, '2026-07-28T08:00:00.000Z');
});

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((one, n) => permutations(all.toSpliced(n, 1)).map((rest) => [one, ...rest]));
}

const journeys: [string, CarrierUpdate[], ShipmentStatus][] = [
  [
    'is delivered',
    [anUpdate('picked_up', 8), anUpdate('in_transit', 9), anUpdate('out_for_delivery', 10), anUpdate('delivered', 11)],
    'delivered',
  ],
  [
    'is delivered at the second attempt',
    [anUpdate('in_transit', 9), anUpdate('exception', 10), anUpdate('out_for_delivery', 11), anUpdate('delivered', 12)],
    'delivered',
  ],
  [
    'fails',
    [anUpdate('picked_up', 8), anUpdate('in_transit', 9), anUpdate('in_transit', 10), anUpdate('undeliverable', 11)],
    'failed',
  ],
  [
    'comes back',
    [anUpdate('in_transit', 9), anUpdate('failed', 10), anUpdate('in_transit', 11), anUpdate('return_to_sender', 12)],
    'returned',
  ],
  ['is delivered by a clock that is behind', [anUpdate('in_transit', 12), anUpdate('delivered', 9)], 'delivered'],
];

for (const [name, updates, end] of journeys) {
  for (const from of ['pending', 'shipped'] as const) {
    test(`a ${from} parcel that ${name} ends there whatever the order in which its carrier says so, often or once`, () => {
      const start = aShipment({ status: from });
      const whole = chronological(told(start, updates).history);
      for (const order of permutations(updates)) {
        const copies = order.flatMap((one, n) => [one, ...order.slice(0, n)]);
        for (const way of [order, copies, [...order, ...order.toReversed()]]) {
          const { status, history } = told(start, way);
          assert.equal(status, end);
          assert.deepEqual(chronological(history), whole);
        }
      }
    });
  }
}

test('a shipment never moves back unless it is sent again, whatever staff, platform and carrier say in turn', () => {
  const line = ['pending', 'packed', 'cancelled', 'shipped', 'in_transit', 'failed', 'delivered', 'returned'];
  const words = ['picked_up', 'in_transit', 'exception', 'delivered', 'returned'] as const;
  let seed = 17;
  const pick = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const act = (state: ShipmentState): ShipmentState => {
    const by = pick(8);
    if (by === 0) return stopShipment(state, 'requested', LATER).next;
    if (by < 4) return told(state, [anUpdate(words[pick(5)] ?? 'delivered', pick(24))]);
    try {
      return setShipmentStatus(state, { status: STATUSES[pick(8)] ?? 'packed', skip: STATUSES }, LATER).next;
    } catch {
      return state;
    }
  };
  for (let journey = 0; journey < 500; journey++) {
    for (let state = aShipment(), n = 0; n < 20; n++) {
      const next = act(state);
      const place = ({ status, sent_again }: ShipmentState) => sent_again * line.length + line.indexOf(status);
      assert.ok(place(next) >= place(state), `${state.status} to ${next.status}`);
      if (state.status === 'cancelled') assert.equal(next.status, 'cancelled');
      state = next;
    }
  }
});

test('a parcel is with its carrier since it was first made ready', () => {
  const packed = setShipmentStatus(aShipment(), { status: 'packed' }, LATER).next;
  assert.deepEqual([bookedAt(aShipment()), bookedAt(packed)], [NOW, LATER.now]);
});

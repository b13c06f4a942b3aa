import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maySee } from '../../platform/contract/actor.ts';
import { minor, parseRate, type Rate } from '../../platform/contract/money.ts';
import type { ReservedLine } from '../product/product.contract.ts';
import type { FulfillmentStatus, OrderStatus } from './order.contract.ts';
import { aLine, aReservation, at, NOW, TERMS, user } from './order.fixture.ts';
import { cancelOrder, isSelf, type OrderState, placeOrder } from './order.model.ts';

const alice = { id: 2, username: 'alice' };
const LATER = '2026-07-28T10:00:00.000Z';

const rate = (text = '0.1') => parseRate(text) as Rate;
const place = (lines: ReservedLine[], tax = '0.1') =>
  placeOrder(alice, aReservation(17, ...lines), { ...TERMS, rate: rate(tax) }, at());

function anOrder(status: OrderStatus = 'pending', fulfillment_status: FulfillmentStatus = 'not_fulfilled'): OrderState {
  return { ...place([aLine()]).next, version: 1, status, fulfillment_status };
}

test('an order keeps its lines as they were when it was placed, with their totals', () => {
  const mug = aLine({ product_id: 4, name: 'Mug', description: '350 ml', quantity: 3, unit_price: minor(1_250) });
  const { next } = place([aLine(), mug]);
  assert.deepEqual(next, {
    order_id: 17,
    user_id: 2,
    username: 'alice',
    items: [
      {
        product_id: 1,
        product_name: 'Laptop',
        description: '14-inch display',
        quantity: 2,
        unit_price: 129_999,
        total: 259_998,
      },
      {
        product_id: 4,
        product_name: 'Mug',
        description: '350 ml',
        quantity: 3,
        unit_price: 1_250,
        total: 3_750,
      },
    ],
    subtotal: 263_748,
    tax: 26_375,
    tax_rate: '0.1',
    total: 290_123,
    currency: 'USD',
    status: 'pending',
    payment_status: 'not_paid',
    fulfillment_status: 'not_fulfilled',
    paid_total: 0,
    refunded_total: 0,
    credited_total: 0,
    shipment_status: 'pending',
    sent_again: 0,
    delivered_at: null,
    shipping_address: null,
    expires_at: '2026-07-31T09:30:00.000Z',
    created_at: NOW,
    updated_at: NOW,
    version: 0,
  });
});

test('a new order announces itself with all that its followers need', () => {
  const { next, events } = place([aLine()]);
  assert.deepEqual(events, [{ type: 'order.created', subject: '17', data: next, about: 'order/17' }]);
});

test('the tax is rounded once, on the sum, half away from zero', () => {
  const tax = (prices: number[], text = '0.1') =>
    place(
      prices.map((price) => aLine({ quantity: 1, unit_price: minor(price) })),
      text,
    ).next.tax;
  assert.equal(tax([5]), 1);
  assert.equal(tax([4]), 0);
  // Each for itself would be 1 + 1 + 1.
  assert.equal(tax([5, 5, 5]), 2);
  assert.deepEqual([tax([10_000], '0.075'), tax([10_000], '0'), tax([10_000], '1')], [750, 0, 10_000]);
});

test('an order whose total cannot be counted exactly is refused', () => {
  const most = aLine({ quantity: 100_000, unit_price: minor(9_999_999_999) });
  assert.ok(place([most]).next.total > 0);
  assert.throws(() => place(Array(100).fill(most)), { code: 'TRADEPOST_AMOUNT_TOO_LARGE', status: 400 });
});

const refusals: [string, ReservedLine[], string, string][] = [
  [
    'a product that is not there',
    [aLine(), aLine({ outcome: 'not_found', name: '' })],
    'ORDER_PRODUCT_NOT_FOUND',
    'item 2: product not found',
  ],
  [
    'a product that is sold out',
    [aLine({ outcome: 'out_of_stock', name: 'Bluetooth Speaker' })],
    'ORDER_OUT_OF_STOCK',
    `item 1: product 'Bluetooth Speaker' is currently out of stock`,
  ],
  [
    'more than there is',
    [aLine(), aLine({ outcome: 'short', left: 3 })],
    'ORDER_SHORT',
    `item 2: only 3 of product 'Laptop' can be ordered now`,
  ],
  [
    'more than a customer may hold',
    [aLine(), aLine({ outcome: 'over_limit', limit: 5, held: 4 })],
    'ORDER_HELD_LIMIT',
    `item 2: a customer may hold 5 unpaid units of product 'Laptop', and 4 are held already`,
  ],
  [
    'another currency than the shop is paid in',
    [aLine(), aLine({ outcome: 'other_currency', currency: 'EUR' })],
    'ORDER_OTHER_CURRENCY',
    `item 2: product 'Laptop' is priced in EUR, in which this shop is not paid`,
  ],
  [
    'several things, of which the first is told',
    [aLine({ outcome: 'short', left: 1 }), aLine({ outcome: 'not_found' })],
    'ORDER_SHORT',
    `item 1: only 1 of product 'Laptop' can be ordered now`,
  ],
];

for (const [name, lines, code, message] of refusals) {
  test(`an order for ${name} is refused with the item`, () => {
    assert.throws(() => place(lines), { code, message, status: 400 });
  });
}

const STATUSES: OrderStatus[] = ['pending', 'confirmed', 'completed', 'cancelled'];
const FULFILLMENTS: FulfillmentStatus[] = [
  'not_fulfilled',
  'packed',
  'shipped',
  'in_transit',
  'delivered',
  'failed',
  'returned',
];

for (const status of STATUSES) {
  for (const fulfillment of FULFILLMENTS) {
    const order = anOrder(status, fulfillment);
    const shipped = ['shipped', 'in_transit', 'delivered', 'returned'].includes(fulfillment);
    if (status === 'cancelled') {
      test(`an order that is cancelled and ${fulfillment} stays cancelled, without an event`, () => {
        assert.deepEqual(cancelOrder(order, 'requested', at(LATER)), { next: order, events: [] });
      });
    } else if (status === 'completed' || shipped) {
      const state = status === 'completed' ? status : fulfillment;
      test(`an order that is ${status} and ${fulfillment} cannot be cancelled`, () => {
        const message = `an order that is ${state} cannot be cancelled`;
        assert.throws(() => cancelOrder(order, 'requested', at(LATER)), {
          code: 'ORDER_NOT_CANCELLABLE',
          message,
          status: 409,
        });
      });
    } else {
      test(`an order that is ${status} and ${fulfillment} may be cancelled, and says so`, () => {
        const { next, events } = cancelOrder(order, 'requested', at(LATER));
        assert.deepEqual(next, { ...order, status: 'cancelled', updated_at: LATER });
        const data = {
          order_id: 17,
          user_id: 2,
          username: 'alice',
          total: 285_998,
          currency: 'USD',
          reason: 'requested',
          at: LATER,
        };
        assert.deepEqual(events, [{ type: 'order.cancelled', subject: '17', data, about: 'order/17' }]);
      });
    }
  }
}

test('an order is seen by its buyer, by staff and by the platform, and by nobody else', () => {
  const sees = (actor: Parameters<typeof maySee>[0]) => maySee(actor, { user_id: 2 });
  const allowed = [user(2), user(9, 'bob', 'staff'), user(9, 'bob', 'admin'), at().actor];
  assert.deepEqual(allowed.map(sees), Array(4).fill(true));
  assert.deepEqual([user(3), { kind: 'anonymous' } as const].map(sees), [false, false]);
});

test('a name is one’s own whatever the case of its letters', () => {
  assert.equal(isSelf(user(2, 'Alice'), 'aLICE'), true);
  assert.equal(isSelf(user(2, 'Alice'), 'alicia'), false);
  // Accounts that differ in other letters than A to Z are two accounts.
  assert.equal(isSelf(user(2, 'änne'), 'ÄNNE'), false);
  assert.equal(isSelf({ kind: 'anonymous' }, 'anonymous'), false);
});

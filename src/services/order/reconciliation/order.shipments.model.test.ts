import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShipmentOfOrder } from '../../delivery/delivery.contract.ts';
import { aLine, aReservation, at, NOW, TERMS } from '../order.fixture.ts';
import { cancelOrder, placeOrder } from '../order.model.ts';
import { followShipment } from '../statuses/order.statuses.model.ts';
import { presentStatus, shipmentDifference } from './order.shipments.model.ts';

const LATER = at('2026-07-29T10:00:00.000Z');
const order = placeOrder({ id: 2, username: 'alice' }, aReservation(17, aLine()), TERMS, at()).next;
const cancelled = cancelOrder(order, 'requested', at()).next;

function aShipment(more: Partial<ShipmentOfOrder> = {}): ShipmentOfOrder {
  return {
    shipment_id: 9,
    order_id: 17,
    status: 'pending',
    sent_again: 0,
    shipping_address: null,
    delivered_at: null,
    cancellation: null,
    updated_at: NOW,
    ...more,
  };
}

test('an order without a shipment misses it, unless it is young or cancelled', () => {
  assert.equal(shipmentDifference(order, undefined, LATER), 'missing');
  assert.equal(shipmentDifference(order, undefined, at()), undefined);
  assert.equal(shipmentDifference(cancelled, undefined, LATER), undefined);
});

test('a parcel that is still to leave for a cancelled order is to be stopped, and one that has left is not', () => {
  assert.equal(shipmentDifference(cancelled, aShipment({ status: 'packed' }), LATER), 'not_stopped');
  const left = followShipment(cancelled, presentStatus(aShipment({ status: 'shipped' })), at()).next;
  assert.equal(shipmentDifference(left, aShipment({ status: 'shipped' }), LATER), undefined);
});

test('an order follows a parcel that is further than it knows, as soon as no event can be on its way', () => {
  const shipped = aShipment({ status: 'shipped' });
  assert.equal(shipmentDifference(order, shipped, LATER), 'not_followed');
  assert.equal(shipmentDifference(order, aShipment({ status: 'shipped', updated_at: LATER.now }), LATER), undefined);
  assert.equal(shipmentDifference(followShipment(order, presentStatus(shipped), at()).next, shipped, LATER), undefined);
});

test('an order whose parcel came back after it was delivered learns both', () => {
  const returned = aShipment({ status: 'returned', delivered_at: '2026-07-28T12:00:00.000Z' });
  const { next } = followShipment(order, presentStatus(returned), at());
  assert.deepEqual([next.fulfillment_status, next.delivered_at], ['returned', '2026-07-28T12:00:00.000Z']);
});

test('an order follows the address that delivery has taken for its parcel', () => {
  const shipping_address = { line1: '5 New Road', postal_code: '20000', city: 'Newtown', country: 'DE' };
  const shipment = aShipment({ shipping_address });
  assert.equal(shipmentDifference(order, shipment, LATER), 'other_address');
  assert.equal(shipmentDifference({ ...order, shipping_address: { ...shipping_address } }, shipment, LATER), undefined);
});

test('a parcel that was stopped for an order cancels it, with the cause; one that the staff stopped does not', () => {
  const stopped = aShipment({ status: 'cancelled', cancellation: 'expired' });
  assert.equal(shipmentDifference(order, stopped, LATER), 'not_followed');
  const { next, events } = followShipment(order, presentStatus(stopped), at());
  assert.deepEqual(
    [next.status, (events[0]?.data as { reason?: string } | undefined)?.reason],
    ['cancelled', 'expired'],
  );
  assert.equal(shipmentDifference(next, stopped, LATER), undefined);
  assert.equal(shipmentDifference(order, aShipment({ status: 'cancelled' }), LATER), undefined);
});

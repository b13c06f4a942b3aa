import { type ShipmentStatus, stepsBetween } from '../../delivery/delivery.statuses.contract.ts';
import type { ShipmentOfOrder } from '../../delivery/orders/delivery.orders.contract.ts';
import type { OrderInBooks } from '../../order/reconciliation/order.books.contract.ts';
import { owesNothing } from '../../payment/payment.totals.contract.ts';
import type { BookFinding } from './analytics.books.contract.ts';
import { type BooksOfKnownOrder, byJob, inDatabase, ofOrder } from './analytics.finding.model.ts';

/** What an order and its shipment differ in: one difference at most, that of which the others follow. */
export function goodsDifferences({ order, shipment, units }: BooksOfKnownOrder): BookFinding[] {
  if (order.status !== 'cancelled') return [ofLiving(order, shipment) ?? []].flat();
  return [ofCancelled(order, shipment) ?? stock(order, units) ?? []].flat();
}

/** Units of a cancelled order can be sold again. What was shipped before is told with the shipment. */
function stock(order: OrderInBooks, units: BooksOfKnownOrder['units']): Found {
  if (!units || units.shipped || units.items.length === 0) return undefined;
  const held = units.items.map(({ product_id, quantity }) => `${quantity} of product ${product_id}`).join(', ');
  const mend = byJob('order', 'settle_reservations', 'releases them when their time is over');
  return ofOrder(order, 'order/stock', {
    what: 'units of a cancelled order are held',
    left: `order: ${order.status}`,
    right: `held: ${held}`,
    mend,
  });
}

type Found = BookFinding | undefined;

const difference = (order: OrderInBooks, what: string, right: string, mend: string): BookFinding =>
  ofOrder(order, 'order/shipment', {
    what,
    left: `order: ${order.status}, ${order.fulfillment_status}`,
    right,
    mend,
  });

const named = ({ shipment_id, status }: ShipmentOfOrder): string => `shipment ${shipment_id}: ${status}`;

/** No parcel of a cancelled order is on its way or will be. One that came back is where it should be. */
function ofCancelled(order: OrderInBooks, shipment: ShipmentOfOrder | undefined): Found {
  if (!shipment || shipment.status === 'cancelled' || shipment.status === 'returned') return undefined;
  if (isWaiting(shipment.status)) {
    const stopped = byJob('order', 'compare_shipments', 'stops the parcel');
    const mend = `PUT /shipments/${shipment.shipment_id} {"status": "cancelled"}; ${stopped}`;
    return difference(order, 'a parcel of a cancelled order is to leave', named(shipment), mend);
  }
  const back = `PUT /shipments/${shipment.shipment_id} {"status": "returned"}`;
  const mend = `Get the parcel back: ${back} when it has come${hasOnlyLeft(shipment) ? ' (after in_transit)' : ''}.`;
  return difference(order, 'a parcel of a cancelled order has left', named(shipment), mend);
}

const isWaiting = (status: ShipmentStatus): boolean => status === 'pending' || status === 'packed';
const hasOnlyLeft = ({ status }: ShipmentOfOrder): boolean => status === 'shipped';

function ofLiving(order: OrderInBooks, shipment: ShipmentOfOrder | undefined): Found {
  if (!shipment) {
    const mend = byJob('order', 'compare_shipments', 'makes the shipment');
    return difference(order, 'an order without a shipment', 'no shipment', mend);
  }
  if (shipment.cancellation !== null) {
    const mend = byJob('order', 'compare_shipments', 'cancels the order');
    return difference(order, 'a parcel that was stopped for a cancellation', named(shipment), mend);
  }
  return progress(order, shipment) ?? completion(order, shipment);
}

/** An order knows how far its parcel is. */
function progress(order: OrderInBooks, shipment: ShipmentOfOrder): Found {
  const fulfillment = fulfillmentOf(shipment.status);
  // That the staff have stopped a parcel which waited changes nothing for its order, which does not write it down.
  const known = fulfillmentOf(order.shipment_status) === fulfillment && order.sent_again === shipment.sent_again;
  if (known && order.fulfillment_status === fulfillment) return undefined;
  const set = inDatabase('order', `shipment_status and fulfillment_status of the order to those of the shipment`);
  const steps = stepsBetween(shipment.status, order.shipment_status);
  const left = `{"status": "${order.shipment_status}"${steps.length > 0 ? `, "skip": ${JSON.stringify(steps)}` : ''}}`;
  const ahead = `When the parcel did leave: PUT /shipments/${shipment.shipment_id} ${left}. Otherwise: ${set}`;
  const isAhead = steps.length > 0 || order.sent_again > shipment.sent_again;
  const behind = known ? set : byJob('order', 'compare_shipments', 'makes the order follow');
  return difference(order, 'how far the parcel is', named(shipment), isAhead ? ahead : behind);
}

const fulfillmentOf = (status: ShipmentStatus): OrderInBooks['fulfillment_status'] =>
  status === 'pending' || status === 'cancelled' ? 'not_fulfilled' : status;

/** An order is completed if and only if it was delivered and nothing is owed. What is owed is told with the money. */
function completion(order: OrderInBooks, shipment: ShipmentOfOrder): Found {
  const completed = order.status === 'completed';
  const delivered = shipment.delivered_at !== null;
  if (completed && !delivered) {
    const steps = JSON.stringify(stepsBetween(shipment.status, 'delivered'));
    const put = `PUT /shipments/${shipment.shipment_id} {"status": "delivered", "skip": ${steps}}`;
    const mend = `When it was delivered: ${put}. Otherwise: ${inDatabase('order', "status of the order to 'confirmed'")}`;
    return difference(order, 'a completed order that was not delivered', named(shipment), mend);
  }
  if (completed || !delivered || !owesNothing({ ...order, cancelled: false })) return undefined;
  const mend = byJob('order', 'compare_shipments', 'completes the order');
  return difference(order, 'a delivered and paid order that is not completed', named(shipment), mend);
}

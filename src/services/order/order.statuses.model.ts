import { type Change, type Ctx, unchanged } from '../../platform/contract/contract.ts';
import { type Minor, minor } from '../../platform/contract/money.ts';
import { type Cancellation, type ShipmentStatus, shipmentProgress } from '../delivery/delivery.contract.ts';
import type { MoneyMovement } from '../payment/payment.contract.ts';
import { type FulfillmentStatus, type OrderStatus, orderEvents, type PaymentStatus } from './order.contract.ts';
import { aboutOrder, cancelOrder, type OrderState } from './order.model.ts';

/**
 * The three statuses of an order follow from facts that only grow: the progress of its shipment, and how much was paid
 * and refunded. A parcel that is sent again begins anew, and that counts first. Each fact keeps the largest value that is known, so events may come in any order and more than once.
 */
type Facts = Pick<OrderState, 'paid_total' | 'refunded_total' | 'shipment_status' | 'sent_again' | 'delivered_at'>;

/** What the delivery service announces of a shipment. */
export interface ShipmentStatusChange {
  readonly from: ShipmentStatus;
  readonly to: ShipmentStatus;
  readonly at: string;
  /** How often the parcel was packed again after it had failed; absent in events of earlier versions. */
  readonly sent_again?: number;
  /** `order_cancelled`: the parcel was stopped because its order is to be cancelled. */
  readonly reason?: 'order_cancelled' | 'staff';
  readonly cancellation?: Cancellation;
}

/**
 * The order after a status change of its shipment; one that is older than what is known changes nothing. An order whose
 * parcel was stopped for its cancellation is cancelled.
 */
export function followShipment(order: OrderState, change: ShipmentStatusChange, ctx: Ctx): Change<OrderState> {
  const followed = followProgress(order, change, ctx);
  if (change.reason !== 'order_cancelled') return followed;
  const cancelled = cancelOrder(followed.next, change.cancellation ?? 'stopped', ctx);
  return { next: cancelled.next, events: [...followed.events, ...cancelled.events] };
}

function followProgress(order: OrderState, change: ShipmentStatusChange, ctx: Ctx): Change<OrderState> {
  const { from, to, at, sent_again = order.sent_again } = change;
  const again = sent_again - order.sent_again;
  const further = again > 0 || (again === 0 && shipmentProgress(to) > shipmentProgress(order.shipment_status));
  // A parcel that is returned from `delivered` was delivered before, even if that event has not come yet.
  const arrived = to === 'delivered' || from === 'delivered';
  return withFacts(
    order,
    {
      shipment_status: further ? to : order.shipment_status,
      sent_again: further ? sent_again : order.sent_again,
      delivered_at: order.delivered_at ?? (arrived ? at : null),
    },
    ctx,
  );
}

/** The order after its totals changed. Totals that are not known, or smaller than the known ones, change nothing. */
export function followPayment(order: OrderState, totals: Totals, ctx: Ctx): Change<OrderState> {
  return withFacts(
    order,
    {
      paid_total: larger(order.paid_total, totals.paid_total),
      refunded_total: larger(order.refunded_total, totals.refunded_total),
    },
    ctx,
  );
}

type Totals = Pick<MoneyMovement, 'paid_total' | 'refunded_total'>;

/** Whether more was paid or refunded than the order knows. */
export const isBehind = (order: OrderState, { paid_total, refunded_total }: Totals): boolean =>
  order.paid_total < (paid_total ?? 0) || order.refunded_total < (refunded_total ?? 0);

const larger = (known: Minor, other: Minor | null): Minor => minor(Math.max(known, other ?? 0));

function withFacts(order: OrderState, facts: Partial<Facts>, ctx: Ctx): Change<OrderState> {
  const known = { ...order, ...facts };
  const next: OrderState = {
    ...known,
    payment_status: paymentStatus(known),
    fulfillment_status: fulfillmentStatus(known.shipment_status),
    status: statusAfter(known),
    updated_at: ctx.now,
  };
  // The progress of a shipment alone is announced by its own events.
  if (COMPARED_FIELDS.every((name) => next[name] === order[name])) return unchanged(order);
  const { order_id, user_id, username, status, payment_status, fulfillment_status } = next;
  const data = { order_id, user_id, username, status, payment_status, fulfillment_status, at: ctx.now };
  return { next, events: [orderEvents.statusChanged(order_id, data, aboutOrder(next))] };
}

const COMPARED_FIELDS = [
  'status',
  'payment_status',
  'fulfillment_status',
  'paid_total',
  'refunded_total',
  'sent_again',
  'delivered_at',
] as const;

/** The payment status that follows from the totals. */
export function paymentStatus(order: Pick<OrderState, 'total' | 'paid_total' | 'refunded_total'>): PaymentStatus {
  const { total, paid_total, refunded_total } = order;
  if (refunded_total > 0) return refunded_total < paid_total ? 'partially_refunded' : 'refunded';
  if (paid_total === 0) return 'not_paid';
  return paid_total < total ? 'partially_paid' : 'paid';
}

function fulfillmentStatus(shipment: ShipmentStatus): FulfillmentStatus {
  return shipment === 'pending' || shipment === 'cancelled' ? 'not_fulfilled' : shipment;
}

/** Whether all of it was paid, whatever was refunded since. */
export function isSettled({ paid_total, total }: Pick<OrderState, 'paid_total' | 'total'>): boolean {
  return paid_total >= total;
}

const STATUSES: readonly OrderStatus[] = ['pending', 'confirmed', 'completed'];

// A cancelled order stays cancelled, whatever is paid or delivered after that.
function statusAfter(order: OrderState): OrderStatus {
  if (order.status === 'cancelled') return order.status;
  const reached = reachedBy(order);
  return STATUSES.indexOf(reached) > STATUSES.indexOf(order.status) ? reached : order.status;
}

function reachedBy(order: OrderState): OrderStatus {
  if (order.delivered_at !== null && isSettled(order)) return 'completed';
  const paid = order.paid_total > 0 && isSettled(order);
  return paid || fulfillmentStatus(order.shipment_status) !== 'not_fulfilled' ? 'confirmed' : 'pending';
}

import { type Change, type Ctx, unchanged } from '../../../platform/contract/contract.ts';
import { minor } from '../../../platform/contract/money.ts';
import { type Cancellation, type ShipmentStatus, shipmentProgress } from '../../delivery/delivery.contract.ts';
import {
  type AnnouncedTotals,
  followTotals,
  type MoneyTotals,
  owesNothing,
  paymentStatusOf,
} from '../../payment/payment.totals.contract.ts';
import { type FulfillmentStatus, type OrderStatus, orderEvents } from '../order.contract.ts';
import { aboutOrder, cancelOrder, type OrderState } from '../order.model.ts';
import { paymentFacts, totalsOf } from './order.money.model.ts';

/**
 * The three statuses of an order follow from facts that only grow: the progress of its shipment, and how much was paid,
 * refunded and, of that, credited. A parcel that is sent again begins anew, and that counts first. Each fact keeps the largest value that is known, so events may come in any order and more than once.
 */
type Facts = Pick<
  OrderState,
  'paid_total' | 'refunded_total' | 'credited_total' | 'shipment_status' | 'sent_again' | 'delivered_at'
>;

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

/**
 * The order after its totals changed. Totals that are not known, or smaller than the known ones, change nothing; but an
 * order of which nothing was owed at that moment is confirmed, also when this is known late.
 */
export function followPayment(order: OrderState, totals: AnnouncedTotals, ctx: Ctx): Change<OrderState> {
  const then = { ...order, ...followTotals(NOTHING, totals) };
  return withFacts(order, followTotals(totalsOf(order), totals), ctx, isPaid(then) ? 'confirmed' : 'pending');
}

const NOTHING: MoneyTotals = { paid_total: minor(0), refunded_total: minor(0), credited_total: minor(0) };

/** Whether more moved for the order than it knows. */
export function isBehind(order: OrderState, totals: AnnouncedTotals): boolean {
  const known = totalsOf(order);
  const all = followTotals(known, totals);
  return (
    all.paid_total > known.paid_total ||
    all.refunded_total > known.refunded_total ||
    all.credited_total > known.credited_total
  );
}

function withFacts(
  order: OrderState,
  facts: Partial<Facts>,
  ctx: Ctx,
  atLeast: OrderStatus = 'pending',
): Change<OrderState> {
  const known = { ...order, ...facts };
  const next: OrderState = {
    ...known,
    payment_status: paymentStatusOf(paymentFacts(known)),
    fulfillment_status: fulfillmentStatus(known.shipment_status),
    status: statusAfter(order, known, atLeast),
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
  'credited_total',
  'sent_again',
  'delivered_at',
] as const;

function fulfillmentStatus(shipment: ShipmentStatus): FulfillmentStatus {
  return shipment === 'pending' || shipment === 'cancelled' ? 'not_fulfilled' : shipment;
}

/** Whether nothing is owed of an order for which something was paid, or that costs nothing. */
function isPaid(order: OrderState): boolean {
  return owesNothing(paymentFacts(order)) && (order.paid_total > 0 || order.total === 0);
}

const STATUSES: readonly OrderStatus[] = ['pending', 'confirmed', 'completed'];

// A cancelled order stays cancelled, whatever is paid or delivered after that. Only a refund that makes something owed
// again takes a status back, that of a completed order.
function statusAfter(order: OrderState, known: OrderState, atLeast: OrderStatus): OrderStatus {
  if (order.status === 'cancelled') return order.status;
  const refunded = known.refunded_total > order.refunded_total;
  if (order.status === 'completed' && refunded && !owesNothing(paymentFacts(known))) return 'confirmed';
  return furthest(order.status, atLeast, reachedBy(known));
}

function reachedBy(order: OrderState): OrderStatus {
  if (order.delivered_at !== null && owesNothing(paymentFacts(order))) return 'completed';
  return isPaid(order) || fulfillmentStatus(order.shipment_status) !== 'not_fulfilled' ? 'confirmed' : 'pending';
}

const furthest = (...statuses: OrderStatus[]): OrderStatus =>
  STATUSES[Math.max(...statuses.map((status) => STATUSES.indexOf(status)))] ?? 'pending';

import { type Actor, type Change, type Ctx, unchanged, type Versioned } from '../../platform/contract/contract.ts';
import { lineTotal, type Minor, minor, mustBeWritable, type Rate, sum, taxOn } from '../../platform/contract/money.ts';
import type { OrderToShip, ShipmentStatus } from '../delivery/delivery.contract.ts';
import { paymentStatusOf } from '../payment/payment.totals.contract.ts';
import type { Reservation, ReservedLine } from '../product/product.contract.ts';
import { usernameKey } from '../user/user.contract.ts';
import {
  type CancellationReason,
  type FulfillmentStatus,
  type OrderDetails,
  type OrderItem,
  type OrderStatus,
  type OrderStatusInput,
  orderErrors,
  orderEvents,
} from './order.contract.ts';
import { paymentFacts } from './statuses/order.money.model.ts';

/** An order as it is stored. */
export interface OrderState extends OrderDetails, Versioned {
  /**
   * All that was ever paid for it, what of that was refunded, and what of that is not owed any more; the last is null in
   * orders from before it was kept (see `order.statuses.model.ts`).
   */
  readonly paid_total: Minor;
  readonly refunded_total: Minor;
  readonly credited_total: Minor | null;
  /** The furthest status that is known of its shipment. */
  readonly shipment_status: ShipmentStatus;
  /** How often that parcel was packed again after it had failed. */
  readonly sent_again: number;
  readonly delivered_at: string | null;
  /** When it is cancelled by itself if it is neither paid nor invoiced on account; null: never. */
  readonly expires_at: string | null;
}

/** What the settings of the shop say of new orders. */
export interface OrderTerms {
  readonly rate: Rate;
  /** How long an order may wait for its payment; 0: for ever. */
  readonly expiresHours: number;
}

export interface Customer {
  readonly id: number;
  readonly username: string;
}

/**
 * The order of a buyer for reserved lines; one that costs nothing is paid and confirmed. Throws the error of the first line
 * that is not reserved: ORDER_PRODUCT_NOT_FOUND, ORDER_OUT_OF_STOCK, ORDER_SHORT, ORDER_HELD_LIMIT or
 * ORDER_OTHER_CURRENCY;
 * AMOUNT_TOO_LARGE for a total beyond MAX_TOTAL.
 */
export function placeOrder(
  buyer: Customer,
  reservation: Reservation,
  { rate, expiresHours }: OrderTerms,
  ctx: Ctx,
): Change<OrderState> {
  for (const [index, line] of reservation.lines.entries()) mustBeOrderable(line, index + 1);
  // What is reserved is in the currency that the shop is paid in.
  const currency = reservation.lines[0]?.currency ?? '';
  const items = reservation.lines.map(itemOf);
  const subtotal = sum(items.map((item) => item.total));
  const tax = taxOn(subtotal, rate);
  const total = mustBeWritable(sum([subtotal, tax]));
  const free = total === 0;
  const next: OrderState = {
    order_id: reservation.order_id,
    user_id: buyer.id,
    username: buyer.username,
    items,
    subtotal,
    tax,
    tax_rate: rate.text,
    total,
    currency,
    status: free ? 'confirmed' : 'pending',
    payment_status: free ? 'paid' : 'not_paid',
    fulfillment_status: 'not_fulfilled',
    paid_total: minor(0),
    refunded_total: minor(0),
    credited_total: minor(0),
    shipment_status: 'pending',
    sent_again: 0,
    delivered_at: null,
    shipping_address: null,
    expires_at: free || expiresHours === 0 ? null : hoursAfter(ctx.now, expiresHours),
    created_at: ctx.now,
    updated_at: ctx.now,
    version: 0,
  };
  return { next, events: [orderEvents.created(next.order_id, next, aboutOrder(next))] };
}

const hoursAfter = (time: string, hours: number): string =>
  new Date(Date.parse(time) + hours * 3_600_000).toISOString();

/** What delivery needs of an order. */
export function orderToShip({ order_id, user_id, username, items, total, currency }: OrderState): OrderToShip {
  const lines = items.map(({ product_id, product_name, quantity }) => ({ product_id, product_name, quantity }));
  return { order_id, user_id, username, items: lines, total, currency };
}

/** The subject of an event about an order: its timeline is made of the events with this subject. */
export const aboutOrder = ({ order_id }: { readonly order_id: number }): string => `order/${order_id}`;

function mustBeOrderable(line: ReservedLine, number: number): void {
  const { outcome, name: product, currency } = line;
  if (outcome === 'not_found') throw orderErrors.PRODUCT_NOT_FOUND({ line: number });
  if (outcome === 'out_of_stock') throw orderErrors.OUT_OF_STOCK({ line: number, product });
  if (outcome === 'short') throw orderErrors.SHORT({ line: number, product, left: line.left });
  if (outcome === 'over_limit') {
    throw orderErrors.HELD_LIMIT({ line: number, product, limit: line.limit ?? 0, held: line.held ?? 0 });
  }
  if (outcome === 'other_currency') throw orderErrors.OTHER_CURRENCY({ line: number, product, currency });
}

function itemOf({ product_id, name, description, quantity, unit_price }: ReservedLine): OrderItem {
  const total = lineTotal(unit_price, quantity);
  return { product_id, product_name: name, description, quantity, unit_price, total };
}

// One that failed may be packed again: delivery knows.
const SHIPPED: readonly FulfillmentStatus[] = ['shipped', 'in_transit', 'delivered', 'returned'];

/**
 * Cancels an order whose parcel delivery has stopped; a cancelled one stays as it is. Throws ORDER_NOT_CANCELLABLE for one
 * that is known to have left.
 */
export function cancelOrder(order: OrderState, reason: CancellationReason, ctx: Ctx): Change<OrderState> {
  if (order.status === 'cancelled') return unchanged(order);
  if (order.status === 'completed') throw orderErrors.NOT_CANCELLABLE({ state: order.status });
  if (SHIPPED.includes(order.fulfillment_status))
    throw orderErrors.NOT_CANCELLABLE({ state: order.fulfillment_status });
  const { order_id, user_id, username, total, currency } = order;
  const data = { order_id, user_id, username, total, currency, reason, at: ctx.now };
  const cancelled: OrderState = { ...order, status: 'cancelled' };
  return {
    next: { ...cancelled, payment_status: paymentStatusOf(paymentFacts(cancelled)), updated_at: ctx.now },
    events: [orderEvents.cancelled(order_id, data, aboutOrder(order))],
  };
}

/** The status by its one spelling. */
export function orderStatusOf(status: OrderStatusInput | undefined): OrderStatus | undefined {
  return status === 'canceled' ? 'cancelled' : status;
}

/** Whether this name is the actor's own. */
export function isSelf(actor: Actor, username: string): boolean {
  return actor.kind === 'user' && usernameKey(actor.username) === usernameKey(username);
}

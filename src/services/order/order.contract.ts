import { type Static, Type } from 'typebox';
import {
  Amount,
  Currency,
  contract,
  event,
  Id,
  Nothing,
  OneOf,
  op,
  PageOf,
  paging,
  Time,
} from '../../platform/contract/contract.ts';
import { reconciliationOp } from '../../platform/contract/reconciliation.ts';
import { ShippingAddressOrNull } from '../delivery/delivery.contract.ts';
import { LineItems, MAX_LINES, MAX_NAME, MAX_QUANTITY } from '../product/product.contract.ts';
import { usernameKey } from '../user/user.contract.ts';
import { addressOps } from './lifecycle/order.address.contract.ts';
import { expiryOps } from './lifecycle/order.expiry.contract.ts';
import { orderErrors } from './order.errors.contract.ts';
import { bookOps } from './reconciliation/order.books.contract.ts';
import { receivableComparisonOps } from './reconciliation/order.receivables.contract.ts';
import { shipmentComparisonOps } from './reconciliation/order.shipments.contract.ts';
import { unitComparisonOps } from './reconciliation/order.units.contract.ts';
import { FulfillmentStatus, OrderStatus, OrderStatusInput, PaymentStatus } from './statuses/order.statuses.contract.ts';
import { Explanation, TimelineEntry } from './timeline/order.timeline.contract.ts';

export {
  FulfillmentStatus,
  OrderStatus,
  OrderStatusInput,
  PaymentStatus,
} from './statuses/order.statuses.contract.ts';
export type { Explanation, TimelineEntry, Waiting } from './timeline/order.timeline.contract.ts';
export { orderErrors };

const item = {
  product_id: Id(),
  product_name: Type.String({ maxLength: MAX_NAME }),
  quantity: Type.Integer(),
  unit_price: Amount(),
  total: Amount(),
};

const fields = {
  order_id: Id(),
  user_id: Id(),
  subtotal: Amount('the sum of the lines'),
  tax: Amount(),
  total: Amount('subtotal and tax'),
  currency: Currency(),
  status: OrderStatus,
  payment_status: PaymentStatus,
  fulfillment_status: FulfillmentStatus,
  created_at: Time(),
  updated_at: Time(),
};

/** Where its parcel goes, if the order says so: it is personal, and in no event. */
const shipping_address = ShippingAddressOrNull;

/** What the world sees of an order. */
export const Order = Type.Object(
  { ...fields, shipping_address, items: Type.Array(Type.Object(item, { title: 'OrderItem' })) },
  { title: 'Order' },
);
export type Order = Static<typeof Order>;

/** One line as it was when the order was placed. */
export const OrderItem = Type.Object({ ...item, description: Type.String() });
export type OrderItem = Static<typeof OrderItem>;

const documented = {
  username: Type.String({ maxLength: 64 }),
  tax_rate: Type.String({ maxLength: 16, description: 'a decimal such as 0.1' }),
};

/** An order with what a document about it needs. */
export const OrderDetails = Type.Object({
  ...fields,
  ...documented,
  shipping_address,
  items: Type.Array(OrderItem),
});
export type OrderDetails = Static<typeof OrderDetails>;

/**
 * An order as it is announced: without what is said of its products, which no consumer needs and no bus could take, and
 * without an address.
 */
export const OrderPlaced = Type.Object({
  ...fields,
  ...documented,
  items: Type.Array(Type.Object(item), { maxItems: MAX_LINES }),
});
export type OrderPlaced = Static<typeof OrderPlaced>;

/** Somebody asked for it, nobody paid in time, or its parcel was stopped for it and nothing more is known. */
export const CancellationReason = OneOf('requested', 'expired', 'stopped');
export type CancellationReason = Static<typeof CancellationReason>;

const single = { product_id: Id(), quantity: Type.Integer({ minimum: 1, maximum: MAX_QUANTITY }) };
const username = Type.String({ minLength: 1, maxLength: 64 });

export const orderEvents = {
  created: event('order.created', 'an order was placed and its stock is set aside', OrderPlaced),
  cancelled: event(
    'order.cancelled',
    'an order was cancelled and its parcel stopped before it left',
    Type.Object({
      order_id: Id(),
      user_id: Id(),
      username: Type.String({ maxLength: 64 }),
      total: Amount(),
      currency: Currency(),
      reason: Type.Optional(CancellationReason),
      at: Time(),
    }),
  ),
  addressChanged: event(
    'order.address_changed',
    'the parcel of an order goes to another address, which this does not say',
    Type.Object({ order_id: Id(), user_id: Id(), username: Type.String({ maxLength: 64 }), at: Time() }),
  ),
  statusChanged: event(
    'order.status_changed',
    'one of the three statuses of an order moved, or more was paid for it or given back',
    Type.Object({
      order_id: Id(),
      user_id: Id(),
      username: Type.String({ maxLength: 64 }),
      status: OrderStatus,
      payment_status: PaymentStatus,
      fulfillment_status: FulfillmentStatus,
      at: Time(),
    }),
  ),
};

/** The same operation as part of the sales API, which OAuth2 clients use with a scope. */
const sales = (path: string, scope: 'orders:read' | 'orders:write') => ({ aliases: [`/api/v1${path}`], scope });

export const orderOps = {
  place: op('POST /orders', {
    access: 'customer',
    ...sales('/orders', 'orders:write'),
    summary: 'Places an order; its stock is set aside, all lines or none',
    status: 201,
    idempotent: true,
    example: {
      items: [
        { product_id: 1, quantity: 2 },
        { product_id: 2, quantity: 1 },
      ],
    },
    input: Type.Object({ items: LineItems }),
    output: Order,
  }),
  placeSingle: op('POST /orders/single', {
    access: 'customer',
    ...sales('/orders/single', 'orders:write'),
    summary: 'Places an order for one product',
    status: 201,
    idempotent: true,
    example: { product_id: 2, quantity: 1 },
    sameAs: (line) => ({ op: 'order.place', input: { items: [line] } }),
    input: Type.Object(single),
    output: Order,
  }),
  placeFor: op('POST /orders/{username}', {
    access: 'customer',
    ...sales('/orders/{username}', 'orders:write'),
    summary: 'Places an order for a named user: oneself, or anybody for staff',
    status: 201,
    idempotent: true,
    example: { items: [{ product_id: 2, quantity: 1 }] },
    sameAs({ username, items, product_id, quantity }, actor) {
      const lines = items ?? [{ product_id, quantity }];
      if (actor.kind === 'user' && usernameKey(actor.username) === usernameKey(username))
        return { op: 'order.place', input: { items: lines } };
      return { op: 'order.placeFor', input: { username: usernameKey(username), items: lines } };
    },
    input: Type.Object({
      username,
      items: Type.Optional(LineItems),
      product_id: Type.Optional(single.product_id),
      quantity: Type.Optional(single.quantity),
    }),
    output: Order,
  }),
  list: op('GET /orders', {
    access: 'customer',
    ...sales('/orders', 'orders:read'),
    summary: 'One’s own orders, newest first; for staff everybody’s with all=true',
    input: Type.Object({ status: Type.Optional(OrderStatusInput), all: Type.Optional(Type.Boolean()), ...paging }),
    output: PageOf(Order),
  }),
  get: op('GET /orders/{order_id}', {
    access: 'customer',
    ...sales('/orders/{order_id}', 'orders:read'),
    summary: 'One order',
    input: Type.Object({ order_id: Id() }),
    output: Order,
  }),
  listOf: op('GET /orders/{username}', {
    access: 'customer',
    ...sales('/orders/{username}', 'orders:read'),
    summary: 'The orders of a user, newest first',
    input: Type.Object({ username, status: Type.Optional(OrderStatusInput), ...paging }),
    output: PageOf(Order),
  }),
  cancel: op('POST /orders/{order_id}/cancel', {
    access: 'customer',
    changes: 'get',
    ...sales('/orders/{order_id}/cancel', 'orders:write'),
    summary: 'Cancels an order whose parcel has not left, and gives its stock back',
    input: Type.Object({ order_id: Id() }),
    output: Order,
  }),
  timeline: op('GET /orders/{order_id}/timeline', {
    access: 'customer',
    ...sales('/orders/{order_id}/timeline', 'orders:read'),
    summary: 'Everything that happened to an order, in every service, a cause before its effects',
    input: Type.Object({ order_id: Id() }),
    output: Type.Array(TimelineEntry),
  }),
  explain: op('GET /orders/{order_id}/explain', {
    access: 'customer',
    ...sales('/orders/{order_id}/explain', 'orders:read'),
    summary: 'What an order waits for, since when, and who can go on with it',
    input: Type.Object({ order_id: Id() }),
    output: Explanation,
  }),
  forInvoice: op('GET /internal/orders/{order_id}', {
    access: 'internal',
    summary: 'One order with what an invoice needs, for those who may see it',
    input: Type.Object({ order_id: Id() }),
    output: OrderDetails,
  }),
  ...addressOps(Order),
  ...receivableComparisonOps,
  ...shipmentComparisonOps,
  ...unitComparisonOps,
  ...expiryOps,
  ...bookOps,
  figures: reconciliationOp('orders'),
  settleReservations: op('POST /internal/orders/settle-reservations', {
    access: 'internal',
    summary: 'Decides reservations that ran out: kept when the order exists, given back when not',
    input: Nothing(),
    output: Type.Object({ kept: Type.Integer(), released: Type.Integer() }),
  }),
};

export const orderContract = contract({
  name: 'order',
  summary: 'The sales API: orders, their totals and their three statuses.',
  port: 3001,
  topic: 'orders',
  ops: orderOps,
  events: orderEvents,
  errors: orderErrors,
  answers: new URL('./order.answers.json', import.meta.url),
});

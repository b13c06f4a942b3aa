import { type Static, Type } from 'typebox';
import { Amount, Currency, Id, op, PageOf, paging, Time } from '../../../platform/contract/contract.ts';
import { ShipmentStatus } from '../../delivery/delivery.statuses.contract.ts';
import { FulfillmentStatus, OrderStatus, PaymentStatus } from '../statuses/order.statuses.contract.ts';

/** An order as it is compared with the books of the other services. */
export const OrderInBooks = Type.Object({
  order_id: Id(),
  user_id: Id(),
  total: Amount(),
  currency: Currency(),
  status: OrderStatus,
  payment_status: PaymentStatus,
  fulfillment_status: FulfillmentStatus,
  paid_total: Amount(),
  refunded_total: Amount(),
  credited_total: Amount(),
  /** How far it knows its shipment to be. */
  shipment_status: ShipmentStatus(),
  sent_again: Type.Integer(),
  updated_at: Time(),
});
export type OrderInBooks = Static<typeof OrderInBooks>;

/** The newest event in the timeline of an order. */
export const NewestEvent = Type.Object({ order_id: Id(), event_id: Type.String(), type: Type.String(), at: Time() });
export type NewestEvent = Static<typeof NewestEvent>;

const some = Type.Object({ order_ids: Type.Array(Id(), { maxItems: 200 }) });

/** What a comparison of the books asks of orders. */
export const bookOps = {
  inBooks: op('GET /internal/orders/books', {
    access: 'internal',
    summary: 'All orders as they are compared with the books of others, newest first, from one on',
    input: Type.Object({ from_id: Type.Optional(Id()), ...paging }),
    output: PageOf(OrderInBooks),
  }),
  findInBooks: op('POST /internal/orders/books/find', {
    access: 'internal',
    summary: 'These orders as they are compared with the books of others; one that does not exist is left out',
    input: some,
    output: Type.Object({ items: Type.Array(OrderInBooks) }),
  }),
  newestEvents: op('POST /internal/orders/newest-events', {
    access: 'internal',
    summary: 'The newest event of these orders; an order without one is left out',
    input: some,
    output: Type.Object({ items: Type.Array(NewestEvent) }),
  }),
};

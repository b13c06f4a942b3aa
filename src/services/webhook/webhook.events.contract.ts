import { type TObject, Type } from 'typebox';
import { type EventType, event, Id, OneOf, Time } from '../../platform/contract/contract.ts';
import { deliveryEvents } from '../delivery/delivery.contract.ts';
import { invoiceEvents } from '../invoice/invoice.contract.ts';
import { orderEvents } from '../order/order.contract.ts';
import { paymentEvents } from '../payment/payment.contract.ts';
import { productEvents } from '../product/product.contract.ts';
import { userEvents } from '../user/user.contract.ts';

export const webhookEvents = {
  endpointChanged: event(
    'webhook_endpoint.changed',
    'an endpoint for webhooks was created, updated, disabled, enabled or deleted, or has a new secret; the subject is the endpoint',
    Type.Object({
      endpoint_id: Id(),
      user_id: Id(),
      change: OneOf('created', 'updated', 'rotated', 'disabled', 'enabled', 'deleted'),
      reason: Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength: 500 }),
      at: Time(),
    }),
  ),
};

/** Every event that an endpoint may be told of: the whole catalogue, service by service. */
export const CATALOG: readonly EventType[] = [
  userEvents,
  productEvents,
  orderEvents,
  invoiceEvents,
  paymentEvents,
  deliveryEvents,
  webhookEvents,
].flatMap((events) => Object.values<EventType>(events));

/** What an endpoint is told of that names no types. */
export const DEFAULT_TYPES: readonly string[] = [
  orderEvents.statusChanged,
  orderEvents.cancelled,
  deliveryEvents.statusChanged,
  invoiceEvents.statusChanged,
  paymentEvents.captured,
  paymentEvents.refunded,
].map(({ type }) => type);

/** Whether an event concerns one user, who may be told of it; any other is for the staff alone. */
export const concernsUser = ({ data }: EventType): boolean => 'user_id' in (data as TObject).properties;

/** The types that are for the staff alone. */
export const STAFF_TYPES: readonly string[] = CATALOG.filter((one) => !concernsUser(one)).map(({ type }) => type);

/** The type of a message that tries an endpoint out; no event has it. */
export const TEST_TYPE = 'webhook.test';

import type { Static } from 'typebox';
import { OneOf } from '../../../platform/contract/contract.ts';

export const OrderStatus = OneOf('pending', 'confirmed', 'completed', 'cancelled');
export type OrderStatus = Static<typeof OrderStatus>;
/** As a request may spell it. */
export const OrderStatusInput = OneOf('pending', 'confirmed', 'completed', 'cancelled', 'canceled');
export type OrderStatusInput = Static<typeof OrderStatusInput>;
export const PaymentStatus = OneOf('not_paid', 'partially_paid', 'paid', 'partially_refunded', 'refunded');
export type PaymentStatus = Static<typeof PaymentStatus>;
export const FulfillmentStatus = OneOf(
  'not_fulfilled',
  'packed',
  'shipped',
  'in_transit',
  'delivered',
  'failed',
  'returned',
);
export type FulfillmentStatus = Static<typeof FulfillmentStatus>;

import { type Change, type Ctx, unchanged } from '../../../platform/contract/contract.ts';
import type { ShippingAddress } from '../../delivery/delivery.contract.ts';
import { orderErrors, orderEvents } from '../order.contract.ts';
import { aboutOrder, type OrderState } from '../order.model.ts';

/** Throws ORDER_ADDRESS_FIXED for an order that is cancelled, or known to be packed or further. */
export function mustTakeAddress({ status, fulfillment_status }: OrderState): void {
  if (status === 'cancelled') throw orderErrors.ADDRESS_FIXED({ state: status });
  if (fulfillment_status !== 'not_fulfilled') throw orderErrors.ADDRESS_FIXED({ state: fulfillment_status });
}

/** The order after delivery has taken an address for its parcel. */
export function setAddress(order: OrderState, shipping_address: ShippingAddress, ctx: Ctx): Change<OrderState> {
  if (isSameAddress(order.shipping_address, shipping_address)) return unchanged(order);
  const { order_id, user_id, username } = order;
  return {
    next: { ...order, shipping_address, updated_at: ctx.now },
    events: [orderEvents.addressChanged(order_id, { order_id, user_id, username, at: ctx.now }, aboutOrder(order))],
  };
}

/** Whether two addresses say the same. */
export function isSameAddress(one: ShippingAddress | null, other: ShippingAddress | null): boolean {
  return FIELDS.every((field) => one?.[field] === other?.[field]);
}

const FIELDS: readonly (keyof ShippingAddress)[] = [
  'name',
  'line1',
  'line2',
  'postal_code',
  'city',
  'region',
  'country',
];

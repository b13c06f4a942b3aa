import type { Ctx } from '../../platform/contract/contract.ts';
import { systemCtx } from '../../platform/contract/ctx.ts';
import { type Minor, minor } from '../../platform/contract/money.ts';
import type { OrderPlaced } from '../order/order.contract.ts';
import type { CarrierWord, ShipTo } from './delivery.contract.ts';
import { type CarrierUpdate, openShipment, type ShipmentState } from './delivery.model.ts';

export const NOW = '2026-07-28T09:30:00.000Z';
export const SHIP_TO: ShipTo = { name: 'Alice Example', lines: ['2 Example Road', '10000 Example Town', 'DE'] };

/** A context of the platform itself at a moment. */
export function at(now = NOW, more: Partial<Ctx> = {}): Ctx {
  return Object.freeze({ ...systemCtx(now), ...more });
}

/** An order of user 2, as it announces itself. */
export function anOrder(more: Partial<OrderPlaced> = {}): OrderPlaced {
  const [subtotal, tax, total] = [259_998, 26_000, 285_998].map(minor) as [Minor, Minor, Minor];
  const item = { product_id: 1, product_name: 'Laptop', description: '14-inch display', quantity: 2 };
  return {
    order_id: 17,
    user_id: 2,
    username: 'alice',
    items: [{ ...item, unit_price: minor(129_999), total: subtotal }],
    subtotal,
    tax,
    tax_rate: '0.1',
    total,
    currency: 'USD',
    status: 'pending',
    payment_status: 'not_paid',
    fulfillment_status: 'not_fulfilled',
    created_at: NOW,
    updated_at: NOW,
    ...more,
  };
}

export function aShipment(more: Partial<ShipmentState> = {}): ShipmentState {
  return {
    ...openShipment(anOrder(), { shipment_id: 9, ship_to: SHIP_TO, shipping_address: null }, at()).next,
    version: 1,
    ...more,
  };
}

/** What a carrier says at an hour of its clock. */
export function anUpdate(status: CarrierWord, hour: number, update_id = `${status}-${hour}`): CarrierUpdate {
  return { status, at: `2026-07-29T${String(hour).padStart(2, '0')}:00:00Z`, update_id };
}

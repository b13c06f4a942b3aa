import type { Ctx } from '../../platform/contract/contract.ts';
import { systemCtx } from '../../platform/contract/ctx.ts';
import { type Minor, minor } from '../../platform/contract/money.ts';
import type { OrderDetails } from '../order/order.contract.ts';

/** An order of user 2, as the sales API tells it. */
export function anOrder(more: Partial<OrderDetails> = {}): OrderDetails {
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
    shipping_address: null,
    fulfillment_status: 'not_fulfilled',
    created_at: '2026-07-28T09:30:00.000Z',
    updated_at: '2026-07-28T09:30:00.000Z',
    ...more,
  };
}

/** A context of the platform itself at a moment. */
export function at(now: string, more: Partial<Ctx> = {}): Ctx {
  return Object.freeze({ ...systemCtx(now), ...more });
}

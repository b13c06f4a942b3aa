import type { Actor, Ctx } from '../../platform/contract/contract.ts';
import { systemCtx } from '../../platform/contract/ctx.ts';
import { minor, parseRate, type Rate } from '../../platform/contract/money.ts';
import type { Reservation, ReservedLine } from '../product/product.contract.ts';
import type { OrderTerms } from './order.model.ts';
import type { TimelineEvent } from './timeline/order.timeline.model.ts';

export const NOW = '2026-07-28T09:30:00.000Z';
/** What a shop grants unless its settings say otherwise. */
export const TERMS: OrderTerms = { rate: parseRate('0.1') as Rate, expiresHours: 72 };

/** A context at a moment; of the platform itself unless the test names another actor. */
export function at(now = NOW, more: Partial<Ctx> = {}): Ctx {
  return Object.freeze({ ...systemCtx(now), ...more });
}

export function user(id: number, username = `user-${id}`, role: 'customer' | 'staff' | 'admin' = 'customer'): Actor {
  return { kind: 'user', id, username, role };
}

/** A line that was reserved: two laptops. */
export function aLine(more: Partial<ReservedLine> = {}): ReservedLine {
  return {
    product_id: 1,
    quantity: 2,
    outcome: 'reserved',
    name: 'Laptop',
    description: '14-inch display',
    unit_price: minor(129_999),
    currency: 'USD',
    left: 25,
    ...more,
  };
}

export function aReservation(order_id: number, ...lines: ReservedLine[]): Reservation {
  return { order_id, reserved: lines.every(({ outcome }) => outcome === 'reserved'), lines };
}

let events = 0;

/** An event about order 17, announced by the platform. */
export function anEvent(type: string, data: object, at: string, more: Partial<TimelineEvent> = {}): TimelineEvent {
  const nth = String(++events).padStart(12, '0');
  return {
    event_id: `01980000-0000-7000-8000-${nth}`,
    order_id: 17,
    type,
    service: type.split('.')[0] ?? '',
    subject: '1',
    at,
    actor: 'system',
    causation_id: null,
    correlation_id: `request-${nth}`,
    data: data as TimelineEvent['data'],
    ...more,
  };
}

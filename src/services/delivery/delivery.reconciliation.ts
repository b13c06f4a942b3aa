import { rounds } from '../../platform/app/rounds.ts';
import type { ApiOf, Ctx, OutputOf } from '../../platform/contract/contract.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { OrderStatuses, orderOps } from '../order/order.contract.ts';
import type { deliveryOps } from './delivery.contract.ts';
import type { ShipmentCreation } from './delivery.creation.ts';
import { announceAgain, cancelShipment, type ShipmentState } from './delivery.model.ts';
import type { ShipmentRepository } from './delivery.repository.ts';

type Outcome = OutputOf<typeof deliveryOps.reconcile>;
export type Orders = Pick<ApiOf<typeof orderOps>, 'statuses' | 'forInvoice'>;

interface Parts {
  readonly orders: Orders;
  readonly shipments: ShipmentRepository;
  readonly open: ShipmentCreation;
  readonly log: Log;
}

/** So old is what is compared: what is younger may still be on its way. */
const SETTLED_MS = 60_000;
/** What an order has not heard of its shipment is said again so often. */
const AGAIN_MS = 600_000;
const PAGE = 200;

/**
 * Compares orders with shipments and mends what an event that was lost has left undone: a shipment that was never
 * made, one of an order that was cancelled, an order that has not heard how far its parcel is.
 */
export function reconciliation({ orders, shipments, open, log }: Parts): (ctx: Ctx) => Promise<Outcome> {
  async function page(ctx: Ctx, cursor: string | undefined, outcome: Outcome) {
    const before = new Date(Date.parse(ctx.now) - SETTLED_MS).toISOString();
    const { items, next } = await orders.statuses(ctx, { before, limit: PAGE, cursor });
    const found = await Promise.all(items.map(({ order_id }) => shipments.findByOrder(order_id)));
    for (const [n, standing] of items.entries()) await mend(ctx, standing, found[n], outcome);
    return { next, oldest: items.at(-1)?.created_at };
  }

  async function mend(
    ctx: Ctx,
    order: OrderStatuses,
    shipment: ShipmentState | undefined,
    outcome: Outcome,
  ): Promise<void> {
    const { order_id } = order;
    if (!shipment) {
      if (!isWaiting(order) || !(await make(ctx, order_id))) return;
      outcome.made++;
      log.warn({ order_id }, 'an order had no shipment: its event was lost or is late; the shipment is made');
    } else if (order.status === 'cancelled' && (await change(ctx, order_id, cancelShipment))) {
      outcome.cancelled++;
      log.warn({ order_id }, 'the shipment of a cancelled order was still open; it is cancelled');
    } else if (isBehind(order, shipment, ctx) && (await change(ctx, order_id, announceAgain))) {
      outcome.announced++;
      log.warn({ order_id }, 'an order has not heard how far its shipment is; that is announced again');
    }
  }

  // As the order is now: it may have been cancelled meanwhile.
  async function make(ctx: Ctx, order_id: number): Promise<boolean> {
    const order = await orders.forInvoice(ctx, { order_id });
    return order.status !== 'cancelled' && open(ctx, order);
  }

  function change(ctx: Ctx, order_id: number, decide: typeof cancelShipment): Promise<boolean> {
    return retryOnConflict(async () => {
      const shipment = await shipments.findByOrder(order_id);
      const decided = shipment && decide(shipment, ctx);
      if (!decided || decided.events.length === 0) return false;
      await shipments.save(ctx, decided);
      return true;
    });
  }

  const round = rounds();
  return async (ctx) => {
    const outcome: Outcome = { made: 0, cancelled: 0, announced: 0 };
    await round(ctx, (cursor) => page(ctx, cursor, outcome));
    return outcome;
  };
}

const isWaiting = ({ status, shipment_status }: OrderStatuses): boolean =>
  (status === 'pending' || status === 'confirmed') && shipment_status === 'pending';

// An order that is ahead has heard more than one that was read a moment ago.
function isBehind(order: OrderStatuses, shipment: ShipmentState, ctx: Ctx): boolean {
  if (shipment.status === order.shipment_status || shipment.status === 'pending') return false;
  return Date.parse(ctx.now) - Date.parse(shipment.updated_at) > AGAIN_MS;
}

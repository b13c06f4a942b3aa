import { rounds } from '../../platform/app/rounds.ts';
import type { ApiOf, Ctx, OutputOf } from '../../platform/contract/contract.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { OrderStatuses, orderOps } from '../order/order.contract.ts';
import type { deliveryOps } from './delivery.contract.ts';
import type { ShipmentCreation } from './delivery.creation.ts';
import { cancelShipment, repeatStatus, type ShipmentState } from './delivery.model.ts';
import type { ShipmentRepository } from './delivery.repository.ts';

type Outcome = OutputOf<typeof deliveryOps.reconcile>;
export type Orders = Pick<ApiOf<typeof orderOps>, 'statuses' | 'forInvoice'>;

interface ReconciliationParts {
  readonly orders: Orders;
  readonly shipments: ShipmentRepository;
  readonly createShipment: ShipmentCreation;
  readonly log: Log;
}

/** An order younger than this is left to the event that may still be on its way. */
const SETTLED_MS = 60_000;
/** The status of a shipment that its order has missed is announced again after this time. */
const REPEAT_AFTER_MS = 600_000;
const PAGE = 200;

/**
 * Compares orders with shipments and makes up for lost events: it creates a missing shipment, cancels that of a cancelled
 * order, and announces the status of a shipment that its order has missed.
 */
export function shipmentReconciliation({
  orders,
  shipments,
  createShipment,
  log,
}: ReconciliationParts): (ctx: Ctx) => Promise<Outcome> {
  async function page(ctx: Ctx, cursor: string | undefined, outcome: Outcome) {
    const before = new Date(Date.parse(ctx.now) - SETTLED_MS).toISOString();
    const { items, next } = await orders.statuses(ctx, { before, limit: PAGE, cursor });
    const found = await Promise.all(items.map(({ order_id }) => shipments.findByOrder(order_id)));
    for (const [n, order] of items.entries()) await repair(ctx, order, found[n], outcome);
    return { next, oldest: items.at(-1)?.created_at };
  }

  async function repair(
    ctx: Ctx,
    order: OrderStatuses,
    shipment: ShipmentState | undefined,
    outcome: Outcome,
  ): Promise<void> {
    const { order_id } = order;
    if (!shipment) {
      if (!isWaiting(order) || !(await createMissing(ctx, order_id))) return;
      outcome.made++;
      log.warn({ order_id }, 'an order had no shipment: its event was lost or is late; the shipment is made');
    } else if (order.status === 'cancelled' && (await change(ctx, order_id, cancelShipment))) {
      outcome.cancelled++;
      log.warn({ order_id }, 'the shipment of a cancelled order was still open; it is cancelled');
    } else if (isBehind(order, shipment, ctx) && (await change(ctx, order_id, repeatStatus))) {
      outcome.announced++;
      log.warn({ order_id }, 'an order has not heard how far its shipment is; that is announced again');
    }
  }

  // The order is read again: it may have been cancelled meanwhile.
  async function createMissing(ctx: Ctx, order_id: number): Promise<boolean> {
    const order = await orders.forInvoice(ctx, { order_id });
    return order.status !== 'cancelled' && createShipment(ctx, order);
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
  return async function reconcile(ctx) {
    const outcome: Outcome = { made: 0, cancelled: 0, announced: 0 };
    await round(ctx, (cursor) => page(ctx, cursor, outcome));
    return outcome;
  };
}

const isWaiting = ({ status, shipment_status }: OrderStatuses): boolean =>
  (status === 'pending' || status === 'confirmed') && shipment_status === 'pending';

// A shipment that was updated a moment ago may have been announced to the order meanwhile.
function isBehind(order: OrderStatuses, shipment: ShipmentState, ctx: Ctx): boolean {
  if (shipment.status === order.shipment_status || shipment.status === 'pending') return false;
  return Date.parse(ctx.now) - Date.parse(shipment.updated_at) > REPEAT_AFTER_MS;
}

import { rounds } from '../../../platform/app/rounds.ts';
import type { ApiOf, Ctx, OutputOf } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../../platform/observability/log.ts';
import type { deliveryOps, ShipmentOfOrder } from '../../delivery/delivery.contract.ts';
import { setAddress } from '../lifecycle/order.address.model.ts';
import type { orderOps } from '../order.contract.ts';
import { type OrderState, orderToShip } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';
import type { ShipmentStatusChange } from '../statuses/order.statuses.model.ts';
import { presentStatus, shipmentDifference } from './order.shipments.model.ts';

type Outcome = OutputOf<typeof orderOps.compareShipments>;

interface ComparisonParts {
  readonly orders: Pick<OrderRepository, 'list' | 'get' | 'save'>;
  readonly delivery: Pick<ApiOf<typeof deliveryOps>, 'findByOrders' | 'openFor' | 'stop'>;
  readonly followShipment: (ctx: Ctx, change: ShipmentStatusChange & { readonly order_id: number }) => Promise<unknown>;
  readonly log: Pick<Log, 'warn'>;
}

const PAGE = 200;

/**
 * Compares orders with their shipments and makes up for lost events: delivery makes a shipment that is missing and stops
 * that of a cancelled order, and the order follows how far its shipment is.
 */
export function shipmentComparison({ orders, delivery, followShipment, log }: ComparisonParts) {
  const round = rounds();
  return async function compareShipments(ctx: Ctx): Promise<Outcome> {
    const outcome: Outcome = { opened: 0, stopped: 0, followed: 0 };
    await round(ctx, (cursor) => comparePage(ctx, cursor, outcome));
    return outcome;
  };

  async function comparePage(ctx: Ctx, cursor: string | undefined, outcome: Outcome) {
    const { items, next } = await orders.list({}, { limit: PAGE, cursor });
    const found = await delivery.findByOrders(ctx, { order_ids: items.map(({ order_id }) => order_id) });
    const shipments = new Map(found.items.map((one) => [one.order_id, one]));
    for (const order of items) await attempt(ctx, order, shipments.get(order.order_id), outcome);
    return { next, oldest: items.at(-1)?.created_at };
  }

  // One that fails must not keep the others from being compared.
  async function attempt(ctx: Ctx, order: OrderState, shipment: ShipmentOfOrder | undefined, outcome: Outcome) {
    try {
      await repair(ctx, order, shipment, outcome);
    } catch (err) {
      const { order_id } = order;
      log.warn({ err, order_id }, 'an order could not be compared with its shipment; it is tried again');
    }
  }

  async function repair(ctx: Ctx, order: OrderState, shipment: ShipmentOfOrder | undefined, outcome: Outcome) {
    const { order_id } = order;
    switch (shipmentDifference(order, shipment, ctx)) {
      case 'missing':
        // An order that was cancelled meanwhile has had its shipment stopped, and so has one.
        if (!(await delivery.openFor(ctx, { order: orderToShip(order) })).made) return;
        outcome.opened++;
        log.warn({ order_id }, 'an order had no shipment: its event was lost or is late; the shipment is made');
        return;
      case 'not_stopped':
        if (!(await delivery.stop(ctx, { order: orderToShip(order), cancellation: 'requested' })).stopped) return;
        outcome.stopped++;
        log.warn({ order_id }, 'the shipment of a cancelled order was still open; it is cancelled');
        return;
      case 'not_followed':
        if (!shipment) return;
        await retryOnConflict(() => followShipment(ctx, { order_id, ...presentStatus(shipment) }));
        outcome.followed++;
        log.warn({ order_id }, 'an order had missed how far its shipment is; it follows now');
        return;
      case 'other_address':
        await retryOnConflict(() => followAddress(ctx, order_id, shipment?.shipping_address));
        outcome.followed++;
        log.warn({ order_id }, 'an order had missed to which address its parcel goes; it follows now');
    }
  }

  async function followAddress(ctx: Ctx, order_id: number, address: ShipmentOfOrder['shipping_address'] | undefined) {
    if (address) await orders.save(ctx, setAddress(await orders.get(order_id), address, ctx));
  }
}

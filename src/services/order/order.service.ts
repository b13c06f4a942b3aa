import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import { isStaff, self } from '../../platform/contract/actor.ts';
import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import type { Envelope } from '../../platform/contract/events.ts';
import { withDigits } from '../../platform/contract/money/json.ts';
import type { deliveryOps } from '../delivery/delivery.contract.ts';
import type { MoneyMovement, paymentOps } from '../payment/payment.contract.ts';
import type { productOps } from '../product/product.contract.ts';
import type { userOps } from '../user/user.contract.ts';
import { addressActions } from './lifecycle/order.address.ts';
import { cancellationActions } from './lifecycle/order.cancellation.ts';
import { orderExpiry } from './lifecycle/order.expiry.ts';
import { placementActions } from './lifecycle/order.placement.ts';
import { reservationActions } from './lifecycle/order.reservations.ts';
import { orderAccess } from './order.access.ts';
import { orderErrors, type orderOps } from './order.contract.ts';
import { orderStatusOf } from './order.model.ts';
import type { OrderRepository } from './order.repository.ts';
import { orderSettings } from './order.settings.ts';
import { orderBookActions } from './reconciliation/order.books.ts';
import { receivableComparison } from './reconciliation/order.receivables.ts';
import { shipmentComparison } from './reconciliation/order.shipments.ts';
import { unitComparison } from './reconciliation/order.units.ts';
import { followPayment, type ShipmentStatusChange } from './statuses/order.statuses.model.ts';
import { explain } from './timeline/order.explain.ts';
import { timelineEventOf } from './timeline/order.timeline.model.ts';
import { timelineFor } from './timeline/order.timeline.ts';

export interface OrderPeers {
  readonly user: ApiOf<typeof userOps>;
  readonly product: ApiOf<typeof productOps>;
  readonly delivery: ApiOf<typeof deliveryOps>;
  readonly payment: Pick<ApiOf<typeof paymentOps>, 'receivables' | 'closeOrder' | 'findReceivables'>;
}

/** What orders follow from the events of others. */
export interface OrderInternalActions {
  /** Cancels an order whose parcel was stopped for that, with its stock. Throws ORDER_NOT_FOUND. */
  followShipment(ctx: Ctx, change: ShipmentStatusChange & { readonly order_id: number }): Promise<unknown>;
  /** Money of no order changes nothing. Throws ORDER_NOT_FOUND. */
  followPayment(ctx: Ctx, movement: MoneyMovement): Promise<unknown>;
  /** Puts an event into the timeline of the order that it is about; once, however often it comes. */
  recordEvent(ctx: Ctx, envelope: Envelope): Promise<unknown>;
}

type OrderParts = ServiceParts<OrderRepository, OrderPeers, 'config' | 'log'>;

/** The sales API: orders, their statuses and their timeline. */
export function orderService({ repository: orders, peers, tools: { config, log } }: OrderParts) {
  const { user, product, payment, delivery } = peers;
  const access = orderAccess({ orders, user });
  const { TAX_RATE: rate, ORDER_EXPIRES_HOURS: hours } = config.valuesOf(orderSettings);
  const terms = { rate, expiresHours: hours };
  const { cancelExpired, ...cancellation } = cancellationActions({ orders, product, delivery, access });

  return {
    ...placementActions({ orders, product, access, terms }),
    ...cancellation,
    ...addressActions({ orders, delivery, access }),
    ...reservationActions({ orders, product }),
    ...orderBookActions(orders),
    compareShipments: shipmentComparison({ orders, delivery, followShipment: cancellation.followShipment, log }),
    compareUnits: unitComparison({ orders, product }),
    cancelExpired: orderExpiry({ orders, payment, cancelExpired, hours, log }),
    compareReceivables: receivableComparison({ orders, payment, log }),
    figures: (_ctx, range) => orders.figures(range),
    async list(ctx, { all, status, limit = 50, cursor }) {
      const user_id = all === true && isStaff(ctx.actor) ? undefined : self(ctx).id;
      return orders.list({ user_id, status: orderStatusOf(status) }, { limit, cursor });
    },
    get: async (ctx, { order_id }) => access.visible(ctx, order_id),
    async listOf(ctx, { username, status, limit = 50, cursor }) {
      const { id } = await access.customer(ctx, username, orderErrors.NOT_FOUND);
      return orders.list({ user_id: id, status: orderStatusOf(status) }, { limit, cursor });
    },
    async timeline(ctx, { order_id }) {
      const order = await access.visible(ctx, order_id);
      const entries = timelineFor(order, await orders.timeline.list(order_id), ctx.actor);
      return entries.map((entry) => ({ ...entry, data: withDigits(entry.data, order.currency) }));
    },
    async explain(ctx, { order_id }) {
      const order = await access.visible(ctx, order_id);
      const events = await orders.timeline.list(order_id);
      return explain(order, events, { now: ctx.now, expires: hours > 0 });
    },
    forInvoice: async (ctx, { order_id }) => access.visible(ctx, order_id),
    async followPayment(ctx, movement) {
      if (movement.order_id === null) return;
      await orders.save(ctx, followPayment(await orders.get(movement.order_id), movement, ctx));
    },
    async recordEvent(_ctx, envelope) {
      const event = timelineEventOf({ ...envelope, data: JSON.parse(envelope.data) });
      if (event) await orders.timeline.add(event);
    },
  } satisfies Actions<typeof orderOps> & OrderInternalActions;
}

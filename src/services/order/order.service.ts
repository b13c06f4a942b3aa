import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import { AppError } from '../../platform/contract/errors.ts';
import type { Envelope } from '../../platform/contract/events.ts';
import { wasRefused, withId } from '../../platform/contract/ids.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { MoneyMovement } from '../payment/payment.contract.ts';
import type { LineItem, productOps } from '../product/product.contract.ts';
import type { userOps } from '../user/user.contract.ts';
import { orderErrors, type orderOps } from './order.contract.ts';
import { type Customer, cancelOrder, isSelf, type OrderState, orderStatusOf, placeOrder } from './order.model.ts';
import type { OrderRepository } from './order.repository.ts';
import { followPayment, followShipment, isBehind, type ShipmentStatusChange } from './order.statuses.model.ts';
import { explain } from './timeline/order.explain.ts';
import { timelineEventOf } from './timeline/order.timeline.model.ts';
import { timelineFor } from './timeline/order.timeline.ts';

export interface OrderPeers {
  readonly user: ApiOf<typeof userOps>;
  readonly product: ApiOf<typeof productOps>;
}

/** What orders follow from the events of others. */
export interface OrderInternalActions {
  /** Throws ORDER_NOT_FOUND. */
  followShipment(ctx: Ctx, move: ShipmentStatusChange & { readonly order_id: number }): Promise<unknown>;
  /** Money of no order changes nothing. Throws ORDER_NOT_FOUND. */
  followPayment(ctx: Ctx, movement: MoneyMovement): Promise<unknown>;
  /** Puts an event into the timeline of the order that it is about; once, however often it comes. */
  recordEvent(ctx: Ctx, envelope: Envelope): Promise<unknown>;
}

const SETTLED_AT_ONCE = 500;

type OrderParts = ServiceParts<OrderRepository, OrderPeers, 'config'>;

export function orderService({ repository: orders, peers: { user, product }, tools }: OrderParts) {
  return {
    place: async (ctx, { items }) => place(ctx, self(ctx), items),
    placeSingle: async (ctx, line) => place(ctx, self(ctx), [line]),
    placeFor: async (ctx, { username, items, ...single }) =>
      place(ctx, await namedUser(ctx, username, orderErrors.NOT_YOURS), linesOf(items, single)),
    async list(ctx, { all, status, limit = 50, cursor }) {
      const user_id = all === true && isStaff(ctx.actor) ? undefined : self(ctx).id;
      return orders.list({ user_id, status: orderStatusOf(status) }, { limit, cursor });
    },
    get: async (ctx, { order_id }) => visible(ctx, order_id),
    async listOf(ctx, { username, status, limit = 50, cursor }) {
      const { id } = await namedUser(ctx, username, orderErrors.NOT_FOUND);
      return orders.list({ user_id: id, status: orderStatusOf(status) }, { limit, cursor });
    },
    // A payment or a shipment may move the order at the same moment: then it is decided anew.
    cancel: (ctx, { order_id }) => retryOnConflict(() => cancel(ctx, order_id)),
    async timeline(ctx, { order_id }) {
      const order = await visible(ctx, order_id);
      return timelineFor(order, await orders.timeline.list(order_id), ctx.actor);
    },
    async explain(ctx, { order_id }) {
      return explain(await visible(ctx, order_id), await orders.timeline.list(order_id), ctx.now);
    },
    forInvoice: async (ctx, { order_id }) => visible(ctx, order_id),
    async standings(_ctx, { before, limit = 50, cursor }) {
      const { items, next } = await orders.list({}, { limit, cursor });
      const old = items.filter(({ created_at }) => before === undefined || created_at < before);
      return { items: old.map(standingOf), next };
    },
    async comparePaidTotals(ctx, { totals }) {
      const known = await orders.find(totals.map(({ order_id }) => order_id));
      const behind = totals.filter((bill) => {
        const order = known.get(bill.order_id);
        return order !== undefined && isBehind(order, bill);
      });
      for (const bill of behind) {
        if (!bill.settled) continue;
        await retryOnConflict(async () => orders.save(ctx, followPayment(await orders.get(bill.order_id), bill, ctx)));
      }
      const cancelled = [...known.values()].filter(({ status }) => status === 'cancelled');
      return { behind: behind.map(idOf), cancelled: cancelled.map(idOf) };
    },
    figures: (_ctx, range) => orders.figures(range),
    async settleReservations(ctx) {
      const all = { kept: 0, released: 0 };
      for (;;) {
        const { kept, released } = await settleSome(ctx);
        all.kept += kept;
        all.released += released;
        if (kept + released < SETTLED_AT_ONCE) return all;
      }
    },
    async followShipment(ctx, move) {
      return orders.save(ctx, followShipment(await orders.get(move.order_id), move, ctx));
    },
    async followPayment(ctx, movement) {
      if (movement.order_id === null) return;
      await orders.save(ctx, followPayment(await orders.get(movement.order_id), movement, ctx));
    },
    async recordEvent(_ctx, envelope) {
      const event = timelineEventOf({ ...envelope, data: JSON.parse(envelope.data) });
      if (event) await orders.timeline.add(event);
    },
  } satisfies Actions<typeof orderOps> & OrderInternalActions;

  async function cancel(ctx: Ctx, order_id: number): Promise<OrderState> {
    const order = await visible(ctx, order_id);
    const change = cancelOrder(order, ctx);
    if (change.events.length === 0) return order;
    // The hold is renewed first: should we stop between the save and the release, it runs out and is settled.
    await product.renew(ctx, { order_id });
    const cancelled = await orders.save(ctx, change);
    await product.release(ctx, { order_id });
    return cancelled;
  }

  async function settleSome(ctx: Ctx) {
    const { order_ids } = await product.expired(ctx, { limit: SETTLED_AT_ONCE });
    const found = await orders.find(order_ids);
    const kept = order_ids.filter((id) => (found.get(id)?.status ?? 'cancelled') !== 'cancelled');
    const gone = order_ids.filter((id) => !kept.includes(id));
    if (kept.length > 0) await product.keep(ctx, { order_ids: kept });
    await Promise.all(gone.map((order_id) => product.release(ctx, { order_id })));
    return { kept: kept.length, released: gone.length };
  }

  async function place(ctx: Ctx, buyer: Customer, items: LineItem[]): Promise<OrderState> {
    // A request that comes again after a crash is answered with the order id of the reservation that it has.
    const request = ctx.request && `${ctx.request.key} ${ctx.request.fingerprint}`;
    const own: { id?: number } = {};
    const reserve = (order_id: number) => {
      own.id = order_id;
      return product.reserve(ctx, { order_id, items, request });
    };
    const reservation = await withId(orders.ids, reserve, (made) => (made.reserved ? made.order_id : undefined));
    try {
      return await orders.save(ctx, placeOrder(buyer, reservation, tools.config.TAX_RATE, ctx));
    } catch (error) {
      // Only when the order is known not to be there. In doubt, or when the release fails, the hold runs out and
      // `settleReservations` looks whether there is an order.
      const { order_id, reserved } = reservation;
      if (reserved && error instanceof AppError && wasRefused(error)) await undo(ctx, order_id, order_id === own.id);
      throw error;
    }
  }

  /** Lets go of what an order held that is not there; its id is free when no other process has it, too. */
  async function undo(ctx: Ctx, order_id: number, ours: boolean): Promise<void> {
    const released = await product.release(ctx, { order_id }).then(
      () => true,
      () => false,
    );
    if (released && ours) orders.ids.giveBack(order_id);
  }

  async function visible(ctx: Ctx, order_id: number): Promise<OrderState> {
    const order = await orders.get(order_id);
    if (!maySee(ctx.actor, order)) throw orderErrors.NOT_FOUND();
    return order;
  }

  // Oneself, or for staff anybody; a customer who names another hears `refusal`, whether there is one or not.
  async function namedUser(ctx: Ctx, username: string, refusal: () => AppError): Promise<Customer> {
    if (isSelf(ctx.actor, username)) return self(ctx);
    if (!isStaff(ctx.actor)) throw refusal();
    return user.byUsername(ctx, { username });
  }
}

const idOf = ({ order_id }: { readonly order_id: number }): number => order_id;

const standingOf = ({ order_id, status, shipment_status, created_at }: OrderState) => ({
  order_id,
  status,
  shipment_status,
  created_at,
});

function linesOf(items: LineItem[] | undefined, { product_id, quantity }: Partial<LineItem>): LineItem[] {
  if (items && product_id === undefined && quantity === undefined) return items;
  if (!items && product_id !== undefined && quantity !== undefined) return [{ product_id, quantity }];
  throw orderErrors.NO_ITEMS();
}

import type { Actions } from '../../../platform/app/actions.ts';
import { self } from '../../../platform/contract/actor.ts';
import type { ApiOf, Ctx } from '../../../platform/contract/contract.ts';
import { AppError } from '../../../platform/contract/errors.ts';
import { wasRefused, withId } from '../../../platform/contract/ids.ts';
import type { LineItem, productOps } from '../../product/product.contract.ts';
import type { OrderAccess } from '../order.access.ts';
import { orderErrors, type orderOps } from '../order.contract.ts';
import { type Customer, type OrderState, type OrderTerms, placeOrder } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';

interface PlacementParts {
  readonly orders: Pick<OrderRepository, 'ids' | 'save'>;
  readonly product: Pick<ApiOf<typeof productOps>, 'reserve' | 'release'>;
  readonly access: OrderAccess;
  readonly terms: OrderTerms;
}

/** Reserves stock and places orders. */
export function placementActions({ orders, product, access, terms }: PlacementParts) {
  return {
    place: async (ctx, { items }) => place(ctx, self(ctx), items),
    placeSingle: async (ctx, line) => place(ctx, self(ctx), [line]),
    placeFor: async (ctx, { username, items, ...single }) =>
      place(ctx, await access.customer(ctx, username, orderErrors.NOT_YOURS), linesOf(items, single)),
  } satisfies Pick<Actions<typeof orderOps>, 'place' | 'placeSingle' | 'placeFor'>;

  async function place(ctx: Ctx, buyer: Customer, items: LineItem[]): Promise<OrderState> {
    // A request that is repeated after a crash gets the reservation that it has, with its order id.
    const request = ctx.request && `${ctx.request.key} ${ctx.request.fingerprint}`;
    // The customer is who acts, unless staff order for somebody.
    const isOther = ctx.actor.kind === 'user' && ctx.actor.id !== buyer.id;
    let new_id: number | undefined;
    const reserve = (order_id: number) => {
      new_id = order_id;
      return product.reserve(ctx, { order_id, items, request, ...(isOther && { user_id: buyer.id }) });
    };
    const reservation = await withId(orders.ids, reserve, (made) => (made.reserved ? made.order_id : undefined));
    try {
      return await orders.save(ctx, placeOrder(buyer, reservation, terms, ctx));
    } catch (error) {
      // The stock is released only when the order is known not to be saved. Otherwise, and when the release fails, the
      // reservation expires, and `settleReservations` looks whether the order exists.
      const { order_id, reserved } = reservation;
      if (reserved && error instanceof AppError && wasRefused(error)) await undo(ctx, order_id, order_id === new_id);
      throw error;
    }
  }

  /** Releases the stock of an order that was not saved; its id is used again when no other process has it. */
  async function undo(ctx: Ctx, order_id: number, isNewId: boolean): Promise<void> {
    const released = await product.release(ctx, { order_id }).then(
      () => true,
      () => false,
    );
    if (released && isNewId) orders.ids.giveBack(order_id);
  }
}

function linesOf(items: LineItem[] | undefined, { product_id, quantity }: Partial<LineItem>): LineItem[] {
  if (items && product_id === undefined && quantity === undefined) return items;
  if (!items && product_id !== undefined && quantity !== undefined) return [{ product_id, quantity }];
  throw orderErrors.NO_ITEMS();
}

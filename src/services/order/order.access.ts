import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import type { AppError } from '../../platform/contract/errors.ts';
import type { userOps } from '../user/user.contract.ts';
import { orderErrors } from './order.contract.ts';
import { type Customer, isSelf, type OrderState } from './order.model.ts';
import type { OrderRepository } from './order.repository.ts';

/** Who may see an order, and for whom one may act. */
export interface OrderAccess {
  /** Throws ORDER_NOT_FOUND for an order that does not exist, and for another's unless the actor is staff. */
  visible(ctx: Ctx, order_id: number): Promise<OrderState>;
  /**
   * The customer of this name. A customer who names another gets `forbidden`, whether that account exists or not.
   * Throws USER_NOT_FOUND.
   */
  customer(ctx: Ctx, username: string, forbidden: () => AppError): Promise<Customer>;
}

interface AccessParts {
  readonly orders: Pick<OrderRepository, 'get'>;
  readonly user: Pick<ApiOf<typeof userOps>, 'byUsername'>;
}

export function orderAccess({ orders, user }: AccessParts): OrderAccess {
  return {
    async visible(ctx, order_id) {
      const order = await orders.get(order_id);
      if (!maySee(ctx.actor, order)) throw orderErrors.NOT_FOUND();
      return order;
    },
    async customer(ctx, username, forbidden) {
      if (isSelf(ctx.actor, username)) return self(ctx);
      if (!isStaff(ctx.actor)) throw forbidden();
      return user.byUsername(ctx, { username });
    },
  };
}

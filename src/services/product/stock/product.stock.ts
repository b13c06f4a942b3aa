import type { Actions } from '../../../platform/app/actions.ts';
import type { Ctx } from '../../../platform/contract/contract.ts';
import type { productOps } from '../product.contract.ts';
import type { ProductState } from '../product.model.ts';
import type { ProductRepository } from '../product.repository.ts';
import { adjustmentOf, adjustStock, hasLeft, isPacked, isPaid, type OrderStatuses } from './product.stock.model.ts';

type StockOperation = 'adjust' | 'ledger' | 'stockFigures' | 'correct' | 'orderUnits' | 'findOrderUnits' | 'ship';

interface StockParts {
  readonly products: ProductRepository;
  /** How many unpaid units of a product a customer may hold; 0: there is no limit. */
  readonly mostHeld: number;
}

/** What an order that moved means for its units. */
export interface StockInternalActions {
  followOrder(ctx: Ctx, order: OrderStatuses): Promise<unknown>;
}

/** Moves stock otherwise than by orders, and answers where every unit is. */
export function stockActions({ products, mostHeld }: StockParts) {
  return {
    adjust: {
      execute: (ctx, { product_id, ...adjustment }) =>
        products.adjust(ctx, product_id, (state) => adjustStock(state, adjustment, ctx)),
      respond: (_ctx, state: ProductState, adjustment) => adjustmentOf(state, adjustment),
    },
    async ledger(_ctx, { product_id, limit = 50, cursor }) {
      await products.get(product_id);
      return products.ledger(product_id, { limit, cursor });
    },
    stockFigures: (_ctx, { limit = 50, cursor }) => products.stockFigures({ limit, cursor }),
    async correct(ctx, { product_id }) {
      await products.correct(product_id, ctx.now);
      return {};
    },
    orderUnits: (_ctx, { held = false, limit = 50, cursor }) => products.orderUnits({ limit, cursor }, held),
    findOrderUnits: async (_ctx, { order_ids }) => ({ items: await products.findOrderUnits(order_ids) }),
    async ship(ctx, { order_ids }) {
      await Promise.all(order_ids.map((order_id) => products.ship(order_id, ctx.now)));
      return {};
    },
    async followOrder(_ctx, order) {
      if (mostHeld > 0 && isPaid(order)) await products.paid(order.order_id);
      if (hasLeft(order)) await products.ship(order.order_id, order.at);
      if (isPacked(order)) await products.unship(order.order_id, order.at);
    },
  } satisfies Pick<Actions<typeof productOps>, StockOperation> & StockInternalActions;
}

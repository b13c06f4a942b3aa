import type { Change, Ctx } from '../../../platform/contract/contract.ts';
import type { ProductState } from '../product.model.ts';
import { MAX_STOCK, type StockAdjustment, stockErrors, stockEvents } from './product.stock.contract.ts';
import { accountOf, type StockChange } from './product.stock-change.model.ts';

/** Adds to a stock, or takes from it. Throws PRODUCT_NOT_TRACKED, PRODUCT_STOCK_TOO_LOW and PRODUCT_STOCK_TOO_HIGH. */
export function adjustStock(
  state: ProductState,
  { quantity, reason }: { readonly quantity: number; readonly reason: string },
  ctx: Ctx,
): Change<ProductState> {
  if (state.stock_quantity === null) throw stockErrors.NOT_TRACKED();
  const stock_quantity = state.stock_quantity + quantity;
  if (stock_quantity < 0) throw stockErrors.STOCK_TOO_LOW({ left: state.stock_quantity });
  if (stock_quantity > MAX_STOCK) throw stockErrors.STOCK_TOO_HIGH({ most: MAX_STOCK });
  const stock_change: StockChange = { kind: 'adjustment', quantity, reason, user_id: accountOf(ctx.actor) };
  const next = { ...state, stock_quantity, stock_change, updated_at: ctx.now };
  const { product_id } = state;
  return {
    next,
    events: [stockEvents.adjusted(product_id, { product_id, quantity, reason, stock_quantity, at: ctx.now })],
  };
}

/** An adjustment as it is answered, from the product that it left. */
export function adjustmentOf(
  { product_id, stock_quantity, updated_at }: ProductState,
  { quantity, reason }: { readonly quantity: number; readonly reason: string },
): StockAdjustment {
  return { product_id, quantity, reason, stock_quantity: stock_quantity ?? 0, at: updated_at };
}

/** The statuses of an order, as it announces them. */
export interface OrderStatuses {
  readonly order_id: number;
  readonly payment_status: string;
  readonly fulfillment_status: string;
  readonly at: string;
}

const UNPAID = ['not_paid', 'partially_paid'];
const IN_THE_SHOP = ['not_fulfilled', 'packed'];

export const isPaid = ({ payment_status }: OrderStatuses): boolean => !UNPAID.includes(payment_status);

/** Whether the units of an order have left the shop; a parcel that comes back has, until it is packed again. */
export const hasLeft = ({ fulfillment_status }: OrderStatuses): boolean => !IN_THE_SHOP.includes(fulfillment_status);

export const isPacked = ({ fulfillment_status }: OrderStatuses): boolean => fulfillment_status === 'packed';

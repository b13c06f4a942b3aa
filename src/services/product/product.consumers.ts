import { type Consumer, on } from '../../platform/contract/events.ts';
import { orderEvents } from '../order/order.contract.ts';
import type { StockInternalActions } from './stock/product.stock.ts';

/** What stock follows from what orders announce. */
export const productConsumers: readonly Consumer<StockInternalActions>[] = [
  on(orderEvents.statusChanged, 'follow_order', (product, ctx, order) => product.followOrder(ctx, order)),
];

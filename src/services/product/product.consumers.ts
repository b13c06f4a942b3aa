import { type Consumer, on } from '../../platform/contract/events.ts';
import { orderEvents } from '../order/order.contract.ts';
import type { ProductInternalActions } from './product.service.ts';

/** What stock follows from what orders announce. */
export const productConsumers: readonly Consumer<ProductInternalActions>[] = [
  on(orderEvents.statusChanged, 'follow_order', (product, ctx, order) => product.followOrder(ctx, order)),
];

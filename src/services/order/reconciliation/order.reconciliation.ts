import type { Actions } from '../../../platform/app/actions.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { orderOps } from '../order.contract.ts';
import type { OrderRepository } from '../order.repository.ts';
import { followPayment, isBehind } from '../order.statuses.model.ts';

/** Compares what was paid with what orders know of it, and follows what an order has missed. */
export function orderReconciliation(orders: OrderRepository) {
  return {
    async comparePaidTotals(ctx, { totals }) {
      const known = await orders.find(totals.map(idOf));
      const behind = totals.filter((one) => {
        const order = known.get(one.order_id);
        return order !== undefined && isBehind(order, one);
      });
      for (const one of behind) {
        if (!one.settled) continue;
        await retryOnConflict(async () => orders.save(ctx, followPayment(await orders.get(one.order_id), one, ctx)));
      }
      const cancelled = [...known.values()].filter(({ status }) => status === 'cancelled');
      return { behind: behind.map(idOf), cancelled: cancelled.map(idOf) };
    },
    figures: (_ctx, range) => orders.figures(range),
  } satisfies Pick<Actions<typeof orderOps>, 'comparePaidTotals' | 'figures'>;
}

const idOf = ({ order_id }: { readonly order_id: number }): number => order_id;

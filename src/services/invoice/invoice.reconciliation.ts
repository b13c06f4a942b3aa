import type { Actions } from '../../platform/app/actions.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { InvoicePaidTotals, invoiceOps } from './invoice.contract.ts';
import { followPaidTotals } from './invoice.model.ts';
import type { InvoiceRepository } from './invoice.repository.ts';

/** Compares invoices with what others know of them, and follows what an invoice has missed. */
export function invoiceReconciliation(invoices: Pick<InvoiceRepository, 'findByOrder' | 'save' | 'figures'>) {
  return {
    async comparePaidTotals(ctx, { totals }) {
      const found = await Promise.all(totals.map(({ order_id }) => invoices.findByOrder(order_id)));
      const behind = totals.filter((one, index) => {
        const state = found[index];
        return state !== undefined && followPaidTotals(state, one, ctx).events.length > 0;
      });
      for (const one of behind) if (one.settled) await retryOnConflict(() => follow(ctx, one));
      return { behind: behind.map(({ order_id }) => order_id) };
    },
    figures: (_ctx, range) => invoices.figures(range),
  } satisfies Pick<Actions<typeof invoiceOps>, 'comparePaidTotals' | 'figures'>;

  async function follow(ctx: Ctx, totals: InvoicePaidTotals): Promise<void> {
    const state = await invoices.findByOrder(totals.order_id);
    if (state) await invoices.save(ctx, followPaidTotals(state, totals, ctx));
  }
}

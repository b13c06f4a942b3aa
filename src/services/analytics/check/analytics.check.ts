import type { ApiOf, Ctx } from '../../../platform/contract/contract.ts';
import type {
  Reconciliation,
  ReconciliationRange,
  reconciliationOp,
} from '../../../platform/contract/reconciliation.ts';
import type { paymentOps } from '../../payment/payment.contract.ts';
import type { AnalyticsRepository } from '../analytics.repository.ts';
import {
  agree,
  comparisonOf,
  differencesOf,
  type Found,
  halves,
  isShort,
  ledgerDifferences,
  NAMED_DIFFERENCES,
  type Range,
  slicesUpTo,
} from '../model/analytics.check.model.ts';
import type { Compared, Comparison, FigureCheck } from './analytics.check.contract.ts';

/** A service that tells what it has. */
export type Owner = ApiOf<{ figures: ReturnType<typeof reconciliationOp> }>;

/** Who is asked. */
export interface Owners {
  readonly order: Owner;
  readonly invoice: Owner;
  readonly payment: Owner & ApiOf<{ receivableFigures: ReturnType<typeof reconciliationOp> }> & ReceivableReader;
}

/** Who knows what was paid for orders. */
export type ReceivableReader = ApiOf<Pick<typeof paymentOps, 'findReceivables'>>;

type Tell = (range: ReconciliationRange) => Promise<Reconciliation>;

/** Which slices of the ids of one kind are compared; they come with the newest first. */
export type SliceChoice = (of: Compared, slices: readonly Range[]) => readonly Range[];

export const everySlice: SliceChoice = (_of, slices) => slices;

/**
 * Compares what was counted with what its owners have, a slice of the ids after the other. Sums first; only where they
 * differ it goes down, halving the range of ids, to the rows themselves.
 */
export async function checkFigures(
  ctx: Ctx,
  figures: AnalyticsRepository,
  owners: Owners,
  choice = everySlice,
): Promise<FigureCheck> {
  const comparisons: Comparison[] = [];
  let ledger: FigureCheck['ledger'] = [];
  const { order, invoice, payment } = owners;
  const asked: Readonly<Record<Compared, Tell>> = {
    orders: (range) => order.figures(ctx, range),
    invoices: (range) => invoice.figures(ctx, range),
    transactions: (range) => payment.figures(ctx, range),
    receivables: (range) => payment.receivableFigures(ctx, range),
  };
  for (const [of, there] of Object.entries(asked) as [Compared, Tell][]) {
    const here: Tell = (range) => figures.figures(of, range);
    const [whole, own] = await Promise.all([there(FIRST), here(FIRST)]);
    const slices = choice(of, slicesUpTo(Math.max(whole.last_id, own.last_id)));
    const comparison = await compare(of, ctx.now, slices, there, here);
    comparisons.push(comparison);
    if (!whole.ledger) continue;
    const apart = ledgerDifferences(whole.ledger, await figures.totals());
    // While a payment is on its way its sum is, too.
    if (comparison.on_their_way === 0) ledger = apart;
  }
  return { agrees: comparisons.every((one) => one.agrees) && ledger.length === 0, comparisons, ledger };
}

const FIRST = { from_id: 1, to_id: 1 };

async function compare(
  of: Compared,
  now: string,
  slices: readonly Range[],
  there: Tell,
  here: Tell,
): Promise<Comparison> {
  const found: Found[] = [];
  let compared = 0;
  let named = 0;
  for (const slice of slices) {
    const open: Range[] = [slice];
    for (let range = open.pop(); range && named < NAMED_DIFFERENCES; range = open.pop()) {
      const rows = isShort(range);
      const [owner, own] = await Promise.all([there({ ...range, rows }), here({ ...range, rows })]);
      if (range === slice) compared += owner.groups.reduce((all, { count }) => all + count, 0);
      if (agree(owner, own)) continue;
      if (!rows) {
        open.push(...halves(range).reverse());
        continue;
      }
      const one = differencesOf(owner.rows ?? [], own.rows ?? [], now);
      found.push(one);
      named += one.differences.length;
    }
  }
  return comparisonOf(of, compared, found);
}

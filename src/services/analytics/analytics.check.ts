import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import type { Reconciliation, ReconciliationRange, reconciliationOp } from '../../platform/contract/reconciliation.ts';
import type { Compared, Comparison, FigureCheck } from './analytics.contract.ts';
import type { AnalyticsRepository } from './analytics.repository.ts';
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
} from './model/analytics.check.model.ts';

/** A service that tells what it has. */
export type Owner = ApiOf<{ figures: ReturnType<typeof reconciliationOp> }>;

/** Who is asked. */
export interface Owners {
  readonly order: Owner;
  readonly invoice: Owner;
  readonly payment: Owner;
}

type Tell = (range: ReconciliationRange) => Promise<Reconciliation>;

/**
 * Compares what was counted with what its owners have. Sums first; only where they differ it goes down, halving the
 * range of ids, to the rows themselves: a shop that agrees costs two questions for each owner.
 */
export async function checkFigures(ctx: Ctx, figures: AnalyticsRepository, owners: Owners): Promise<FigureCheck> {
  const comparisons: Comparison[] = [];
  let ledger: FigureCheck['ledger'] = [];
  const asked = { orders: owners.order, invoices: owners.invoice, transactions: owners.payment };
  for (const [of, owner] of Object.entries(asked) as [Compared, Owner][]) {
    const tell: Tell = (range) => owner.figures(ctx, range);
    const whole = await tell(EVERYTHING);
    const comparison = await compare(of, ctx.now, whole, tell, (range) => figures.figures(of, range));
    comparisons.push(comparison);
    if (!whole.ledger) continue;
    const apart = ledgerDifferences(whole.ledger, await figures.totals());
    // While a payment is on its way its sum is, too.
    if (comparison.on_their_way === 0) ledger = apart;
  }
  return { agrees: comparisons.every((one) => one.agrees) && ledger.length === 0, comparisons, ledger };
}

const EVERYTHING = { from_id: 1, to_id: Number.MAX_SAFE_INTEGER };

async function compare(of: Compared, now: string, whole: Reconciliation, there: Tell, here: Tell): Promise<Comparison> {
  const counted = await here(EVERYTHING);
  const found: Found[] = [];
  let named = 0;
  const last = Math.max(whole.last_id, counted.last_id);
  const open: Range[] = agree(whole, counted) || last === 0 ? [] : [{ from_id: 1, to_id: last }];
  for (let range = open.pop(); range && named < NAMED_DIFFERENCES; range = open.pop()) {
    const rows = isShort(range);
    const [owner, own] = await Promise.all([there({ ...range, rows }), here({ ...range, rows })]);
    if (agree(owner, own)) continue;
    if (!rows) {
      open.push(...halves(range).reverse());
      continue;
    }
    const one = differencesOf(owner.rows ?? [], own.rows ?? [], now);
    found.push(one);
    named += one.differences.length;
  }
  return comparisonOf(of, whole, found);
}

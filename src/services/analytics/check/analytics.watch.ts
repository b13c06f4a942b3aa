import { v5 as uuid } from 'uuid';
import type { Ctx } from '../../../platform/contract/contract.ts';
import type { Log } from '../../../platform/observability/log.ts';
import { reportDifferences } from '../../../platform/observability/metrics.ts';
import type { AnalyticsRepository } from '../analytics.repository.ts';
import { totalsRead } from '../model/analytics.facts.model.ts';
import { READ_TOTALS } from '../model/analytics.metrics.model.ts';
import { Compared, type FigureCheck, SLICE } from './analytics.check.contract.ts';
import { checkFigures, type Owners, type ReceivableReader, type SliceChoice } from './analytics.check.ts';

interface WatchParts {
  readonly figures: AnalyticsRepository;
  readonly owners: Owners;
  readonly log: Pick<Log, 'warn'>;
  /** The setting. */
  readonly zone: string;
}

/** The comparison as it goes on by itself: each run costs the same, however large the shop is. */
export interface FiguresWatch {
  /** Compares the newest ids and the next of the older ones. Its differences stay on the metrics until they are gone. */
  recent(ctx: Ctx): Promise<FigureCheck>;
  /** `recent`, and what it can mend: totals of orders that payment has and no event said. */
  run(ctx: Ctx): Promise<FigureCheck>;
}

export function figuresWatch({ figures, owners, log, zone }: WatchParts): FiguresWatch {
  const turns = new Map<Compared, number>();
  const chosen = new Map<Compared, readonly number[]>();
  /** For each kind the differences of each slice that was looked at, by its first id. */
  const known = new Map(Compared.enum.map((of) => [of, new Map<number, number>()]));

  const choice: SliceChoice = (of, slices) => {
    const [newest, ...older] = slices;
    const turn = (turns.get(of) ?? 0) % Math.max(older.length, 1);
    turns.set(of, turn + 1);
    const now = [newest, older[turn]].filter((slice) => slice !== undefined);
    chosen.set(
      of,
      now.map(({ from_id }) => from_id),
    );
    return now;
  };

  async function recent(ctx: Ctx): Promise<FigureCheck> {
    const check = await checkFigures(ctx, figures, owners, choice);
    for (const { of, differences } of check.comparisons) {
      const slices = known.get(of) ?? new Map<number, number>();
      for (const from of chosen.get(of) ?? []) slices.set(from, 0);
      for (const { id } of differences) slices.set(sliceOf(id), (slices.get(sliceOf(id)) ?? 0) + 1);
      reportDifferences(
        of,
        [...slices.values()].reduce((all, one) => all + one, 0),
      );
    }
    reportDifferences('ledger', check.ledger.length);
    return check;
  }

  return {
    recent,
    async run(ctx) {
      const check = await recent(ctx);
      const kept = await figures.zone();
      if (kept !== zone) {
        log.warn(
          { kept, setting: zone },
          'the figures are in another time zone; tradepost analytics rebuild changes it',
        );
      }
      const apart = check.comparisons.find(({ of }) => of === 'receivables')?.differences ?? [];
      const slices = new Set(apart.map(({ id }) => sliceOf(id)));
      for (const from of slices) await readTotals(ctx, figures, owners.payment, from);
      if (slices.size > 0) log.warn({ orders: apart.length }, 'payments of orders were not in the figures and are now');
      return check;
    },
  };
}

/** The first id of the slice that an id lies in. */
const sliceOf = (id: number): number => id - ((id - 1) % SLICE);

const AT_ONCE = 200;
const NAMESPACE = '8d1f5b64-6f0e-4f7e-9a55-2f5a8c1f9b10';

/** Takes over what payment has of the orders of a slice. What was taken over before is known by its id. */
async function readTotals(
  ctx: Ctx,
  figures: AnalyticsRepository,
  payment: ReceivableReader,
  from: number,
): Promise<void> {
  for (let first = from; first < from + SLICE; first += AT_ONCE) {
    const order_ids = Array.from({ length: AT_ONCE }, (_, n) => first + n);
    const { items } = await payment.findReceivables(ctx, { order_ids });
    const paid = items.filter(({ paid_total }) => paid_total > 0);
    const facts = paid.map(({ order_id, paid_total, refunded_total, credited_total }) => {
      const totals = { order_id, paid_total, refunded_total, credited_total };
      const id = uuid(Object.values(totals).join(' '), NAMESPACE);
      const header = { id, type: READ_TOTALS, source: 'payment', subject: String(order_id), time: ctx.now };
      return totalsRead(header, totals);
    });
    await figures.record(facts);
  }
}

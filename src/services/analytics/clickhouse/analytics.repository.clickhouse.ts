import type { Tools } from '../../../platform/app/module.ts';
import type { Minor } from '../../../platform/contract/money.ts';
import type { ReconciliationGroup, ReconciliationRow } from '../../../platform/contract/reconciliation.ts';
import { shopDay } from '../../../platform/contract/shop-time.ts';
import { rowFaultInClickHouse } from '../../../platform/db/clickhouse/refusals.ts';
import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import type { Writer } from '../../../platform/db/clickhouse/store/writer.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import type { CategoryRevenue, Point, TopProduct } from '../analytics.contract.ts';
import type { AnalyticsRepository } from '../analytics.repository.ts';
import { recordingFault } from '../model/analytics.entities.model.ts';
import type { Fact } from '../model/analytics.facts.model.ts';
import type { Total } from '../model/analytics.model.ts';
import { calendarOf, settled } from './analytics.calendar.clickhouse.ts';
import { LOG } from './analytics.log.clickhouse.ts';
import { rebuilder } from './analytics.rebuild.clickhouse.ts';
import { countingIn } from './analytics.recording.clickhouse.ts';
import { type ExactSum, figuresStatements, sumOf, sumStatements } from './analytics.statements.clickhouse.ts';

/** So many events are one block, which is one file or so on the disk: few large ones are what the engine likes. */
const RECORDED_AT_ONCE = 2_000;
/** A block costs the same with one event in it: figures may wait this long for company. */
const REST_MS = 50;

/** A look at the stories of millions of ids, as only the check asks for it where sums differ. */
const SCAN_SECONDS = 60;

/** A row whose sum comes as text. */
type Exact<R, K extends keyof R> = Omit<R, K> & ExactSum;

/** A column of a result may not have the name of one that it is made of. */
type Named<R extends ReconciliationGroup | ReconciliationRow> = Omit<R, 'status' | 'currency' | 'amount' | 'paid'> & {
  readonly state: string;
  readonly unit: string;
  readonly total: Minor;
  readonly kept?: Minor;
};

const plain = <R extends ReconciliationGroup | ReconciliationRow>({ state, unit, total, kept, ...row }: Named<R>) =>
  ({ ...row, status: state, currency: unit, amount: total, ...(kept !== undefined && { paid: kept }) }) as unknown as R;

/**
 * Figures in ClickHouse. A batch of events is one block: the events, what they told, how the things stand of which
 * they told, and by how much they move the sums. So all of it is there or nothing, after a crash at any moment, and
 * the ids of the events in the same table say what was counted. A sum is the sum of its movements.
 */
export function analyticsClickHouse(store: ClickHouseStore, { config }: Pick<Tools, 'config'>): AnalyticsRepository {
  const { engine, database } = store;
  const zone = config.SHOP_TIME_ZONE;
  const log = `${database}.${LOG}`;
  const writer = store.writer(LOG);
  const { totals, series, top, topOf, revenue } = sumStatements(log);

  const recordOne = recording(writer, countingIn(engine, log, zone));
  const readCalendar = calendarOf(engine, log);

  return {
    async record(facts) {
      const counted = await Promise.all(
        facts.map(async (fact) => {
          const fault = recordingFault(fact);
          if (fault) throw fault;
          return recordOne(fact);
        }),
      );
      return counted.filter(Boolean).length;
    },
    totals: async () =>
      (await engine.query<Exact<Total, 'amount'>>(totals)).map(({ exact, ...one }) => ({
        ...one,
        amount: sumOf({ exact }),
      })),
    zone: async () => settled(await readCalendar(), zone),
    async series({ metric, currency, ...buckets }) {
      const query = { metric, currency, ...startsOf(buckets) };
      const found = await engine.query<Exact<Point, 'amount'>>(series, query);
      return found.map(({ exact, ...one }) => ({ ...one, amount: sumOf({ exact }) }));
    },
    async topProducts({ by, currency, category, limit, ...span }) {
      const found = await engine.query<Exact<TopProduct, 'revenue'>>(category === undefined ? top : topOf, {
        by,
        currency,
        limit,
        ...(category !== undefined && { category }),
        ...secondsOf(span),
      });
      return found.map(({ exact, ...one }) => ({ ...one, revenue: sumOf({ exact }) }));
    },
    async revenueByCategory({ currency, zone, ...days }) {
      type Row = Omit<Exact<CategoryRevenue, 'revenue'>, 'day'> & { readonly start: number };
      const found = await engine.query<Row>(revenue, { currency, ...startsOf(days) });
      return found.map(({ start, exact, ...sold }) => {
        return { day: shopDay(start * 1_000, zone), ...sold, revenue: sumOf({ exact }) };
      });
    },
    async figures(of, { from_id: from, to_id: to, rows: wanted }) {
      const { lastId, groups, rows } = figuresStatements(log, of);
      const range = { from, to };
      const [[last], summed, each] = await Promise.all([
        engine.query<{ last_id: number }>(lastId),
        engine.query<Named<ReconciliationGroup>>(groups, range, { seconds: SCAN_SECONDS }),
        wanted ? engine.query<Named<ReconciliationRow>>(rows, range) : undefined,
      ]);
      return { last_id: last?.last_id ?? 0, groups: summed.map(plain), rows: each?.map(plain) };
    },
    rebuild: rebuilder(store, writer, zone),
  };
}

/** Counts events, those that come at the same moment as one block; tells whether one had not been counted before. */
function recording(writer: Writer, decide: ReturnType<typeof countingIn>): (fact: Fact) => Promise<boolean> {
  return coalesce<Fact, boolean>({
    name: 'analytics record',
    maxBatch: RECORDED_AT_ONCE,
    restMs: REST_MS,
    faultOfOneRow: rowFaultInClickHouse,
    run: (facts) => writer.write(() => decide(facts)),
  });
}

// Hours are 32 bits of seconds; what lies beyond them has nothing in it.
const MOST_SECONDS = 2 ** 32 - 1;

function secondsOf({ from, to }: { from: string; to: string }): { from: number; to: number } {
  return { from: within(from), to: within(to) };
}

const within = (time: string): number => Math.min(Math.max(Date.parse(time) / 1_000, 0), MOST_SECONDS);

function startsOf({ starts, to }: { readonly starts: readonly string[]; readonly to: string }) {
  return { starts: starts.map(within), ...secondsOf({ from: starts[0] ?? to, to }) };
}

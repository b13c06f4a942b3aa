import { minor } from '../../../platform/contract/money.ts';
import type { ClickHouse } from '../../../platform/db/clickhouse/engine.ts';
import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import type { Writer } from '../../../platform/db/clickhouse/store/writer.ts';
import type { Rebuilt } from '../analytics.contract.ts';
import {
  type Aggregate,
  aggregate,
  type MetricDelta,
  metricDifferences,
  type SalesDelta,
  type Sums,
  startIn,
} from '../model/analytics.aggregate.model.ts';
import { type EntityState, entityKey, mergeStates, sameState, stateFrom } from '../model/analytics.entities.model.ts';
import { type EntityKind, READ_TOTALS, SERIES } from '../model/analytics.metrics.model.ts';
import { calendarOf, calendarRow } from './analytics.calendar.clickhouse.ts';
import { type EntityRange, type EntityReader, entityReader, STORY_KINDS } from './analytics.entities.clickhouse.ts';
import { correctionOf, LOG } from './analytics.log.clickhouse.ts';
import { aloneRebuilding } from './analytics.rebuild-lock.clickhouse.ts';

/** Rows of the log that are looked at together. */
const PAGE = 20_000;
/** The most rows of one block of corrections. What is more wrong than that is put right in several. */
const MOST_ROWS = 200_000;
const SECONDS = 600;

/**
 * Making every figure anew. Nothing is changed in place, so what is wrong is put right by rows that make the
 * difference: first the stories, a page at a time, between which events go on being recorded; then, while recording
 * waits, the sums, in one block. Who reads sees the old sums until it is there. A rebuild that dies has mended what it
 * came to, and the next one finds the rest.
 */
export function rebuilder(store: ClickHouseStore, writer: Writer, zone: string): () => Promise<Rebuilt> {
  const { engine, database } = store;
  const log = `${database}.${LOG}`;
  const stories = entityReader(engine, log);
  const readCalendar = calendarOf(engine, log);

  /** Says that the sums are of two zones from now on, until `mendSums` is through. New events count by the new one. */
  const changeZone = () =>
    writer.write(async () => {
      const calendar = await readCalendar();
      const same = calendar === undefined || calendar.zone === zone;
      const rows = same ? [] : correctionOf(NOTHING, [calendarRow({ zone, changing: true })]);
      return { rows, answer: undefined };
    });

  async function mendSums(): Promise<Rebuilt> {
    for (let mended = 0; ; ) {
      const pass = await writer.write(async () => {
        const truth = await truthOf(engine, log, stories, zone);
        const wrong = metricDifferences(truth, await keptSums(engine, log));
        const sales = wrong.sales.slice(0, MOST_ROWS);
        const movements = wrong.movements.slice(0, MOST_ROWS - sales.length);
        const whole = sales.length + movements.length === wrong.sales.length + wrong.movements.length;
        const changed = whole && (await readCalendar())?.changing;
        const settled = changed ? [calendarRow({ zone, changing: false })] : [];
        const answer = { whole, mended: movements.length, figures: truth.movements.length };
        return { rows: correctionOf({ stories: [], movements, sales }, settled), answer };
      });
      mended += pass.mended;
      if (pass.whole) return { events: await eventsIn(engine, log), figures: pass.figures, mended };
    }
  }

  return () =>
    aloneRebuilding(store, async () => {
      for (const kind of STORY_KINDS) await mendStories(kind, stories, writer);
      await changeZone();
      return mendSums();
    });
}

const NOTHING = { stories: [], movements: [], sales: [] };

async function mendStories(kind: EntityKind, stories: EntityReader, writer: Writer): Promise<void> {
  for (let from = 1; ; ) {
    const to = await stories.endOf(kind, from, PAGE);
    if (to === undefined) return;
    const range = { kind, from, to };
    await writer.write(async () => ({
      rows: correctionOf({ stories: await wrongStories(stories, range), movements: [], sales: [] }),
      answer: undefined,
    }));
    if (to === Number.MAX_SAFE_INTEGER) return;
    from = to + 1;
  }
}

async function wrongStories(stories: EntityReader, range: EntityRange): Promise<EntityState[]> {
  const [told, kept] = await Promise.all([stories.toldIn(range), stories.newestIn(range)]);
  const truth = new Map(kept.map((state) => [entityKey(state), nothingTold(state)]));
  for (const state of told) {
    const known = truth.get(entityKey(state));
    truth.set(entityKey(state), known ? mergeStates(known, state) : state);
  }
  const said = new Map(kept.map((state) => [entityKey(state), state]));
  return [...truth].flatMap(([key, state]) => {
    const known = said.get(key);
    return known && sameState(known, state) ? [] : [state];
  });
}

const nothingTold = ({ kind, item_id }: EntityState): EntityState => stateFrom({ time: '' }, { kind, item_id });

/** What the sums must be: of the events by themselves, and of how everything stands. */
async function truthOf(engine: ClickHouse, log: string, stories: EntityReader, zone: string): Promise<Sums> {
  const sums = aggregate(zone);
  const happened = `from ${log} where what = 'event' and kind = '' and item_id = 0`;
  // An hour of any zone is made of quarters.
  const own = `select named as metric, unit as currency, toDateTime64(at, 3, 'UTC') as hour, n as count,
      total as amount, latest
    from (
      select 'events' as named, '' as unit, toStartOfDay(time) as at, count() as n, toInt64(0) as total,
        max(time) as latest
      ${happened} and type != '${READ_TOTALS}' group by at
      union all
      select metric, currency, toStartOfFifteenMinutes(time) as at, count(), sum(amount), max(time)
      ${happened} and metric != '' group by metric, currency, at)`;
  for (const one of await engine.query<MetricDelta & { hour: string }>(own, {}, { seconds: SECONDS })) {
    if (SERIES.includes(one.metric)) sums.move({ ...one, hour: startIn('hour', one.hour, zone) });
    sums.move({ ...one, hour: null });
  }
  for (const kind of STORY_KINDS) await addStories(kind, stories, sums);
  return { movements: sums.movements(), sales: sums.sales() };
}

async function addStories(kind: EntityKind, stories: EntityReader, sums: Aggregate): Promise<void> {
  for (let from = 1; ; ) {
    const to = await stories.endOf(kind, from, PAGE);
    if (to === undefined) return;
    for (const state of await stories.newestIn({ kind, from, to })) sums.state(state, 1);
    if (to === Number.MAX_SAFE_INTEGER) return;
    from = to + 1;
  }
}

interface SumRow {
  readonly what: 'total' | 'hour' | 'sale';
  readonly metric: string;
  readonly currency: string;
  readonly hour: string;
  readonly product_id: number;
  readonly n: number;
  readonly exact: string;
  readonly latest: string;
  readonly called: string;
}

async function keptSums(engine: ClickHouse, log: string): Promise<Sums> {
  const text = `select what, metric, currency, toDateTime64(hour, 3, 'UTC') as hour, product_id, sum(count) as n,
      toString(sum(amount)) as exact, max(time) as latest, max(name) as called
    from ${log} where what in ('total', 'hour', 'sale') group by what, metric, currency, hour, product_id`;
  const rows = await engine.query<SumRow>(text, {}, { seconds: SECONDS });
  return {
    movements: rows.flatMap((row) => (row.what === 'sale' || isForgotten(row) ? [] : [movementOf(row)])),
    sales: rows.flatMap((row) => (row.what === 'sale' ? [saleOf(row)] : [])),
  };
}

// Older versions kept every metric by hour; nobody reads what is left of that.
const isForgotten = ({ what, metric }: SumRow): boolean => what === 'hour' && !SERIES.includes(metric);

const movementOf = ({ what, metric, currency, hour, n, exact, latest }: SumRow): MetricDelta => ({
  metric,
  currency,
  hour: what === 'total' ? null : hour,
  count: n,
  amount: minor(BigInt(exact)),
  latest,
});

const saleOf = ({ product_id, currency, hour, n, exact, called }: SumRow): SalesDelta => ({
  product_id,
  currency,
  day: hour,
  name: called,
  quantity: n,
  amount: minor(BigInt(exact)),
});

async function eventsIn(engine: ClickHouse, log: string): Promise<number> {
  const [row] = await engine.query<{ events: number }>(
    `select count() as events from ${log} where what = 'event' and kind = '' and item_id = 0
      and type != '${READ_TOTALS}'`,
  );
  return row?.events ?? 0;
}

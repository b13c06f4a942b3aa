import type { Tools } from '../../../platform/app/module.ts';
import { shopDay } from '../../../platform/contract/shop-time.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import { rowFaultInPostgres, type Sql } from '../../../platform/db/postgres/postgres.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import {
  analyticsErrors,
  type CategoryRevenue,
  type Point,
  type Rebuilt,
  type TopProduct,
} from '../analytics.contract.ts';
import type { AnalyticsRepository } from '../analytics.repository.ts';
import type { Fact } from '../model/analytics.facts.model.ts';
import { READ_TOTALS } from '../model/analytics.metrics.model.ts';
import type { Total } from '../model/analytics.model.ts';
import { figuresIn } from './analytics.figures.postgres.ts';
import { countingSql, recordingSql } from './analytics.recording.postgres.ts';

const RECORDED_AT_ONCE = 500;
/** A statement costs more than the events in it: figures may wait this long for company. */
const REST_MS = 20;

/** Figures in PostgreSQL: the log of events, and the sums that every new event moves in the commit that keeps it. */
export function analyticsPostgres(store: PostgresStore, { config }: Pick<Tools, 'config'>): AnalyticsRepository {
  const { db } = store;
  const shopZone = config.SHOP_TIME_ZONE;
  const { record, begin, zone, totals, series, top, revenue } = statements(store.schema);
  const figures = figuresIn(store);
  const { beforeRebuild, rebuild, afterRebuild } = rebuilding(store.schema);

  let begun: Promise<unknown> | undefined;
  /** Fixes the zone of a calendar that is new: once in a process, before it counts. */
  function beginCalendar(): Promise<unknown> {
    begun ??= db.query(begin, [shopZone]).catch((error: unknown) => {
      begun = undefined;
      throw error;
    });
    return begun;
  }

  const recordOne = coalesce<Fact, boolean>({
    name: 'analytics record',
    maxBatch: RECORDED_AT_ONCE,
    restMs: REST_MS,
    faultOfOneRow: rowFaultInPostgres,
    async run(facts) {
      await beginCalendar();
      const fresh = await db.query<{ id: string }>(record, [JSON.stringify(facts), shopZone]);
      const ids = new Set(fresh.map(({ id }) => id));
      // Of an event that is in a batch twice, one of the two is the first.
      return facts.map(({ id }) => ids.delete(id));
    },
  });

  return {
    async record(facts) {
      const counted = await Promise.all(facts.map(recordOne));
      return counted.filter(Boolean).length;
    },
    totals: () => db.query<Total>(totals),
    async zone() {
      const [calendar] = await db.query<{ zone: string }>(zone);
      return calendar?.zone ?? shopZone;
    },
    async series({ metric, currency, starts, to }) {
      const found = await db.query<Bucketed<Point, 'bucket'>>(series, [metric, currency, starts, to]);
      return found.map(({ nth, ...point }) => ({ bucket: starts[nth - 1] ?? '', ...point }));
    },
    topProducts: ({ by, currency, from, to, category, limit }) =>
      db.query<TopProduct>(top, [currency, from, to, category ?? null, by, limit]),
    async revenueByCategory({ currency, zone, starts, to }) {
      const found = await db.query<Bucketed<CategoryRevenue, 'day'>>(revenue, [currency, starts, to]);
      return found.map(({ nth, ...sold }) => ({ day: shopDay(starts[nth - 1] ?? '', zone), ...sold }));
    },
    figures,
    rebuild: () =>
      db.transaction(async (sql) => {
        const [lock] = await sql.query<{ free: boolean }>(beforeRebuild.lock);
        if (!lock?.free) throw analyticsErrors.REBUILDING();
        await sql.script(beforeRebuild.script);
        await sql.query(beforeRebuild.calendar, [shopZone]);
        await sql.query(rebuild);
        return outcome(sql, afterRebuild);
      }),
  };
}

/** A row of a bucket, by the place of its beginning among those asked for, from 1. */
type Bucketed<R, K extends keyof R> = Omit<R, K> & { readonly nth: number };

async function outcome(sql: Sql, statement: { name: string; text: string }): Promise<Rebuilt> {
  const [counts] = await sql.query<Rebuilt>(statement);
  return counts ?? { events: 0, figures: 0, mended: 0 };
}

function statements(schema: string) {
  return named(schema, {
    record: recordingSql(schema),
    totals: `select metric, currency, count, amount, latest from ${schema}.figures where hour = '-infinity'`,
    begin: `insert into ${schema}.calendar (zone) values ($1) on conflict do nothing`,
    zone: `select zone from ${schema}.calendar`,
    series: `select width_bucket(hour, $3::timestamptz[]) as nth, sum(count)::bigint as count,
        sum(amount)::bigint as amount
      from ${schema}.figures where metric = $1 and currency = $2 and hour >= ($3::timestamptz[])[1] and hour < $4
      group by 1 having sum(count) <> 0 or sum(amount) <> 0 order by 1`,
    top: `select s.product_id, coalesce(p.name, max(s.name)) as name, p.category, sum(s.quantity)::bigint as quantity,
        sum(s.amount)::bigint as revenue
      from ${schema}.sold s left join ${schema}.stories p on p.kind = 'product' and p.item_id = s.product_id
      where s.currency = $1 and s.day >= $2 and s.day < $3 and ($4::text is null or p.category = $4)
      group by s.product_id, p.name, p.category having sum(s.quantity) > 0
      order by case $5 when 'revenue' then sum(s.amount) else sum(s.quantity) end desc, s.product_id limit $6`,
    // The products are read once and not for each row of them that was sold.
    revenue: `with products as materialized (
        select item_id, category from ${schema}.stories where kind = 'product')
      select width_bucket(s.day, $2::timestamptz[]) as nth, p.category,
        sum(s.quantity)::bigint as quantity, sum(s.amount)::bigint as revenue
      from ${schema}.sold s left join products p on p.item_id = s.product_id
      where s.currency = $1 and s.day >= ($2::timestamptz[])[1] and s.day < $3
      group by 1, p.category having sum(s.quantity) > 0 order by 1, p.category collate "C" nulls last`,
  });
}

function rebuilding(schema: string) {
  const { lock, calendar, rebuild, afterRebuild } = named(schema, {
    lock: `select pg_try_advisory_xact_lock(hashtext('${schema} rebuild')) as free`,
    calendar: `insert into ${schema}.calendar (zone) values ($1) on conflict (one) do update set zone = excluded.zone`,
    rebuild: `${countingSql(
      schema,
      `with fresh as materialized (select * from ${schema}.events)`,
      `(select zone from ${schema}.calendar)`,
    )} limit 0`,
    afterRebuild: `select (select count(*) from ${schema}.events where type <> '${READ_TOTALS}') as events,
      (select count(*) from ${schema}.figures) as figures,
      (select count(*) from figures_before b full join ${schema}.figures f using (metric, currency, hour)
        where (coalesce(b.count, 0), coalesce(b.amount, 0)) <> (coalesce(f.count, 0), coalesce(f.amount, 0))) as mended`,
  });
  // Those who record wait for the lock; those who read see what was there before, until the commit.
  const script = `set local statement_timeout = 0;
    lock table ${schema}.events in share row exclusive mode;
    create temporary table figures_before on commit drop as select * from ${schema}.figures;
    delete from ${schema}.stories;
    delete from ${schema}.figures;
    delete from ${schema}.sold`;
  return { beforeRebuild: { lock, script, calendar }, rebuild, afterRebuild };
}

function named<T extends Record<string, string>>(schema: string, texts: T) {
  const all = Object.entries(texts).map(([name, text]) => [name, { name: `${schema} ${name}`, text }]);
  return Object.fromEntries(all) as { [K in keyof T]: { name: string; text: string } };
}

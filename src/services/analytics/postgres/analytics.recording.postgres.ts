import { fieldsMerged, MERGED } from '../model/analytics.entities.model.ts';
import { CREDITED, CREDITED_TAX, LIVING, READ_TOTALS, SERIES } from '../model/analytics.metrics.model.ts';
import { conditionSql, STATE_METRICS_SQL, STATUS_SQL, termSql } from './analytics.metrics.postgres.ts';

/** What is kept of an event. */
export const EVENT_COLUMNS = 'id, type, source, subject, time, metric, currency, amount, stories';
const EVENT_TYPES = `id uuid, type text, source text, subject text, time timestamptz, metric text, currency text,
  amount bigint, stories json`;

/**
 * Keeps the events of a JSON list ($1) that were not there before, counts those, and returns their ids. Before there is
 * a calendar, hours and days are those of the zone $2.
 */
export function recordingSql(schema: string): string {
  const fresh = `with given as (select * from json_to_recordset($1::json) as g(${EVENT_TYPES})),
    fresh as (
      insert into ${schema}.events (${EVENT_COLUMNS}) select ${EVENT_COLUMNS} from given order by id
      on conflict (id) do nothing returning *)`;
  return countingSql(schema, fresh, `coalesce((select zone from ${schema}.calendar), $2)`);
}

/**
 * The SQL of counting: from events that were not there before to the figures, in one statement and so in one commit.
 * `record` runs it over the events that its insert really put in, `rebuild` over all of them. `zone` is an expression.
 *
 * An entity keeps what it was before the last statement that touched it (`was_…`), read from the locked row, so that the
 * difference between before and after is exact even when another process changed it a moment ago. Rows of each table
 * are written in the order of their keys: no two statements wait in a circle.
 */
export function countingSql(schema: string, fresh: string, zone: string): string {
  return `${fresh},
    shop as materialized (select ${zone} as zone),
    said as (
      select f.time, s.*, row_number() over (
          partition by s.kind, s.item_id order by s.place collate "C" desc nulls last) as nth
      from fresh f, json_to_recordset(f.stories) as s(${ENTITY_COLUMNS})),
    merged as (
      select kind, item_id, min(time) filter (where known) as known_at,
        coalesce(max(place) filter (where nth = 1), '') as place, ${FIELDS.map(mergedInBatch).join(', ')}
      from said s group by kind, item_id),
    moved as (
      insert into ${schema}.stories as t (kind, item_id, known_at, place, ${FIELDS.join(', ')})
      select kind, item_id, known_at, place, ${FIELDS.join(', ')} from merged order by kind, item_id
      on conflict (kind, item_id) do update set
        was_known_at = t.known_at, was_status = t.status, ${ADDED.map((field) => `was_${field} = t.${field}`).join(', ')},
        known_at = least(t.known_at, excluded.known_at), place = greatest(t.place, excluded.place),
        ${FIELDS.map(mergedWithRow).join(', ')}
      returning *),
    states as (
      select s.sign, s.kind, s.known_at, ${STATUS_SQL} as status, s.currency, s.net, s.tax, s.gross,
        ${ADDED.map((field) => `s.${field}`).join(', ')}, s.lines, s.sold_anew
      from (
        select -1 as sign, kind, was_known_at as known_at, was_status as status, currency, net, tax, gross,
          ${ADDED.map((field) => `coalesce(was_${field}, 0) as ${field}`).join(', ')}, lines, ${SOLD_ANEW}
        from moved where was_known_at is not null
        union all
        select 1, kind, known_at, status, currency, net, tax, gross,
          ${ADDED.map((field) => `coalesce(${field}, 0)`).join(', ')}, lines, ${SOLD_ANEW}
        from moved where known_at is not null) s),
    ${measuredCte},
    ${figuresCtes(schema)},
    ${salesCtes(schema)}
    select id from fresh`;
}

const FIELDS = Object.keys(MERGED);
const ADDED = [...fieldsMerged('sum'), ...fieldsMerged('most')];

const ENTITY_COLUMNS = `kind text, item_id bigint, known boolean, place text, status text, currency text,
  net bigint, tax bigint, gross bigint, paid bigint, paid_total bigint, refunded_total bigint, credited_total bigint,
  name text, category text, lines json`;

// The latest of a batch is numbered once for all columns: an ordered aggregate would sort for each of them. What a
// refund once said of an invoice, as paid < 0, was a credit, which makes nothing owed again.
function mergedInBatch(field: string): string {
  switch (MERGED[field as keyof typeof MERGED]) {
    case 'latest':
      return `max(${field}) filter (where nth = 1 and place is not null) as ${field}`;
    case 'sum':
      return `coalesce(sum(${field}) filter (where s.kind <> 'invoice' or ${field} > 0), 0) as ${field}`;
    case 'most':
      return `max(${field}) as ${field}`;
    case 'first':
      if (field === 'lines') return '(array_agg(lines) filter (where lines is not null))[1] as lines';
      return `coalesce(max(${field}), ${field === 'currency' ? `''` : '0'}) as ${field}`;
  }
}

// Only the beginning sets what is `first`. Were there two, which cannot be, what was added is still what is taken off.
function mergedWithRow(field: string): string {
  switch (MERGED[field as keyof typeof MERGED]) {
    case 'latest':
      return `${field} = case when excluded.place > t.place then excluded.${field} else t.${field} end`;
    case 'sum':
      return `${field} = t.${field} + excluded.${field}`;
    case 'most':
      return `${field} = greatest(t.${field}, excluded.${field})`;
    case 'first':
      return `${field} = case when t.known_at is null then excluded.${field} else t.${field} end`;
  }
}

// A subquery without a reference is evaluated once for a statement.
const ZONE = '(select zone from shop)';
const hourOf = (time: string): string => `date_trunc('hour', ${time}, ${ZONE})`;
const isSeries = (metric: string): boolean => SERIES.includes(metric);

// What events and states count for; only what can be followed over time has an hour. A look at all states for each
// metric: a list of values for each state, which reads better, took half of the time of the whole statement.
const measuredCte = `measured as (
      select 'events' as metric, '' as currency, time, null::timestamptz as hour, 1 as count, 0::bigint as amount
      from fresh where type <> '${READ_TOTALS}'
      union all
      select metric, currency, time, ${hourOf('time')}, 1, amount from fresh where metric is not null
      ${STATE_METRICS_SQL.map(
        ({ metric, name, amount, when }) => `union all
      select ${name}, s.currency, s.known_at, ${isSeries(metric) ? hourOf('s.known_at') : 'null::timestamptz'},
        s.sign, s.sign * ${amount} from states s where ${when}`,
      ).join('\n      ')})`;

// By hour, and of all time in the row whose hour is -infinity.
const figuresCtes = (schema: string): string => `summed as (
      select metric, currency, coalesce(hour, '-infinity') as hour, sum(count) as count, sum(amount) as amount,
        max(time) as latest
      from measured group by grouping sets ((metric, currency, hour), (metric, currency))
      having (grouping(hour) = 1 or hour is not null) and (sum(count) <> 0 or sum(amount) <> 0)),
    counted as (
      insert into ${schema}.figures as t (metric, currency, hour, count, amount, latest)
      select * from summed order by metric, currency, hour
      on conflict (metric, currency, hour) do update set count = t.count + excluded.count,
        amount = t.amount + excluded.amount, latest = greatest(t.latest, excluded.latest))`;

// Lines are read only when they are sold or not sold from now on, or when more of them was credited.
const SOLD_ANEW = `(kind = 'order' and (was_known_at is null or (was_status = 'cancelled') <> (status = 'cancelled')
          or was_credited_total is distinct from credited_total)) as sold_anew`;

// A function with a query of its own for the few orders that have credits: as part of this statement it would cost every
// batch a sixth of its nodes.
const soldLines = (schema: string): string => `json_to_recordset(case when s.credited_total > 0
        then ${schema}.lines_less_credit(s.lines, ${termSql(['minus', CREDITED, CREDITED_TAX])})
        else s.lines end) as l(product_id bigint, product_name text, quantity bigint, total bigint)`;

const salesCtes = (schema: string): string => `sales as (
      select l.product_id, s.currency, date_trunc('day', s.known_at, ${ZONE}) as day, max(l.product_name) as name,
        sum(s.sign * l.quantity) as quantity, sum(s.sign * l.total) as amount
      from states s, ${soldLines(schema)}
      where s.sold_anew and ${conditionSql(LIVING)}
      group by 1, 2, 3 having sum(s.sign * l.quantity) <> 0 or sum(s.sign * l.total) <> 0),
    added as (
      insert into ${schema}.sold as t (product_id, currency, day, name, quantity, amount)
      select product_id, currency, day, name, quantity, amount from sales order by product_id, currency, day
      on conflict (product_id, currency, day) do update set quantity = t.quantity + excluded.quantity,
        amount = t.amount + excluded.amount, name = greatest(t.name, excluded.name))`;

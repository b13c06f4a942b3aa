/** What is kept of an event. */
export const EVENT_COLUMNS = 'id, type, source, subject, time, metric, currency, amount, stories';
const EVENT_TYPES = `id uuid, type text, source text, subject text, time timestamptz, metric text, currency text,
  amount bigint, stories json`;

/** Keeps the events of a JSON list that were not there before, counts those, and tells their ids. */
export function recordingSql(schema: string): string {
  const fresh = `with given as (select * from json_to_recordset($1::json) as g(${EVENT_TYPES})),
    fresh as (
      insert into ${schema}.events (${EVENT_COLUMNS}) select ${EVENT_COLUMNS} from given order by id
      on conflict (id) do nothing returning *)`;
  return countingSql(schema, fresh);
}

/**
 * The SQL of counting: from events that were not there before to the figures, in one statement and so in one commit.
 * `record` runs it over the events that its insert really put in, `rebuild` over all of them.
 *
 * A story keeps what it was before the last statement that touched it (`was_…`), read from the locked row, so that the
 * difference between before and after is exact even when another process moved it a moment ago. Rows of each table
 * are written in the order of their keys: no two statements wait in a circle.
 */
export function countingSql(schema: string, fresh: string): string {
  return `${fresh},
    told as (
      select f.time, s.*, row_number() over (
          partition by s.kind, s.item_id order by s.place collate "C" desc nulls last) as nth
      from fresh f, json_to_recordset(f.stories) as s(${STORY_COLUMNS})),
    merged as (
      select kind, item_id, min(time) filter (where known) as known_at, coalesce(max(place) filter (where nth = 1), '') as place,
        ${latest('status')}, ${latest('name')}, ${latest('category')}, coalesce(max(currency), '') as currency,
        coalesce(max(net), 0) as net, coalesce(max(tax), 0) as tax, coalesce(max(gross), 0) as gross,
        coalesce(sum(paid), 0) as paid, (array_agg(lines) filter (where lines is not null))[1] as lines
      from told group by kind, item_id),
    moved as (
      insert into ${schema}.stories as t
        (kind, item_id, known_at, place, status, name, category, currency, net, tax, gross, paid, lines)
      select kind, item_id, known_at, place, status, name, category, currency, net, tax, gross, paid, lines
      from merged order by kind, item_id
      on conflict (kind, item_id) do update set
        was_known_at = t.known_at, was_status = t.status, was_paid = t.paid,
        known_at = least(t.known_at, excluded.known_at),
        place = greatest(t.place, excluded.place),
        ${['status', 'name', 'category'].map(moveOn).join(', ')},
        ${['currency', 'net', 'tax', 'gross', 'lines'].map(setOnce).join(', ')},
        paid = t.paid + excluded.paid
      returning *),
    states as (
      select -1 as sign, kind, was_known_at as known_at, was_status as status, was_paid as paid,
        currency, net, tax, gross, lines from moved where was_known_at is not null
      union all
      select 1, kind, known_at, status, paid, currency, net, tax, gross, lines from moved where known_at is not null),
    ${measuredCte},
    ${figuresCtes(schema)},
    sales as (
      select l.product_id, s.currency, date_trunc('day', s.known_at, 'UTC') as day, max(l.product_name) as name,
        sum(s.sign * l.quantity) as quantity, sum(s.sign * l.total) as amount
      from states s, json_to_recordset(s.lines) as l(${LINE_COLUMNS})
      where s.kind = 'order' and s.status <> 'cancelled'
      group by 1, 2, 3 having sum(s.sign * l.quantity) <> 0 or sum(s.sign * l.total) <> 0),
    added as (
      insert into ${schema}.sold as t (product_id, currency, day, name, quantity, amount)
      select product_id, currency, day, name, quantity, amount from sales order by product_id, currency, day
      on conflict (product_id, currency, day) do update set quantity = t.quantity + excluded.quantity,
        amount = t.amount + excluded.amount, name = greatest(t.name, excluded.name))
    select id from fresh`;
}

// By hour, and of all time in the row whose hour is -infinity.
const figuresCtes = (schema: string): string => `summed as (
      select metric, currency, coalesce(hour, '-infinity') as hour, sum(count) as count, sum(amount) as amount,
        max(time) as latest
      from (select *, date_trunc('hour', time, 'UTC') as hour from measured) m
      group by grouping sets ((metric, currency, hour), (metric, currency))
      having sum(count) <> 0 or sum(amount) <> 0),
    counted as (
      insert into ${schema}.figures as t (metric, currency, hour, count, amount, latest)
      select * from summed order by metric, currency, hour
      on conflict (metric, currency, hour) do update set count = t.count + excluded.count,
        amount = t.amount + excluded.amount, latest = greatest(t.latest, excluded.latest))`;

const STORY_COLUMNS = `kind text, item_id bigint, known boolean, place text, status text, currency text,
  net bigint, tax bigint, gross bigint, paid bigint, name text, category text, lines json`;
const LINE_COLUMNS = 'product_id bigint, product_name text, quantity bigint, total bigint';

// Numbered once for all of them: an ordered aggregate would sort for each column of each thing.
const latest = (column: string): string => `max(${column}) filter (where nth = 1 and place is not null) as ${column}`;

const moveOn = (column: string): string =>
  `${column} = case when excluded.place > t.place then excluded.${column} else t.${column} end`;

// Only the beginning of a story tells these. Were there two, which cannot be, what was added is still what is taken off.
const setOnce = (column: string): string =>
  `${column} = case when t.known_at is null then excluded.${column} else t.${column} end`;

// What the state of a thing counts for as long as it is in it: metric, amount, and in which states.
const COUNTED_FOR: readonly (readonly [string, string, string])[] = [
  [`s.kind || ':' || s.status`, 's.gross', `s.kind in ('order', 'invoice', 'transaction', 'shipment')`],
  [`'revenue'`, 's.gross', `s.kind = 'order' and s.status <> 'cancelled'`],
  [`'revenue:net'`, 's.net', `s.kind = 'order' and s.status <> 'cancelled'`],
  [`'revenue:tax'`, 's.tax', `s.kind = 'order' and s.status <> 'cancelled'`],
  [`'outstanding'`, 'greatest(s.gross - s.paid, 0)', `s.kind = 'invoice' and s.status = 'sent'`],
  [`'spenders'`, '0', `s.kind = 'spender'`],
];

// And what an event counts for by itself. A look at all states for each metric: a list of values for each state, which
// reads better, took half of the time of the whole statement.
const measuredCte = `measured as (
      select 'events' as metric, '' as currency, time, 1 as count, 0::bigint as amount from fresh
      union all
      select metric, currency, time, 1, amount from fresh where metric is not null
      ${COUNTED_FOR.map(
        ([metric, amount, applies]) => `union all
      select ${metric}, s.currency, s.known_at, s.sign, s.sign * ${amount} from states s where ${applies}`,
      ).join('\n      ')})`;

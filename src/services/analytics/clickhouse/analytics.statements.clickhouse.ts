import type { Minor } from '../../../platform/contract/money.ts';
import type { Compared } from '../check/analytics.check.contract.ts';
import { COMPARED } from '../model/analytics.compared.model.ts';
import { fieldsMerged } from '../model/analytics.entities.model.ts';
import { STATUS_SQL, termSql } from '../postgres/analytics.metrics.postgres.ts';

/** A sum as text: in JSON it would be a double, which is exact only up to 2^53. */
export interface ExactSum {
  readonly exact: string;
}

/** The sum, as PostgreSQL gives it: beyond 2^53 it is a bigint, which prints exactly. */
export function sumOf({ exact }: ExactSum): Minor {
  const amount = Number(exact);
  return (Number.isSafeInteger(amount) ? amount : BigInt(exact)) as Minor;
}

/** What is read of the sums, and whether an event is there. */
export function sumStatements(log: string) {
  const span = `hour >= toDateTime({from:UInt32}, 'UTC') and hour < toDateTime({to:UInt32}, 'UTC')`;
  // The beginning of the bucket, among those given.
  const start = 'roundDown(toUnixTimestamp(hour), {starts:Array(UInt32)})';
  // All that these name is in the projection, which has a row for each figure of a part.
  const sold = `what = 'sale' and metric = '' and currency = {currency:String} and ${span}`;
  const products = `select item_id, argMax(name, position) as name, argMax(category, position) as category
    from ${log} where what = 'story' and kind = 'product' group by item_id`;
  const topWhere = (chosen: string): string => `
    select product_id, if(p.item_id = 0, called, p.name) as name, if(p.item_id = 0, null, p.category) as category,
      quantity, toString(revenue) as exact
    from (
      select product_id, max(name) as called, sum(count) as quantity, sum(amount) as revenue
      from ${log} where ${sold} group by product_id) s
    left join (${products}) p on p.item_id = s.product_id
    where quantity > 0 and ${chosen}
    order by if({by:String} = 'revenue', revenue, quantity) desc, product_id limit {limit:UInt32}`;
  return {
    there: `select lower(toString(event_id)) as id from ${log} where what = 'event' and kind = '' and item_id = 0
      and UUIDToNum(event_id) in (select UUIDToNum(arrayJoin({ids:Array(UUID)})))
      and recorded_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')`,
    totals: `select metric, currency, sum(count) as count, toString(sum(amount)) as exact, max(time) as latest
      from ${log} where what = 'total' group by metric, currency order by metric, currency`,
    series: `select toDateTime64(toDateTime(start, 'UTC'), 3, 'UTC') as bucket, n as count, toString(total) as exact from (
        select ${start} as start, sum(count) as n, sum(amount) as total
        from ${log} where what = 'hour' and metric = {metric:String} and currency = {currency:String} and ${span}
        group by start)
      where n != 0 or total != 0 order by start`,
    top: topWhere('true'),
    topOf: topWhere('category = {category:String}'),
    revenue: `select start, if(p.item_id = 0, null, p.category) as category, sum(n) as quantity,
        toString(sum(total)) as exact
      from (
        select ${start} as start, product_id, sum(count) as n, sum(amount) as total
        from ${log} where ${sold} group by start, product_id) s
      left join (${products}) p on p.item_id = s.product_id
      group by start, category having quantity > 0 order by start, category nulls last`,
  };
}

/** What is known of the entities of a range of ids, as their owners have it. */
export function figuresStatements(log: string, of: Compared) {
  const { kind, status, amount, paid, counts } = COMPARED[of];
  const newest = ['status', 'currency', 'gross', 'known_at', ...fieldsMerged('sum'), ...fieldsMerged('most')];
  // A column by its own name would be looked for in the aggregates beside it.
  const states = `(select id, '${kind}' as kind, ${newest.map((column) => `n_${column} as ${column}`).join(', ')}
    from (
      select item_id as id, ${newest.map((column) => `argMax(${column}, position) as n_${column}`).join(', ')},
        argMax(known_at is not null, position) as begun
      from ${log} where what = 'story' and kind = '${kind}' and item_id between {from:UInt64} and {to:UInt64}
      group by item_id)
    where begun) s ${counts ? `where ${termSql(counts)} > 0` : ''}`;
  const state = status === undefined ? STATUS_SQL : `'${status}'`;
  return {
    lastId: `select item_id as last_id from ${log} where what = 'story' and kind = '${kind}' and known_at is not null
      order by item_id desc limit 1`,
    groups: `select ${state} as state, currency as unit, count() as count, sum(${termSql(amount)}) as total
      ${paid ? `, sum(${termSql(paid)}) as kept` : ''} from ${states} group by 1, 2 order by 1, 2
      settings optimize_aggregation_in_order = 1`,
    rows: `select id, ${state} as state, currency as unit, ${termSql(amount)} as total
      ${paid ? `, ${termSql(paid)} as kept` : ''}, known_at as updated_at from ${states} order by id`,
  };
}

import type { Statement } from '../../../platform/db/postgres/postgres.ts';

/** What happens to reserved units: they come back into stock, they leave, or they are in the shop again. */
export type Ending = 'release' | 'shipped' | 'return';

const ENTRY = 'product_id, entry, kind, quantity, on_hand, held, order_id, at, reason';
const UNTRACKED = 'the stock is not tracked any more';
const EARLIER = 'reserved by an earlier version';

/** $1 is the ids of orders, each once, $2 the time of each. What has happened to a reservation happens to it once. */
export function endStatement(schema: string, ending: Ending): Statement {
  const entry = ending === 'release' ? RELEASED : moved(ending);
  return {
    name: `${schema} ${ending}`,
    text: `with given as (select * from unnest($1::bigint[], $2::timestamptz[]) as e(order_id, at)),
    ${movedCtes(schema, ENDED[ending](schema))},
    changed as (update ${schema}.products p set ${CHANGES[ending]} from totals m where p.product_id = m.product_id)
    insert into ${schema}.stock_ledger (${ENTRY}) ${entry}`,
  };
}

/**
 * Brings into the books what a process of an earlier version has reserved: its units are held, and have an entry. $1 is
 * how many at once, $2 the time.
 */
export function adoptStatement(schema: string, which: string): Statement {
  const adopted = `update ${schema}.reservations set counted = true where order_id in (
      select order_id from ${schema}.reservations where ${which} order by order_id limit $1 for update)
    returning order_id, items, false as was_shipped, $2::timestamptz as at`;
  return {
    name: `${schema} adopt ${which}`,
    text: `with ${movedCtes(schema, adopted)},
    changed as (update ${schema}.products p set held = m.held + m.quantity, entries = m.entries + m.lines
      from totals m where p.product_id = m.product_id),
    entered as (insert into ${schema}.stock_ledger (${ENTRY})
      select product_id, entries + nth, 'reservation', -quantity, stock_quantity, held + so_far, order_id, at, '${EARLIER}'
      from moved)
    select count(*) as adopted from ended`,
  };
}

// By the ids as they were given, so that rows are found by their keys whatever the planner thinks of `given`.
const these = 'r.order_id = e.order_id and r.order_id = any($1)';
const isNewer = '(r.moved_at is null or r.moved_at < e.at)';

const ENDED: Readonly<Record<Ending, (schema: string) => string>> = {
  release: (schema) => `delete from ${schema}.reservations r using given e where ${these}
    returning r.order_id, r.items, r.shipped as was_shipped, e.at`,
  shipped: (schema) => `update ${schema}.reservations r set shipped = true, moved_at = e.at, user_id = null from given e
    where ${these} and not r.shipped and ${isNewer} returning r.order_id, r.items, false as was_shipped, e.at`,
  return: (schema) => `update ${schema}.reservations r set shipped = false, moved_at = e.at from given e
    where ${these} and r.shipped and ${isNewer} returning r.order_id, r.items, true as was_shipped, e.at`,
};

// Products are locked in the order of their ids, as a reservation locks them, so that the two cannot deadlock. Units that
// had left have two entries when they are released: they are in the shop again, and then in stock.
const movedCtes = (schema: string, ended: string): string => `ended as (${ended}),
    lines as materialized (
      select ended.order_id, was_shipped, at, i.product_id, sum(i.quantity) as quantity
      from ended, json_to_recordset(ended.items) as i(product_id bigint, quantity bigint) group by 1, 2, 3, 4),
    locked as materialized (
      select product_id, stock_quantity, held, gone, put_in, entries from ${schema}.products
      where product_id = any(array(select product_id from lines)) order by product_id for no key update),
    moved as materialized (
      select l.order_id, l.was_shipped, l.at, l.quantity, k.*, sum(l.quantity) over one as so_far,
        sum(case when was_shipped then 0 else l.quantity end) over one as so_far_held,
        row_number() over one as nth, sum(1 + was_shipped::integer) over one as nth_released
      from lines l join locked k using (product_id) window one as (partition by product_id order by l.order_id)),
    totals as materialized (
      select product_id, stock_quantity, held, gone, put_in, entries, sum(quantity) as quantity, count(*) as lines,
        sum(case when was_shipped then 0 else quantity end) as from_held,
        sum(case when was_shipped then quantity else 0 end) as from_gone, max(nth_released) as lines_released, max(at) as at
      from moved group by 1, 2, 3, 4, 5, 6)`;

// Units of a product that is not tracked any more come back and go out again: they are on hand nowhere.
const CHANGES: Readonly<Record<Ending, string>> = {
  release: `stock_quantity = m.stock_quantity + m.quantity, held = m.held - m.from_held, gone = m.gone - m.from_gone,
      put_in = m.put_in - case when m.stock_quantity is null then m.quantity else 0 end,
      entries = m.entries + m.lines_released + (m.stock_quantity is null)::integer`,
  shipped: 'held = m.held - m.quantity, gone = m.gone + m.quantity, entries = m.entries + m.lines',
  return: 'held = m.held + m.quantity, gone = m.gone - m.quantity, entries = m.entries + m.lines',
};

const RELEASED = `select product_id, entries + nth_released, 'release', quantity, stock_quantity + so_far,
      held - so_far_held, order_id, at, null from moved
    union all
    select product_id, entries + nth_released - 1, 'return', quantity, stock_quantity + so_far - quantity,
      held - so_far_held + quantity, order_id, at, null from moved where was_shipped
    union all
    select product_id, entries + lines_released + 1, 'set', -quantity, null, held - from_held, null, at, '${UNTRACKED}'
    from totals where stock_quantity is null`;

function moved(ending: 'shipped' | 'return'): string {
  const [quantity, held] = ending === 'shipped' ? ['-quantity', 'held - so_far'] : ['quantity', 'held + so_far'];
  return `select product_id, entries + nth, '${ending}', ${quantity}, stock_quantity, ${held}, order_id, at, null from moved`;
}

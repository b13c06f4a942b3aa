/** Which statement a batch needs: what it does not need is left out, since most orders need none of it. */
export interface ReserveVariant {
  /** One order, that may hold something already. */
  readonly alone: boolean;
  /** Some order comes from a request that may come again. */
  readonly keyed: boolean;
  /** Some customer may hold only so many unpaid units. */
  readonly limited: boolean;
}

const LINE_COLUMNS = `seq integer, order_id bigint, until timestamptz, product_id bigint, quantity integer,
  need bigint, request text`;
const LIMIT_COLUMNS = ', user_id bigint, most bigint, need_of_user bigint';

const NOT_TO_BE_HAD = 'name is null or withdrawn or not payable or not for_sale or need > stock_quantity';
const OVER_LIMIT = 'stock_quantity is not null and unpaid + need_of_user > most';

// A request that comes again, after a crash or in another process, goes on with the reservation that it has.
const keyedCte = (schema: string): string => `
  select w.*, coalesce(r.order_id, w.order_id) as kept_id
  from given w left join ${schema}.reservations r on r.request = w.request`;

/**
 * Locks the products of a batch. A statement of its own where customers have a limit: what they hold is then read by
 * the next one, which sees all that was committed before the lock was got.
 */
export const lockStatement = (schema: string): { name: string; text: string } => ({
  name: `${schema} lock products`,
  text: `select product_id from ${schema}.products where product_id = any($1) order by product_id for no key update`,
});

/** $1 is the lines of a batch, $2 the currency that the shop is paid in, $3 the time. Answers a row for each line. */
export function reserveStatement(schema: string, variant: ReserveVariant): string {
  const { alone, keyed, limited } = variant;
  const held = `(select 1 from ${schema}.reservations r where r.order_id = lines.order_id limit 1) is null`;
  const not = limited ? `${NOT_TO_BE_HAD} or (${OVER_LIMIT})` : NOT_TO_BE_HAD;
  return `with given as (select * from json_to_recordset($1::json) as w(${LINE_COLUMNS}${limited ? LIMIT_COLUMNS : ''})),
  wanted as materialized (${keyed ? keyedCte(schema) : 'select *, order_id as kept_id from given'}),
  ${limited ? `${unpaidCte(schema)},` : ''}
  ${trackedCte(schema)},
  lines as materialized (
    select w.seq, w.kept_id as order_id, w.until, w.product_id, w.quantity, w.need, w.request,
      p.name, p.description, p.price, p.currency, p.for_sale, p.withdrawn_at is not null as withdrawn,
      p.currency = $2 as payable, t.stock_quantity, t.held, t.entries
      ${limited ? ', w.user_id, w.most, w.need_of_user, coalesce(u.quantity, 0) as unpaid' : ''}
    from wanted w left join ${schema}.products p using (product_id) left join tracked t using (product_id)
    ${limited ? 'left join unpaid u on u.user_id = w.user_id and u.product_id = w.product_id' : ''}),
  refused as materialized (select order_id from lines where ${alone ? `(${not}) and ${held}` : not}),
  ${takeCtes(schema, limited)}
  select seq, order_id, order_id not in (select order_id from refused) as granted, name, description, price, currency,
    for_sale, withdrawn, payable, stock_quantity, need as own ${limited ? ', most, unpaid, need_of_user' : ''}
  from lines`;
}

const unpaidCte = (schema: string): string => `unpaid as materialized (
    select r.user_id, i.product_id, sum(i.quantity)::bigint as quantity
    from ${schema}.reservations r cross join json_to_recordset(r.items) as i(product_id bigint, quantity bigint)
    where r.user_id = any(array(select user_id from wanted)) group by 1, 2)`;

/** Products are locked in the order of their ids, as every statement that moves stock does. */
const trackedCte = (schema: string): string => `tracked as materialized (
    select product_id, stock_quantity, held, entries from ${schema}.products
    where product_id = any(array(select product_id from wanted)) and stock_quantity is not null
    order by product_id for no key update)`;

// An inserted row has no xmax; one that `on conflict` updated has. Only what is new takes stock. What is left is
// computed from the locked row: the one that the update sees first may be older, and its constraint is checked on that.
// A customer is named only where there is a limit and something to pay.
function takeCtes(schema: string, limited: boolean): string {
  const customer = limited ? 'case when max(price) > 0 then min(user_id) end' : 'null::bigint';
  return `kept as (
    insert into ${schema}.reservations (order_id, items, expires_at, request, user_id, counted)
    select order_id, json_agg(json_build_object('product_id', product_id, 'quantity', quantity)), min(until),
      min(request), ${customer}, true
    from lines where stock_quantity is not null and order_id not in (select order_id from refused) group by order_id
    on conflict (order_id) do update set expires_at = excluded.expires_at
    returning order_id, xmax = 0 as fresh),
  moved as materialized (
    select product_id, order_id, quantity, stock_quantity, held, entries,
      sum(quantity) over (partition by product_id order by seq) as so_far,
      row_number() over (partition by product_id order by seq) as nth
    from lines join kept using (order_id) where fresh and stock_quantity is not null),
  taken as (
    update ${schema}.products p set stock_quantity = m.stock_quantity - m.quantity, held = m.held + m.quantity,
      entries = m.entries + m.lines
    from (select product_id, stock_quantity, held, entries, sum(quantity) as quantity, count(*) as lines
      from moved group by 1, 2, 3, 4) m
    where p.product_id = m.product_id),
  entered as (insert into ${schema}.stock_ledger (product_id, entry, kind, quantity, on_hand, held, order_id, at)
    select product_id, entries + nth, 'reservation', -quantity, stock_quantity - so_far, held + so_far, order_id, $3::timestamptz
    from moved)`;
}

export const REFUND_COLUMNS = {
  refund_id: 'bigint',
  transaction_id: 'bigint',
  payment_id: 'bigint',
  user_id: 'bigint',
  invoice_id: 'bigint',
  order_id: 'bigint',
  provider: 'text',
  provider_ref: 'text',
  amount: 'bigint',
  currency: 'text',
  reason: 'text',
  kind: 'text',
  status: 'text',
  number: 'text',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
};

/**
 * How the refunds of an operation are kept, and how a credit note gets its number; `year` is an expression for the shop's
 * year. The number comes with the commit that gives the money back: each year's row is raised by the count of its new ones
 * and stays locked until then, so what fails takes its numbers back with it.
 */
export const refundCtes = (schema: string, year: string): string => `done_refunds as materialized (
    select g.*, ${year} as year
    from given_refunds g join whole using (act_id) where g.status = 'done' and g.kind = 'credit'),
  placed as (
    select d.refund_id, d.year, row_number() over (partition by year order by refund_id desc) - 1 as behind
    from done_refunds d),
  series as (
    insert into ${schema}.number_series as s (year, last)
    select year, count(*) from done_refunds group by year order by year
    on conflict (year) do update set last = s.last + excluded.last returning s.year, s.last),
  numbered as materialized (
    select refund_id, 'CN-' || year || '-' || lpad(digits, greatest(6, length(digits)), '0') as number
    from placed join series using (year), lateral (select (last - behind)::text as digits) n),
  new_refunds as (
    insert into ${schema}.refunds (${Object.keys(REFUND_COLUMNS).join(', ')}, version)
    select ${Object.keys(REFUND_COLUMNS).map((name) => (name === 'number' ? 'n.number' : `g.${name}`))}, 1
    from given_refunds g join whole using (act_id) left join numbered n using (refund_id) where g.version = 0),
  updated_refunds as (
    update ${schema}.refunds r set status = g.status, kind = g.kind, provider_ref = g.provider_ref, updated_at = g.updated_at,
      number = n.number, version = r.version + 1
    from given_refunds g join whole using (act_id) left join numbered n using (refund_id)
    where g.version > 0 and r.refund_id = g.refund_id
      and r.refund_id = any(array(select refund_id from given_refunds)))`;

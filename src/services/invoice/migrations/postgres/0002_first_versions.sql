select set_config('tradepost.occupied', case when exists (select from {{schema}}.invoices) then 'invoices' else '' end, true);
{{include services/first-versions.sql}}

-- One invoice an order: the newest that is not cancelled. Numbers are kept as they are, for they are on paper.
create table new_invoices as
with ranked as (
  select *, row_number() over (
    partition by order_id order by status in ('cancelled', 'canceled'), created_at desc, invoice_id desc) as nth
  from old_invoices),
numbered as (
  select *, row_number() over (partition by invoice_number, nth = 1 order by invoice_id) as holder from ranked)
select n.invoice_id, n.order_id, n.user_id, coalesce(u.username, 'unknown-' || n.user_id) as username,
  u.user_id is null as nobody, o.order_id is null as orderless,
  n.nth = 1 and n.order_id is not null and n.user_id is not null as taken, n.nth,
  n.invoice_number as old_number,
  case when n.holder = 1 then coalesce(n.invoice_number, 'OLD-' || n.invoice_id)
    else coalesce(n.invoice_number || '-', 'OLD-') || n.invoice_id end as invoice_number,
  coalesce(i.items, '[]') as items, t.*, n.subtotal as old_subtotal, n.tax as old_tax, n.total as old_total,
  n.status as old_status, case n.status when 'canceled' then 'cancelled' else coalesce(s.status, 'draft') end as status,
  s.status is null and n.status not in ('', 'canceled') as strange_status,
  n.created_at, coalesce(n.due_date, n.created_at + interval '30 days') as due_date
from numbered n
left join old_users u using (user_id)
left join old_orders o using (order_id)
left join (
  select id, sum(total)::bigint as total, json_agg(json_build_object(
    'product_id', product_id, 'product_name', product_name, 'description', description,
    'quantity', quantity, 'unit_price', unit_price, 'total_price', total) order by nth)::jsonb as items
  from old_items where document = 'invoice' group by id
) i on i.id = n.invoice_id
left join (values ('draft'), ('sent'), ('paid'), ('cancelled')) as s (status) on s.status = n.status
cross join lateral totals(coalesce(i.total, 0), n.subtotal, n.tax, n.total) t;

insert into invoices (invoice_id, order_id, user_id, username, invoice_number, items, subtotal, tax, tax_rate, total,
  currency, buyer, status, created_at, due_date, version)
select invoice_id, order_id, user_id, username, invoice_number, items::json, subtotal, tax, tax_rate, total,
  currency(), json_build_object('name', username, 'lines', json_build_array()), status, created_at, due_date, 1
from new_invoices where taken;

insert into takeover_report (entity, old_id, name, problem)
select 'invoice', n.invoice_id, coalesce(n.old_number, ''), problem
from new_invoices n
left join new_invoices k on k.order_id = n.order_id and k.taken,
lateral (values
  (n.order_id is null, 'the invoice belongs to no order; it was not taken over'),
  (n.user_id is null, 'the invoice belongs to nobody; it was not taken over'),
  (n.nth > 1 and n.order_id is not null,
    format('order %s has a newer invoice or one that is not cancelled, %s; this one was not taken over', n.order_id, k.invoice_number)),
  (n.taken and n.orderless, format('there is no order %s', n.order_id)),
  (n.taken and n.nobody, format('there is no account %s; the invoice is kept under the name %s', n.user_id, n.username)),
  (n.taken and n.old_number is distinct from n.invoice_number,
    format('the invoice has no number, or one that another has; its number is %s now', n.invoice_number)),
  (n.taken and n.items = '[]', 'the invoice has no lines that can be read'),
  (n.taken and n.strange_status, format('the status ''%s'' is unknown; the invoice is a draft now', n.old_status)),
  (n.taken and greatest(abs(n.subtotal - n.old_subtotal), abs(n.tax - n.old_tax), abs(n.total - n.old_total)) > 1,
    format('the total of %s is not the subtotal of %s and the tax of %s; it is %s, %s and %s now',
      decimal_text(n.old_total), decimal_text(n.old_subtotal), decimal_text(n.old_tax),
      decimal_text(n.total), decimal_text(n.subtotal), decimal_text(n.tax)))
) as p (applies, problem)
where applies;

-- Numbers of our own shape go on after the largest of their year, taken over or not.
insert into number_series (year, last)
select split_part(invoice_number, '-', 2)::integer, max(split_part(invoice_number, '-', 3)::bigint)
from old_invoices where invoice_number ~ '^INV-\d{4}-\d{1,9}$' group by 1;

select setval('invoice_ids', last) from (select max(invoice_id) as last from old_invoices) s where last > 0;

drop schema {{schema}}_old cascade;

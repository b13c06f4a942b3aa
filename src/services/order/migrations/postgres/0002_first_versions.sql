select set_config('tradepost.occupied', case when exists (select from {{schema}}.orders) then 'orders' else '' end, true);
{{include services/first-versions.sql}}

-- One old status said what three say now.
create view old_statuses as
select * from (values
  ('', 'pending', 'not_paid', 'not_fulfilled'),
  ('pending', 'pending', 'not_paid', 'not_fulfilled'),
  ('confirmed', 'confirmed', 'not_paid', 'not_fulfilled'),
  ('paid', 'confirmed', 'paid', 'not_fulfilled'),
  ('shipped', 'confirmed', 'not_paid', 'shipped'),
  ('delivered', 'completed', 'not_paid', 'delivered'),
  ('completed', 'completed', 'not_paid', 'not_fulfilled'),
  ('cancelled', 'cancelled', 'not_paid', 'not_fulfilled'),
  ('canceled', 'cancelled', 'not_paid', 'not_fulfilled')
) as s (old, status, payment, fulfillment);

create table new_orders as
select o.order_id, o.user_id, coalesce(u.username, 'unknown-' || o.user_id) as username, u.user_id is null as nobody,
  coalesce(i.items, '[]') as items, t.*, o.subtotal as old_subtotal, o.tax as old_tax, o.total as old_total,
  o.status as old_status, coalesce(s.status, 'pending') as status, s.old is null as strange_status,
  case when v.order_id is not null then 'paid' else coalesce(s.payment, 'not_paid') end as payment,
  coalesce(s.fulfillment, 'not_fulfilled') as fulfillment, o.created_at, o.updated_at
from old_orders o
left join old_users u using (user_id)
left join (select distinct order_id from old_invoices where status = 'paid') v using (order_id)
left join (
  select id, sum(total)::bigint as total, json_agg(json_build_object(
    'product_id', product_id, 'product_name', product_name, 'description', description,
    'quantity', quantity, 'unit_price', unit_price, 'total', total) order by nth)::jsonb as items
  from old_items where document = 'order' group by id
) i on i.id = o.order_id
left join old_statuses s on s.old = o.status
cross join lateral totals(coalesce(i.total, 0), o.subtotal, o.tax, o.total) t;

insert into orders (order_id, user_id, username, items, subtotal, tax, tax_rate, total, currency, status, payment_status,
  fulfillment_status, created_at, updated_at, version)
select order_id, user_id, username, items::json, subtotal, tax, tax_rate, total, currency(), status, payment, fulfillment,
  created_at, updated_at, 1
from new_orders where user_id is not null;

insert into takeover_report (entity, old_id, name, problem)
select 'order', order_id, coalesce(username, ''), problem
from new_orders, lateral (values
  (user_id is null, 'the order belongs to nobody; it was not taken over'),
  (nobody and user_id is not null, format('there is no account %s; the order is kept under the name %s', user_id, username)),
  (items = '[]', 'the order has no lines that can be read'),
  (strange_status, format('the status ''%s'' is unknown; the order is pending now', old_status)),
  (greatest(abs(subtotal - old_subtotal), abs(tax - old_tax), abs(total - old_total)) > 1,
    format('the total of %s is not the subtotal of %s and the tax of %s; it is %s, %s and %s now',
      decimal_text(old_total), decimal_text(old_subtotal), decimal_text(old_tax),
      decimal_text(total), decimal_text(subtotal), decimal_text(tax)))
) as p (applies, problem)
where applies
union all
select 'order', id, product_name, format('line %s: %s', nth, problem)
from old_items, lateral (values
  (stranger, format('no product, or more than one, has this name; it refers to product %s, which is not for sale', product_id)),
  (missing, format('product %s is not in the old catalogue', product_id)),
  (not stranger and unpriced, 'its price is not known; it is kept at 0.00'),
  (old_quantity is not null and whole(old_quantity) is distinct from quantity,
    format('the quantity ''%s'' is not a whole number above 0; it is kept as 1', old_quantity))
) as p (applies, problem)
where document = 'order' and applies;

-- An id that anything refers to is never given out again.
select setval('order_ids', last)
from (select max(order_id) as last from (
  select order_id from old_orders union all select order_id from old_invoices
) every) s
where last > 0;

drop schema {{schema}}_old cascade;

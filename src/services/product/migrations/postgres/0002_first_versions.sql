select set_config('tradepost.occupied', case when exists (select from {{schema}}.products) then 'products' else '' end, true);
{{include services/first-versions.sql}}

-- The first versions counted no stock, so none is tracked. Without a price a product is not for sale.
insert into products (product_id, name, description, price, currency, category, for_sale, created_at, updated_at, version)
select product_id, name, description, coalesce(price, 0), currency(), category, in_stock and price is not null,
  created_at, updated_at, 1
from old_products
union all
select product_id, name, '', 0, currency(), 'Other', false, now(), now(), 1
from old_strangers;

insert into takeover_report (entity, old_id, name, problem)
select 'product', product_id, name, problem
from old_products, lateral (values
  (trimmed(old_name) is null, 'the product has no name'),
  (price is null, case when old_price is null then 'the product has no price' else format('''%s'' is no price', old_price) end
    || '; it is kept at 0.00 and not for sale'),
  (case when price is not null then old_price::numeric * 100 <> price end,
    format('the price %s has more than two digits; it was rounded', old_price))
) as p (applies, problem)
where applies
union all
select 'product', product_id, name,
  'items of old orders or invoices have this name, and no product or more than one; it became a product at 0.00 that is not for sale'
from old_strangers;

-- An id that anything refers to is never given out again.
select setval('product_ids', last)
from (select max(product_id) as last from (
  select product_id from old_products union all select product_id from old_lines
  union all select product_id from old_strangers
) every) s
where last > 0;

drop schema {{schema}}_old cascade;

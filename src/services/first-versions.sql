-- The tables of the first versions, as they lie in the schema `public`, brought to one form. Every
-- `0002_first_versions.sql` begins with this text and ends with dropping the schema that it makes.
--
-- The old tables are only read: nothing in `public` is changed or dropped. What has to be taken over in another way
-- than it was, and what could not be, is reported by name. No events are written for what is taken over: it happened
-- before anybody listened.

create table {{schema}}.takeover_report (
  entity text not null,
  old_id bigint,
  name text not null,
  problem text not null,
  taken_at timestamptz not null default now(),
  -- When the start or `tradepost migrate` said it.
  shown_at timestamptz
);

create schema {{schema}}_old;
set local search_path = {{schema}}_old, {{schema}};

-- The rows of a table in `public` as JSON, where a column that is missing reads as null. None when it lacks one of the
-- needed columns (`a|b`: either) or the first of them is no integer: then it is the table of another application. None
-- either when the service has rows of its own, which have the ids that the old rows would need.
create function old_rows(relation text, variadic needed text[]) returns setof jsonb language plpgsql as $$
declare
  occupied text := current_setting('tradepost.occupied');
begin
  if exists (
    select from unnest(needed) with ordinality as n (names, nth)
    where not exists (
      select from pg_attribute
      where attrelid = to_regclass(format('public.%I', relation)) and attnum > 0 and not attisdropped
        and attname = any (string_to_array(names, '|'))
        and (nth > 1 or atttypid = any ('{smallint,integer,bigint}'::regtype[]))
    )
  ) then
    return;
  elsif occupied = '' then
    return query execute format('select to_jsonb(t.*) from public.%I t', relation);
  elsif occupied = relation then
    insert into takeover_report (entity, name, problem)
    values ('table', 'public.' || relation, 'it was not taken over, because there are ' || relation || ' already');
  end if;
end $$;

-- A whole number from 0, such as an id.
create function whole(given text) returns bigint language sql immutable as
$$ select case when given ~ '^\d{1,15}(\.0+)?$' then given::numeric::bigint end $$;

-- A decimal amount in minor units, exactly; digits beyond the second are rounded half away from zero.
create function minor(given text) returns bigint language sql immutable as
$$ select case when given ~ '^-?\d{1,11}(\.\d+)?$' then round(given::numeric * 100)::bigint end $$;

create function decimal_text(given bigint) returns text language sql immutable as
$$ select (given / 100.0)::numeric(20, 2)::text $$;

create function trimmed(given text) returns text language sql immutable as
$$ select nullif(regexp_replace(given, '^\s+|\s+$', '', 'g'), '') $$;

-- The lines of a document, kept as JSON or as its text; null when there are none.
create function line_list(given jsonb) returns jsonb language plpgsql as $$
begin
  if jsonb_typeof(given) = 'string' then given := (given #>> '{}')::jsonb; end if;
  return case when jsonb_typeof(given) = 'array' then nullif(given, '[]') end;
exception when data_exception then
  return null;
end $$;

create function currency() returns text language sql as
$$ select coalesce(nullif(current_setting('tradepost.currency', true), ''), 'USD') $$;

-- The old totals, in so far as there are any; otherwise the sum of the lines and 10 % tax.
create function totals(lines bigint, inout subtotal bigint, inout tax bigint, inout total bigint, out tax_rate text)
language plpgsql as $$
begin
  subtotal := coalesce(subtotal, total - tax, case when lines between 1 and total then lines end, total, lines);
  if total >= subtotal then tax := total - subtotal; end if;
  tax := coalesce(tax, round(subtotal::numeric / 10));
  total := subtotal + tax;
  tax_rate := case
    when tax = round(subtotal::numeric / 10) then '0.1'
    when tax between 0 and subtotal then trim_scale(round(tax::numeric / subtotal, 4))::text
    else '0'
  end;
end $$;

-- Accounts. Of names that differ in case only the oldest account keeps its own; the others get a number that is free.
create table old_users as
with given as (
  select whole(r ->> 'user_id') as user_id, nullif(r ->> 'username', '') as old_name, r ->> 'password_hash' as password_hash,
    coalesce((r ->> 'created_at')::timestamptz, now()) as created_at
  from old_rows('users', 'user_id', 'username', 'password_hash') r),
named as (select *, coalesce(old_name, 'user-' || user_id) as name from given),
keyed as (select *, lower(name collate "C") as key from named),
counted as (
  select *, row_number() over (partition by key order by user_id) as nth, count(*) over (partition by key) as namesakes
  from keyed),
numbers as (
  select key, n, row_number() over (partition by key order by n) + 1 as nth
  from (select distinct key, namesakes from counted where namesakes > 1) c, generate_series(
    2, 1 + namesakes + (select count(*) from keyed k where starts_with(k.key, c.key || '_'))) as n
  where not exists (select from keyed k where k.key = c.key || '_' || n))
select user_id, old_name, password_hash, created_at, name || coalesce('_' || n, '') as username
from counted left join numbers using (key, nth);

create table old_products as
select whole(r ->> 'product_id') as product_id, r ->> 'name' as old_name,
  coalesce(trimmed(r ->> 'name'), 'product ' || (r ->> 'product_id')) as name,
  lower(trimmed(r ->> 'name')) as key,
  coalesce(r ->> 'description', '') as description,
  coalesce(trimmed(r ->> 'category'), 'Other') as category,
  r ->> 'price' as old_price,
  case when minor(r ->> 'price') >= 0 then minor(r ->> 'price') end as price,
  coalesce(r ->> 'in_stock', 'true') not in ('false', 'f', 'no', 'n', '0') as in_stock,
  coalesce((r ->> 'created_at')::timestamptz, now()) as created_at,
  coalesce((r ->> 'updated_at')::timestamptz, (r ->> 'created_at')::timestamptz, now()) as updated_at
from old_rows('products', 'product_id', 'name', 'price') r;

create table old_orders as
select whole(r ->> 'order_id') as order_id, nullif(whole(r ->> 'user_id'), 0) as user_id,
  line_list(coalesce(nullif(r -> 'items_json', 'null'), r -> 'items')) as items,
  minor(r ->> 'subtotal') as subtotal, minor(r ->> 'tax') as tax, minor(r ->> 'total') as total,
  coalesce(lower(trimmed(r ->> 'status')), '') as status,
  coalesce((r ->> 'created_at')::timestamptz, now()) as created_at,
  coalesce((r ->> 'updated_at')::timestamptz, (r ->> 'created_at')::timestamptz, now()) as updated_at,
  r
from old_rows('orders', 'order_id', 'user_id', 'product_id|item|items_json|items') r;

create table old_invoices as
select whole(i.r ->> 'invoice_id') as invoice_id, nullif(whole(i.r ->> 'order_id'), 0) as order_id,
  coalesce(nullif(whole(i.r ->> 'user_id'), 0), o.user_id) as user_id,
  trimmed(i.r ->> 'invoice_number') as invoice_number,
  line_list(coalesce(nullif(i.r -> 'items_json', 'null'), i.r -> 'items')) as items,
  minor(i.r ->> 'subtotal') as subtotal, minor(i.r ->> 'tax') as tax, minor(i.r ->> 'total') as total,
  coalesce(lower(trimmed(i.r ->> 'status')), '') as status,
  coalesce((i.r ->> 'created_at')::timestamptz, now()) as created_at,
  (i.r ->> 'due_date')::timestamptz as due_date,
  i.r
from old_rows('invoices', 'invoice_id', 'order_id', 'items_json|items') i (r)
left join old_orders o on o.order_id = whole(i.r ->> 'order_id');

-- The lines of orders and invoices, whichever way they were kept: as JSON, as one product, or as the text of an item.
create table old_lines as
with documents as (
  select 'order' as document, order_id as id, items, r from old_orders
  union all select 'invoice', invoice_id, items, r from old_invoices),
kept as (
  select document, id, nth, line from documents, jsonb_array_elements(items) with ordinality as l (line, nth)
  union all
  select document, id, 1, jsonb_build_object('product_id', r -> 'product_id', 'item', r -> 'item',
    'quantity', r -> 'quantity', 'unit_price', r -> 'unit_price', 'total', r -> 'subtotal')
  from documents where items is null and coalesce(r ->> 'product_id', trimmed(r ->> 'item')) is not null),
named as (
  select *, trimmed(coalesce(line ->> 'product_name', line ->> 'name')) as name,
    coalesce(trimmed(coalesce(line ->> 'product_name', line ->> 'name', line ->> 'item')), 'unknown item') as label
  from kept)
select document, id, nth, nullif(whole(line ->> 'product_id'), 0) as product_id, name, label, lower(label) as key,
  line ->> 'description' as description, line ->> 'quantity' as old_quantity,
  case when whole(line ->> 'quantity') between 1 and 999999999 then whole(line ->> 'quantity') else 1 end as quantity,
  minor(coalesce(line ->> 'unit_price', line ->> 'price')) as unit_price,
  minor(coalesce(line ->> 'total', line ->> 'total_price', line ->> 'subtotal')) as total
from named;

-- What an item may be known by: the names that only one product has, without regard to case and outer white space.
create table old_known as
select key, min(product_id) as product_id from old_products where key is not null group by key having count(*) = 1;

-- Items that have a name and no product, or more than one that it may be: each becomes a product that is not for sale. The
-- ids follow from the old tables alone, so that every service comes to the same ones.
create table old_strangers as
select key, min(label collate "C") as name,
  row_number() over (order by key collate "C") + (
    select coalesce(max(product_id), 0)
    from (select product_id from old_products union all select product_id from old_lines) every
  ) as product_id
from old_lines l
where product_id is null and not exists (select from old_known k where k.key = l.key)
group by key;

-- The lines with their products and prices: what the line says, else what the old catalogue says.
create table old_items as
with matched as (
  select l.*, coalesce(l.product_id, k.product_id, s.product_id) as real_id, s.key is not null as stranger
  from old_lines l
  left join old_known k on l.product_id is null and k.key = l.key
  left join old_strangers s on l.product_id is null and s.key = l.key),
priced as (
  select m.document, m.id, m.nth, m.real_id as product_id, m.stranger, m.old_quantity, m.quantity,
    p.product_id is null and not m.stranger as missing,
    coalesce(m.name, p.name, case when m.product_id is null then m.label end, 'product ' || m.product_id) as product_name,
    coalesce(m.description, p.description, '') as description,
    coalesce(m.unit_price, round(m.total::numeric / m.quantity)::bigint, p.price) as unit_price, m.total
  from matched m left join old_products p on p.product_id = m.real_id)
select document, id, nth, product_id, stranger, missing, old_quantity, quantity, product_name, description,
  coalesce(unit_price, 0) as unit_price, coalesce(total, unit_price * quantity, 0) as total, unit_price is null as unpriced
from priced;

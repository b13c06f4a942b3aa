-- Every unit of a product is explained: put_in = stock_quantity (0 when it is not tracked) + held + gone. A version that
-- does not know these columns leaves them as they are, and its reservations are not counted: product.fold adopts them.
alter table {{schema}}.products
  -- Reserved for orders, and neither released nor shipped.
  add column held bigint not null default 0,
  -- Shipped.
  add column gone bigint not null default 0,
  -- What opening, sets, adjustments and corrections come to.
  add column put_in bigint not null default 0,
  -- The number of the last entry in the ledger.
  add column entries bigint not null default 0;

alter table {{schema}}.reservations
  -- Whether `held` has its units. Those from before are counted below.
  add column counted boolean not null default true,
  -- Whose unpaid units they are; null: nobody's, once they are paid or where there is no limit.
  add column user_id bigint,
  -- Whether they have left, and the time of the event that said so last.
  add column shipped boolean not null default false,
  add column moved_at timestamptz;
alter table {{schema}}.reservations alter column counted set default false;
create index reservations_uncounted on {{schema}}.reservations (order_id) where not counted;
create index reservations_unpaid on {{schema}}.reservations (user_id) where user_id is not null;

create table {{schema}}.stock_ledger (
  product_id bigint not null,
  -- 1, 2, 3 … of each product, without a gap.
  entry bigint not null,
  kind text not null,
  quantity bigint not null,
  -- What could be sold after it; null: not tracked.
  on_hand bigint,
  held bigint not null,
  reason text,
  order_id bigint,
  -- Who did it; null: the shop itself, or the customer of the order.
  user_id bigint,
  at timestamptz not null,
  primary key (product_id, entry),
  constraint kind_known check (kind in
    ('opening', 'set', 'adjustment', 'correction', 'reservation', 'release', 'shipped', 'return'))
);

with held as (
  select i.product_id, sum(i.quantity) as quantity
  from {{schema}}.reservations r cross join json_to_recordset(r.items) as i(product_id bigint, quantity bigint)
  group by 1)
update {{schema}}.products p
set held = coalesce(h.quantity, 0), put_in = coalesce(p.stock_quantity, 0) + coalesce(h.quantity, 0),
  entries = 1 + (h.quantity is not null)::integer
from {{schema}}.products o left join held h using (product_id)
where p.product_id = o.product_id and (p.stock_quantity is not null or h.quantity is not null);

insert into {{schema}}.stock_ledger (product_id, entry, kind, quantity, on_hand, held, reason, at)
select product_id, 1, 'opening', put_in, case when stock_quantity is not null then put_in end, 0,
  'what there was when this ledger began', date_trunc('milliseconds', now())
from {{schema}}.products where entries > 0
union all
select product_id, 2, 'reservation', -held, stock_quantity, held, 'orders from before this ledger', date_trunc('milliseconds', now())
from {{schema}}.products where entries > 1;

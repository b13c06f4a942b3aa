create sequence {{schema}}.order_ids;

create table {{schema}}.orders (
  order_id bigint primary key,
  user_id bigint not null,
  username text not null,
  -- The lines as they were when the order was placed: name, description and price are a record, not a reference.
  items json not null,
  subtotal bigint not null,
  tax bigint not null,
  tax_rate text not null,
  total bigint not null,
  currency text not null,
  status text not null constraint status_known check (status in ('pending', 'confirmed', 'completed', 'cancelled')),
  payment_status text not null,
  fulfillment_status text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version integer not null,
  constraint total_adds_up check (total = subtotal + tax)
) with (fillfactor = 80);
create index orders_by_user on {{schema}}.orders (user_id, order_id);

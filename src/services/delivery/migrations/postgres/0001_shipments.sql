create sequence {{schema}}.shipment_ids;

create table {{schema}}.shipments (
  shipment_id bigint primary key,
  order_id bigint not null constraint one_shipment_per_order unique,
  user_id bigint not null,
  username text not null,
  items json not null,
  -- Where it goes, as that stood when the order was placed; null when the account said nothing or is gone.
  ship_to json,
  status text not null constraint status_known check (status in
    ('pending', 'packed', 'shipped', 'in_transit', 'delivered', 'failed', 'returned', 'cancelled')),
  carrier text,
  tracking_number text,
  -- What staff, carrier and platform said of it, in the order in which it became known.
  history jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version integer not null
) with (fillfactor = 80);
create index shipments_by_user on {{schema}}.shipments (user_id, shipment_id);
create index shipments_by_status on {{schema}}.shipments (status, shipment_id);
-- Carriers name a parcel by its number, in whatever case they write themselves.
create unique index tracking_number_once on {{schema}}.shipments (lower(carrier), tracking_number)
  where tracking_number is not null;

-- Every version of an order is a row, with what it announced; the newest one is the order. Nothing is ever changed.
create table if not exists {{schema}}.orders (
  order_id UInt64,
  user_id UInt64,
  username String,
  -- The lines as they were when the order was placed, as JSON: a record, not a reference.
  items String,
  subtotal Int64,
  tax Int64,
  tax_rate LowCardinality(String),
  total Int64,
  currency LowCardinality(String),
  status LowCardinality(String),
  payment_status LowCardinality(String),
  fulfillment_status LowCardinality(String),
  paid_total Int64,
  refunded_total Int64,
  shipment_status LowCardinality(String),
  delivered_at Nullable(DateTime64(3, 'UTC')),
  created_at DateTime64(3, 'UTC'),
  updated_at DateTime64(3, 'UTC'),
  version UInt32,
  position UInt64,
  request_key String,
  request_print String,
  mark String,
  events String,
  written_by LowCardinality(String),
  constraint total_adds_up check total = subtotal + tax,
  constraint status_known check status in ('pending', 'confirmed', 'completed', 'cancelled'),
  constraint payment_status_known check
    payment_status in ('not_paid', 'partially_paid', 'paid', 'partially_refunded', 'refunded'),
  constraint fulfillment_status_known check
    fulfillment_status in ('not_fulfilled', 'packed', 'shipped', 'in_transit', 'delivered', 'failed', 'returned'),
  index by_position position type minmax granularity 1,
  projection by_user (select _part_offset order by user_id),
  projection by_request (select _part_offset order by request_key),
  projection by_mark (select _part_offset order by mark)
) engine = MergeTree order by (order_id, version, position)
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- What others announced about an order; its own events are in its rows.
create table if not exists {{schema}}.timeline (
  event_id UUID,
  order_id UInt64,
  type LowCardinality(String),
  service LowCardinality(String),
  subject String,
  at DateTime64(3, 'UTC'),
  actor String,
  causation_id Nullable(UUID),
  correlation_id String,
  data String,
  position UInt64,
  written_by LowCardinality(String)
) engine = ReplacingMergeTree(position) order by (order_id, event_id)
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- Every version of an invoice is a row, with what it announced; the newest one is the invoice. Nothing is ever changed.
create table if not exists {{schema}}.invoices (
  invoice_id UInt64,
  order_id UInt64,
  user_id UInt64,
  username String,
  invoice_number String,
  -- The year and the place in it that the number says; numbers of another shape count in no series.
  number_year UInt16 materialized toUInt16OrZero(extract(invoice_number, '^INV-(\\d{4})-\\d{1,9}$')),
  number UInt32 materialized toUInt32OrZero(extract(invoice_number, '^INV-\\d{4}-(\\d{1,9})$')),
  -- The lines as they were when the invoice was made, as JSON.
  items String,
  subtotal Int64,
  tax Int64,
  tax_rate LowCardinality(String),
  total Int64,
  currency LowCardinality(String),
  -- Who it is addressed to, as that stood when the invoice was made, as JSON.
  buyer String,
  status LowCardinality(String),
  created_at DateTime64(3, 'UTC'),
  due_date DateTime64(3, 'UTC'),
  updated_at DateTime64(3, 'UTC'),
  version UInt32,
  position UInt64,
  request_key String,
  request_print String,
  mark String,
  events String,
  written_by LowCardinality(String),
  constraint status_known check status in ('draft', 'sent', 'paid', 'cancelled'),
  index by_position position type minmax granularity 1,
  projection by_order (select _part_offset order by order_id),
  projection by_user (select _part_offset order by user_id),
  projection by_request (select _part_offset order by request_key),
  projection by_mark (select _part_offset order by mark),
  -- The last number of a year, at the price of a row for each part of the table.
  projection numbers (select number_year, max(number) group by number_year)
) engine = MergeTree order by (invoice_id, version, position)
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- How far the numbers of a year had come in the store that a shop came from: an invoice that was left behind may have
-- had the last one, which is on paper. Numbers that were given here are in the rows of their invoices.
create table if not exists {{schema}}.number_series (
  year UInt16,
  last UInt32
) engine = ReplacingMergeTree(last) order by year
settings fsync_after_insert = 1, fsync_part_directory = 1;

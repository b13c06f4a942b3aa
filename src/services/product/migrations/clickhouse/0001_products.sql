-- Every version of a product is a row, with what it announced; the newest one is the product. Nothing is ever changed.
create table if not exists {{schema}}.products (
  product_id UInt64,
  name String,
  description String,
  price Int64,
  currency LowCardinality(String),
  category LowCardinality(String),
  for_sale Bool,
  -- What the version `stock_version` set, null: not tracked. What orders have left of it is in `stock`.
  stock_quantity Nullable(Int64),
  stock_version UInt32,
  created_at DateTime64(3, 'UTC'),
  updated_at DateTime64(3, 'UTC'),
  words Array(String) materialized
    arrayDistinct(extractAll(lowerUTF8(normalizeUTF8NFC(concat(name, ' ', description))), '[\\p{L}\\p{N}]+')),
  version UInt32,
  position UInt64,
  request_key String,
  request_print String,
  mark String,
  events String,
  written_by LowCardinality(String),
  constraint price_not_negative check price >= 0,
  constraint stock_not_negative check ifNull(stock_quantity, 0) >= 0,
  constraint stock_set_before check stock_version between 1 and version,
  index by_position position type minmax granularity 1,
  projection by_request (select _part_offset order by request_key),
  projection by_mark (select _part_offset order by mark)
) engine = MergeTree order by (product_id, version, position)
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- What orders have set aside, and what that leaves, in one table, since both change in one block. The newest row of
-- each counts.
create table if not exists {{schema}}.stock (
  kind LowCardinality(String),
  -- Of the order of a 'reservation', or of the 'product'.
  id UInt64,
  -- A product: the units that are left of what this version of it set; of another version they say nothing.
  stock_version UInt32,
  units Int64,
  -- A reservation: its lines as JSON, the request that its order comes from, and when it runs out; null: never.
  items String,
  request String,
  expires_at Nullable(DateTime64(3, 'UTC')),
  released Bool,
  position UInt64,
  written_by LowCardinality(String),
  constraint kind_known check kind in ('reservation', 'product'),
  constraint units_not_negative check units >= 0,
  index by_position position type minmax granularity 1,
  index by_expiry expires_at type minmax granularity 1,
  projection by_request (select _part_offset order by request)
) engine = ReplacingMergeTree(position) order by (kind, id)
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000,
  deduplicate_merge_projection_mode = 'rebuild';

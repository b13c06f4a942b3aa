-- Everything that is counted, in one table, because one block in one table and one partition is all that is written as
-- a whole: an event, what it told, and the figures that it moved are one block. Nothing is ever changed.
--
-- The year is that of the recording and not of the event: it is the same for all rows of a block. A look for an id or a
-- story goes through every part; with a partition for each month there were five times as many of them.
create table if not exists {{schema}}.log (
  -- event: happened, once. told: what one event told of one thing. story: what all that was told of a thing added up
  -- to then; its newest row is how the thing stands. total, hour, sale: by how much the sums of all time, of an hour
  -- and of a product's day were moved; the sum of the rows is the figure.
  what Enum8('event' = 1, 'told' = 2, 'story' = 3, 'total' = 4, 'hour' = 5, 'sale' = 6),
  -- Of events, and of what they told.
  event_id UUID,
  type LowCardinality(String),
  source LowCardinality(String),
  subject String,
  -- When it happened; of sums, when the last event happened that they count.
  time DateTime64(3, 'UTC'),
  -- Of what was told, and of stories. Empty text stands for what was not told yet.
  kind LowCardinality(String),
  item_id UInt64,
  known_at Nullable(DateTime64(3, 'UTC')),
  place String,
  status LowCardinality(String),
  name String,
  category LowCardinality(String),
  net Int64,
  tax Int64,
  gross Int64,
  paid Int64,
  lines String,
  -- Of sums; the metric also of events, '' when only what they told counts.
  metric LowCardinality(String),
  currency LowCardinality(String),
  hour DateTime('UTC'),
  product_id UInt64,
  count Int64,
  amount Int64,
  -- When its block was written, or later if an id in the block is of a later time: by the clock of another machine.
  recorded_at DateTime64(3, 'UTC'),
  position UInt64,
  written_by LowCardinality(String),
  index by_position position type minmax granularity 8,
  -- Part of each block, and so never behind it as a materialized view may be. Events and stories are a few rows of it.
  projection sums (
    select what, metric, currency, hour, product_id, sum(count), sum(amount), max(time), max(name)
    group by what, metric, currency, hour, product_id
  )
) engine = MergeTree
-- A position is never 0. Named here, the least and the greatest of each part are known without reading it.
partition by (toYear(recorded_at), position = 0)
-- An id of an event begins with its time, but the engine compares ids from their end; as a number of bytes it is in
-- the order of time, so that a look for ids that are new reads the end of the table.
order by (what, kind, item_id, UUIDToNum(event_id), position)
settings index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1,
  non_replicated_deduplication_window = 1000;

-- Who makes the figures anew, and until when nobody else may: a process that died does not keep it for ever.
create table if not exists {{schema}}.rebuilding (
  owner String,
  until DateTime64(3, 'UTC'),
  position UInt64,
  written_by LowCardinality(String),
  index by_position position type minmax granularity 1
) engine = MergeTree order by position
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

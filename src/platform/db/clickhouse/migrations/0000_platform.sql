-- What every service keeps beside its own tables. A migration here is no transaction: each statement may run again.
create database if not exists {{schema}};

-- The last id that was given out of each series: the newest row of a name counts.
create table if not exists {{schema}}.ids (
  name LowCardinality(String),
  last UInt64,
  position UInt64,
  written_by LowCardinality(String)
) engine = ReplacingMergeTree(position) order by name
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- How far the relay has come in the rows of this service.
create table if not exists {{schema}}.relay (
  position UInt64,
  at DateTime64(3, 'UTC') default now64(3)
) engine = ReplacingMergeTree(position) order by tuple();

-- Answered requests and handled events that came from another store; those of this one are in the rows themselves.
create table if not exists {{schema}}.kept_mark (
  name String,
  fingerprint String,
  result String,
  at DateTime64(3, 'UTC')
) engine = ReplacingMergeTree(at) order by name;

-- Events that a consumer could not handle. A person looks at them, mends the cause and replays them.
create table if not exists {{schema}}.dead_letter (
  id UInt64,
  consumer String,
  event_id String,
  envelope String,
  error String,
  attempts UInt32,
  failed_at DateTime64(3, 'UTC'),
  removed UInt8 default 0,
  position UInt64,
  written_by LowCardinality(String)
) engine = ReplacingMergeTree(position) order by (consumer, event_id)
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- The processes that write, and when each was last seen: without a shared lock there may be one. The times are those
-- of the engine, and `pid_space` says whose process numbers they are: two containers may have one name.
create table if not exists {{schema}}.process (
  name String,
  host String,
  pid_space String,
  pid UInt32,
  shared UInt8,
  gone UInt8 default 0,
  started_at DateTime64(3, 'UTC') default now64(3),
  seen_at DateTime64(3, 'UTC') default now64(3),
  position UInt64,
  written_by LowCardinality(String),
  index by_position position type minmax granularity 1
) engine = ReplacingMergeTree(seen_at) order by name
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

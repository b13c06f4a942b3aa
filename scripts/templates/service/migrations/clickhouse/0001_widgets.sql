-- Every version of a widget is a row, with what it announced; the newest one is the widget. Nothing is ever changed.
create table if not exists {{schema}}.widgets (
  widget_id UInt64,
  user_id UInt64,
  name String,
  created_at DateTime64(3, 'UTC'),
  updated_at DateTime64(3, 'UTC'),
  version UInt32,
  position UInt64,
  request_key String,
  request_print String,
  mark String,
  events String,
  written_by LowCardinality(String),
  index by_position position type minmax granularity 1,
  projection by_user (select _part_offset order by user_id),
  projection by_name (select _part_offset order by name),
  projection by_request (select _part_offset order by request_key),
  projection by_mark (select _part_offset order by mark)
) engine = MergeTree order by (widget_id, version, position)
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

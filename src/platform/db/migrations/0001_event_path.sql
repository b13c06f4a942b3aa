-- Who acted, and what else an event concerns.
alter table {{schema}}.outbox add column actor text not null default 'system', add column about text;
-- A queue: its rows live for milliseconds, so what is dead is cleared away often.
alter table {{schema}}.outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_insert_scale_factor = 0.5, autovacuum_analyze_scale_factor = 0.5);

create index inbox_handled_at on {{schema}}.inbox using brin (handled_at);

-- Events that a consumer could not handle. A person looks at them, mends the cause and replays them.
create table {{schema}}.dead_letter (
  id bigint generated always as identity primary key,
  consumer text not null,
  event_id uuid not null,
  type text not null,
  subject text not null,
  time timestamptz not null,
  -- The whole event as it came.
  envelope json not null,
  error text not null,
  attempts integer not null,
  failed_at timestamptz not null,
  constraint dead_letter_once unique (consumer, event_id)
);

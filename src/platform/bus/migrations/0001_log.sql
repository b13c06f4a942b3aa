-- The bus of a system that has no broker: a log, and how far each group has come.
create schema if not exists {{schema}};

create table {{schema}}.log (
  position bigint generated always as identity primary key,
  id uuid not null,
  source text not null,
  type text not null,
  subject text not null,
  time timestamptz not null,
  trace text not null,
  correlation text not null,
  causation uuid,
  actor text not null,
  about text,
  data json not null,
  appended_at timestamptz not null default clock_timestamp()
);
create index log_appended_at on {{schema}}.log using brin (appended_at);

create table {{schema}}.reader (
  name text primary key,
  -- Everything up to here is done with.
  position bigint not null,
  moved_at timestamptz not null default now()
) with (fillfactor = 50);

-- Appends in the given order. One at a time, so that nobody ever reads past a position that is still to come.
create function {{schema}}.append(events json, out previous bigint, out first bigint, out last bigint)
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7205759402);
  select coalesce(max(position), 0) into previous from {{schema}}.log;
  with appended as (
    insert into {{schema}}.log (id, source, type, subject, time, trace, correlation, causation, actor, about, data)
    select id, source, type, subject, time, trace, correlation, causation, actor, about, data::json
    from json_to_recordset(events) as e (
      n integer, id uuid, source text, type text, subject text, time timestamptz, trace text, correlation text,
      causation uuid, actor text, about text, data text)
    order by n
    returning position)
  select min(position), max(position) into first, last from appended;
  -- Readers in other processes; those in ours are handed the events.
  perform pg_notify('tradepost_log', last::text);
end $$;

-- The log: every event that was counted, with what it tells, once. Everything below can be made anew from it.
create table {{schema}}.events (
  id uuid primary key,
  type text not null,
  source text not null,
  subject text not null,
  time timestamptz not null,
  -- What the event counts for by itself; null when only its stories count.
  metric text,
  currency text not null,
  amount bigint not null,
  stories json not null
);
create index events_time on {{schema}}.events using brin (time);

-- What all events about one thing add up to, in whatever order they came.
create table {{schema}}.stories (
  kind text not null,
  item_id bigint not null,
  -- When it began; null as long as only later events have come.
  known_at timestamptz,
  -- Of two events the one with the greater place tells the status.
  place text collate "C" not null,
  status text,
  currency text not null,
  net bigint not null,
  tax bigint not null,
  gross bigint not null,
  paid bigint not null,
  name text,
  category text,
  lines json,
  -- What it was before the last event, so that the figures can be told the difference.
  was_known_at timestamptz,
  was_status text,
  was_paid bigint,
  primary key (kind, item_id)
) with (fillfactor = 80);

-- Sums by hour (UTC), and of all time in the row whose hour is -infinity.
create table {{schema}}.figures (
  metric text not null,
  currency text not null,
  hour timestamptz not null,
  count bigint not null,
  amount bigint not null,
  latest timestamptz not null,
  primary key (metric, currency, hour)
) with (fillfactor = 50);
create index figures_of_all_time on {{schema}}.figures (metric) where hour = '-infinity';

-- What was ordered and not cancelled, by day (UTC) of the order.
create table {{schema}}.sold (
  product_id bigint not null,
  currency text not null,
  day timestamptz not null,
  name text not null,
  quantity bigint not null,
  amount bigint not null,
  primary key (product_id, currency, day)
) with (fillfactor = 80);
create index sold_by_day on {{schema}}.sold (currency, day);

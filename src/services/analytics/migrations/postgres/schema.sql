-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

create schema tradepost_analytics;

create table tradepost_analytics.calendar (
  one boolean not null default true,
  zone text not null,
  constraint calendar_one_check CHECK (one),
  constraint calendar_pkey PRIMARY KEY (one)
);

create table tradepost_analytics.dead_letter (
  id bigint not null generated always as identity,
  consumer text not null,
  event_id uuid not null,
  type text not null,
  subject text not null,
  "time" timestamp with time zone not null,
  envelope json not null,
  error text not null,
  attempts integer not null,
  failed_at timestamp with time zone not null,
  constraint dead_letter_once UNIQUE (consumer, event_id),
  constraint dead_letter_pkey PRIMARY KEY (id)
);

create table tradepost_analytics.events (
  id uuid not null,
  type text not null,
  source text not null,
  subject text not null,
  "time" timestamp with time zone not null,
  metric text,
  currency text not null,
  amount bigint not null,
  stories json not null,
  constraint events_pkey PRIMARY KEY (id)
);

create table tradepost_analytics.figures (
  metric text not null,
  currency text not null,
  hour timestamp with time zone not null,
  count bigint not null,
  amount bigint not null,
  latest timestamp with time zone not null,
  constraint figures_pkey PRIMARY KEY (metric, currency, hour)
) with (fillfactor=50);

create table tradepost_analytics.id_returned (
  sequence text not null,
  id bigint not null,
  constraint id_returned_pkey PRIMARY KEY (sequence, id)
);

create table tradepost_analytics.inbox (
  consumer text not null,
  event_id uuid not null,
  handled_at timestamp with time zone not null,
  constraint inbox_pkey PRIMARY KEY (consumer, event_id)
);

create table tradepost_analytics.outbox (
  "position" bigint not null generated always as identity,
  id uuid not null,
  type text not null,
  subject text not null,
  data json not null,
  "time" timestamp with time zone not null,
  trace text not null,
  correlation text not null,
  causation uuid,
  actor text not null default 'system'::text,
  about text,
  constraint outbox_pkey PRIMARY KEY ("position")
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_insert_scale_factor=0.5, autovacuum_analyze_scale_factor=0.5);

create table tradepost_analytics.request (
  key text not null,
  fingerprint text not null,
  result json not null,
  created_at timestamp with time zone not null,
  constraint request_pkey PRIMARY KEY (key)
);

create table tradepost_analytics.sold (
  product_id bigint not null,
  currency text not null,
  day timestamp with time zone not null,
  name text not null,
  quantity bigint not null,
  amount bigint not null,
  constraint sold_pkey PRIMARY KEY (product_id, currency, day)
) with (fillfactor=80);

create table tradepost_analytics.stories (
  kind text not null,
  item_id bigint not null,
  known_at timestamp with time zone,
  place text not null,
  status text,
  currency text not null,
  net bigint not null,
  tax bigint not null,
  gross bigint not null,
  paid bigint not null,
  name text,
  category text,
  lines json,
  was_known_at timestamp with time zone,
  was_status text,
  was_paid bigint,
  paid_total bigint,
  refunded_total bigint,
  credited_total bigint,
  was_paid_total bigint,
  was_refunded_total bigint,
  was_credited_total bigint,
  constraint stories_pkey PRIMARY KEY (kind, item_id)
) with (fillfactor=80);

CREATE INDEX events_time ON tradepost_analytics.events USING brin ("time");
CREATE INDEX figures_of_all_time ON tradepost_analytics.figures USING btree (metric) WHERE (hour = '-infinity'::timestamp with time zone);
CREATE INDEX inbox_handled_at ON tradepost_analytics.inbox USING brin (handled_at);
CREATE INDEX request_created_at ON tradepost_analytics.request USING btree (created_at);
CREATE INDEX sold_by_day ON tradepost_analytics.sold USING btree (currency, day);

CREATE OR REPLACE FUNCTION tradepost_analytics.lines_less_credit(lines json, credit bigint)
 RETURNS json
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select json_agg(json_build_object('product_id', product_id, 'product_name', product_name, 'quantity', quantity,
    'total', total - coalesce(part, 0) - case when place <= left_over then 1 else 0 end))
  from (
    select *, row_number() over (order by rest desc, total desc, nth) as place,
      credit - sum(part) over () as left_over
    from (
      select *, div(credit::numeric * total, nullif(whole, 0)) as part, mod(credit::numeric * total, nullif(whole, 0)) as rest
      from (
        select *, sum(total) over () as whole
        from rows from (json_to_recordset(lines) as (product_id bigint, product_name text, quantity bigint, total bigint))
          with ordinality as line (product_id, product_name, quantity, total, nth)
      ) weighed
    ) shared
  ) placed
$function$
;

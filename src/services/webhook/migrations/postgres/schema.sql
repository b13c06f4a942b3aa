-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

create schema tradepost_webhook;

create sequence tradepost_webhook.endpoint_ids;

create table tradepost_webhook.attempts (
  attempt_id bigint not null generated always as identity,
  delivery_id bigint not null,
  at timestamp with time zone not null,
  status integer,
  error text,
  ms integer not null,
  constraint attempts_pkey PRIMARY KEY (attempt_id)
);

create table tradepost_webhook.dead_letter (
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

create table tradepost_webhook.deliveries (
  delivery_id bigint not null generated always as identity,
  endpoint_id bigint not null,
  message_id uuid not null,
  type text not null,
  "time" timestamp with time zone not null,
  data text not null,
  status text not null,
  tries integer not null,
  next_at timestamp with time zone,
  created_at timestamp with time zone not null,
  constraint deliveries_pkey PRIMARY KEY (delivery_id),
  constraint message_once UNIQUE (endpoint_id, message_id),
  constraint status_known CHECK ((status = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text]))),
  constraint waiting_has_time CHECK (((status <> 'waiting'::text) OR (next_at IS NOT NULL)))
);

create table tradepost_webhook.endpoints (
  endpoint_id bigint not null,
  user_id bigint not null,
  url text not null,
  types json not null,
  everyone boolean not null,
  status text not null,
  disabled_reason text,
  secret text not null,
  previous_secret text,
  previous_until timestamp with time zone,
  failing_since timestamp with time zone,
  created_at timestamp with time zone not null,
  version integer not null,
  constraint endpoints_pkey PRIMARY KEY (endpoint_id),
  constraint status_known CHECK ((status = ANY (ARRAY['active'::text, 'disabled'::text, 'deleted'::text])))
);

create table tradepost_webhook.id_returned (
  sequence text not null,
  id bigint not null,
  constraint id_returned_pkey PRIMARY KEY (sequence, id)
);

create table tradepost_webhook.inbox (
  consumer text not null,
  event_id uuid not null,
  handled_at timestamp with time zone not null,
  constraint inbox_pkey PRIMARY KEY (consumer, event_id)
);

create table tradepost_webhook.outbox (
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

create table tradepost_webhook.payment_import (
  only_one boolean not null default true,
  cut_at timestamp with time zone not null,
  last_delivery_id bigint not null,
  endpoints_done_at timestamp with time zone,
  constraint payment_import_only_one_check CHECK (only_one),
  constraint payment_import_pkey PRIMARY KEY (only_one)
);

create table tradepost_webhook.request (
  key text not null,
  fingerprint text not null,
  result json not null,
  created_at timestamp with time zone not null,
  constraint request_pkey PRIMARY KEY (key)
);

CREATE INDEX attempts_by_delivery ON tradepost_webhook.attempts USING btree (delivery_id);
CREATE INDEX deliveries_by_endpoint ON tradepost_webhook.deliveries USING btree (endpoint_id, delivery_id);
CREATE INDEX deliveries_created_at ON tradepost_webhook.deliveries USING brin (created_at);
CREATE INDEX deliveries_waiting ON tradepost_webhook.deliveries USING btree (endpoint_id, next_at) WHERE (status = 'waiting'::text);
CREATE INDEX endpoints_active ON tradepost_webhook.endpoints USING btree (endpoint_id) WHERE (status = 'active'::text);
CREATE INDEX endpoints_by_user ON tradepost_webhook.endpoints USING btree (user_id, endpoint_id);
CREATE INDEX endpoints_for_everyone ON tradepost_webhook.endpoints USING btree (endpoint_id) WHERE everyone;
CREATE INDEX inbox_handled_at ON tradepost_webhook.inbox USING brin (handled_at);
CREATE INDEX request_created_at ON tradepost_webhook.request USING btree (created_at);

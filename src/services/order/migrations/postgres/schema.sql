-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

create schema tradepost_order;

create sequence tradepost_order.order_ids;

create table tradepost_order.dead_letter (
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

create table tradepost_order.id_returned (
  sequence text not null,
  id bigint not null,
  constraint id_returned_pkey PRIMARY KEY (sequence, id)
);

create table tradepost_order.inbox (
  consumer text not null,
  event_id uuid not null,
  handled_at timestamp with time zone not null,
  constraint inbox_pkey PRIMARY KEY (consumer, event_id)
);

create table tradepost_order.orders (
  order_id bigint not null,
  user_id bigint not null,
  username text not null,
  items json not null,
  subtotal bigint not null,
  tax bigint not null,
  tax_rate text not null,
  total bigint not null,
  currency text not null,
  status text not null,
  payment_status text not null,
  fulfillment_status text not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  version integer not null,
  paid_total bigint not null default 0,
  refunded_total bigint not null default 0,
  shipment_status text not null default 'pending'::text,
  delivered_at timestamp with time zone,
  sent_again integer not null default 0,
  credited_total bigint,
  expires_at timestamp with time zone,
  shipping_address json,
  constraint fulfillment_status_known CHECK ((fulfillment_status = ANY (ARRAY['not_fulfilled'::text, 'packed'::text, 'shipped'::text, 'in_transit'::text, 'delivered'::text, 'failed'::text, 'returned'::text]))),
  constraint orders_pkey PRIMARY KEY (order_id),
  constraint payment_status_known CHECK ((payment_status = ANY (ARRAY['not_paid'::text, 'partially_paid'::text, 'paid'::text, 'partially_refunded'::text, 'refunded'::text]))),
  constraint status_known CHECK ((status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'completed'::text, 'cancelled'::text]))),
  constraint total_adds_up CHECK ((total = (subtotal + tax)))
) with (fillfactor=80);

create table tradepost_order.outbox (
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

create table tradepost_order.request (
  key text not null,
  fingerprint text not null,
  result json not null,
  created_at timestamp with time zone not null,
  constraint request_pkey PRIMARY KEY (key)
);

create table tradepost_order.takeover_report (
  entity text not null,
  old_id bigint,
  name text not null,
  problem text not null,
  taken_at timestamp with time zone not null default now(),
  shown_at timestamp with time zone
);

create table tradepost_order.timeline (
  event_id uuid not null,
  order_id bigint not null,
  type text not null,
  service text not null,
  subject text not null,
  at timestamp with time zone not null,
  actor text not null,
  causation_id uuid,
  correlation_id text not null,
  data json not null,
  nth bigint not null generated always as identity,
  constraint timeline_pkey PRIMARY KEY (event_id)
);

CREATE INDEX inbox_handled_at ON tradepost_order.inbox USING brin (handled_at);
CREATE INDEX orders_by_expiry ON tradepost_order.orders USING brin (expires_at);
CREATE INDEX orders_by_user ON tradepost_order.orders USING btree (user_id, order_id);
CREATE INDEX request_created_at ON tradepost_order.request USING btree (created_at);
CREATE INDEX timeline_by_order ON tradepost_order.timeline USING btree (order_id, at);

-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

create schema tradepost_delivery;

create sequence tradepost_delivery.shipment_ids;

create table tradepost_delivery.dead_letter (
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

create table tradepost_delivery.id_returned (
  sequence text not null,
  id bigint not null,
  constraint id_returned_pkey PRIMARY KEY (sequence, id)
);

create table tradepost_delivery.inbox (
  consumer text not null,
  event_id uuid not null,
  handled_at timestamp with time zone not null,
  constraint inbox_pkey PRIMARY KEY (consumer, event_id)
);

create table tradepost_delivery.outbox (
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

create table tradepost_delivery.request (
  key text not null,
  fingerprint text not null,
  result json not null,
  created_at timestamp with time zone not null,
  constraint request_pkey PRIMARY KEY (key)
);

create table tradepost_delivery.shipments (
  shipment_id bigint not null,
  order_id bigint not null,
  user_id bigint not null,
  username text not null,
  items json not null,
  ship_to json,
  status text not null,
  carrier text,
  tracking_number text,
  history jsonb not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  version integer not null,
  total bigint,
  currency text,
  cancelled_for text,
  sent_again integer not null default 0,
  shipping_address json,
  constraint cancelled_for_known CHECK (((cancelled_for IS NULL) OR ((status = 'cancelled'::text) AND (cancelled_for = ANY (ARRAY['staff'::text, 'requested'::text, 'expired'::text]))))),
  constraint one_shipment_per_order UNIQUE (order_id),
  constraint shipments_pkey PRIMARY KEY (shipment_id),
  constraint status_known CHECK ((status = ANY (ARRAY['pending'::text, 'packed'::text, 'shipped'::text, 'in_transit'::text, 'delivered'::text, 'failed'::text, 'returned'::text, 'cancelled'::text])))
) with (fillfactor=80);

CREATE INDEX inbox_handled_at ON tradepost_delivery.inbox USING brin (handled_at);
CREATE INDEX request_created_at ON tradepost_delivery.request USING btree (created_at);
CREATE INDEX shipments_by_status ON tradepost_delivery.shipments USING btree (status, shipment_id);
CREATE INDEX shipments_by_user ON tradepost_delivery.shipments USING btree (user_id, shipment_id);
CREATE UNIQUE INDEX tracking_number_once ON tradepost_delivery.shipments USING btree (lower((carrier COLLATE "C")), tracking_number) WHERE (tracking_number IS NOT NULL);

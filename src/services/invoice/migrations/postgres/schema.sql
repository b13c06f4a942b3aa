-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

create schema tradepost_invoice;

create sequence tradepost_invoice.invoice_ids;

create table tradepost_invoice.dead_letter (
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

create table tradepost_invoice.id_returned (
  sequence text not null,
  id bigint not null,
  constraint id_returned_pkey PRIMARY KEY (sequence, id)
);

create table tradepost_invoice.inbox (
  consumer text not null,
  event_id uuid not null,
  handled_at timestamp with time zone not null,
  constraint inbox_pkey PRIMARY KEY (consumer, event_id)
);

create table tradepost_invoice.invoices (
  invoice_id bigint not null,
  order_id bigint not null,
  user_id bigint not null,
  username text not null,
  invoice_number text not null,
  items json not null,
  subtotal bigint not null,
  tax bigint not null,
  tax_rate text not null,
  total bigint not null,
  currency text not null,
  buyer json not null,
  status text not null,
  created_at timestamp with time zone not null,
  due_date timestamp with time zone not null,
  version integer not null,
  updated_at timestamp with time zone not null,
  paid_total bigint not null default 0,
  refunded_total bigint not null default 0,
  credited_total bigint not null default 0,
  constraint invoice_number_once UNIQUE (invoice_number),
  constraint invoices_pkey PRIMARY KEY (invoice_id),
  constraint status_known CHECK ((status = ANY (ARRAY['draft'::text, 'sent'::text, 'paid'::text, 'cancelled'::text]))),
  constraint totals_in_order CHECK (((0 <= credited_total) AND (credited_total <= refunded_total) AND (refunded_total <= paid_total)))
) with (fillfactor=90);

create table tradepost_invoice.number_series (
  year integer not null,
  last bigint not null,
  constraint number_series_pkey PRIMARY KEY (year)
);

create table tradepost_invoice.outbox (
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

create table tradepost_invoice.request (
  key text not null,
  fingerprint text not null,
  result json not null,
  created_at timestamp with time zone not null,
  constraint request_pkey PRIMARY KEY (key)
);

create table tradepost_invoice.takeover_report (
  entity text not null,
  old_id bigint,
  name text not null,
  problem text not null,
  taken_at timestamp with time zone not null default now(),
  shown_at timestamp with time zone
);

CREATE INDEX inbox_handled_at ON tradepost_invoice.inbox USING brin (handled_at);
CREATE INDEX invoices_by_order ON tradepost_invoice.invoices USING btree (order_id);
CREATE INDEX invoices_by_status ON tradepost_invoice.invoices USING btree (status, invoice_id);
CREATE INDEX invoices_by_user ON tradepost_invoice.invoices USING btree (user_id, invoice_id);
CREATE UNIQUE INDEX one_invoice_per_order ON tradepost_invoice.invoices USING btree (order_id) WHERE (status <> 'cancelled'::text);
CREATE INDEX request_created_at ON tradepost_invoice.request USING btree (created_at);

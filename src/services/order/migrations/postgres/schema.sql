-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

create schema tradepost_order;

create sequence tradepost_order.order_ids;

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
  constraint orders_pkey PRIMARY KEY (order_id),
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
  constraint outbox_pkey PRIMARY KEY ("position")
);

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

CREATE INDEX orders_by_user ON tradepost_order.orders USING btree (user_id, order_id);
CREATE INDEX request_created_at ON tradepost_order.request USING btree (created_at);

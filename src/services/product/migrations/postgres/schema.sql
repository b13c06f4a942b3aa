-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

create schema tradepost_product;

create sequence tradepost_product.product_ids;

create table tradepost_product.dead_letter (
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

create table tradepost_product.id_returned (
  sequence text not null,
  id bigint not null,
  constraint id_returned_pkey PRIMARY KEY (sequence, id)
);

create table tradepost_product.inbox (
  consumer text not null,
  event_id uuid not null,
  handled_at timestamp with time zone not null,
  constraint inbox_pkey PRIMARY KEY (consumer, event_id)
);

create table tradepost_product.outbox (
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

create table tradepost_product.products (
  product_id bigint not null,
  name text not null,
  description text not null,
  price bigint not null,
  currency text not null,
  category text not null,
  for_sale boolean not null,
  stock_quantity bigint,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  version integer not null,
  search tsvector generated always as (to_tsvector('simple'::regconfig, regexp_replace(((name || ' '::text) || description), '[!-/:-@\[-`{-~]+'::text, ' '::text, 'g'::text))) stored,
  category_key text not null default ''::text,
  search_words tsvector not null default ''::tsvector,
  folding integer not null default 0,
  folded_version integer not null default 0,
  withdrawn_at timestamp with time zone,
  held bigint not null default 0,
  gone bigint not null default 0,
  put_in bigint not null default 0,
  entries bigint not null default 0,
  constraint price_not_negative CHECK ((price >= 0)),
  constraint products_pkey PRIMARY KEY (product_id),
  constraint stock_not_negative CHECK ((stock_quantity >= 0))
) with (fillfactor=80);

create table tradepost_product.request (
  key text not null,
  fingerprint text not null,
  result json not null,
  created_at timestamp with time zone not null,
  constraint request_pkey PRIMARY KEY (key)
);

create table tradepost_product.reservations (
  order_id bigint not null,
  items json not null,
  expires_at timestamp with time zone,
  request text,
  created_at timestamp with time zone not null default now(),
  counted boolean not null default false,
  user_id bigint,
  shipped boolean not null default false,
  moved_at timestamp with time zone,
  constraint reservations_pkey PRIMARY KEY (order_id)
);

create table tradepost_product.stock_ledger (
  product_id bigint not null,
  entry bigint not null,
  kind text not null,
  quantity bigint not null,
  on_hand bigint,
  held bigint not null,
  reason text,
  order_id bigint,
  user_id bigint,
  at timestamp with time zone not null,
  constraint kind_known CHECK ((kind = ANY (ARRAY['opening'::text, 'set'::text, 'adjustment'::text, 'correction'::text, 'reservation'::text, 'release'::text, 'shipped'::text, 'return'::text]))),
  constraint stock_ledger_pkey PRIMARY KEY (product_id, entry)
);

create table tradepost_product.takeover_report (
  entity text not null,
  old_id bigint,
  name text not null,
  problem text not null,
  taken_at timestamp with time zone not null default now(),
  shown_at timestamp with time zone
);

CREATE INDEX inbox_handled_at ON tradepost_product.inbox USING brin (handled_at);
CREATE INDEX products_by_category ON tradepost_product.products USING btree (lower(category), product_id);
CREATE INDEX products_by_category_key ON tradepost_product.products USING btree (category_key, product_id);
CREATE INDEX products_by_search_words ON tradepost_product.products USING gin (search_words);
CREATE INDEX products_by_words ON tradepost_product.products USING gin (search);
CREATE INDEX products_to_fold ON tradepost_product.products USING btree (product_id) WHERE ((folding < 1) OR (folded_version <> version));
CREATE INDEX request_created_at ON tradepost_product.request USING btree (created_at);
CREATE INDEX reservations_by_expiry ON tradepost_product.reservations USING btree (expires_at) WHERE (expires_at IS NOT NULL);
CREATE UNIQUE INDEX reservations_request ON tradepost_product.reservations USING btree (request) WHERE (request IS NOT NULL);
CREATE INDEX reservations_uncounted ON tradepost_product.reservations USING btree (order_id) WHERE (NOT counted);
CREATE INDEX reservations_unpaid ON tradepost_product.reservations USING btree (user_id) WHERE (user_id IS NOT NULL);

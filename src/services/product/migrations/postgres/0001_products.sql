create sequence {{schema}}.product_ids;

create table {{schema}}.products (
  product_id bigint primary key,
  name text not null,
  description text not null,
  price bigint not null constraint price_not_negative check (price >= 0),
  currency text not null,
  category text not null,
  for_sale boolean not null,
  -- null: not tracked. Orders take from it; the constraint is what makes overselling impossible.
  stock_quantity bigint constraint stock_not_negative check (stock_quantity >= 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version integer not null,
  -- Punctuation is taken out first: the parser would read 'Node.js' as a host and 'AC/DC' as a path.
  search tsvector generated always as (
    to_tsvector('simple', regexp_replace(name || ' ' || description, '[!-/:-@\[-`{-~]+', ' ', 'g'))) stored
) with (fillfactor = 80);
create index products_by_category on {{schema}}.products (lower(category), product_id);
create index products_by_words on {{schema}}.products using gin (search);

-- Units that orders have set aside. `expires_at` is null once the order is known to exist.
create table {{schema}}.reservations (
  order_id bigint primary key,
  items json not null,
  expires_at timestamptz,
  -- The request that the order comes from, so that a repetition finds what it has set aside.
  request text,
  created_at timestamptz not null default now()
);
create index reservations_by_expiry on {{schema}}.reservations (expires_at) where expires_at is not null;
create unique index reservations_request on {{schema}}.reservations (request) where request is not null;

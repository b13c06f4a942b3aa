-- What a product is found by, folded by the service, so that every store answers alike. A version that does not know
-- these columns leaves them out; the next start or run of product.fold writes such a row again. That version still
-- reads `words`.
alter table {{schema}}.products
  add column if not exists category_key LowCardinality(String) default '',
  add column if not exists search_words Array(String) default [],
  -- The rules by which it was folded.
  add column if not exists folding UInt32 default 0;

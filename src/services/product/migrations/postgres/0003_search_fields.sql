-- What a product is found by, folded by the service, so that every store answers alike. A version that does not know
-- these columns leaves them out at an insert, and leaves `folded_version` behind at an update: such rows are folded by
-- the next start or run of product.fold. That version still reads `search` and the indexes over lower().
alter table {{schema}}.products
  add column category_key text collate "C" not null default '',
  add column search_words tsvector not null default '',
  -- The rules by which it was folded, and the version of the product that was.
  add column folding integer not null default 0,
  add column folded_version integer not null default 0;
create index products_by_category_key on {{schema}}.products (category_key, product_id);
create index products_by_search_words on {{schema}}.products using gin (search_words);
create index products_to_fold on {{schema}}.products (product_id) where folding < 1 or folded_version <> version;

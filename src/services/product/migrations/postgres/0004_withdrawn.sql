-- Since when a product is neither listed nor orderable. A version that does not know the column lists it and sells it.
alter table {{schema}}.products add column withdrawn_at timestamptz;

-- Since when a product is neither listed nor orderable. A version that does not know the column lists it and sells it.
alter table {{schema}}.products add column if not exists withdrawn_at Nullable(DateTime64(3, 'UTC'));

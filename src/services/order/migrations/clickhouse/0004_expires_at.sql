-- When an order that is neither paid nor invoiced on account is cancelled by itself; it never changes.
alter table {{schema}}.orders add column if not exists expires_at Nullable(DateTime64(3, 'UTC'));

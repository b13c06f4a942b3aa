-- When an order that is neither paid nor invoiced on account is cancelled by itself. Orders of before stay without an end:
-- nobody was told of one when they were placed.
alter table {{schema}}.orders add column expires_at timestamptz;
-- It costs an order nothing to be placed or changed: it keeps a range for each block, and orders lie in the order of time.
create index orders_by_expiry on {{schema}}.orders using brin (expires_at);

-- Of what was refunded, what is not owed any more. Null where only the refund is known: then all of it was credited.
alter table {{schema}}.orders add column if not exists credited_total Nullable(Int64);

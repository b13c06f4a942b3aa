-- What was captured, given back and credited for an order, or for an invoice: totals that only grow. 0: nothing yet.
alter table {{schema}}.log
  add column if not exists paid_total Int64,
  add column if not exists refunded_total Int64,
  add column if not exists credited_total Int64;

-- What moved for the invoice, as payment announced it. Of invoices from before, a paid one was paid in full.
alter table {{schema}}.invoices
  add column if not exists paid_total Int64,
  add column if not exists refunded_total Int64,
  add column if not exists credited_total Int64;
alter table {{schema}}.invoices update paid_total = total where status = 'paid' and paid_total = 0
  settings mutations_sync = 1;
alter table {{schema}}.invoices add constraint if not exists totals_in_order
  check 0 <= credited_total and credited_total <= refunded_total and refunded_total <= paid_total;

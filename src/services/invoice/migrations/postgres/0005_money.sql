-- What moved for the invoice, as payment announced it. Of invoices from before, a paid one was paid in full.
alter table {{schema}}.invoices
  add column paid_total bigint not null default 0,
  add column refunded_total bigint not null default 0,
  add column credited_total bigint not null default 0;
update {{schema}}.invoices set paid_total = total where status = 'paid';
alter table {{schema}}.invoices add constraint totals_in_order
  check (0 <= credited_total and credited_total <= refunded_total and refunded_total <= paid_total);

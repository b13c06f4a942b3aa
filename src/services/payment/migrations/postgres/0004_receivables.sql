-- The row of `bills` is the receivable of its order: the invoice opens it before anything is charged. Rows of versions
-- before this one, which the first charge made, have no currency until their invoice opens them.
alter table {{schema}}.bills
  add column currency text,
  add column subtotal bigint,
  add column tax bigint,
  add column tax_rate text,
  -- Of what was refunded, what is owed again: all other refunds are credits.
  add column corrected bigint not null default 0,
  -- Its invoice was cancelled: nothing more is charged or paid until the next invoice opens it again.
  add column invoice_closed boolean not null default false;
create index bills_by_invoice on {{schema}}.bills (invoice_id) where invoice_id is not null;

-- What a correction gave back may be charged again.
alter table {{schema}}.bills drop constraint claims_within_total, drop constraint paid_within_claims,
  add constraint claims_within_total check (claimed = 0 or claimed <= total + corrected),
  add constraint paid_within_claims
    check (0 <= corrected and corrected <= refunded and refunded <= paid and paid <= claimed);

-- While a provider may capture, a receivable is not closed.
create index transactions_processing on {{schema}}.transactions (order_id) where status = 'processing';

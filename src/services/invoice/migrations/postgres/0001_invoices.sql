create sequence {{schema}}.invoice_ids;

create table {{schema}}.invoices (
  invoice_id bigint primary key,
  order_id bigint not null constraint one_invoice_per_order unique,
  user_id bigint not null,
  username text not null,
  invoice_number text not null constraint invoice_number_once unique,
  items json not null,
  subtotal bigint not null,
  tax bigint not null,
  tax_rate text not null,
  total bigint not null,
  currency text not null,
  -- Who it is addressed to, as that stood when the invoice was made.
  buyer json not null,
  status text not null constraint status_known check (status in ('draft', 'sent', 'paid', 'cancelled')),
  created_at timestamptz not null,
  due_date timestamptz not null,
  version integer not null
) with (fillfactor = 90);
create index invoices_by_user on {{schema}}.invoices (user_id, invoice_id);
create index invoices_by_status on {{schema}}.invoices (status, invoice_id);

-- The last number given in a year. A sequence would leave a gap when a transaction fails; this row rolls back with it.
create table {{schema}}.number_series (
  year integer primary key,
  last bigint not null
);

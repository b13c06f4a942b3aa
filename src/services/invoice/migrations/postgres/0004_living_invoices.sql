-- An order has one living invoice; cancelled ones stay. The name is that of the constraint before it, which a process
-- of an older version still knows.
alter table {{schema}}.invoices drop constraint one_invoice_per_order;
create unique index one_invoice_per_order on {{schema}}.invoices (order_id) where status <> 'cancelled';
create index invoices_by_order on {{schema}}.invoices (order_id);

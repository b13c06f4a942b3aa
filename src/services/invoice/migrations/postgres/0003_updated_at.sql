-- When the status last moved: what only just changed may not be known everywhere yet.
alter table {{schema}}.invoices add column updated_at timestamptz;
update {{schema}}.invoices set updated_at = created_at;
alter table {{schema}}.invoices alter column updated_at set not null;

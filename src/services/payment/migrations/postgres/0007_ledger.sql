-- The claim of an invoice is posted when it is opened: to receivable, net to sales and tax to its rate. Null: nothing was
-- opened yet, and what was charged is posted with each charge, as before.
alter table {{schema}}.bills
  -- What of the total is posted as owed, and the tax in it; less after a reversal.
  add column posted bigint,
  add column posted_tax bigint,
  add constraint tax_within_posted check (0 <= posted_tax and posted_tax <= posted);

-- When an operation last changed it; null until one has.
alter table {{schema}}.transactions add column updated_at timestamptz;

-- An entry belongs to a version of a transaction, or of the receivable of an order; of several accounts, by lines.
alter table {{schema}}.entries
  alter column transaction_id drop not null,
  add column order_id bigint,
  add column invoice_id bigint,
  add column line smallint not null default 0,
  add constraint of_transaction_or_order check ((transaction_id is null) <> (order_id is null)),
  drop constraint once_a_version,
  drop constraint kind_known,
  add constraint kind_known check (
    kind in ('receivable', 'charge', 'claim', 'payment', 'refund', 'correction', 'reversal', 'void'));
create unique index once_a_version on {{schema}}.entries (transaction_id, nth, line);
create unique index once_a_receivable on {{schema}}.entries (order_id, nth, line) where order_id is not null;

-- A process of an earlier version posts each charge of an invoice as a claim, and takes it back as a void. For a
-- receivable that was opened both are one too many: they are reversed at once.
create function {{schema}}.reverse_old_posting() returns trigger language plpgsql as $$
begin
  insert into {{schema}}.entries
    (act_id, transaction_id, nth, line, kind, user_id, debit, credit, amount, currency, created_at)
  select new.act_id, new.transaction_id, new.nth, 1, 'reversal', new.user_id, new.credit, new.debit, new.amount,
    new.currency, new.created_at
  from {{schema}}.transactions t join {{schema}}.bills b using (order_id)
  where t.transaction_id = new.transaction_id and b.posted is not null;
  return null;
end $$;
create trigger old_postings_are_reversed after insert on {{schema}}.entries
  for each row when (new.kind in ('claim', 'void')) execute function {{schema}}.reverse_old_posting();

-- What a cancelled order leaves behind: charges, money that was not refunded, or a claim that was not reversed.
drop index {{schema}}.bills_to_settle;
create index bills_to_settle on {{schema}}.bills (order_id)
  where closed and (claimed > refunded or posted + corrected > paid);

create sequence {{schema}}.transaction_ids;
create sequence {{schema}}.act_ids;
create sequence {{schema}}.payment_ids;
create sequence {{schema}}.refund_ids;

-- What is to be paid, and what became of it.
create table {{schema}}.transactions (
  transaction_id bigint primary key,
  user_id bigint not null,
  amount bigint not null constraint amount_positive check (amount > 0),
  currency text not null,
  description text not null,
  invoice_id bigint,
  order_id bigint,
  status text not null constraint status_known
    check (status in ('open', 'processing', 'paid', 'partially_refunded', 'refunded', 'voided')),
  -- Given back, and on its way back through a provider.
  refunded bigint not null,
  refunding bigint not null,
  payment_id bigint,
  created_at timestamptz not null,
  paid_at timestamptz,
  version integer not null,
  constraint never_more_than_paid check (refunded >= 0 and refunding >= 0 and refunded + refunding <= amount)
) with (fillfactor = 85);
create index transactions_by_user on {{schema}}.transactions (user_id, transaction_id);
create index transactions_open on {{schema}}.transactions (user_id) where status = 'open';

-- What a user's transactions that belong to no invoice total: the row that keeps the limit.
create table {{schema}}.wallets (
  user_id bigint primary key,
  unbilled bigint not null constraint unbilled_not_negative check (unbilled >= 0)
) with (fillfactor = 70);

-- What the transactions of an invoice claim, paid and gave back. One an order, since an order has one invoice; of an
-- order that was cancelled before anything was claimed only the row that says so.
create table {{schema}}.bills (
  order_id bigint primary key,
  user_id bigint not null,
  invoice_id bigint,
  total bigint,
  claimed bigint not null,
  paid bigint not null,
  refunded bigint not null,
  closed boolean not null,
  version integer not null,
  constraint claims_within_total check (claimed = 0 or claimed <= total),
  constraint paid_within_claims check (0 <= refunded and refunded <= paid and paid <= claimed)
) with (fillfactor = 70);
create index bills_to_settle on {{schema}}.bills (order_id) where closed and claimed > refunded;

-- One row an act that moved something: paid, refunded, voided, or asked a provider to.
create table {{schema}}.acts (
  act_id bigint primary key,
  kind text not null,
  user_id bigint not null,
  created_at timestamptz not null,
  version integer not null
);

create table {{schema}}.payments (
  payment_id bigint primary key,
  user_id bigint not null,
  provider text not null,
  provider_ref text,
  -- The card or account, as the provider names it.
  method text,
  status text not null constraint status_known check (status in ('started', 'captured', 'failed')),
  amount bigint not null,
  currency text not null,
  transaction_ids json not null,
  -- The key of the request that it came from, which goes on with this payment when it comes again.
  request text,
  fingerprint text,
  failure text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version integer not null
);
create unique index payments_by_ref on {{schema}}.payments (provider, provider_ref) where provider_ref is not null;
create unique index payments_by_request on {{schema}}.payments (request) where request is not null;
create index payments_started on {{schema}}.payments (created_at) where status = 'started';

-- Sums given back. A done one is a credit note, and has its number.
create table {{schema}}.refunds (
  refund_id bigint primary key,
  transaction_id bigint not null,
  payment_id bigint not null,
  user_id bigint not null,
  invoice_id bigint,
  order_id bigint,
  provider text not null,
  provider_ref text,
  amount bigint not null constraint amount_positive check (amount > 0),
  currency text not null,
  reason text not null,
  status text not null constraint status_known check (status in ('started', 'done', 'failed')),
  number text constraint credit_note_number_once unique,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version integer not null,
  constraint done_has_number check ((status = 'done') = (number is not null))
);
create index refunds_by_user on {{schema}}.refunds (user_id, refund_id);
create index refunds_failed on {{schema}}.refunds (order_id) where status = 'failed';
create index refunds_started on {{schema}}.refunds (created_at) where status = 'started';

create table {{schema}}.number_series (
  year integer primary key,
  last bigint not null
);

-- The ledger: each entry moves one amount from one account (credit) to another (debit), so it cannot but sum to zero.
-- Entries are never changed and never deleted; a void or a refund is an entry of its own that takes another one back.
create table {{schema}}.entries (
  entry_id bigint generated always as identity primary key,
  act_id bigint,
  transaction_id bigint not null,
  -- The version of the transaction that the entry belongs to.
  nth integer not null,
  kind text not null constraint kind_known check (kind in ('claim', 'payment', 'refund', 'void')),
  user_id bigint not null,
  debit text not null,
  credit text not null,
  amount bigint not null constraint amount_positive check (amount > 0),
  currency text not null,
  created_at timestamptz not null,
  constraint two_accounts check (debit <> credit),
  constraint once_a_version unique (transaction_id, nth)
);

create function {{schema}}.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is only added to' using errcode = 'restrict_violation';
end $$;
create trigger entries_stay before update or delete on {{schema}}.entries
  for each row execute function {{schema}}.refuse_change();
create trigger entries_are_not_emptied before truncate on {{schema}}.entries
  for each statement execute function {{schema}}.refuse_change();

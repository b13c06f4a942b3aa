-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

create schema tradepost_payment;

create sequence tradepost_payment.act_ids;
create sequence tradepost_payment.payment_ids;
create sequence tradepost_payment.refund_ids;
create sequence tradepost_payment.transaction_ids;
create sequence tradepost_payment.webhook_endpoint_ids;

create table tradepost_payment.acts (
  act_id bigint not null,
  kind text not null,
  user_id bigint not null,
  created_at timestamp with time zone not null,
  version integer not null,
  constraint acts_pkey PRIMARY KEY (act_id)
);

create table tradepost_payment.bills (
  order_id bigint not null,
  user_id bigint not null,
  invoice_id bigint,
  total bigint,
  claimed bigint not null,
  paid bigint not null,
  refunded bigint not null,
  closed boolean not null,
  version integer not null,
  currency text,
  subtotal bigint,
  tax bigint,
  tax_rate text,
  corrected bigint not null default 0,
  invoice_closed boolean not null default false,
  posted bigint,
  posted_tax bigint,
  ended boolean not null default false,
  constraint bills_pkey PRIMARY KEY (order_id),
  constraint claims_within_total CHECK (((claimed = 0) OR (claimed <= (total + corrected)))),
  constraint paid_within_claims CHECK (((0 <= corrected) AND (corrected <= refunded) AND (refunded <= paid) AND (paid <= claimed))),
  constraint tax_within_posted CHECK (((0 <= posted_tax) AND (posted_tax <= posted)))
) with (fillfactor=70);

create table tradepost_payment.dead_letter (
  id bigint not null generated always as identity,
  consumer text not null,
  event_id uuid not null,
  type text not null,
  subject text not null,
  "time" timestamp with time zone not null,
  envelope json not null,
  error text not null,
  attempts integer not null,
  failed_at timestamp with time zone not null,
  constraint dead_letter_once UNIQUE (consumer, event_id),
  constraint dead_letter_pkey PRIMARY KEY (id)
);

create table tradepost_payment.entries (
  entry_id bigint not null generated always as identity,
  act_id bigint,
  transaction_id bigint,
  nth integer not null,
  kind text not null,
  user_id bigint not null,
  debit text not null,
  credit text not null,
  amount bigint not null,
  currency text not null,
  created_at timestamp with time zone not null,
  order_id bigint,
  invoice_id bigint,
  line smallint not null default 0,
  constraint amount_positive CHECK ((amount > 0)),
  constraint entries_pkey PRIMARY KEY (entry_id),
  constraint kind_known CHECK ((kind = ANY (ARRAY['receivable'::text, 'charge'::text, 'claim'::text, 'payment'::text, 'refund'::text, 'correction'::text, 'reversal'::text, 'void'::text]))),
  constraint of_transaction_or_order CHECK (((transaction_id IS NULL) <> (order_id IS NULL))),
  constraint two_accounts CHECK ((debit <> credit))
);

create table tradepost_payment.id_returned (
  sequence text not null,
  id bigint not null,
  constraint id_returned_pkey PRIMARY KEY (sequence, id)
);

create table tradepost_payment.inbox (
  consumer text not null,
  event_id uuid not null,
  handled_at timestamp with time zone not null,
  constraint inbox_pkey PRIMARY KEY (consumer, event_id)
);

create table tradepost_payment.number_series (
  year integer not null,
  last bigint not null,
  constraint number_series_pkey PRIMARY KEY (year)
);

create table tradepost_payment.outbox (
  "position" bigint not null generated always as identity,
  id uuid not null,
  type text not null,
  subject text not null,
  data json not null,
  "time" timestamp with time zone not null,
  trace text not null,
  correlation text not null,
  causation uuid,
  actor text not null default 'system'::text,
  about text,
  constraint outbox_pkey PRIMARY KEY ("position")
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_insert_scale_factor=0.5, autovacuum_analyze_scale_factor=0.5);

create table tradepost_payment.payments (
  payment_id bigint not null,
  user_id bigint not null,
  provider text not null,
  provider_ref text,
  method text,
  status text not null,
  amount bigint not null,
  currency text not null,
  transaction_ids json not null,
  request text,
  fingerprint text,
  failure text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  version integer not null,
  reference text,
  received_on text,
  constraint payments_pkey PRIMARY KEY (payment_id),
  constraint status_known CHECK ((status = ANY (ARRAY['started'::text, 'captured'::text, 'failed'::text])))
);

create table tradepost_payment.refunds (
  refund_id bigint not null,
  transaction_id bigint not null,
  payment_id bigint not null,
  user_id bigint not null,
  invoice_id bigint,
  order_id bigint,
  provider text not null,
  provider_ref text,
  amount bigint not null,
  currency text not null,
  reason text not null,
  status text not null,
  number text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  version integer not null,
  kind text not null default 'credit'::text,
  constraint amount_positive CHECK ((amount > 0)),
  constraint credit_note_number_once UNIQUE (number),
  constraint done_has_number CHECK ((((status = 'done'::text) AND (kind = 'credit'::text)) = (number IS NOT NULL))),
  constraint kind_known CHECK ((kind = ANY (ARRAY['credit'::text, 'correction'::text]))),
  constraint refunds_pkey PRIMARY KEY (refund_id),
  constraint status_known CHECK ((status = ANY (ARRAY['started'::text, 'done'::text, 'failed'::text])))
);

create table tradepost_payment.request (
  key text not null,
  fingerprint text not null,
  result json not null,
  created_at timestamp with time zone not null,
  constraint request_pkey PRIMARY KEY (key)
);

create table tradepost_payment.transactions (
  transaction_id bigint not null,
  user_id bigint not null,
  amount bigint not null,
  currency text not null,
  description text not null,
  invoice_id bigint,
  order_id bigint,
  status text not null,
  refunded bigint not null,
  refunding bigint not null,
  payment_id bigint,
  created_at timestamp with time zone not null,
  paid_at timestamp with time zone,
  version integer not null,
  updated_at timestamp with time zone,
  constraint amount_positive CHECK ((amount > 0)),
  constraint never_more_than_paid CHECK (((refunded >= 0) AND (refunding >= 0) AND ((refunded + refunding) <= amount))),
  constraint status_known CHECK ((status = ANY (ARRAY['open'::text, 'processing'::text, 'paid'::text, 'partially_refunded'::text, 'refunded'::text, 'voided'::text]))),
  constraint transactions_pkey PRIMARY KEY (transaction_id)
) with (fillfactor=85);

create table tradepost_payment.wallets (
  user_id bigint not null,
  unbilled bigint not null,
  constraint unbilled_not_negative CHECK ((unbilled >= 0)),
  constraint wallets_pkey PRIMARY KEY (user_id)
) with (fillfactor=70);

create table tradepost_payment.webhook_attempts (
  attempt_id bigint not null generated always as identity,
  delivery_id bigint not null,
  at timestamp with time zone not null,
  status integer,
  error text,
  ms integer not null,
  constraint webhook_attempts_pkey PRIMARY KEY (attempt_id)
);

create table tradepost_payment.webhook_deliveries (
  delivery_id bigint not null generated always as identity,
  endpoint_id bigint not null,
  message_id uuid not null,
  type text not null,
  "time" timestamp with time zone not null,
  data text not null,
  status text not null,
  tries integer not null,
  next_at timestamp with time zone,
  created_at timestamp with time zone not null,
  constraint message_once UNIQUE (endpoint_id, message_id),
  constraint status_known CHECK ((status = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text]))),
  constraint waiting_has_time CHECK (((status <> 'waiting'::text) OR (next_at IS NOT NULL))),
  constraint webhook_deliveries_pkey PRIMARY KEY (delivery_id)
);

create table tradepost_payment.webhook_endpoints (
  endpoint_id bigint not null,
  user_id bigint not null,
  url text not null,
  types json not null,
  everyone boolean not null,
  status text not null,
  disabled_reason text,
  secret text not null,
  previous_secret text,
  previous_until timestamp with time zone,
  failing_since timestamp with time zone,
  created_at timestamp with time zone not null,
  version integer not null,
  exported_status text,
  imported boolean not null default false,
  constraint status_known CHECK ((status = ANY (ARRAY['active'::text, 'disabled'::text, 'deleted'::text]))),
  constraint webhook_endpoints_pkey PRIMARY KEY (endpoint_id)
);

create table tradepost_payment.webhook_export (
  only_one boolean not null default true,
  cut_at timestamp with time zone not null,
  last_endpoint_id bigint not null,
  last_delivery_id bigint not null,
  constraint webhook_export_only_one_check CHECK (only_one),
  constraint webhook_export_pkey PRIMARY KEY (only_one)
);

CREATE INDEX bills_by_invoice ON tradepost_payment.bills USING btree (invoice_id) WHERE (invoice_id IS NOT NULL);
CREATE INDEX bills_to_settle ON tradepost_payment.bills USING btree (order_id) WHERE (closed AND (NOT ended));
CREATE INDEX inbox_handled_at ON tradepost_payment.inbox USING brin (handled_at);
CREATE UNIQUE INDEX once_a_receivable ON tradepost_payment.entries USING btree (order_id, nth, line) WHERE (order_id IS NOT NULL);
CREATE UNIQUE INDEX once_a_version ON tradepost_payment.entries USING btree (transaction_id, nth, line);
CREATE UNIQUE INDEX payments_by_ref ON tradepost_payment.payments USING btree (provider, provider_ref) WHERE (provider_ref IS NOT NULL);
CREATE UNIQUE INDEX payments_by_request ON tradepost_payment.payments USING btree (request) WHERE (request IS NOT NULL);
CREATE INDEX payments_started ON tradepost_payment.payments USING btree (created_at) WHERE (status = 'started'::text);
CREATE INDEX refunds_by_user ON tradepost_payment.refunds USING btree (user_id, refund_id);
CREATE INDEX refunds_failed ON tradepost_payment.refunds USING btree (order_id) WHERE (status = 'failed'::text);
CREATE INDEX refunds_started ON tradepost_payment.refunds USING btree (created_at) WHERE (status = 'started'::text);
CREATE INDEX request_created_at ON tradepost_payment.request USING btree (created_at);
CREATE INDEX transactions_by_user ON tradepost_payment.transactions USING btree (user_id, transaction_id);
CREATE INDEX transactions_open ON tradepost_payment.transactions USING btree (user_id) WHERE (status = 'open'::text);
CREATE INDEX transactions_processing ON tradepost_payment.transactions USING btree (order_id) WHERE (status = 'processing'::text);
CREATE INDEX webhook_attempts_by_delivery ON tradepost_payment.webhook_attempts USING btree (delivery_id);
CREATE INDEX webhook_deliveries_by_endpoint ON tradepost_payment.webhook_deliveries USING btree (endpoint_id, delivery_id);
CREATE INDEX webhook_deliveries_waiting ON tradepost_payment.webhook_deliveries USING btree (endpoint_id, next_at) WHERE (status = 'waiting'::text);
CREATE INDEX webhook_endpoints_by_user ON tradepost_payment.webhook_endpoints USING btree (user_id, endpoint_id);
CREATE INDEX webhook_endpoints_for_everyone ON tradepost_payment.webhook_endpoints USING btree (endpoint_id) WHERE everyone;
CREATE INDEX webhook_endpoints_to_export ON tradepost_payment.webhook_endpoints USING btree (endpoint_id) WHERE (NOT imported);

CREATE OR REPLACE FUNCTION tradepost_payment.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'the ledger is only added to' using errcode = 'restrict_violation';
end $function$
;
CREATE OR REPLACE FUNCTION tradepost_payment.reverse_old_posting()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into tradepost_payment.entries
    (act_id, transaction_id, nth, line, kind, user_id, debit, credit, amount, currency, created_at)
  select new.act_id, new.transaction_id, new.nth, 1, 'reversal', new.user_id, new.credit, new.debit, new.amount,
    new.currency, new.created_at
  from tradepost_payment.transactions t join tradepost_payment.bills b using (order_id)
  where t.transaction_id = new.transaction_id and b.posted is not null;
  return null;
end $function$
;

CREATE TRIGGER entries_are_not_emptied BEFORE TRUNCATE ON tradepost_payment.entries FOR EACH STATEMENT EXECUTE FUNCTION tradepost_payment.refuse_change();
CREATE TRIGGER entries_stay BEFORE DELETE OR UPDATE ON tradepost_payment.entries FOR EACH ROW EXECUTE FUNCTION tradepost_payment.refuse_change();
CREATE TRIGGER old_postings_are_reversed AFTER INSERT ON tradepost_payment.entries FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['claim'::text, 'void'::text]))) EXECUTE FUNCTION tradepost_payment.reverse_old_posting();

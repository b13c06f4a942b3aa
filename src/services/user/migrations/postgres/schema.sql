-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

create schema tradepost_user;

create sequence tradepost_user.user_ids;

create table tradepost_user.admins (
  singleton boolean not null default true,
  number integer not null,
  constraint admins_pkey PRIMARY KEY (singleton),
  constraint an_admin_remains CHECK ((number > 0)),
  constraint one_row CHECK (singleton)
);

create table tradepost_user.dead_letter (
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

create table tradepost_user.id_returned (
  sequence text not null,
  id bigint not null,
  constraint id_returned_pkey PRIMARY KEY (sequence, id)
);

create table tradepost_user.inbox (
  consumer text not null,
  event_id uuid not null,
  handled_at timestamp with time zone not null,
  constraint inbox_pkey PRIMARY KEY (consumer, event_id)
);

create table tradepost_user.outbox (
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

create table tradepost_user.request (
  key text not null,
  fingerprint text not null,
  result json not null,
  created_at timestamp with time zone not null,
  constraint request_pkey PRIMARY KEY (key)
);

create table tradepost_user.session_tokens (
  hash bytea not null,
  session_id bigint not null,
  constraint session_tokens_pkey PRIMARY KEY (hash),
  constraint session_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES tradepost_user.sessions(session_id) ON DELETE CASCADE
);

create table tradepost_user.sessions (
  session_id bigint not null generated always as identity,
  user_id bigint not null,
  password_version integer not null,
  token_hash bytea not null,
  created_at timestamp with time zone not null,
  last_used_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  constraint sessions_pkey PRIMARY KEY (session_id),
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES tradepost_user.users(user_id)
);

create table tradepost_user.signing_keys (
  kid text not null,
  jwk json not null,
  active boolean not null,
  created_at timestamp with time zone not null,
  constraint signing_keys_pkey PRIMARY KEY (kid)
);

create table tradepost_user.takeover_report (
  entity text not null,
  old_id bigint,
  name text not null,
  problem text not null,
  taken_at timestamp with time zone not null default now(),
  shown_at timestamp with time zone
);

create table tradepost_user.users (
  user_id bigint not null,
  username text not null,
  password_hash text not null,
  password_version integer not null,
  role text not null,
  founder boolean not null,
  display_name text,
  email text,
  phone text,
  address json,
  locale text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  version integer not null,
  constraint role_known CHECK ((role = ANY (ARRAY['customer'::text, 'staff'::text, 'admin'::text]))),
  constraint users_pkey PRIMARY KEY (user_id)
) with (fillfactor=90);

CREATE INDEX inbox_handled_at ON tradepost_user.inbox USING brin (handled_at);
CREATE UNIQUE INDEX one_active_key ON tradepost_user.signing_keys USING btree (active) WHERE active;
CREATE INDEX request_created_at ON tradepost_user.request USING btree (created_at);
CREATE INDEX session_tokens_by_session ON tradepost_user.session_tokens USING btree (session_id);
CREATE INDEX sessions_by_expiry ON tradepost_user.sessions USING btree (expires_at);
CREATE INDEX sessions_by_user ON tradepost_user.sessions USING btree (user_id, session_id);
CREATE UNIQUE INDEX users_founder ON tradepost_user.users USING btree (founder) WHERE founder;
CREATE UNIQUE INDEX users_username ON tradepost_user.users USING btree (lower((username COLLATE "C")));

CREATE OR REPLACE FUNCTION tradepost_user.count_admins()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'INSERT' then
    insert into tradepost_user.admins as a (number) values (1)
      on conflict (singleton) do update set number = a.number + 1;
  else
    update tradepost_user.admins set number = number + case when new.role = 'admin' then 1 else -1 end;
  end if;
  return null;
end $function$
;

CREATE TRIGGER admin_added AFTER INSERT ON tradepost_user.users FOR EACH ROW WHEN ((new.role = 'admin'::text)) EXECUTE FUNCTION tradepost_user.count_admins();
CREATE TRIGGER admin_changed AFTER UPDATE ON tradepost_user.users FOR EACH ROW WHEN (((old.role = 'admin'::text) <> (new.role = 'admin'::text))) EXECUTE FUNCTION tradepost_user.count_admins();

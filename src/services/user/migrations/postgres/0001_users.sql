create sequence {{schema}}.user_ids;

create table {{schema}}.users (
  user_id bigint primary key,
  username text not null,
  password_hash text not null,
  -- Counts the passwords that the account has had; a session is good for the one it was opened with.
  password_version integer not null,
  role text not null constraint role_known check (role in ('customer', 'staff', 'admin')),
  founder boolean not null,
  display_name text,
  email text,
  phone text,
  address json,
  locale text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version integer not null
) with (fillfactor = 90);
-- Names are ASCII, so the plain rule for small letters holds, whatever the locale of the server.
create unique index users_username on {{schema}}.users (lower(username collate "C"));
-- The first account, which is the administrator: there is one, however many register at once.
create unique index users_founder on {{schema}}.users (founder) where founder;

-- How many administrators there are. Every change of that number passes this one row, so that two of them cannot
-- demote each other at the same moment.
create table {{schema}}.admins (
  singleton boolean primary key default true constraint one_row check (singleton),
  number integer not null constraint an_admin_remains check (number > 0)
);

create function {{schema}}.count_admins() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into {{schema}}.admins as a (number) values (1)
      on conflict (singleton) do update set number = a.number + 1;
  else
    update {{schema}}.admins set number = number + case when new.role = 'admin' then 1 else -1 end;
  end if;
  return null;
end $$;
create trigger admin_added after insert on {{schema}}.users
  for each row when (new.role = 'admin') execute function {{schema}}.count_admins();
create trigger admin_changed after update on {{schema}}.users
  for each row when ((old.role = 'admin') <> (new.role = 'admin')) execute function {{schema}}.count_admins();

-- One sign-in and the refresh tokens that follow from it.
create table {{schema}}.sessions (
  session_id bigint generated always as identity primary key,
  user_id bigint not null references {{schema}}.users,
  password_version integer not null,
  -- SHA-256 of the refresh token that is good now.
  token_hash bytea not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index sessions_by_user on {{schema}}.sessions (user_id, session_id);
create index sessions_by_expiry on {{schema}}.sessions (expires_at);

-- Every refresh token that a session has had: one that comes back was stolen, from us or from its owner.
create table {{schema}}.session_tokens (
  hash bytea primary key,
  session_id bigint not null references {{schema}}.sessions on delete cascade
);
create index session_tokens_by_session on {{schema}}.session_tokens (session_id);

-- The key that signs access tokens when no shared secret is configured.
create table {{schema}}.signing_keys (
  kid text primary key,
  jwk json not null,
  active boolean not null,
  created_at timestamptz not null
);
create unique index one_active_key on {{schema}}.signing_keys (active) where active;

-- Every version of an account is a row, with what it announced; the newest one is the account. What is secret or
-- personal in a row that is no longer the newest is blanked soon after it was announced.
create table if not exists {{schema}}.users (
  user_id UInt64,
  username String,
  -- Names are ASCII, and this changes no other letter.
  username_key String materialized lower(username),
  password_hash String,
  -- Counts the passwords that the account has had; a session is good for the one it was opened with.
  password_version UInt32,
  role LowCardinality(String),
  -- The first account, which is the administrator: there is one, however many register at once.
  founder Bool,
  founder_key UInt8 materialized toUInt8(founder),
  display_name Nullable(String),
  email Nullable(String),
  phone Nullable(String),
  address String,
  locale Nullable(String),
  created_at DateTime64(3, 'UTC'),
  updated_at DateTime64(3, 'UTC'),
  version UInt32,
  position UInt64,
  request_key String,
  request_print String,
  mark String,
  events String,
  written_by LowCardinality(String),
  constraint role_known check role in ('customer', 'staff', 'admin'),
  index by_position position type minmax granularity 1,
  projection by_name (select _part_offset order by username_key),
  projection by_founder (select _part_offset order by founder_key),
  projection by_role (select _part_offset order by role),
  projection by_request (select _part_offset order by request_key),
  projection by_mark (select _part_offset order by mark)
) engine = MergeTree order by (user_id, version, position)
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- One sign-in and the refresh tokens that followed from it: a row for each thing that happened to it. The newest one
-- is the session, and all of them together say which tokens it has had: one that comes back was stolen, from us or
-- from its owner.
create table if not exists {{schema}}.sessions (
  session_id UInt64,
  user_id UInt64,
  password_version UInt32,
  -- SHA-256 of the refresh token that was good then, in hexadecimal digits.
  token_hash String,
  created_at DateTime64(3, 'UTC'),
  last_used_at DateTime64(3, 'UTC'),
  expires_at DateTime64(3, 'UTC'),
  revoked_at Nullable(DateTime64(3, 'UTC')),
  position UInt64,
  written_by LowCardinality(String),
  index by_position position type minmax granularity 1,
  projection by_user (select _part_offset order by user_id),
  projection by_token (select _part_offset order by token_hash)
) engine = MergeTree order by (session_id, position)
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- The key that signs access tokens when no shared secret is configured. The first one counts.
create table if not exists {{schema}}.signing_keys (
  kid String,
  jwk String,
  created_at DateTime64(3, 'UTC'),
  position UInt64,
  written_by LowCardinality(String)
) engine = MergeTree order by position
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

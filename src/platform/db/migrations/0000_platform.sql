-- What every service keeps beside its own tables, in its own schema, so that it is written in the same commit.
create schema if not exists {{schema}};

-- Events that are committed and wait for the relay.
create table {{schema}}.outbox (
  position bigint generated always as identity primary key,
  id uuid not null,
  type text not null,
  subject text not null,
  data json not null,
  time timestamptz not null,
  trace text not null,
  correlation text not null,
  causation uuid
);

-- What a consumer has done: its mark is written with its effect.
create table {{schema}}.inbox (
  consumer text not null,
  event_id uuid not null,
  handled_at timestamptz not null,
  constraint inbox_pkey primary key (consumer, event_id)
);

-- Requests that carried an Idempotency-Key, with the state that they were answered from.
create table {{schema}}.request (
  key text not null,
  fingerprint text not null,
  result json not null,
  created_at timestamptz not null,
  constraint request_pkey primary key (key)
);
create index request_created_at on {{schema}}.request (created_at);

create sequence {{schema}}.webhook_endpoint_ids;

-- Addresses that users want to be told at.
create table {{schema}}.webhook_endpoints (
  endpoint_id bigint primary key,
  user_id bigint not null,
  url text not null,
  types json not null,
  everyone boolean not null,
  status text not null constraint status_known check (status in ('active', 'disabled', 'deleted')),
  disabled_reason text,
  -- It signs every message, so it is kept as it is.
  secret text not null,
  previous_secret text,
  previous_until timestamptz,
  failing_since timestamptz,
  created_at timestamptz not null,
  version integer not null
);
create index webhook_endpoints_by_user on {{schema}}.webhook_endpoints (user_id, endpoint_id);
create index webhook_endpoints_for_everyone on {{schema}}.webhook_endpoints (endpoint_id) where everyone;

-- One message to one endpoint.
create table {{schema}}.webhook_deliveries (
  delivery_id bigint generated always as identity primary key,
  endpoint_id bigint not null,
  message_id uuid not null,
  type text not null,
  time timestamptz not null,
  -- The payload as it is signed, byte for byte.
  data text not null,
  status text not null constraint status_known check (status in ('waiting', 'delivered', 'failed')),
  tries integer not null,
  next_at timestamptz,
  created_at timestamptz not null,
  constraint message_once unique (endpoint_id, message_id),
  constraint waiting_has_time check (status <> 'waiting' or next_at is not null)
);
create index webhook_deliveries_waiting on {{schema}}.webhook_deliveries (endpoint_id, next_at) where status = 'waiting';
create index webhook_deliveries_by_endpoint on {{schema}}.webhook_deliveries (endpoint_id, delivery_id);

create table {{schema}}.webhook_attempts (
  attempt_id bigint generated always as identity primary key,
  delivery_id bigint not null,
  at timestamptz not null,
  status integer,
  error text,
  ms integer not null
);
create index webhook_attempts_by_delivery on {{schema}}.webhook_attempts (delivery_id);

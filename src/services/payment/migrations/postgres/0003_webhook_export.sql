-- Webhooks are a service of their own. What is kept here waits to be exported to it; then these tables are empty, but
-- for endpoints without their secrets, by which events from before the cut are queued.
create table {{schema}}.webhook_export (
  only_one boolean primary key default true check (only_one),
  -- Events before this moment are queued here, those from it on by the service webhook.
  cut_at timestamptz not null,
  last_endpoint_id bigint not null,
  last_delivery_id bigint not null
);

-- The status with which an endpoint was exported. Its own is 'deleted' from then on, so that an earlier version of the
-- program that still runs queues and sends nothing for it.
alter table {{schema}}.webhook_endpoints add column exported_status text, add column imported boolean not null default false;
create index webhook_endpoints_to_export on {{schema}}.webhook_endpoints (endpoint_id) where not imported;

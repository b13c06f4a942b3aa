-- What the active endpoints wish for is read again and again, while events come.
create index endpoints_active on {{schema}}.endpoints (endpoint_id) where status = 'active';

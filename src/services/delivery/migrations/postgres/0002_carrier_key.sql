-- The name of a carrier is of ASCII; lower() of a locale may have small letters of its own for it.
drop index {{schema}}.tracking_number_once;
create unique index tracking_number_once on {{schema}}.shipments (lower(carrier collate "C"), tracking_number)
  where tracking_number is not null;

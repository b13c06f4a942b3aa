-- The time zone whose hours and days `figures` and `sold` are kept by: one row, from the first event on. What was counted
-- before was counted by those of UTC.
create table {{schema}}.calendar (
  one boolean primary key default true check (one),
  zone text not null
);
insert into {{schema}}.calendar (zone) select 'UTC' where exists (select from {{schema}}.events);

-- Up to where the log was forgotten: a reader whose place is below has lost what lay between. No sequence says that,
-- since positions have gaps where an append was rolled back.
create table {{schema}}.forgotten (
  only_one boolean primary key default true check (only_one),
  position bigint not null
);
insert into {{schema}}.forgotten (position) values (0);

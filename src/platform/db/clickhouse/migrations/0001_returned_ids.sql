-- Ids that a process took and did not use before it stopped: the next block begins with them.
alter table {{schema}}.ids add column if not exists returned Array(UInt64) default [];

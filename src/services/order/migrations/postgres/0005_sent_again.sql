-- How often the parcel was packed again after it had failed.
alter table {{schema}}.orders add column sent_again integer not null default 0;

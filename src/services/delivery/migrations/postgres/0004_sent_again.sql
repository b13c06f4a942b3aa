-- How often a parcel was packed again after it had failed.
alter table {{schema}}.shipments add column sent_again integer not null default 0;

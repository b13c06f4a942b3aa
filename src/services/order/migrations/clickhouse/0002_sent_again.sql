-- How often the parcel was packed again after it had failed. Without a default, so that a copy takes the column along.
alter table {{schema}}.orders add column if not exists sent_again UInt32;

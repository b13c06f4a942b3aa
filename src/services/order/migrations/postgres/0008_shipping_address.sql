-- Where the parcel goes, when the order says so; null: where the profile of the buyer had its address.
alter table {{schema}}.orders add column shipping_address json;

-- Where the parcel goes, as JSON, when the order says so; null: where the profile of the buyer had its address.
alter table {{schema}}.orders add column if not exists shipping_address Nullable(String);

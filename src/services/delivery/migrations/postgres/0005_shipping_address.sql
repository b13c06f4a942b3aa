-- Where the order wants its parcel, when it says so; null: where the profile of the buyer had its address.
alter table {{schema}}.shipments add column shipping_address json;

-- Of a cancelled order, nothing is left to void, to give back or to reverse. A column of its own: the index of what is left
-- would otherwise name the sums, and each payment would have to write every index of the row.
alter table {{schema}}.bills add column ended boolean not null default false;
update {{schema}}.bills set ended = true
  where closed and not (claimed > refunded or coalesce(posted + corrected > paid, false));
drop index {{schema}}.bills_to_settle;
create index bills_to_settle on {{schema}}.bills (order_id) where closed and not ended;

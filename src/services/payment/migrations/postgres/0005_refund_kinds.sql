-- A credit lowers what is owed, a correction makes it owed again. Whatever was refunded before was a credit.
alter table {{schema}}.refunds
  add column kind text not null default 'credit' constraint kind_known check (kind in ('credit', 'correction')),
  drop constraint done_has_number,
  add constraint done_has_number check ((status = 'done' and kind = 'credit') = (number is not null));

-- A user's limit counts what is open or kept, and no longer what was given back.
update {{schema}}.wallets w set unbilled = w.unbilled - t.refunded
from (
  select user_id, sum(refunded) as refunded from {{schema}}.transactions
  where order_id is null and refunded > 0 group by user_id) t
where t.user_id = w.user_id;

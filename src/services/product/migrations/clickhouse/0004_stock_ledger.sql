-- Every unit of a product is explained: put_in = units (0 when it is not tracked) + held + gone. The ledger is in the
-- table that its movements change, since one block in one table is all that is written as a whole. A version that does
-- not know these columns leaves them out; the next movement of such a product, or run of product.fold, adopts it.
alter table {{schema}}.stock
  -- A product: what is held for orders, what was shipped, what was put in, the number of its last entry, and the version
  -- of it up to which what was set is in the ledger; 0: it is not known. An entry: what was held after it.
  add column if not exists held Int64 default 0,
  add column if not exists gone Int64 default 0,
  add column if not exists put_in Int64 default 0,
  add column if not exists entries UInt64 default 0,
  add column if not exists booked UInt32 default 0,
  -- A reservation: whose unpaid units they are. An entry: who did it. 0: nobody.
  add column if not exists user_id UInt64 default 0,
  -- A reservation: whether its units have left; `at` is the time of the event that said so last.
  add column if not exists shipped Bool default false,
  -- An entry: its id is the product's, times 2^32, and its number; `units` is what was on hand after it.
  add column if not exists movement LowCardinality(String) default '',
  add column if not exists quantity Int64 default 0,
  add column if not exists tracked Bool default true,
  add column if not exists reason String default '',
  add column if not exists order_id UInt64 default 0,
  add column if not exists at DateTime64(3, 'UTC') default toDateTime64(0, 3, 'UTC'),
  drop constraint if exists kind_known,
  add constraint kind_holds check kind in ('reservation', 'product', 'entry');

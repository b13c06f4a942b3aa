-- What was captured, given back and credited for an order, or for an invoice: totals that only grow. Null: nothing yet.
alter table {{schema}}.stories
  add column paid_total bigint,
  add column refunded_total bigint,
  add column credited_total bigint,
  add column was_paid_total bigint,
  add column was_refunded_total bigint,
  add column was_credited_total bigint;

-- Only what can be followed over time is kept by hour; of everything else nobody reads more than the total.
delete from {{schema}}.figures
where hour <> '-infinity' and metric not in ('orders', 'revenue', 'transactions', 'payments', 'refunds', 'users');

-- The lines of an order without what was credited of them: in proportion, the units that are left over to the largest
-- remainders, of equal ones to the larger line, then to the earlier one. `spread` of money.ts says the same.
create function {{schema}}.lines_less_credit(lines json, credit bigint) returns json language sql immutable as $$
  select json_agg(json_build_object('product_id', product_id, 'product_name', product_name, 'quantity', quantity,
    'total', total - coalesce(part, 0) - case when place <= left_over then 1 else 0 end))
  from (
    select *, row_number() over (order by rest desc, total desc, nth) as place,
      credit - sum(part) over () as left_over
    from (
      select *, div(credit::numeric * total, nullif(whole, 0)) as part, mod(credit::numeric * total, nullif(whole, 0)) as rest
      from (
        select *, sum(total) over () as whole
        from rows from (json_to_recordset(lines) as (product_id bigint, product_name text, quantity bigint, total bigint))
          with ordinality as line (product_id, product_name, quantity, total, nth)
      ) weighed
    ) shared
  ) placed
$$;

select set_config('tradepost.occupied', case when exists (select from {{schema}}.users) then 'users' else '' end, true);
{{include services/first-versions.sql}}

create function usable(hash text) returns boolean language sql immutable as
$$ select coalesce(hash ~ '^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$', false) $$;

-- bcrypt hashes are taken as they are. What is no such hash is replaced by one whose password nobody knows. The oldest
-- account that can sign in is the first account of the system, and its administrator.
insert into users (user_id, username, password_hash, password_version, role, founder, created_at, updated_at, version)
select user_id, username, case when usable then password_hash else locked end, 1,
  case when first then 'admin' else 'customer' end, first, created_at, created_at, 1
from (
  select *, row_number() over (order by not usable, user_id) = 1 as first,
    '$2b$12$' || left(replace(gen_random_uuid()::text, '-', ''), 21) || '.'
      || left(replace(gen_random_uuid()::text, '-', ''), 30) || '.' as locked
  from (select *, usable(password_hash) as usable from old_users) u
) u;

insert into takeover_report (entity, old_id, name, problem)
select 'user', user_id, coalesce(old_name, ''), problem
from old_users u, lateral (values
  (old_name is null, format('the account has no name; it is called ''%s'' now', username)),
  (old_name is not null and username <> old_name,
    format('an older account has this name; this one is called ''%s'' now and signs in by that', username)),
  (username ~ '^\d+$', 'the name is all digits, so /orders/{username} takes it for the id of an order'),
  (not usable(password_hash),
    'its password is not kept as a bcrypt hash; the account cannot sign in')
) as p (applies, problem)
where applies;

-- An id that anything refers to is never given out again, or a new account would inherit the orders of one that is gone.
select setval('user_ids', last)
from (select max(user_id) as last from (
  select user_id from old_users union all select user_id from old_orders union all select user_id from old_invoices
) every) s
where last > 0;

drop schema {{schema}}_old cascade;

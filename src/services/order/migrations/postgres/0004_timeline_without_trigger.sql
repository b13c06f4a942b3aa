-- What orders announce is recorded by the statement that saves them (order.timeline.postgres.ts), and no longer by a
-- trigger. A process of an earlier version leaves that to the trigger. Where one is still connected, the trigger stays
-- for it: what is recorded already stays as it is, so nothing is there twice. Such a process calls its pool 'tradepost'.
do $$ begin
  if exists (select from pg_stat_activity where datname = current_database() and application_name = 'tradepost') then
    return;
  end if;
  drop trigger if exists tell_announced on {{schema}}.outbox;
  drop function if exists {{schema}}.tell_announced();
end $$;

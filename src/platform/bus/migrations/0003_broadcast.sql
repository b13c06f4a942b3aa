-- Messages to every process that listens now; rows live for minutes. Not logged: what a crash of the server removes is a
-- gap for everybody who listened.
create unlogged table {{schema}}.broadcast (
  id bigint generated always as identity primary key,
  frame text not null,
  sent_at timestamptz not null default now()
);
create index broadcast_sent_at on {{schema}}.broadcast (sent_at);

-- Ids that a process took from a sequence and did not use before it stopped: the next block begins with them.
create table {{schema}}.id_returned (
  sequence text not null,
  id bigint not null,
  constraint id_returned_pkey primary key (sequence, id)
);

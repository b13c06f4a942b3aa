create sequence {{schema}}.widget_ids;

create table {{schema}}.widgets (
  widget_id bigint primary key,
  user_id bigint not null,
  name text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version integer not null
);
create index widgets_by_user on {{schema}}.widgets (user_id, widget_id);
create index widgets_by_name on {{schema}}.widgets (name, widget_id);

-- Items as they stood at :as_of. A later change says what its field held before; without one, today's value stands.

create table work.moment as
select epoch_ms($as_of_ms) as now, $as_of_ms as now_ms, $zone as zone;

create table work.id as
select row_number() over (order by source, id)::integer as n, source, id, key, hidden_since
from raw.items
where (created <= $as_of_ms) and (hidden_since = 0 or hidden_since > $as_of_ms) and (archived = 0 or updated > $as_of_ms);

create table work.change as
select i.n, c.id, c."at", c.field, c.before, c.after, c.before_text, c.after_text, c.author, c.author_kind
from raw.changes c
join work.id i on i.source = c.source and i.id = c.item;

-- The first change after the instant, per item and field: its `before` is the value at the instant.
create table work.later as
select n, field, arg_min(before, row(c."at", c.id)) as before, arg_min(before_text, row(c."at", c.id)) as before_text
from work.change c
where "at" > $as_of_ms
group by n, field;

create table work.past as
select n,
  any_value(before) filter (field = 'state') as state,
  any_value(before_text) filter (field = 'state') as their_state,
  any_value(before) filter (field = 'parent') as parent,
  bool_or(field = 'parent') as parent_known,
  any_value(before) filter (field = 'backlog') as backlog,
  any_value(coalesce(nullif(before_text, ''), before)) filter (field = 'team') as team,
  bool_or(field = 'team') as team_known,
  any_value(before) filter (field = 'title') as title,
  any_value(before) filter (field = 'due') as due,
  bool_or(field = 'due') as due_known,
  any_value(before) filter (field = 'start') as start,
  any_value(before) filter (field = 'estimate') as estimate,
  bool_or(field = 'estimate') as estimate_known,
  any_value(before) filter (field = 'labels') as labels,
  any_value(before) filter (field = 'assignee') as assignee,
  any_value(before) filter (field = 'resolution') as resolution
from work.later
group by n;

create table work.state_change as
select n, "at", before, after, id
from work.change
where field = 'state' and "at" <= $as_of_ms;

create table work.life as
select n,
  min("at") filter (after = 'doing') as first_doing,
  max("at") filter (after in ('done', 'cancelled')) as last_end,
  max("at") as last_state,
  count(*) filter (before in ('done', 'cancelled') and after in ('todo', 'doing')) as reopened
from work.state_change
group by n;

create table work.now_item as
select
  i.n, i.source, i.id, i.key,
  coalesce(p.title, r.title) as title,
  r.kind, r.their_kind, r.level::integer as level,
  coalesce(p.state,
    case
      when r.updated <= $as_of_ms or r.history = 1 then r.state
      when r.finished > 0 and r.finished <= $as_of_ms then r.state
      when r.started > 0 and r.started <= $as_of_ms then 'doing'
      when r.finished > $as_of_ms and r.started = 0 then 'todo'
      when r.state = 'doing' and r.started > $as_of_ms then 'todo'
      else r.state
    end) as state,
  coalesce(p.their_state, r.their_state) as their_state,
  coalesce(p.backlog, r.backlog) as backlog_id,
  case when p.parent_known then p.parent else r.parent end as parent_ref,
  r.created, r.updated,
  r.started as said_started, r.finished as said_finished,
  case when p.due_known then p.due else r.due end as due,
  coalesce(p.start, r.start) as planned_start,
  coalesce(p.labels, '') as past_labels,
  case when p.labels is not null
    then list_filter(list_transform(string_split(p.labels, ','), lambda x: lower(trim(x))), lambda x: x <> '')
    else list_transform(from_json(r.labels, '["varchar"]'), lambda x: lower(x)) end as labels,
  from_json(r.components, '["varchar"]') as components,
  from_json(r.versions, '["varchar"]') as versions,
  from_json(r.sprints, '["varchar"]') as sprints,
  from_json(r.goals, '["varchar"]') as goals,
  r.fields,
  case when p.estimate_known then try_cast(nullif(p.estimate, '') as double) else nullif(r.estimate, -1.0) end as estimate,
  r.rank, r.project, coalesce(p.assignee, r.assignee) as assignee, r.reporter, coalesce(p.resolution, r.resolution) as resolution,
  r.url, r.restricted = 1 as restricted, r.history = 1 as has_history, r.text_hash,
  case when p.team_known then p.team else r.team end as team_field,
  l.first_doing, l.last_end, l.last_state, coalesce(l.reopened, 0) as reopened
from work.id i
join raw.items r on r.source = i.source and r.id = i.id
left join work.past p on p.n = i.n
left join work.life l on l.n = i.n;

create table work.backlog as
select b.source, b.id, b.source || '/' || b.key as key, coalesce(nullif(b.name, ''), b.key) as name, b.kind, b.private = 1 as private,
  coalesce(x.product, s.product, '') as product,
  coalesce(x.product is not null or s.product is not null, false) as configured
from raw.backlogs b
left join cfg.backlog x on x.key = b.source || '/' || b.key
left join cfg.backlog s on s.key = b.source || '/*';

create table work.item as
select
  n.*,
  coalesce(b.key, n.source || '/' || n.backlog_id) as backlog,
  coalesce(b.product, s.product, '') as product,
  coalesce(nullif(n.team_field, ''), b.name, n.backlog_id) as team,
  case when n.state in ('done', 'cancelled') then coalesce(n.last_end, nullif(n.said_finished, 0)) end as finished_ms,
  case
    when n.first_doing is not null then n.first_doing
    when n.said_started > 0 and n.said_started <= $as_of_ms and n.state in ('doing', 'done', 'cancelled') then n.said_started
  end as started_ms
from work.now_item n
left join work.backlog b on b.source = n.source and b.id = n.backlog_id
left join cfg.backlog s on s.key = n.source || '/*';

drop table work.now_item;

-- Keys shared by two sources are told apart by the source.
create table work.name as
select n, case when count(*) over (partition by key) > 1 then source || '/' || key else key end as key
from work.item;

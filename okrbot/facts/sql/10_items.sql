-- Items as they stood at :as_of. A later change says what its field held before; without one, today's value stands.

create table work.moment as
select epoch_ms($as_of_ms) as now, $as_of_ms as now_ms, $zone as zone;

-- The history up to the instant.
create view work.change as
select m.* from raw.move m where m."at" <= (select now_ms from work.moment);

-- The first change after the instant, per item and field: its `before` is the value at the instant.
create table work.later as
select n, field, arg_min(before, seq) as before, arg_min(before_text, seq) as before_text
from raw.move
where "at" > $as_of_ms and field not in ('link', 'labels', 'version', 'goal', 'sprint', 'rank', 'priority')
group by n, field;

create table work.past as
select n,
  any_value(before) filter (field = 'state') as state,
  any_value(before_text) filter (field = 'state') as their_state,
  any_value(before) filter (field = 'parent') as parent,
  any_value(before) filter (field = 'backlog') as backlog,
  any_value(coalesce(nullif(before_text, ''), before)) filter (field = 'team') as team,
  any_value(before) filter (field = 'title') as title,
  any_value(before) filter (field = 'due') as due,
  any_value(before) filter (field = 'start') as start,
  any_value(before) filter (field = 'estimate') as estimate,
  any_value(before) filter (field = 'assignee') as assignee,
  any_value(before) filter (field = 'resolution') as resolution,
  any_value(before) filter (field = 'type') as type,
  any_value(lower(before)) filter (field = 'archived') as archived,
  any_value(coalesce(nullif(before_text, ''), before)) filter (field = 'field:Project') as project
from work.later
where field in ('state', 'parent', 'backlog', 'team', 'title', 'due', 'start', 'estimate', 'assignee', 'resolution', 'type', 'archived', 'field:Project')
group by n;

-- Members of lists that later changes speak of: the first of them says whether the member stood in the list at the instant.
create table work.past_member as
with later as (
  select n, seq,
    case when field in ('field:Component', 'field:Components') then 'component' else field end as what,
    case when field = 'labels' then lower(before) when field in ('field:Component', 'field:Components') then coalesce(nullif(before_text, ''), before) else before end as was,
    case when field = 'labels' then lower(after) when field in ('field:Component', 'field:Components') then coalesce(nullif(after_text, ''), after) else after end as became
  from raw.move
  where "at" > $as_of_ms and field in ('labels', 'version', 'goal', 'sprint', 'field:Component', 'field:Components') and before <> after
),
split as (
  select n, seq, what, list_transform(string_split(was, ','), lambda x: trim(x)) as was, list_transform(string_split(became, ','), lambda x: trim(x)) as became
  from later
),
named as (
  select n, seq, what, was, unnest(list_distinct(list_concat(was, became))) as value from split
)
select n, what, value, arg_min(list_contains(was, value), seq) as stood
from named
where value <> ''
group by n, what, value;

create table work.past_list as
select n,
  list(value) filter (what = 'labels' and stood) as labels_in, list(value) filter (what = 'labels' and not stood) as labels_out,
  list(value) filter (what = 'version' and stood) as versions_in, list(value) filter (what = 'version' and not stood) as versions_out,
  list(value) filter (what = 'goal' and stood) as goals_in, list(value) filter (what = 'goal' and not stood) as goals_out,
  list(value) filter (what = 'sprint' and stood) as sprints_in, list(value) filter (what = 'sprint' and not stood) as sprints_out,
  list(value) filter (what = 'component' and stood) as components_in, list(value) filter (what = 'component' and not stood) as components_out
from work.past_member
group by n;

create macro work.list_then(today, stood, new) as
  list_sort(list_distinct(list_concat(list_filter(today, lambda x: not list_contains(coalesce(new, []), x)), coalesce(stood, []))));

create table work.id as
select i.n, i.source, i.id, i.key
from raw.item i
left join work.past p on p.n = i.n
where i.created <= $as_of_ms and (i.hidden_since = 0 or i.hidden_since > $as_of_ms)
  and case
    when p.archived is not null then p.archived not in ('true', 'yes', '1', 'archived')
    else i.archived = 0 or (i.updated > $as_of_ms and i.n not in (select n from raw.move where field = 'archived')) end;

create table work.life as
select n,
  min("at") filter (after = 'doing') as first_doing,
  max("at") filter (after in ('done', 'cancelled') and before not in ('done', 'cancelled')) as first_end,
  max("at") filter (after in ('done', 'cancelled')) as last_end,
  max("at") as last_state
from work.change
where field = 'state'
group by n;

create table work.now_item as
select
  i.n, i.source, i.id, i.key,
  coalesce(p.title, r.title) as title,
  case when p.type is not null and p.type <> '' then coalesce(y.kind, r.kind) else r.kind end as kind,
  case when p.type is not null and p.type <> '' then p.type else r.their_kind end as their_kind,
  case when p.type is not null and p.type <> '' then coalesce(y.level, r.level) else r.level end as level,
  coalesce(nullif(p.state, ''),
    case
      when r.updated <= $as_of_ms or r.history = 1 then r.state
      when r.finished > 0 and r.finished <= $as_of_ms then r.state
      when r.started > 0 and r.started <= $as_of_ms then 'doing'
      when r.finished > $as_of_ms and r.started = 0 then 'todo'
      when r.state = 'doing' and r.started > $as_of_ms then 'todo'
      else r.state
    end) as state,
  coalesce(p.their_state, r.their_state) as their_state,
  coalesce(nullif(p.backlog, ''), r.backlog) as backlog_id,
  coalesce(p.parent, r.parent) as parent_ref,
  r.created, r.updated,
  r.started as said_started, r.finished as said_finished,
  coalesce(p.due, r.due) as due,
  coalesce(p.start, r.start) as planned_start,
  case when x.n is null then r.labels else work.list_then(r.labels, x.labels_in, x.labels_out) end as labels,
  case when x.n is null then r.components else work.list_then(r.components, x.components_in, x.components_out) end as components,
  case when x.n is null then r.versions else work.list_then(r.versions, x.versions_in, x.versions_out) end as versions,
  case when x.n is null then r.sprints else work.list_then(r.sprints, x.sprints_in, x.sprints_out) end as sprints,
  case when x.n is null then r.goals else work.list_then(r.goals, x.goals_in, x.goals_out) end as goals,
  r.fields,
  case when p.estimate is not null then try_cast(nullif(p.estimate, '') as double) else r.estimate end as estimate,
  r.rank, coalesce(p.project, r.project) as project, coalesce(p.assignee, r.assignee) as assignee, r.reporter,
  coalesce(p.resolution, r.resolution) as resolution,
  r.url, r.restricted = 1 as restricted, r.history = 1 as has_history, r.text_hash,
  coalesce(p.team, r.team) as team_field,
  l.first_doing, coalesce(l.first_end, l.last_end) as last_end, l.last_state
from work.id i
join raw.item r on r.n = i.n
left join work.past p on p.n = i.n
left join work.past_list x on x.n = i.n
left join raw.type y on y.source = i.source and y.their_kind = p.type
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
  case when n.state in ('done', 'cancelled') then coalesce(n.last_end, case when n.said_finished between 1 and $as_of_ms then n.said_finished end) end as finished_ms,
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

-- Texts that were rewritten since. `body` is null where the tracker does not keep the old text: today's then stands.
create table work.retold as
select i.n, i.source, i.id, i.title, b.before as body
from work.item i
left join work.later t on t.n = i.n and t.field = 'title'
left join (select l.n, l.before from work.later l join raw.move m on l.field = 'body' and m.n = l.n and m.field = 'body' and m."at" > $as_of_ms
  group by all having not bool_or(m.before = '' and m.after = 'changed')) b on b.n = i.n
where t.n is not null or b.n is not null;

-- Goals as they stood at :as_of: later edits are taken back, goals that came later are left out.
-- A goal without a date of its own that was there when its source was first read is taken to have stood before.

create table work.goal_then as
with later as (
  select source, goal, field, arg_min(before, "at") as before
  from raw.goal_changes
  where "at" > $as_of_ms
  group by source, goal, field
)
select source, goal,
  any_value(before) filter (field = 'title') as title,
  any_value(before) filter (field = 'cycle') as cycle,
  any_value(before) filter (field = 'level') as level,
  any_value(before) filter (field = 'parent') as parent,
  any_value(before) filter (field = 'product') as product,
  any_value(before) filter (field = 'team') as team,
  any_value(before) filter (field = 'owner') as owner,
  any_value(before) filter (field = 'status') as status,
  any_value(before) filter (field = 'body') as body,
  any_value(before) filter (field = 'objective') as objective,
  any_value(before) filter (field = 'metric') as metric,
  any_value(before) filter (field = 'unit') as unit,
  any_value(before) filter (field = 'baseline') as baseline,
  any_value(before) filter (field = 'target') as target,
  any_value(before) filter (field = 'current') as "current",
  any_value(before) filter (field = 'start') as start,
  any_value(before) filter (field = 'due') as due,
  any_value(before) filter (field = 'kind') as kind,
  any_value(before) filter (field = 'cadence') as cadence,
  any_value(before) filter (field = 'progress') as progress,
  any_value(before) filter (field = 'lag_days') as lag_days,
  any_value(before) filter (field = 'items') as items,
  any_value(before) filter (field = 'closing_note') as closing_note,
  any_value(before) filter (field = 'archived') as archived,
  any_value(before) filter (field = 'gone') as gone
from later
group by source, goal;

create table work.gone_then as
select source, goal, max("at") as "at" from raw.goal_changes where field = 'gone' and after = 'yes' and "at" <= $as_of_ms group by source, goal;

create or replace table raw.objectives as
select o.* replace (
    coalesce(p.title, o.title) as title, coalesce(p.cycle, o.cycle) as cycle, coalesce(p.level, o.level) as level, coalesce(p.parent, o.parent) as parent,
    coalesce(p.product, o.product) as product, coalesce(p.team, o.team) as team, coalesce(p.owner, o.owner) as owner,
    coalesce(p.status, o.status) as status, coalesce(p.body, o.body) as body, coalesce(try_cast(p.archived as bigint), o.archived) as archived,
    case when p.gone = 'yes' then coalesce(g."at", $as_of_ms) when p.gone = '' then 0 else o.gone_since end as gone_since)
from raw.objectives_today o
join raw.goals_known s on s.source = o.source
left join work.goal_then p on p.source = o.source and p.goal = o.id
left join work.gone_then g on g.source = o.source and g.goal = o.id
where case when o.created > 0 then o.created <= $as_of_ms else o.first_seen <= $as_of_ms or o.first_seen = s.since end;

create or replace table raw.key_results as
select k.* replace (
    coalesce(p.title, k.title) as title, coalesce(p.objective, k.objective) as objective, coalesce(p.metric, k.metric) as metric, coalesce(p.unit, k.unit) as unit,
    case when p.baseline is not null then coalesce(try_cast(nullif(p.baseline, '') as double), -1e308) else k.baseline end as baseline,
    case when p.target is not null then coalesce(try_cast(nullif(p.target, '') as double), -1e308) else k.target end as target,
    case when p."current" is not null then coalesce(try_cast(nullif(p."current", '') as double), -1e308) else k."current" end as "current",
    coalesce(p.start, k.start) as start, coalesce(p.due, k.due) as due, coalesce(p.owner, k.owner) as owner, coalesce(p.kind, k.kind) as kind,
    coalesce(p.cadence, k.cadence) as cadence, coalesce(p.progress, k.progress) as progress, coalesce(p.status, k.status) as status,
    case when p.lag_days is not null then coalesce(try_cast(nullif(p.lag_days, '') as bigint), -1) else k.lag_days end as lag_days,
    coalesce(p.items, k.items) as items, coalesce(p.closing_note, k.closing_note) as closing_note,
    coalesce(try_cast(p.archived as bigint), k.archived) as archived,
    case when p.gone = 'yes' then coalesce(g."at", $as_of_ms) when p.gone = '' then 0 else k.gone_since end as gone_since)
from raw.key_results_today k
join raw.goals_known s on s.source = k.source
left join work.goal_then p on p.source = k.source and p.goal = k.id
left join work.gone_then g on g.source = k.source and g.goal = k.id
where case when k.created > 0 then k.created <= $as_of_ms else k.first_seen <= $as_of_ms or k.first_seen = s.since end;

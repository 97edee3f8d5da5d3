-- One row a team. People are counted, never named.

create table work.member as
select team,
  count(distinct person) filter (now_in)::integer as members,
  count(distinct person) filter (then_in)::integer as members_before,
  count(distinct person) filter (now_in <> then_in)::integer as changed,
  count(distinct person) filter (then_in and not now_in)::integer as "left"
from (
  select team, person,
    bool_or("at" > $as_of_ms - 28 * 86400000::bigint) as now_in,
    bool_or("at" between $as_of_ms - 119 * 86400000::bigint and $as_of_ms - 91 * 86400000::bigint) as then_in
  from work.hand
  where "at" <= $as_of_ms
  group by team, person
)
where now_in or then_in
group by team;

create table work.team_component as
select team,
  mode(component order by component) filter (created > now - interval 182 day) as main,
  count(*) filter (created > now - interval 182 day) as whole,
  mode(component order by component) filter (state = 'done' and finished > now - interval 42 day) as now_main,
  mode(component order by component) filter (state = 'done' and finished between now - interval 133 day and now - interval 91 day) as before_main
from (select r.team, r.state, r.created, r.finished, r.now, unnest(r.components) as component from work.recent r where r.level >= 0)
group by team;

create table work.main_share as
select r.team, count(*) filter (list_contains(r.components, c.main)) / nullif(count(*) filter (len(r.components) > 0), 0)::double as share
from work.recent r
join work.team_component c on c.team = r.team
where r.level >= 0 and r.created > r.now - interval 182 day
group by r.team;

-- Of the last six weeks' finished work that names a component, the share that is still in the one of a quarter ago.
create table work.component_kept as
select r.team, count(*) filter (list_contains(r.components, c.before_main)) / nullif(count(*), 0)::double as share
from work.recent r
join work.team_component c on c.team = r.team and c.before_main is not null
where r.level >= 0 and len(r.components) > 0 and r.state = 'done' and r.finished > r.now - interval 42 day
group by r.team;

create table work.team_goal as
select team, count(distinct objective)::integer as objectives, count(*) filter (due is not null)::integer as dated,
  count(*) filter (due is not null and due = cycle_end)::integer as last_day,
  count(*) filter (cadence = 'quarterly')::integer as quarterly,
  count(*)::integer as krs,
  count(*) filter (outside)::integer as outside,
  count(*) filter (authored)::integer as authored
from (
  select coalesce(nullif(k.team, ''), k.product) as team, k.objective, k.due, k.cycle_end, k.cadence,
    k.owner <> '' and o.owner <> '' and o.owner = p.owner and k.owner = o.owner as outside,
    -- who wrote it is told by three owners: no goal above, or another owner than the objective's, settles it
    p.id is null or (k.owner <> '' and o.owner <> '' and (k.owner <> o.owner or p.owner <> '')) as authored
  from work.kr k
  join work.objective o on o.id = k.objective
  left join work.objective_parent op on op.id = o.id
  left join work.objective p on p.id = op.parent
  where k.active and k.level <> 'company'
)
where team <> ''
group by team;

insert into team by name
select
  t.team as key, t.team as title,
  coalesce(nullif(c.product, ''), t.product) as product,
  t.has_history, t.items,
  coalesce(g.objectives, 0) as objectives, coalesce(g.dated, 0) as goals_dated, coalesce(g.last_day, 0) as goals_on_last_day,
  coalesce(g.quarterly, 0) as goals_quarterly,
  t.epics_doing as value_epics_doing, t.doing as items_doing, t.upkeep_doing, kept.share as component_kept,
  coalesce(m.members, 0) as members, coalesce(m.members_before, 0) as members_before, coalesce(m.changed, 0) as members_changed,
  coalesce(m."left", 0) = 0 and coalesce(m.members, 0) > coalesce(m.members_before, 0) as growing,
  coalesce(k.before_main, '') as component_before, coalesce(k.now_main, '') as component_now, coalesce(k.main, '') as main_component, s.share as main_component_share,
  t.epics, t.with_others as epics_with_others,
  coalesce(c.platform, false) as is_platform,
  coalesce(g.outside, 0) as krs_authored_outside, coalesce(g.authored, 0) as krs_with_author, coalesce(g.krs, 0) as key_results
from (
  select team, mode(product order by product) as product,
    count(*) filter (has_history) * 2 >= count(*) as has_history,
    count(*) filter (coalesce(finished, started, created) > now - interval 182 day)::integer as items,
    count(*) filter (unit and level >= 1 and work_class = 'value' and state = 'doing')::integer as epics_doing,
    count(*) filter (level = 0 and state = 'doing')::integer as doing,
    count(*) filter (level = 0 and state = 'doing' and work_class = 'ktlo')::integer as upkeep_doing,
    count(*) filter (level >= 1 and coalesce(started, created) > now - interval 182 day)::integer as epics,
    count(*) filter (level >= 1 and coalesce(started, created) > now - interval 182 day and (teams > 1 or blocked_by_team <> ''))::integer as with_others
  from work.recent
  where level >= 0
  group by team
  union all
  -- a team that has goals but whose backlog goes by another name
  select g.team, coalesce((select any_value(product) from work.kr k where k.team = g.team), ''), false, 0, 0, 0, 0, 0, 0
  from work.team_goal g
  where g.team not in (select team from work.item)
) t
left join cfg.team c on lower(c.name) = lower(t.team)
left join work.member m on m.team = t.team
left join work.team_component k on k.team = t.team
left join work.main_share s on s.team = t.team
left join work.team_goal g on g.team = t.team
left join work.component_kept kept on kept.team = t.team
where t.team <> '';

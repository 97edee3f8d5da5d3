-- Once a load, for every instant asked of it: items get a number, lists become lists, changes an order.

create table raw.item as
select
  row_number() over (order by source, id)::integer as n,
  * exclude (labels, components, versions, sprints, goals, level, estimate),
  level::integer as level,
  nullif(estimate, -1.0) as estimate,
  list_sort(list_transform(from_json(labels, '["varchar"]'), lambda x: lower(trim(x)))) as labels,
  from_json(components, '["varchar"]') as components,
  from_json(versions, '["varchar"]') as versions,
  from_json(sprints, '["varchar"]') as sprints,
  from_json(goals, '["varchar"]') as goals
from raw.items;

drop table raw.items;

-- Entries of one instant keep the order in which the tracker numbers them: 9 before 10.
create table raw.move as
select i.n, row_number() over (order by c."at", length(c.id), c.id)::integer as seq,
  c."at", c.field, c.before, c.after, c.before_text, c.after_text, c.author, c.author_kind
from raw.changes c
join raw.item i on i.source = c.source and i.id = c.item;

drop table raw.changes;

-- Every name an item answers to: its id, its key, the keys it had before it moved.
create table raw.called as
select n, source, id as name, 1 as ord from raw.item
union all
select n, source, key, 2 from raw.item where key <> id
union all
select i.n, a.source, a.key, 3 from raw.aliases a join raw.item i on i.source = a.source and i.id = a.id;

-- What a type's name stands for, for items whose type changed.
create table raw.type as
select source, their_kind, mode(kind) as kind, mode(level) as level
from raw.item
group by source, their_kind;

-- Links as the history tells them: who, how, to whom, added or removed when; seen from both sides.
create table raw.linking as
with told as (
  select n, seq, "at", after <> '' as added, case when after <> '' then after else before end as said
  from raw.move
  where field = 'link' and (after <> '') <> (before <> '')
),
split as (
  select n, seq, "at", added, substr(said, 1, length(said) - length(string_split(said, ' ')[-1]) - 1) as kind, string_split(said, ' ')[-1] as target
  from told
),
found as (
  select s.n, s.seq, s."at", s.added, s.kind, s.target, coalesce(arg_min(c.n, c.ord), min(k.n)) as other
  from split s
  join raw.item i on i.n = s.n
  left join raw.called c on c.source = i.source and c.name = s.target
  left join (select key, min(n) as n from raw.item group by key having count(*) = 1) k on k.key = s.target
  group by all
)
select n, seq, "at", added, kind, target, other from found
union all
select other, seq, "at", added,
  case kind when 'blocks' then 'blocked_by' when 'blocked_by' then 'blocks' when 'duplicates' then 'duplicated_by' when 'duplicated_by' then 'duplicates'
    when 'clones' then 'cloned_by' when 'cloned_by' then 'clones' else kind end, '', n
from found
where other is not null and kind in ('blocks', 'blocked_by', 'duplicates', 'duplicated_by', 'clones', 'cloned_by', 'relates', 'mirrors');

-- An edit told by the tracker and met again by the next pull is one edit.
create or replace table raw.goal_changes as
select * exclude (after_before, before_before)
from (
  select *, lag(after) over w as after_before, lag(before) over w as before_before
  from raw.goal_changes
  window w as (partition by source, goal, field order by "at")
)
where not coalesce(after = after_before and before = before_before, false);

-- Goals as they are today; 25_goals_then.sql makes raw.objectives and raw.key_results of them, as they stood.
alter table raw.objectives rename to objectives_today;
alter table raw.key_results rename to key_results_today;

create table raw.goals_known as
select source, min(first_seen) as since
from (select source, first_seen from raw.objectives_today union all select source, first_seen from raw.key_results_today)
group by source;

-- How an item names its key result, in the order they are tried (docs/ladder.md). The first that matches an active key result counts.

create table work.kr_name as
select id, id as name from work.kr
union
select id, lower(id) from work.kr
union
select id, lower(title) from work.kr
union
select id, any_value(url) from work.kr where url <> '' group by id;

-- An item by its key, its source and key, and the keys it had.
create table work.spoken as
select i.n, c.name from raw.called c join work.id i on i.n = c.n where c.ord > 1 or c.name = i.key
union
select i.n, c.source || '/' || c.name from raw.called c join work.id i on i.n = c.n where c.ord > 1 or c.name = i.key;

-- Links to what is no item of a backlog, as they stood.
create table work.goal_link as
select i.n, l.kind, l.target, l.target_key
from raw.links l
join raw.item i on i.source = l.source and i.id = l.item
left join (
  select n, kind, target, arg_min(added, seq) as added from raw.linking where "at" > $as_of_ms group by n, kind, target
) x on x.n = i.n and x.kind = l.kind and x.target in (l.target, l.target_key)
where not coalesce(x.added, false)
union
select n, kind, target, target from raw.linking where "at" > $as_of_ms and other is null
group by n, kind, target having not arg_min(added, seq);

create table work.direct as
with said as (
  -- 1 a person's answer
  select i.n, o.value as kr, 'answer' as via, 1 as ord, o.created as "at"
  from raw.overrides o
  join work.item i on o.subject = 'item:' || i.source || '/' || i.id
  where o.what = 'key_result' and o.created <= $as_of_ms and (o.ended = 0 or o.ended > $as_of_ms)
  union all
  -- 2 the custom field: an id, a title, or "id: title"; several are separated by commas
  select f.n, m.id, 'field', 2, null
  from (
    select n, lower(trim(unnest(string_split(link, ',')))) as word, lower(trim(link)) as whole
    from work.own_field
    where link <> ''
  ) f
  join work.kr_name m on m.name in (f.word, f.whole, trim(string_split(f.word, ':')[1]), trim(string_split(f.word, ' ')[1]))
  union all
  -- 3 a label with the prefix
  select l.n, m.id, 'label', 3, null
  from (select n, unnest(labels) as label from work.item where len(labels) > 0 and $label_prefix <> '') l
  join work.kr_name m on m.name in (l.label, substr(l.label, length($label_prefix) + 1))
  where starts_with(l.label, lower($label_prefix))
  union all
  -- 4 named by the key result itself, or mapped in the configuration
  select i.n, k.id, 'items', 4, null
  from (select id, unnest(items) as ref from work.kr) k
  join work.spoken i on i.name = k.ref
  union all
  select i.n, e.key_result, 'items', 4, null from cfg.epic e join work.spoken i on i.name = e.name
  union all
  -- 5 the tracker's own goal field: a key result, or an objective with one key result
  select g.n, coalesce(k.id, o.id), 'goal', 5, null
  from (select n, unnest(goals) as goal from work.item where len(goals) > 0) g
  left join work.kr k on k.id = g.goal
  left join (select objective, min(id) as id from work.kr where active group by objective) o on o.objective = g.goal
  where coalesce(k.id, o.id) is not null
  union all
  -- 6 a link to a key result that the tracker keeps as an item
  select i.n, m.id, 'link', 6, null
  from work.goal_link l
  join work.id i on i.n = l.n
  join work.kr_name m on m.name in (l.target, l.target_key)
  where len($link_types) = 0 or list_contains($link_types, l.kind)
  union all
  -- 7 project or release, mapped in the configuration
  select i.n, p.key_result, 'project', 7, null
  from work.item i
  join cfg.project p on p.name = lower(i.project) or list_contains(list_transform(i.versions, lambda v: lower(v)), p.name)
  union all
  -- 8 the parent is a key result that the tracker keeps as an item
  select i.n, m.id, 'parent', 8, null from work.item i join work.kr_name m on m.name = i.parent_ref where i.parent_ref <> ''
  union all
  -- 9 a mention in title or text
  select t.n, k.id, 'text', 9, null from work.mention t join work.kr k on lower(k.id) = t.kr
)
select n, kr, objective, active, min_by(via, ord) as via, min(ord) as ord, max("at") as "at"
from (
  -- finished work is held against the goals that ran while it did, open work against those that run now
  select said.n, k.id as kr, k.objective, said.via, said.ord, said."at",
    k.active or (i.finished_ms is not null and k.cycle_start <= cast(epoch_ms(i.finished_ms) as date)
      and k.cycle_end >= cast(epoch_ms(coalesce(i.started_ms, i.created)) as date)) as active
  from said
  join work.kr k on k.id = said.kr
  join work.item i on i.n = said.n
)
group by n, kr, objective, active;

-- The best of its own, active ones first; else the nearest ancestor's.
create table work.own_link as
select n, arg_min(kr, (not active, ord, kr)) as kr, arg_min(via, (not active, ord, kr)) as via, arg_min("at", (not active, ord, kr)) as "at",
  bool_or(active) as active, count(distinct objective) filter (active)::integer as objectives
from work.direct
group by n;

create table work.inherited as
select u.n, arg_min(o.kr, (not o.active, u.steps)) as kr, arg_min(o."at", (not o.active, u.steps)) as "at", bool_or(o.active) as active
from work.up u
join work.own_link o on o.n = u.above
group by u.n;

-- An epic that half of its stories link for it is linked by them.
create table work.by_children as
select u.above as n, mode(o.kr order by o.kr) as kr, count(o.n) filter (o.active) as linked, count(*) as all_of_them
from work.up u
join work.item c on c.n = u.n and c.level >= 0 and c.state <> 'cancelled'
left join work.own_link o on o.n = u.n
group by u.above
having count(o.n) filter (o.active) * 2 >= count(*);

create table work.linked as
select i.n,
  case when o.active then o.kr when h.active then h.kr when c.n is not null then c.kr else coalesce(o.kr, h.kr) end as kr,
  coalesce(o.active, false) or coalesce(h.active, false) or c.n is not null as linked,
  case when o.active then o.via when h.active then 'parent' when c.n is not null then 'children' when o.n is not null then o.via when h.n is not null then 'parent' else '' end as via,
  case when o.active then o."at" when h.active then h."at" end as "at",
  coalesce(o.objectives, 0) as objectives
from work.item i
left join work.own_link o on o.n = i.n
left join work.inherited h on h.n = i.n
left join work.by_children c on c.n = i.n
where o.n is not null or h.n is not null or c.n is not null;

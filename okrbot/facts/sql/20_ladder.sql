-- Who stands above whom: parents by id, then by key, then by an earlier key; then every ancestor of every item.

create table work.parent as
select i.n, coalesce(a.n, b.n, c.n, d.n) as parent
from work.item i
left join work.id a on a.source = i.source and a.id = i.parent_ref
left join work.id b on b.source = i.source and b.key = i.parent_ref
left join raw.aliases x on x.source = i.source and x.key = i.parent_ref
left join work.id c on c.source = x.source and c.id = x.id
left join (select key, any_value(n) as n from work.id group by key having count(*) = 1) d on d.key = i.parent_ref
where i.parent_ref <> '' and coalesce(a.n, b.n, c.n, d.n) is not null and coalesce(a.n, b.n, c.n, d.n) <> i.n;

create table work.up as
with recursive up(n, above, steps) as (
  select n, parent, 1 from work.parent
  union all
  select up.n, p.parent, steps + 1
  from up
  join work.parent p on p.n = up.above
  where steps < 12
)
select n, above, min(steps)::integer as steps
from up
where n <> above
group by n, above;

-- An item that is its own ancestor: the loop is cut and said.
create table work.loop as
with recursive up(n, above, steps) as (
  select n, parent, 1 from work.parent where n in (select n from work.up where steps >= 11)
  union all
  select up.n, p.parent, steps + 1 from up join work.parent p on p.n = up.above where steps < 12 and up.above <> up.n
)
select distinct n from up where n = above;

create table work.top as
select i.n, coalesce(arg_max(u.above, u.steps), i.n) as top, coalesce(max(u.steps), 0)::integer as depth
from work.item i
left join work.up u on u.n = i.n
group by i.n;

-- Who is judged: an epic (or what stands above stories without epics between), else a story that no epic stands over.
create table work.has_big_child as
select distinct u.above as n from work.up u join work.item c on c.n = u.n where c.level >= 1;

create table work.epic_unit as
select i.n from work.item i where i.level >= 1 and i.n not in (select n from work.has_big_child);

create table work.unit as
select i.n,
  case
    when e.n is not null then i.n
    when over.unit is not null then over.unit
    when i.level >= 1 then i.n
    else t.story
  end as unit
from work.item i
left join work.epic_unit e on e.n = i.n
left join (
  select u.n, arg_min(u.above, u.steps) as unit
  from work.up u
  join work.epic_unit e on e.n = u.above
  group by u.n
) over on over.n = i.n
left join (
  select i.n, coalesce(arg_max(u.above, u.steps) filter (a.level < 1), i.n) as story
  from work.item i
  left join work.up u on u.n = i.n
  left join work.item a on a.n = u.above
  group by i.n
) t on t.n = i.n;

-- The class that counts: a person's answer, then what was said of the item, then its parent's where the item says nothing.

create table work.class_said as
select s.n, coalesce(o.value, s.work_class) as work_class, case when o.value is not null then 'answer' else s.class_by end as class_by
from work.said_class s
join work.item i on i.n = s.n
left join (
  select subject, arg_max(value, id) as value from raw.overrides
  where what = 'work_class' and created <= $as_of_ms and (ended = 0 or ended > $as_of_ms)
  group by subject
) o on o.subject = 'item:' || i.source || '/' || i.id;

create table work.class as
select s.n,
  coalesce(case when s.class_by in ('none', 'parent') then a.work_class end, s.work_class) as work_class,
  case when s.class_by in ('none', 'parent') and a.work_class is not null then 'parent' else s.class_by end as class_by
from work.class_said s
left join (
  select u.n, arg_min(p.work_class, u.steps) as work_class
  from work.up u
  join work.class_said p on p.n = u.above
  where p.class_by not in ('none', 'parent')
  group by u.n
) a on a.n = s.n;

create table work.to_judge as
select i.source, i.id, i.text_hash, i.n
from work.item i
join work.class c on c.n = i.n
join work.unit u on u.n = i.n
left join (
  select n, row_number() over (partition by backlog order by rank, n) as place
  from work.item where state in ('todo', 'doing') and rank <> '' and level >= 0
) r on r.n = i.n
where (u.unit = i.n or r.place <= 50 or i.kind = 'hypothesis')
  and not starts_with(i.id, 'project:')  -- known by its name only (files): its text was never seen
  and c.work_class in ('value', 'discovery', 'unknown')
  and (i.finished_ms is null or i.finished_ms > $as_of_ms - 250 * 86400000::bigint);

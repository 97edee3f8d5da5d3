-- One row a key result, as rules read it.

create table work.reading as
-- The value of a key result on a day: check-ins in the order of their days.
select c.*, k.baseline, k.target, k.cycle_start, k.cycle_end,
  case when k.target is not null and k.baseline is not null and k.target <> k.baseline then (c.value - k.baseline) / (k.target - k.baseline) end as way,
  row_number() over (partition by c.key_result order by c.day) as place,
  row_number() over (partition by c.key_result order by c.day desc) as from_end,
  lag(c.value) over (partition by c.key_result order by c.day) as value_before
from work.check_in c
join work.kr k on k.id = c.key_result;

create table work.kr_reading as
select key_result as id,
  count(*) filter (cycle_start is null or day >= cycle_start)::integer as check_ins,
  max(day) as last_day,
  arg_max(value, day) filter (value is not null) as last_value,
  max(confidence) filter (cycle_start is null or day >= cycle_start) - arg_max(confidence, day) filter (confidence is not null) as confidence_drop,
  arg_max(status, day) filter (status <> '') as last_status,
  arg_min(way, day) filter (way is not null and (cycle_start is null or day >= cycle_start)) as start_share,
  min(day) filter (way >= 1) as reached_day,
  max(day) filter (value is distinct from value_before and value_before is not null) as moved_day
from work.reading
group by key_result;

-- Edits that made a goal easier: target nearer the baseline, a baseline moved towards the target, another unit or metric.
create table work.goal_edit as
select g.goal as id, g."at", g.field, g.before, g.after,
  lag(g."at") over (partition by g.goal, g.field order by g."at") as at_before,
  k.baseline, k.target, k.cycle_start, k.cycle_end
from raw.goal_changes g
join work.kr k on k.id = g.goal
where g.kind = 'key_result' and g."at" <= $as_of_ms and g.field in ('target', 'baseline', 'unit', 'metric', 'title')
  and g.before <> '';

create table work.eased as
select id, max("at") as "at", arg_max(field, "at") as field, arg_max(before, "at") as before, arg_max(after, "at") as after,
  arg_max(("at" - at_before) / 3600000.0, "at") as hours
from work.goal_edit
where (field in ('unit', 'metric'))
  or (field = 'target' and try_cast(before as double) is not null
    and (try_cast(nullif(after, '') as double) is null
      or sign(try_cast(before as double) - try_cast(after as double)) = sign(coalesce(try_cast(before as double) - baseline, try_cast(before as double)))))
  or (field = 'baseline' and try_cast(before as double) is not null and try_cast(nullif(after, '') as double) is not null and target is not null
    and abs(target - try_cast(after as double)) < abs(target - try_cast(before as double)))
group by id;

create table work.kr_items as
select l.kr as id,
  count(*) filter (u.unit = i.n)::integer as items,
  count(*) filter (i.state in ('doing', 'done'))::integer as started,
  count(*) filter (h."at" > $as_of_ms - 14 * 86400000::bigint)::integer as moved_14d,
  max(coalesce(i.started_ms, i.finished_ms)) as last_start,
  count(*) filter (i.state = 'done' and i.level <= 0 and i.finished_ms > $as_of_ms - 28 * 86400000::bigint and i.finished_ms - i.created < 86400000
    and coalesce(i.estimate, 0) <= 1)::integer as same_day,
  count(*) filter (i.state = 'done' and i.level < 0 and i.finished_ms > $as_of_ms - 28 * 86400000::bigint and i.finished_ms - i.created < 86400000
    and i.has_history)::integer as same_day_subtasks
from work.linked l
join work.item i on i.n = l.n
join work.unit u on u.n = i.n
left join work.human h on h.n = i.n
group by l.kr;

-- The same text in several cycles, and how often an aspirational goal ended at 0.95 or more, counted back from the newest.
create table work.kr_again as
select a.id, count(distinct b.cycle)::integer as cycles,
  count(distinct b.cycle) filter (b.kind = 'aspirational' and b.cycle_end < t.today
    and r.last_value is not null and b.target is not null and b.baseline is not null and b.target <> b.baseline
    and (r.last_value - b.baseline) / (b.target - b.baseline) >= 0.95)::integer as high
from work.kr a
cross join work.today t
join work.kr b on lower(regexp_replace(b.title, '[^\pL]+', ' ', 'g')) = lower(regexp_replace(a.title, '[^\pL]+', ' ', 'g')) and b.cycle_start <= a.cycle_start
left join work.kr_reading r on r.id = b.id
group by a.id;

insert into key_result by name
select
  k.id as key, k.source, k.title, k.objective, coalesce(k.objective_title, '') as objective_title,
  coalesce(k.product, '') as product, coalesce(k.team, '') as team, coalesce(k.level, '') as level, coalesce(k.cycle, '') as cycle, k.active,
  least(1, greatest(0, (t.today - k.cycle_start) / nullif((k.cycle_end - k.cycle_start), 0)::double)) as cycle_share,
  greatest(0, (t.today - k.cycle_start))::double as cycle_days,
  k.kind, k.metric, k.unit, k.baseline, k.target,
  coalesce(r.last_value, k.said_current) as "current",
  case when k.target is not null and k.baseline is not null and k.target <> k.baseline
    then (coalesce(r.last_value, k.said_current) - k.baseline) / (k.target - k.baseline) end as progress,
  k.progress_from, k.due, k.owner <> '' as owner, coalesce(nullif(r.last_status, ''), k.status) as status,
  case k.cadence when 'weekly' then 7 when 'fortnightly' then 14 when 'biweekly' then 14 when 'monthly' then 31 when 'quarterly' then 92 else 7 end as cadence_days,
  coalesce(k.lag_days, 0) as lag_days,
  x.text_kind, x.text_confidence, x.text_known, x.quote, x.delivery_verb, x.about_backlog, x.is_lagging, x.is_upkeep,
  coalesce(low.n, 0) > 0 as leading_below,
  coalesce(r.check_ins, 0) as check_ins,
  (t.today - greatest(coalesce(r.last_day, k.cycle_start), coalesce(k.cycle_start, r.last_day)))::double as news_days,
  r.confidence_drop,
  coalesce((t.today - r.moved_day) <= 28 + coalesce(k.lag_days, 0), false) as moved_4w,
  r.start_share,
  (r.reached_day - k.cycle_start) / nullif((k.cycle_end - k.cycle_start), 0)::double as reached_share,
  case when k.cycle_start is not null and t.today > k.cycle_start + 14 and k.target is not null and k.baseline is not null and k.target <> k.baseline then
    (coalesce(r.last_value, k.said_current) - k.baseline) / (k.target - k.baseline)
      / nullif(least(1.0, (coalesce(r.last_day, t.today) - k.cycle_start) / nullif((k.cycle_end - k.cycle_start), 0)::double), 0) end as forecast,
  s.surge as surge_share,
  coalesce(g.high, 0) as high_scores, coalesce(g.cycles, 1) as same_text_cycles,
  epoch_ms(e."at") as eased_at, coalesce(e.field, '') as eased_field, coalesce(e.before, '') as eased_before, coalesce(e.after, '') as eased_after,
  (e."at" / 86400000.0 - (k.cycle_start - date '1970-01-01')) / nullif((k.cycle_end - k.cycle_start), 0)::double as eased_share,
  e.hours as eased_after_hours,
  k.gone and (k.cycle_end is null or k.gone_since / 86400000 < (k.cycle_end - date '1970-01-01')) as gone,
  coalesce(w.reworded, false) as reworded,
  k.closing_note <> '' as closing_note,
  coalesce(d.depth, 1) as layers,
  coalesce(i.items, 0) as items, coalesce(i.started, 0) as items_started, coalesce(i.moved_14d, 0) as items_moved_14d,
  case when i.last_start is not null then ($as_of_ms - i.last_start) / 86400000.0 else greatest(0, (t.today - k.cycle_start))::double end as started_link_days,
  coalesce(i.same_day, 0) as same_day_items,
  coalesce(i.same_day_subtasks, 0) as templated_items
from work.kr k
cross join work.today t
join work.kr_text x on x.id = k.id
left join work.kr_reading r on r.id = k.id
left join work.kr_items i on i.id = k.id
left join work.kr_again g on g.id = k.id
left join work.eased e on e.id = k.id
left join (
  select id, bool_or(field = 'title' and cycle_start is not null and "at" / 86400000 >= (cycle_start - date '1970-01-01')
    and jaro_winkler_similarity(lower(before), lower(after)) < 0.8) as reworded
  from work.goal_edit group by id
) w on w.id = k.id
left join work.objective_depth d on d.id = k.objective
left join (
  -- a product outcome beside it or below it: a measured key result that is no lagging company metric
  select a.id, count(*) as n
  from work.kr a
  join work.kr b on b.id <> a.id and b.active and (b.objective = a.objective
    or b.objective in (select u.id from work.objective_up u where u.above = a.objective))
  join work.kr_text y on y.id = b.id and not y.is_lagging and y.text_kind = 'outcome'
  group by a.id
) low on low.id = k.id
left join (
  -- progress booked in the last seven days of the cycle, of all the progress made
  select key_result, (arg_max(value, day) - arg_max(value, day) filter (day <= cycle_end - 7)) / nullif(arg_max(value, day) - min_by(baseline, day), 0) as surge
  from work.reading, work.today
  where value is not null and cycle_end is not null and today >= cycle_end - 7 and day <= cycle_end + 7
  group by key_result
) s on s.key_result = k.id;

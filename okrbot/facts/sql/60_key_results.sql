-- One row a key result, as rules read it. (greatest() and least() pass over null, so what may be unknown is written with `case`.)

-- What was said of its value: check-ins; where there are none, the edits of the value itself.
create table work.value_edit as
select g.goal as key_result, cast(epoch_ms(g."at") as date) as day, try_cast(nullif(g.after, '') as double) as value
from raw.goal_changes g
where g.kind = 'key_result' and g.field = 'current' and g."at" <= $as_of_ms and g.goal not in (select key_result from work.check_in);

create table work.said_value as
select key_result, day, value from work.check_in where value is not null
union all
select key_result, day, value from work.value_edit where value is not null;

-- The values of a key result in the order of their days.
create table work.reading as
select c.key_result, c.day, c.value, k.baseline, k.target, k.cycle_start, k.cycle_end,
  (c.value - k.baseline) / nullif(k.target - k.baseline, 0) as way,
  (c.day - k.cycle_start) / nullif(k.cycle_end - k.cycle_start, 0)::double as share,
  k.cycle_start is null or c.day >= k.cycle_start as in_cycle,
  lag(c.value) over (partition by c.key_result order by c.day) as value_before
from work.said_value c
join work.kr k on k.id = c.key_result;

create table work.kr_reading as
select key_result as id,
  arg_max(value, day) as last_value,
  arg_min(value, day) as first_value,
  count(distinct value) as values,
  count(*) as readings,
  -- what was gone at the start is only known if somebody looked within the first third
  arg_min(way, day) filter (in_cycle and way is not null and coalesce(share, 0) <= 0.34) as start_share,
  min(day) filter (in_cycle and way >= 1) as reached_day,
  max(day) filter (value <> value_before) as moved_day,
  arg_min(way, day) filter (in_cycle) as first_way, arg_max(way, day) filter (in_cycle) as last_way,
  min(share) filter (in_cycle) as first_share, max(share) filter (in_cycle) as last_share
from work.reading
group by key_result;

create table work.kr_check_in as
select c.key_result as id,
  count(*) filter (k.cycle_start is null or c.day >= k.cycle_start)::integer as check_ins,
  max(c.confidence) filter (k.cycle_start is null or c.day >= k.cycle_start)
    - arg_max(c.confidence, c.day) filter (c.confidence is not null) as confidence_drop,
  arg_max(c.status, c.day) filter (c.status <> '') as last_status,
  (max(c.day) - min(c.day)) / nullif(count(*) - 1, 0)::double as rhythm
from work.check_in c
join work.kr k on k.id = c.key_result
group by c.key_result;

-- Edits that made a goal easier. A target that came towards today's value; a baseline, unit or metric that was replaced, since
-- the yardstick is then another one. Not: what was taken back, another spelling, and a unit converted with all its numbers.
create macro work.unit_word(t) as
  case when trim(lower(t)) in ('%', 'percent', 'per cent', 'pct', 'prozent', 'pour cent', 'por ciento', 'por cento', 'procent') then '%'
    when trim(lower(t)) in ('€', 'eur', 'euro', 'euros') then 'eur'
    when trim(lower(t)) in ('$', 'usd', 'dollar', 'dollars') then 'usd'
    else rtrim(trim(lower(t)), 's.') end;

create table work.goal_edit as
select g.goal as id, g."at", g.field, g.before, g.after,
  try_cast(g.before as double) as was, try_cast(nullif(g.after, '') as double) as became,
  coalesce(lag(g."at") over (partition by g.goal, g.field order by g."at"), nullif(k.created, 0)) as at_before,
  k.title, coalesce(k.baseline, r.first_value) as baseline, k.target, k.metric, k.unit, k.cycle_start, k.cycle_end
from raw.goal_changes g
join work.kr k on k.id = g.goal
left join work.kr_reading r on r.id = k.id
where g.kind = 'key_result' and g."at" <= $as_of_ms and g.field in ('target', 'baseline', 'unit', 'metric', 'title') and g.before <> '';

create table work.converted as
select u.id, u."at"
from work.goal_edit u
join work.goal_edit t on t.id = u.id and t.field = 'target' and abs(t."at" - u."at") < 86400000 and t.was <> 0
left join work.goal_edit b on b.id = u.id and b.field = 'baseline' and abs(b."at" - u."at") < 86400000 and b.was <> 0
where u.field = 'unit' and (b.id is null and u.baseline = 0 or abs(t.became / t.was - b.became / b.was) < 0.01 * abs(t.became / t.was));

create table work.eased as
select id, max("at") as "at", arg_max(field, "at") as field, arg_max(before, "at") as before, arg_max(after, "at") as after,
  arg_max(("at" - at_before) / 3600000.0, "at") as hours
from work.goal_edit e
where case field
    when 'target' then was is not null
      and (became is null or sign(was - became) = coalesce(nullif(sign(was - baseline), 0), sign(was)))
      and (target is null or sign(was - target) = coalesce(nullif(sign(was - baseline), 0), sign(was)))
    when 'baseline' then was is not null and abs(was - baseline) > 0.05 * abs(coalesce(target, was) - was)
    when 'unit' then work.unit_word(before) <> work.unit_word(after) and work.unit_word(before) <> work.unit_word(unit)
    when 'metric' then jaro_winkler_similarity(lower(before), lower(after)) < 0.95 and jaro_winkler_similarity(lower(before), lower(metric)) < 0.95
    else false end
  and not exists (select 1 from work.converted c where c.id = e.id and abs(c."at" - e."at") < 86400000)
group by id;

-- Another sentence in its place: under half of the words are left, weeks after the cycle began. Numbers do not count as words.
create macro work.words_of(t) as list_distinct(string_split(trim(regexp_replace(lower(t), '[^\pL]+', ' ', 'g')), ' '));

create table work.reworded as
select id
from (
  select id, any_value(title) as now, arg_min(before, "at") as before
  from work.goal_edit
  where field = 'title' and "at" / 86400000 >= (cycle_start + 14 - date '1970-01-01') and "at" / 86400000 <= (cycle_end - date '1970-01-01')
  group by id
)
where len(list_intersect(work.words_of(now), work.words_of(before))) < 0.5 * greatest(len(work.words_of(now)), len(work.words_of(before)))
  and jaro_winkler_similarity(lower(now), lower(before)) < 0.8;

-- Goals seen for the first time this week have a past nobody knows.
create table work.watched as
select id from work.kr where first_seen <= $as_of_ms - 7 * 86400000::bigint or (created > 0 and created < first_seen and cycle_start >= make_date((created / 86400000)::integer))
union
select goal from raw.goal_changes where "at" <= $as_of_ms;

-- Tiny items made and closed within a day: the most on one day. What a template makes carries a title that returns under other parents.
create table work.tiny as
select l.kr as id, i.finished_ms // 86400000 as day, count(*)::integer as items,
  count(*) filter (i.level < 0 and exists (
    select 1 from work.item o where o.backlog = i.backlog and o.level < 0 and o.n <> i.n and lower(o.title) = lower(i.title) and o.parent_ref <> i.parent_ref))::integer as templated
from work.linked l
join work.item i on i.n = l.n
where i.state = 'done' and i.level <= 0 and i.finished_ms > $as_of_ms - 28 * 86400000::bigint and i.finished_ms - i.created < 86400000 and coalesce(i.estimate, 0) <= 1
group by l.kr, i.finished_ms // 86400000;

create table work.kr_items as
select l.kr as id,
  count(*) filter (u.unit = i.n)::integer as items,
  count(*) filter (i.state in ('doing', 'done'))::integer as started,
  count(*) filter (h."at" > $as_of_ms - 14 * 86400000::bigint)::integer as moved_14d,
  -- work in progress whose start nobody recorded counts from its last change
  max(case when i.state in ('doing', 'done') then coalesce(i.started_ms, i.finished_ms, least(nullif(i.updated, 0), $as_of_ms)) end) as last_start
from work.linked l
join work.item i on i.n = l.n
join work.unit u on u.n = i.n
left join work.human h on h.n = i.n
group by l.kr;

-- Goals that hang from a key result itself; for a company's, from its objective: who moves it works down there.
create table work.kr_below as
select k.id, sum(i.started)::integer as started
from work.kr k
join work.objective o on not o.gone and (o.parent = k.id or (k.level = 'company' and o.parent = k.objective))
join (select id as above, id from work.objective union select above, id from work.objective_up) d on d.above = o.id
join work.kr b on b.objective = d.id and b.id <> k.id and b.active
join work.kr_items i on i.id = b.id
group by k.id;

-- The same text and target in several cycles; and full scores of the same stretching goal in a row, counted back from the newest.
create table work.kr_again as
select a.id, count(distinct b.cycle)::integer as cycles
from work.kr a
join work.kr b on lower(trim(b.title)) = lower(trim(a.title)) and b.target is not distinct from a.target and b.cycle_start <= a.cycle_start
group by a.id;

create table work.kr_high as
select id, coalesce(min(place) filter (not full_score), max(place) + 1)::integer - 1 as high
from (
  select a.id, coalesce((coalesce(r.last_value, b.said_current) - b.baseline) / nullif(b.target - b.baseline, 0) >= 0.95, false) as full_score,
    row_number() over (partition by a.id order by b.cycle_end desc, b.id) as place
  from work.kr a
  cross join work.today t
  join work.kr b on b.kind = 'aspirational' and b.cycle_end < t.today and b.cycle_start <= a.cycle_start and b.product is not distinct from a.product
    and work.words_of(b.title) = work.words_of(a.title)
  left join work.kr_reading r on r.id = b.id
)
group by id;

-- Progress booked in the last seven days of the cycle, of all the progress made.
create table work.surge as
select key_result as id,
  (arg_max(value, day) - arg_max(value, day) filter (day <= cycle_end - 7)) / nullif(arg_max(value, day) - coalesce(any_value(baseline), arg_min(value, day)), 0) as surge
from work.reading
cross join work.today
where cycle_end is not null and today >= cycle_end - 7 and day <= cycle_end + 7
group by key_result;

-- A product outcome beside it or below it: a measured key result that is no lagging company metric.
create table work.leading as
select distinct a.id
from work.kr a
join work.kr b on b.id <> a.id and b.active
  and (b.objective = a.objective or b.objective in (select u.id from work.objective_up u where u.above = a.objective))
join work.kr_text y on y.id = b.id and not y.is_lagging and y.text_kind = 'outcome';

create table work.news as
select key_result as id, max(day) as last_day
from (select key_result, day from work.check_in union all select key_result, day from work.value_edit)
group by key_result;

-- When a goal was put into the archive, if anybody saw it.
create table work.archived as
select goal as id, max("at") as "at" from raw.goal_changes where field = 'archived' and "at" <= $as_of_ms group by goal;

insert into key_result by name
select
  k.id as key, k.source, k.title, k.objective, coalesce(k.objective_title, '') as objective_title,
  coalesce(nullif(k.product, ''), (select case when count(*) = 1 then any_value(name) end from cfg.product), '') as product, coalesce(k.team, '') as team, coalesce(k.level, '') as level, coalesce(k.cycle, '') as cycle, k.active,
  case when k.cycle_end > k.cycle_start then least(1, greatest(0, (t.today - k.cycle_start) / (k.cycle_end - k.cycle_start)::double)) end as cycle_share,
  case when k.cycle_start is not null then greatest(0, t.today - k.cycle_start)::double when k.created > 0 then ($as_of_ms - k.created) / 86400000.0 end as cycle_days,
  case when k.cycle_end is not null then greatest(0, t.today - k.cycle_end)::double end as ended_days,
  k.kind, k.metric, k.unit, k.baseline, k.target,
  coalesce(r.last_value, k.said_current) as "current",
  (coalesce(r.last_value, k.said_current) - k.baseline) / nullif(k.target - k.baseline, 0) as progress,
  case when k.progress_from in ('', 'metric') and counts.items then 'tickets' else k.progress_from end as progress_from,
  k.due, k.owner <> '' as owner, coalesce(nullif(c.last_status, ''), k.status) as status,
  -- an undeclared rhythm is the one that is lived, between a week and a month
  case k.cadence when 'weekly' then 7 when 'fortnightly' then 14 when 'biweekly' then 14 when 'monthly' then 31 when 'quarterly' then 92
    when '' then case when c.check_ins >= 3 then least(31, greatest(7, round(c.rhythm)))::integer else 7 end
    else 7 end as cadence_days,
  coalesce(k.lag_days, 0) as lag_days,
  x.text_kind, x.text_confidence, x.text_known, x.quote, x.delivery_verb, x.about_backlog, x.is_lagging, x.is_upkeep,
  k.baseline is null and regexp_matches(lower(k.title),
    '\b(baseline|base line|starting value|nullmessung|ausgangswert|basiswert|nulmeting|uitgangswaarde)\b|valeur de (départ|référence)|point de départ|línea (de )?base|linha (de )?base') as seeks_baseline,
  l.id is not null as leading_below,
  coalesce(c.check_ins, 0) as check_ins,
  (t.today - greatest(coalesce(v.last_day, k.cycle_start), coalesce(k.cycle_start, v.last_day)))::double as news_days,
  c.confidence_drop,
  k.progress_from = 'milestones' or k.cadence = 'quarterly' or (k.baseline = 0 and k.target = 1)
    or coalesce(r.values = 2 and r.readings >= 3 and abs(r.last_value - r.first_value) >= 0.9 * abs(k.target - k.baseline), false) as in_steps,
  coalesce((t.today - r.moved_day) <= 28 + coalesce(k.lag_days, 0), false) as moved_4w,
  r.start_share,
  (r.reached_day - k.cycle_start) / nullif((k.cycle_end - k.cycle_start), 0)::double as reached_share,
  -- one reading says where it stands, not how fast it goes; two or more give the pace
  case
    when k.cycle_end < t.today then r.last_way
    when r.last_share - r.first_share >= 0.1 then r.last_way + (r.last_way - r.first_way) / (r.last_share - r.first_share) * greatest(0, 1 - r.last_share)
    when t.today > k.cycle_start + 14 then (coalesce(r.last_value, k.said_current) - k.baseline) / nullif(k.target - k.baseline, 0)
      / nullif(least(1.0, (coalesce(v.last_day, t.today) - k.cycle_start) / nullif((k.cycle_end - k.cycle_start), 0)::double), 0) end as forecast,
  s.surge as surge_share,
  coalesce(high.high, 0) as high_scores, coalesce(g.cycles, 1) as same_text_cycles,
  epoch_ms(e."at") as eased_at, coalesce(e.field, '') as eased_field, coalesce(e.before, '') as eased_before, coalesce(e.after, '') as eased_after,
  case when e.id is not null then (e."at" / 86400000.0 - (k.cycle_start - date '1970-01-01')) / nullif((k.cycle_end - k.cycle_start), 0)::double
    when w.id is not null then 0 end as eased_share,
  e.hours as eased_after_hours,
  -- a goal that was moved, renamed or taken back within two days before anybody looked was not dropped; an archived one without a date must still be in its cycle
  case when k.gone then (k.cycle_end is null or k.gone_since / 86400000 < (k.cycle_end - date '1970-01-01')) and (k.gone_since - k.first_seen >= 2 * 86400000::bigint or c.check_ins > 0)
      and not exists (select 1 from work.kr o where o.id <> k.id and not o.gone and not o.archived and o.cycle is not distinct from k.cycle
        and work.words_of(o.title) = work.words_of(k.title))
    else k.archived and coalesce(k.cycle_start <= t.today
      and k.cycle_end >= coalesce(cast(epoch_ms(ar."at") as date), t.today), false) end as gone,
  case when n.id is not null then true when w.id is not null then false end as reworded,
  k.closing_note <> '' as closing_note,
  greatest(1, coalesce(d.depth, 1) - coalesce(co.legal, 0)) as layers,
  coalesce(i.items, 0) as items, coalesce(i.started, 0) as items_started, coalesce(i.moved_14d, 0) as items_moved_14d,
  coalesce(b.started, 0) as items_started_below,
  case when i.last_start is not null then ($as_of_ms - i.last_start) / 86400000.0
    when k.cycle_start is not null then greatest(0, t.today - k.cycle_start)::double end as started_link_days,
  coalesce(y.items, 0) as same_day_items,
  coalesce(y.templated, 0) as templated_items
from work.kr k
cross join work.today t
join work.kr_text x on x.id = k.id
left join work.kr_reading r on r.id = k.id
left join work.kr_check_in c on c.id = k.id
left join work.news v on v.id = k.id
left join work.archived ar on ar.id = k.id
left join work.kr_items i on i.id = k.id
left join work.kr_below b on b.id = k.id
left join work.kr_again g on g.id = k.id
left join work.kr_high high on high.id = k.id
left join work.eased e on e.id = k.id
left join work.reworded n on n.id = k.id
left join work.watched w on w.id = k.id
left join work.surge s on s.id = k.id
left join work.leading l on l.id = k.id
left join work.objective_depth d on d.id = k.objective
left join (
  -- companies under a company are legal entities: one layer, however many
  select id, greatest(0, count(*) filter (level = 'company') - 1)::integer as legal
  from (
    select o.id, o.level from work.objective o
    union all
    select u.id, a.level from work.objective_up u join work.objective a on a.id = u.above
  )
  group by id
) co on co.id = k.objective
left join (select id, max(items) as items, arg_max(templated, items) as templated from work.tiny group by id) y on y.id = k.id
left join (
  -- "share of roadmap tickets closed" counts tickets, whatever was declared; tickets of customers are an outcome
  select id, regexp_matches(words, '\b(tickets?|issues?|user stories|stories|story points|epics?|tasks|features?|backlog items|vorgänge|aufgaben|tâches|tareas|tarefas|taken)\b')
    and regexp_matches(words, '\b(closed|done|completed?|finished|delivered|shipped|resolved|geschlossen|erledigt|fertig|abgeschlossen|geliefert|fermée?s|terminée?s|livrée?s|cerrad[ao]s|terminad[ao]s|entregad[ao]s|fechad[ao]s|entregues|concluíd[ao]s|gesloten|afgerond|opgeleverd)\b')
    and regexp_matches(words, '%|\b(share|percent|number|percentage|anteil|zahl|prozent|part|nombre|número|porcentaje|percentagem|aandeel|aantal)\b')
    and not regexp_matches(words, '\b(support|customers?|users?|bugs?|defects?|incidents?|kunden?|clients?|clientes?|klanten|complaints?|within|days?|hours?)\b') as items
  from (select id, lower(title || ' ' || metric || ' ' || unit) as words from work.kr)
) counts on counts.id = k.id;

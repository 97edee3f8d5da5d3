-- One row a backlog, as rules read it.

create table work.recent as
select *, created_at > now - interval 91 day as this_quarter
from (select i.*, i.created as created_at, m.now from item i cross join work.moment m);

create table work.backlog_units as
select backlog,
  count(*) filter (work_class = 'value' and (state = 'doing' or (state = 'done' and finished > now - interval 90 day)))::integer as started_value,
  count(*) filter (linked and work_class = 'value' and (state = 'doing' or (state = 'done' and finished > now - interval 90 day)))::integer as linked_value,
  sum(coalesce(estimate, 0)) filter (linked and work_class = 'value' and (state = 'doing' or (state = 'done' and finished > now - interval 90 day))) as linked_size,
  sum(coalesce(estimate, 0)) filter (work_class = 'value' and (state = 'doing' or (state = 'done' and finished > now - interval 90 day))) as started_size,
  count(estimate) filter (work_class = 'value' and state in ('doing', 'done')) * 2 >= count(*) filter (work_class = 'value' and state in ('doing', 'done')) as estimates,
  array_to_string(list_slice(list(work.called(key, title) order by state = 'doing' desc, children desc, key) filter (not linked and work_class = 'value' and not restricted
    and (state = 'doing' or (state = 'done' and finished > now - interval 90 day))), 1, 3), ', ') as unlinked,
  count(*) filter (work_class = 'value' and level >= 1 and state = 'done' and finished > now - interval 182 day and finished < now - interval 60 day
    and not planned_one_off)::integer as value_finished,
  count(*) filter (work_class = 'value' and level >= 1 and state = 'done' and finished > now - interval 182 day and finished < now - interval 60 day
    and planned_one_off)::integer as value_one_offs,
  count(*) filter (work_class = 'value' and level >= 1 and state = 'done' and finished > now - interval 182 day and finished < now - interval 60 day
    and not planned_one_off and follow_ups > 0)::integer as value_tweaked,
  count(*) filter (level >= 1 and work_class = 'value' and state in ('todo', 'doing') and due is not null)::integer as roadmap,
  count(*) filter (level >= 1 and work_class = 'value' and state in ('todo', 'doing') and due is not null and scope_locked)::integer as locked,
  count(*) filter (level >= 1 and work_class = 'value' and state in ('todo', 'doing') and due is not null and linked)::integer as roadmap_linked,
  count(*) filter (level >= 1 and work_class = 'value' and state in ('todo', 'doing') and due is not null and scope_locked
    and (is_regulation or list_has_any(labels, ['event', 'legal-date', 'fixed-date', 'trade-fair'])))::integer as bound
from work.recent
where unit
group by backlog;

create table work.backlog_items as
select backlog,
  count(*)::integer as items,
  count(*) filter (state in ('todo', 'doing'))::integer as open_items,
  count(*) filter (has_history) * 2 >= count(*) as has_history,
  count(*) filter (work_class in ('value', 'discovery') and started > now - interval 91 day)::integer as started_quarter,
  count(*) filter (work_class in ('value', 'discovery') and state = 'cancelled' and finished > now - interval 91 day
    and (started is not null or kind = 'hypothesis'))::integer as stopped_quarter,
  count(*) filter (coalesce(started, finished) > now - interval 42 day and state in ('doing', 'done'))::integer as started_6w,
  count(*) filter (coalesce(started, finished) > now - interval 42 day and state in ('doing', 'done') and work_class = 'discovery')::integer as discovery_6w,
  count(*) filter (state = 'done' and finished > now - interval 42 day)::integer as finished_6w,
  count(*) filter (state = 'done' and finished > now - interval 42 day and work_class in ('ktlo', 'enabling'))::integer as upkeep_6w,
  count(*) filter (state = 'doing')::integer as doing,
  median(started_days) filter (state = 'done' and started is not null and finished > now - interval 42 day) as cycle_days,
  median(started_days) filter (state = 'done' and started is not null and finished between now - interval 224 day and now - interval 42 day) as cycle_before,
  median(blocked_days) filter (state = 'done' and finished > now - interval 182 day and blocked_days > 0) as wait_median,
  median(started_days - coalesce(blocked_days, 0)) filter (state = 'done' and finished > now - interval 182 day and blocked_days > 0) as work_median,
  count(*) filter (state = 'doing' and blocked_by_team <> '' and not blocked_external)::integer as waiting,
  count(*) filter (backlog_rank <= 30 and text_known and from_outside is not null and state in ('todo', 'doing'))::integer as top_items,
  count(*) filter (backlog_rank <= 30 and text_known and state in ('todo', 'doing') and from_outside and text_kind = 'solution')::integer as handed_in
from work.recent
where level >= 0
group by backlog;

-- Said and done: what was planned into the sprints of the last six weeks, and was done in them.
create table work.said_done as
select i.backlog, count(*) filter (i.state = 'done' and i.finished_ms <= s.ended + 86400000) / count(*)::double as say_do
from (select n, backlog, state, source, finished_ms, unnest(sprints) as sprint from work.item where level >= 0) i
join (select source, id, case when completed between 1 and $as_of_ms then completed else "end" end as ended from raw.sprints) s
  on s.source = i.source and s.id = i.sprint
where s.ended between $as_of_ms - 42 * 86400000::bigint and $as_of_ms
group by i.backlog
having count(*) >= 8;

create table work.backlog_krs as
select i.backlog, count(distinct k.key)::integer as krs, count(distinct k.key) filter (k.moved_4w)::integer as moved
from item i
join key_result k on k.key = i.key_result and k.active
where i.linked and i.state in ('doing', 'done') and i.work_class = 'value'
group by i.backlog;

-- One person's re-ranking of a top item, undone by another within the four weeks.
create table work.rerank as
select i.backlog, c.n, c."at", c.author, c.before, c.after,
  lag(c.author) over (partition by c.n order by c."at") as author_before,
  lag(c.before) over (partition by c.n order by c."at") as from_before,
  lag(c.after) over (partition by c.n order by c."at") as to_before
from work.change c
join work.item i on i.n = c.n
join work.rank r on r.n = c.n and r.place <= 30
where c.field = 'rank' and c.author_kind <> 'bot' and c."at" between $as_of_ms - 28 * 86400000::bigint and $as_of_ms;

create table work.reversal as
select backlog,
  count(*) filter (author_before <> author and (
    (after = from_before) or (lower(after) like '%high%' and lower(to_before) like '%low%') or (lower(after) like '%low%' and lower(to_before) like '%high%')))::integer as reversals,
  count(distinct author)::integer as rankers
from work.rerank
group by backlog;

-- Key results of a product in the order its goals are written: the upper half counts as more important.
create table work.kr_half as
select key, product, percent_rank() over (partition by product order by row_number_in_file) <= 0.5 as upper_half
from (
  select f.key, f.product,
    row_number() over (order by f.source, try_cast(regexp_extract(k."where", ':(\d+)$', 1) as integer), f.key) as row_number_in_file
  from key_result f
  join work.kr k on k.id = f.key
  where f.active and f.product <> ''
);

-- What waits elsewhere for the upper half; where none is known to have waited long enough and the age of some is unknown, so is the number.
create table work.local_rank as
select b.key as backlog,
  (select count(*) from item i join work.kr_half h on h.key = i.key_result and not h.upper_half cross join work.moment m
    where i.backlog = b.key and i.level >= 0 and i.work_class = 'value' and i.started > m.now - interval 14 day)::integer as low_started,
  (select case when count(*) filter (i.age_days > 14) > 0 or count(*) = count(i.age_days) then count(*) filter (i.age_days > 14) end
    from item i join work.kr_half h on h.key = i.key_result and h.upper_half
    where i.backlog <> b.key and i.product = b.product and i.product <> '' and i.unit and i.state = 'todo' and i.work_class = 'value')::integer as high_waiting,
  (select arg_min(work.called(i.key, i.title), i.key) from item i join work.kr_half h on h.key = i.key_result and h.upper_half
    where i.backlog <> b.key and i.product = b.product and i.product <> '' and i.unit and i.state = 'todo' and i.work_class = 'value' and i.age_days > 14
      and not i.restricted) as example
from work.backlog b;

create table work.update_count as
select i.backlog, count(*)::integer as updates, count(*) filter (s.shipped and not s.result and not s.learning)::integer as shipped_only,
  count(*) filter (s.result or s.learning)::integer as learned,
  count(*) filter (s.shipped and not s.result and not s.learning and exists (
    select 1 from work.item e where e.n = s.n and e.level >= 1 and e.state = 'done' and abs(e.finished_ms - s."at") < 7 * 86400000::bigint))::integer as launch
from work.said_update s
join work.item i on i.n = s.n
where s."at" > $as_of_ms - 56 * 86400000::bigint
group by i.backlog;

insert into backlog by name
select
  b.key, b.name as title, b.source, b.product,
  coalesce((select mode(team order by team) from work.item i where i.backlog = b.key), b.name) as team,
  coalesce(i.items, 0) as items, coalesce(i.open_items, 0) as open_items, coalesce(i.has_history, false) as has_history,
  coalesce(u.started_value, 0) as started_value, coalesce(u.linked_value, 0) as linked_value,
  case when u.estimates and u.started_size > 0 then coalesce(u.linked_size, 0) / u.started_size
    when u.started_value > 0 then u.linked_value / u.started_value::double end as linked_share,
  coalesce(u.unlinked, '') as unlinked_examples,
  coalesce(u.value_finished, 0) as value_finished, coalesce(u.value_tweaked, 0) as value_tweaked,
  coalesce(i.started_quarter, 0) as started_quarter, coalesce(i.stopped_quarter, 0) as stopped_quarter,
  coalesce(sd.say_do, case when i.started_6w >= 8 then least(1.0, i.finished_6w / i.started_6w::double) end) as say_do,
  i.cycle_days, i.cycle_before as cycle_days_before,
  coalesce(k.krs, 0) as krs_linked, coalesce(k.moved, 0) as krs_moved,
  coalesce(i.started_6w, 0) as started_6w, coalesce(i.discovery_6w, 0) as discovery_6w,
  coalesce(i.finished_6w, 0) as finished_6w, coalesce(i.upkeep_6w, 0) as upkeep_6w,
  coalesce(p.stabilising, false) as stabilising, coalesce(p.discovery_elsewhere, false) as discovery_elsewhere,
  coalesce(i.doing, 0) as started_items, coalesce(i.waiting, 0) as waiting_items, i.wait_median, i.work_median,
  coalesce(r.reversals, 0) as rank_reversals, coalesce(r.rankers, 0) as rankers,
  coalesce(l.low_started, 0) as low_started, l.high_waiting, coalesce(l.example, '') as high_waiting_example,
  coalesce(u.roadmap, 0) as roadmap_epics, coalesce(u.locked, 0) as locked_epics, coalesce(u.bound, 0) as bound_epics, coalesce(u.value_one_offs, 0) as value_one_offs, coalesce(u.roadmap_linked, 0) as linked_epics,
  coalesce(i.top_items, 0) as top_items, coalesce(i.handed_in, 0) as handed_in,
  coalesce(n.updates, 0) as updates_8w, coalesce(n.shipped_only, 0) as shipped_only_8w, coalesce(n.learned, 0) as learned_8w, coalesce(n.launch, 0) as launch_8w
from work.backlog b
left join work.backlog_items i on i.backlog = b.key
left join work.backlog_units u on u.backlog = b.key
left join work.said_done sd on sd.backlog = b.key
left join work.backlog_krs k on k.backlog = b.key
left join work.reversal r on r.backlog = b.key
left join work.local_rank l on l.backlog = b.key
left join work.update_count n on n.backlog = b.key
left join cfg.product p on p.name = b.product
where coalesce(i.items, 0) > 0;

-- One row an item, as rules read it.

-- What people call an item: its key, or its title in quotes where the key is only a number for machines (a Linear project's).
create macro work.called(key, title) as
  if(title <> '' and length(key) in (12, 36) and regexp_full_match(key, '[0-9a-f]{12}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'),
    '"' || title || '"', key);

create table work.calendar as
select day, sum(case when list_contains($working_days, dayofweek(day)) and day not in (select day from cfg.holiday) then 1 else 0 end)
  over (order by day) as working
from (
  select cast(unnest(generate_series(
    (select coalesce(min(cast(epoch_ms(created) as date)), today) from raw.item where created > 0) - interval 1 day,
    cast(today as timestamp), interval 1 day)) as date) as day
  from work.today group by today
);

create table work.human as
select n, max("at") as "at"
from (
  select n, "at" from work.change where "at" <= $as_of_ms and author_kind <> 'bot' and field <> 'rank'
  union all
  select i.n, o."at" from raw.notes o join work.id i on i.source = o.source and i.id = o.subject where o."at" <= $as_of_ms and o.author_kind <> 'bot'
)
group by n;

create table work.rank as
select n, row_number() over (partition by backlog order by rank, n)::integer as place
from work.item
where state in ('todo', 'doing') and rank <> '' and level >= 0;

create table work.child as
select u.above as n,
  count(*) filter (c.level >= 0)::integer as children,
  count(*) filter (c.level >= 0 and c.state in ('doing', 'done'))::integer as started,
  count(*) filter (c.level >= 0 and c.state = 'done')::integer as done,
  min(c.finished_ms) filter (c.level >= 0 and c.state = 'done') as first_done,
  max(c.finished_ms) filter (c.level >= 0 and c.state = 'done') as last_done,
  count(distinct c.team) filter (c.level >= 0 and c.state in ('doing', 'done'))::integer as teams,
  -- the day four fifths of all were done: what is still to do, or was done on a day nobody knows, comes last
  nullif(quantile_disc(case when c.state = 'done' then coalesce(c.finished_ms, 253402300799000) else 253402300799000 end, 0.8)
    filter (c.level >= 0 and c.state <> 'cancelled'), 253402300799000) as mostly
from work.up u
join work.item c on c.n = u.n
group by u.above;

create table work.link as
select distinct i.n, l.kind, t.n as other
from raw.links l
join work.id i on i.source = l.source and i.id = l.item
join work.id t on t.source = l.source and (t.id = l.target)
union
select distinct i.n, l.kind, t.n
from raw.links l
join work.id i on i.source = l.source and i.id = l.item
join work.id t on t.key = l.target_key and l.target_key <> '' and not (t.source = l.source and t.id = l.target);

-- Links that later changes speak of: the first of them says whether the link stood at the instant.
create table work.link_then as
select n, kind, other, not arg_min(added, seq) as stood
from raw.linking
where "at" > $as_of_ms and other is not null
group by n, kind, other;

create table work.relation as
with today as (
  select n, kind, other from work.link
  union
  select other,
    case kind when 'blocks' then 'blocked_by' when 'blocked_by' then 'blocks' when 'duplicates' then 'duplicated_by' when 'duplicated_by' then 'duplicates'
      when 'clones' then 'cloned_by' when 'cloned_by' then 'clones' when 'relates' then 'relates' when 'mirrors' then 'mirrors' end, n
  from work.link
  where kind in ('blocks', 'blocked_by', 'duplicates', 'duplicated_by', 'clones', 'cloned_by', 'relates', 'mirrors')
)
select t.n, t.kind, t.other from today t
left join work.link_then x on x.n = t.n and x.kind = t.kind and x.other = t.other
where coalesce(x.stood, true)
union
select x.n, x.kind, x.other from work.link_then x
join work.id a on a.n = x.n
join work.id b on b.n = x.other
where x.stood;

-- Waiting for another team: from the later of link and start to the earlier of the other's end and now.
create table work.wait as
select r.n, any_value(o.team) as other_team,
  sum(greatest(0, least(coalesce(o.finished_ms, $as_of_ms), coalesce(i.finished_ms, $as_of_ms))
    - greatest(coalesce(c."at", i.started_ms), i.started_ms))) / 86400000.0 as days,
  bool_or(o.state in ('todo', 'doing') and i.state = 'doing') as waiting
from work.relation r
join work.item i on i.n = r.n and i.started_ms is not null
join work.item o on o.n = r.other and o.team <> i.team and o.state <> 'cancelled'
left join (
  select n, other, min("at") as "at" from raw.linking where kind = 'blocked_by' and added and "at" <= $as_of_ms group by all
) c on c.n = r.n and c.other = o.n
where r.kind = 'blocked_by' and coalesce(o.finished_ms, $as_of_ms) > i.started_ms
group by r.n;

create table work.hand_off as
select i.n, count(distinct c."at")::integer as moves
from work.change c
join work.item i on i.n = c.n
where c.field in ('team', 'backlog') and c."at" <= $as_of_ms and c.before <> '' and c.after <> ''
  and i.started_ms is not null and c."at" > i.started_ms and c."at" <= coalesce(i.finished_ms, $as_of_ms)
group by i.n;

create table work.due_move as
select n, count(*)::integer as moves
from work.change
where field = 'due' and "at" <= $as_of_ms and before <> '' and after > before
group by n;

insert into item by name
select
  nm.key,
  i.source, i.backlog, i.team, i.product, i.title,
  i.kind, i.their_kind, i.level, i.state, i.their_state,
  c.work_class, c.class_by,
  u.unit = i.n as unit,
  un.key as unit_key,
  coalesce(pn.key, '') as parent,
  tn.key as top,
  t.depth,
  i.restricted, i.has_history, i.labels, i.components,
  epoch_ms(nullif(i.created, 0)) as created,
  epoch_ms(i.started_ms) as started,
  epoch_ms(i.finished_ms) as finished,
  case when i.state = 'done' then epoch_ms(coalesce(rel."at", i.finished_ms)) end as released,
  try_cast(nullif(i.due, '') as date) as due,
  ($as_of_ms - nullif(i.created, 0)) / 86400000.0 as age_days,
  case when i.created > 0 then greatest(coalesce(td.working, 0) - coalesce(cd.working, 0), 0)::integer end as work_days_old,
  (coalesce(i.finished_ms, $as_of_ms) - i.started_ms) / 86400000.0 as started_days,
  ($as_of_ms - case
    when h."at" is not null then greatest(h."at", i.created)
    when i.has_history then nullif(i.created, 0)
    when i.updated between 1 and $as_of_ms then i.updated end) / 86400000.0 as quiet_days,
  ($as_of_ms - coalesce(i.last_state, case when i.has_history then nullif(i.created, 0) end)) / 86400000.0 as state_days,
  case when i.state = 'done' then ($as_of_ms - coalesce(rel."at", i.finished_ms)) / 86400000.0 end as live_days,
  coalesce(rk.place, 9999) as backlog_rank,
  rk.n is not null as ranked,
  i.estimate,
  coalesce(ch.children, 0) as children,
  coalesce(ch.started, 0) as children_started,
  coalesce(ch.done, 0) as children_done,
  epoch_ms(ch.first_done) as first_child_done,
  epoch_ms(ch.last_done) as last_child_done,
  coalesce(lk.kr, '') as key_result,
  coalesce(kr.objective, '') as objective,
  coalesce(lk.linked, false) as linked,
  coalesce(lk.via, '') as link_via,
  epoch_ms(lk."at") as linked_at,
  coalesce(lk.objectives, 0) as objectives_linked,
  list_has_any(i.labels, ['own-bet', 'own_bet', 'ownbet']) as own_bet,
  coalesce(x.text_kind, 'unclear') as text_kind,
  coalesce(x.language, '') as language,
  coalesce(x.known, false) as text_known,
  coalesce(x.confidence, 0) as text_confidence,
  coalesce(x.has_who, false) as has_who,
  coalesce(x.has_problem, false) as has_problem,
  coalesce(x.has_change, false) as has_change,
  coalesce(x.has_measure, false) or coalesce(mf.measure, '') <> '' as has_measure,
  coalesce(x.has_baseline, false) as has_baseline,
  coalesce(x.has_target, false) as has_target,
  coalesce(x.has_hypothesis, false) or coalesce(mf.hypothesis, '') <> '' as has_hypothesis,
  coalesce(x.instruments, false) as instruments,
  coalesce(x.is_container, false) as is_container,
  coalesce(x.is_regulation, false) or list_has_any(i.labels, ['regulation', 'compliance', 'legal', 'regulatory', 'gdpr']) as is_regulation,
  coalesce(x.quote, '') as quote,
  coalesce(ho.moves, 0) as hand_offs,
  greatest(coalesce(ch.teams, 0), 1) as teams,
  coalesce(w.other_team, '') as blocked_by_team,
  w.days as blocked_days,
  list_has_any(i.labels, ['external', 'vendor', 'waiting-external', 'third-party']) as blocked_external,
  coalesce(dm.moves, 0) as due_moves,
  case when coalesce(ch.children, 0) >= 5 then epoch_ms(ch.mostly) when i.state = 'done' then epoch_ms(i.finished_ms) end as mostly_done,
  list_has_any(i.labels, ['on-hold', 'hold', 'legal-hold', 'security-hold', 'blocked-legal']) as on_hold,
  list_has_any(i.labels, ['one-off', 'oneoff', 'one_off']) as planned_one_off
from work.item i
join work.name nm on nm.n = i.n
join work.class c on c.n = i.n
join work.unit u on u.n = i.n
join work.name un on un.n = u.unit
join work.top t on t.n = i.n
join work.name tn on tn.n = t.top
cross join work.today d
left join work.parent p on p.n = i.n
left join work.name pn on pn.n = p.parent
left join work.calendar cd on cd.day = cast(epoch_ms(i.created) as date)
left join work.calendar td on td.day = d.today
left join work.human h on h.n = i.n
left join work.rank rk on rk.n = i.n
left join work.child ch on ch.n = i.n
left join work.linked lk on lk.n = i.n
left join work.kr kr on kr.id = lk.kr
left join work.text x on x.n = i.n
left join work.own_field mf on mf.n = i.n
left join work.released rel on rel.n = i.n
left join work.hand_off ho on ho.n = i.n
left join work.wait w on w.n = i.n
left join work.due_move dm on dm.n = i.n;

insert into link by name
select a.key, r.kind, b.key as other
from work.relation r
join work.name a on a.n = r.n
join work.name b on b.n = r.other;

insert into change by name
select m.key, epoch_ms(c."at") as changed, c.field, c.before, c.after, c.author_kind = 'bot' as by_bot
from work.change c
join work.name m on m.n = c.n
where c."at" <= $as_of_ms;

insert into check_in by name
select key_result, day, value, confidence, status, has_note from work.check_in;

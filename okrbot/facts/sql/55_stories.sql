-- What an item's own story adds: when it was linked, what followed it, what was learned, who asked for it.

create table work.key_of as
select m.key, i.n from work.item i join work.name m on m.n = i.n;

-- The silence of a family: the latest touch on a unit or anything below it counts for all of them.
create table work.family_quiet as
select k.n, f.quiet
from (select u.unit, case when count(*) = count(i.quiet_days) then min(i.quiet_days) end as quiet
  from work.unit u join work.key_of m on m.n = u.n join item i on i.key = m.key group by u.unit) f
join work.unit k on k.unit = f.unit;

update item set family_quiet_days = f.quiet
from work.family_quiet f
join work.key_of k on k.n = f.n
where item.key = k.key;

-- How much was done when users first got a part: by the release dates of the children, if the backlog knows releases at all.
create table work.backlog_releases as
select i.backlog, count(*) as items from work.released r join work.item i on i.n = r.n group by i.backlog;

update item set released_share = s.share
from (
  select u.above as n,
    count(*) filter (c.state = 'done' and c.finished_ms <= coalesce(f.first_at, $as_of_ms)) / count(*)::double as share
  from work.up u
  join work.item c on c.n = u.n and c.level >= 0
  join work.item e on e.n = u.above
  join work.backlog_releases b on b.backlog = e.backlog
  left join (select u.above as n, min(r."at") as first_at from work.up u join work.released r on r.n = u.n group by u.above) f on f.n = u.above
  group by u.above
) s
join work.key_of k on k.n = s.n
where item.key = k.key and item.level >= 1;

-- When the link to the key result was made: a change of the field, label or goal that names it.
create table work.reason as
select c.n, min(c."at") as "at", arg_min(c.author, c."at") as author, arg_min(c.field, c."at") as field
from work.change c
where c."at" <= $as_of_ms and c.after <> '' and c.before = ''
  and (c.field in ('field:' || $link_field, 'field:' || $measure_field, 'goal')
    or (c.field = 'labels' and contains(lower(c.after), lower($label_prefix)) and $label_prefix <> ''))
group by c.n
union all
select n, "at", author, 'body' from work.reason_text where n not in (
  select n from work.change where "at" <= $as_of_ms and after <> '' and before = '' and field in ('field:' || $link_field, 'field:' || $measure_field, 'goal'));

-- A bulk edit: one author, one field, more than twenty items within ten minutes.
create table work.bulk as
select author, field, ("at" // 600000) as slot, count(distinct n) as items
from work.change
where "at" <= $as_of_ms
group by all
having count(distinct n) > 20;

update item set
  linked_at = case when r.field <> 'body' then epoch_ms(r."at") end,
  reason_added = epoch_ms(r."at"),
  reason_in_bulk = exists (select 1 from work.bulk b where b.author = r.author and b.field = r.field and b.slot in (r."at" // 600000, r."at" // 600000 - 1))
from work.reason r
join work.key_of k on k.n = r.n
where item.key = k.key;

-- A hypothesis stands beside the work it is about, or above it.
create table work.hypothesis as
select n, arg_max(other, (valid_at is not null, other)) as hypothesis, max(valid_at) as valid_at
from (
  select r.n, r.other, v.valid_at
  from (select n, other from work.relation union select n, above from work.up) r
  join work.item h on h.n = r.other and h.kind = 'hypothesis'
  left join work.decided v on v.n = h.n and v.valid
)
group by n;

update item set hypothesis = m.key, validated_at = epoch_ms(h.valid_at), has_hypothesis = true
from work.hypothesis h
join work.key_of k on k.n = h.n
join work.name m on m.n = h.hypothesis
where item.key = k.key and item.kind <> 'hypothesis';

-- A result: the field for it, or a note after release that speaks of a result or a learning.
update item set result_noted = true
from work.key_of k
where item.key = k.key and item.finished is not null and (
  k.n in (select n from work.own_field where coalesce(result, '') <> '')
  or k.n in (select s.n from work.said_after s where s.result or s.learning));

update item set checked_in_after = true
where item.finished is not null and item.key_result <> '' and exists (
  select 1 from work.check_in c
  where c.key_result = item.key_result and c.value is not null
    and c.day between cast(coalesce(item.released, item.finished) as date) and cast(coalesce(item.released, item.finished) as date) + 30);

-- What follows an item up: linked or cloned from it, created within sixty days after it was finished.
create table work.follow_up as
select i.n, count(distinct r.other)::integer as items
from work.relation r
join work.item i on i.n = r.n and i.finished_ms is not null
join work.item f on f.n = r.other and f.created between i.finished_ms and i.finished_ms + 60 * 86400000::bigint
where r.kind not in ('blocks', 'blocked_by', 'duplicates', 'duplicated_by', 'mirrors')
group by i.n;

update item set follow_ups = f.items
from work.follow_up f
join work.key_of k on k.n = f.n
where item.key = k.key;

-- Who works in a team: people who held or changed its items. Counted, never named.
create table work.hand as
select i.team, p.person, p."at"
from (
  select n, assignee as person, coalesce(started_ms, created) as "at" from work.item where assignee <> ''
  union all
  select n, author, "at" from work.change where author <> '' and author_kind <> 'bot' and "at" <= $as_of_ms and field in ('state', 'assignee', 'estimate', 'body')
) p
join work.item i on i.n = p.n;

create table work.insider as
select team, person from work.hand where "at" > $as_of_ms - 365 * 86400000::bigint group by team, person having count(*) >= 3
union
-- who writes a fifth of a team's items writes them for the team
select team, reporter
from (select team, reporter, count(*) as c, sum(count(*)) over (partition by team) as whole from work.item where reporter <> '' group by team, reporter)
where c * 5 >= whole and whole >= 10;

-- null where nobody is named as its reporter, or nobody is known to work in the team.
update item set from_outside = x.outside
from (
  select m.key, case when i.reporter <> '' and i.team in (select team from work.insider)
    then not exists (select 1 from work.insider s where s.team = i.team and s.person = i.reporter) end as outside
  from work.item i
  join work.name m on m.n = i.n
) x
where item.key = x.key and x.outside is distinct from false;

-- Scope and date were fixed before anything was learned: a due date and most children stood before the start, no discovery beside it.
create table work.scope as
select u.above as n, count(*) as children, count(*) filter (c.created <= coalesce(e.started_ms, $as_of_ms)) as before_start
from work.up u
join work.item c on c.n = u.n and c.level >= 0
join work.item e on e.n = u.above
group by u.above;

update item set scope_locked = true
from work.scope s
join work.key_of k on k.n = s.n
where item.key = k.key and item.due is not null and item.due_moves = 0 and s.children >= 3 and s.before_start * 5 >= s.children * 4
  and item.hypothesis = ''
  and not exists (
    select 1 from work.relation r join work.class c on c.n = r.other and c.work_class = 'discovery' where r.n = s.n)
  and not exists (
    select 1 from work.up u join work.class c on c.n = u.n and c.work_class = 'discovery' where u.above = s.n);

update item set is_reversible = true
from (
  select backlog, quantile_cont(estimate, 0.25) as low, count(estimate) as n from item where unit and estimate is not null group by backlog
) q
where item.backlog = q.backlog
  and (list_has_any(item.labels, ['small', 'reversible', 'quick-win', 'quickwin']) or (q.n >= 8 and item.estimate < q.low));

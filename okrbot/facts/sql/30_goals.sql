-- Goals at :as_of: which stood, which ran, how deep they hang. Later edits are already taken back.

create table work.cycle as
select name, min(try_cast(nullif(start, '') as date)) as start, max(try_cast(nullif("end", '') as date)) as "end"
from raw.cycles
group by name;

create table work.today as
select cast(timezone($zone, timezone('UTC', epoch_ms($as_of_ms))) as date) as today;

-- A team's goal belongs to the product the configuration gives the team, else to the one its items belong to.
create table work.team_product as
select team, coalesce(max(product) filter (said), mode(product)) as product
from (
  select lower(name) as team, product, true as said from cfg.team where product <> ''
  union all
  select lower(team), product, false from work.item where team <> '' and product <> ''
)
group by team;

-- Where nobody says a level: a team's goal, a product's, or the one that others hang from and nothing stands above.
create table work.objective as
select o.source, o.id, o.title,
  case
    when o.level <> '' then o.level
    when o.team <> '' then 'team'
    when o.product <> '' then 'product'
    when o.parent = '' and o.id in (select parent from raw.objectives) then 'company'
    else '' end as level,
  o.parent, coalesce(nullif(o.product, ''), tp.product, '') as product, o.team, o.owner, o.created,
  o.cycle, o.status, o.body, o.url, c.start as cycle_start, c."end" as cycle_end,
  o.gone_since > 0 and o.gone_since <= $as_of_ms as gone, o.archived = 1 as archived,
  o.archived = 0 and not (o.gone_since > 0 and o.gone_since <= $as_of_ms) and o.status not in ('done', 'dropped')
    and (c.start is null or c.start <= t.today) and (c."end" is null or c."end" >= t.today) as active
from raw.objectives o
cross join work.today t
left join work.cycle c on c.name = o.cycle
left join work.team_product tp on tp.team = lower(o.team)
where o.created <= $as_of_ms
qualify row_number() over (partition by o.id order by o.gone_since = 0 desc, o.source) = 1;

-- Numbers that stand in the title only: "from 62 % to 70 %", "41,000 -> 50,000", "auf 15 %"; thousands come in groups of three.
create macro work.as_number(t) as
  case when regexp_full_match(t, '[1-9][0-9]{0,2}([.,’ ][0-9]{3})+') then try_cast(regexp_replace(t, '[^0-9]', '', 'g') as double)
    else try_cast(replace(t, ',', '.') as double) end;

create table work.title_number as
select source, id, work.as_number(ends[1]) as baseline, coalesce(work.as_number(ends[2]), work.as_number(goal)) as target
from (
  select source, id,
    case
      when regexp_matches(t, in_words) then [regexp_extract(t, in_words, 1), regexp_extract(t, in_words, 2)]
      when regexp_matches(t, arrow) then [regexp_extract(t, arrow, 1), regexp_extract(t, arrow, 2)]
    end as ends,
    regexp_extract(t, only_end, 1) as goal
  from (
    select source, id, lower(title) as t,
      '(?:^|[^\pL])(?:from|von|vom|de|du|depuis|van|desde|da)\s+[€$£]?\s?' || number
        || '\s*[^0-9]{0,24}?\s(?:to|auf|bis|zu|à|au|a|naar|tot|hasta|para)\s+[€$£]?\s?' || number as in_words,
      number || '\s*[%\pL]*\s*(?:->|→|=>|から)\s*[€$£]?\s?' || number as arrow,
      '(?:^|[^\pL])(?:to|reach|at least|at most|under|below|above|auf|mindestens|höchstens|unter|au moins|moins de|hasta|al menos|menos de'
        || '|pelo menos|naar|minstens|onder)\s+[€$£]?\s?' || number as only_end
    from raw.key_results
    cross join (select '([0-9]+(?:[.,’ ][0-9]{3})*(?:[.,][0-9]+)?)' as number)
    where baseline = -1e308 or target = -1e308
  )
);

create table work.kr as
select k.source, k.id, k.title, k.objective, k.metric, k.unit,
  coalesce(nullif(k.baseline, -1e308), n.baseline) as baseline,
  coalesce(nullif(k.target, -1e308), n.target) as target,
  nullif(k."current", -1e308) as said_current,
  try_cast(nullif(k.start, '') as date) as start, try_cast(nullif(k.due, '') as date) as due,
  k.owner, k.kind, k.cadence, k.progress as progress_from, k.status,
  nullif(k.lag_days, -1) as lag_days, from_json(k.items, '["varchar"]') as items, k.closing_note, k.url, k."where", k.first_seen, k.created,
  k.gone_since > 0 and k.gone_since <= $as_of_ms as gone, k.gone_since, k.archived = 1 as archived,
  o.title as objective_title, o.level, o.product, o.team, o.cycle, o.cycle_start, o.cycle_end,
  coalesce(o.active, false) and k.archived = 0 and k.status <> 'dropped' and not (k.gone_since > 0 and k.gone_since <= $as_of_ms) as active
from raw.key_results k
left join work.objective o on o.id = k.objective
left join work.title_number n on n.source = k.source and n.id = k.id
where k.created <= $as_of_ms
qualify row_number() over (partition by k.id order by k.gone_since = 0 desc, k.source) = 1;

-- An objective hangs from an objective, or from a key result and so from that one's objective.
create table work.objective_parent as
select o.id, coalesce(a.id, k.objective) as parent
from work.objective o
left join work.objective a on a.id = o.parent
left join work.kr k on k.id = o.parent
where coalesce(a.id, k.objective) is not null and coalesce(a.id, k.objective) <> o.id;

create table work.objective_up as
with recursive up(id, above, steps) as (
  select id, parent, 1 from work.objective_parent
  union all
  select up.id, p.parent, steps + 1 from up join work.objective_parent p on p.id = up.above where steps < 20
)
select id, above, min(steps)::integer as steps from up where id <> above group by id, above;

create table work.objective_depth as
select o.id, 1 + coalesce(max(u.steps), 0)::integer as depth
from work.objective o
left join work.objective_up u on u.id = o.id
group by o.id;

create table work.check_in as
select c.source, c.key_result, try_cast(c."on" as date) as day, nullif(c.value, -1e308) as value, nullif(c.confidence, -1.0) as confidence, c.status,
  c.note <> '' as has_note, c.author
from raw.check_ins c
cross join work.today t
where try_cast(c."on" as date) <= t.today;

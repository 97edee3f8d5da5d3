-- One row an objective, as rules read it.

create table work.objective_below as
select id as above, id from work.objective
union
select above, id from work.objective_up;

create table work.objective_work as
select b.above as id,
  coalesce(sum(i.started), 0)::integer as started,
  max(i.last_start) as last_start,
  max(r.last_day) as last_day,
  max(m."at") as last_move
from work.objective_below b
left join work.kr k on k.objective = b.id
left join work.kr_items i on i.id = k.id
left join work.kr_reading r on r.id = k.id
left join (
  select l.kr, max(h."at") as "at" from work.linked l join work.human h on h.n = l.n group by l.kr
) m on m.kr = k.id
group by b.above;

create table work.objective_words as
select o.id,
  x.has_actor or coalesce(bool_or(t.has_actor), false) as has_actor,
  x.has_metric or coalesce(bool_or(t.has_metric), false) as has_metric
from work.objective o
join work.objective_text x on x.id = o.id
left join work.kr k on k.objective = o.id
left join work.kr_text t on t.id = k.id
group by o.id, x.has_actor, x.has_metric;

insert into objective by name
select
  o.id as key, o.source, o.title, o.level, coalesce(p.parent, '') as parent, o.product, o.team, o.cycle, o.active,
  greatest(0, (t.today - o.cycle_start))::double as cycle_days,
  (select count(*) from work.kr k where k.objective = o.id and not k.gone)::integer as key_results,
  (select count(*) from work.objective_parent c join work.objective oc on oc.id = c.id and not oc.gone where c.parent = o.id)::integer as children,
  coalesce(w.started, 0) as items_started,
  greatest(0, least(
    coalesce(($as_of_ms - greatest(coalesce(w.last_start, 0), coalesce(w.last_move, 0))) / 86400000.0, 1e9),
    coalesce((t.today - w.last_day)::double, 1e9),
    coalesce((t.today - o.cycle_start)::double, 1e9))) as quiet_days,
  length(trim(o.body)) > 0 as has_reason,
  d.depth,
  x.text_kind, x.text_confidence,
  n.to_parent as similarity_to_parent,
  n.to_parent_kr as similarity_to_parent_kr,
  pn.to_parent as parent_similarity_up,
  coalesce(pw.has_actor and not ow.has_actor, false) as actor_lost,
  coalesce(pw.has_metric and not ow.has_metric, false) as metric_lost,
  regexp_matches(lower(o.title || ' ' || o.body), '\bshared\b') as shared
from work.objective o
cross join work.today t
join work.objective_text x on x.id = o.id
join work.objective_depth d on d.id = o.id
left join work.objective_parent p on p.id = o.id
left join work.objective_near n on n.id = o.id
left join work.objective_near pn on pn.id = p.parent
left join work.objective_words ow on ow.id = o.id
left join work.objective_words pw on pw.id = p.parent
left join work.objective_work w on w.id = o.id;

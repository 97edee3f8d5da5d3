-- One row an objective, as rules read it.

create table work.objective_below as
select id as above, id from work.objective
union
select above, id from work.objective_up;

-- Work that names the objective itself, as projects of an initiative do, with everything below that work.
create table work.objective_items as
select i.id, i.n from (select n, unnest(goals) as id from work.item where len(goals) > 0) i join work.objective o on o.id = i.id
union
select i.id, u.n from (select n, unnest(goals) as id from work.item where len(goals) > 0) i join work.objective o on o.id = i.id join work.up u on u.above = i.n
union
select k.objective, l.n from work.linked l join work.kr k on k.id = l.kr;

create table work.objective_own as
select g.id,
  count(*) filter (i.state in ('doing', 'done'))::integer as started,
  max(greatest(h."at", case when i.state in ('doing', 'done') then coalesce(i.started_ms, i.finished_ms, least(nullif(i.updated, 0), $as_of_ms)) end)) as moved
from work.objective_items g
join work.item i on i.n = g.n
left join work.human h on h.n = i.n
group by g.id;

create table work.objective_work as
select b.above as id, coalesce(sum(w.started), 0)::integer as started, max(w.moved) as moved, max(c.last_day) as last_day
from work.objective_below b
left join work.objective_own w on w.id = b.id
left join (select k.objective, max(c.last_day) as last_day from work.kr k join work.news c on c.id = k.id group by k.objective) c on c.objective = b.id
group by b.above;

-- Whom it names and whether it carries a number: its own title and its key results.
create table work.objective_words as
select o.id,
  x.has_actor or coalesce(bool_or(t.has_actor), false) as has_actor,
  x.has_metric or coalesce(bool_or(t.has_metric or k.metric <> '' or k.target is not null), false) as has_metric,
  count(k.id) as key_results
from work.objective o
join work.objective_text x on x.id = o.id
left join work.kr k on k.objective = o.id and not k.gone and not k.archived
left join work.kr_text t on t.id = k.id
group by o.id, x.has_actor, x.has_metric;

insert into objective by name
select
  o.id as key, o.source, o.title, o.level, coalesce(p.parent, '') as parent, 
  coalesce(nullif(o.product, ''), (select case when count(*) = 1 then any_value(name) end from cfg.product), '') as product,  -- the only product's, where nobody says whose
  o.team, o.cycle, o.active,
  -- an objective of no cycle counts from its creation
  case when o.cycle_start is not null then greatest(0, t.today - o.cycle_start)::double when o.created > 0 then ($as_of_ms - o.created) / 86400000.0 end as cycle_days,
  (select count(*) from work.kr k where k.objective = o.id and not k.gone and not k.archived and k.status <> 'dropped')::integer as key_results,
  (select count(*) from work.objective_parent c join work.objective oc on oc.id = c.id and not oc.gone and not oc.archived and oc.status <> 'dropped'
    and coalesce(oc.cycle_end >= t.today, true) where c.parent = o.id)::integer as children,
  coalesce(w.started, 0) as items_started,
  -- the least of what is known; null if nothing is
  case when coalesce(w.moved, epoch_ms(w.last_day::timestamp), epoch_ms(o.cycle_start::timestamp), nullif(o.created, 0)) is not null then
    greatest(0, least(
      ($as_of_ms - w.moved) / 86400000.0,
      (t.today - w.last_day)::double,
      coalesce((t.today - o.cycle_start)::double, ($as_of_ms - nullif(o.created, 0)) / 86400000.0))) end as quiet_days,
  regexp_matches(lower(o.body), '\b(explor|experiment|discover|learn|find out|stands? alone|standalone|on its own|own bet|because|'
    || 'erkund|erprob|entdeck|lern|eigenständig|weil|découvr|explorer|apprend|parce que|descubr|aprend|porque|ontdek|verken|leren|omdat)')
    or regexp_matches(lower(o.title), '^(explore|learn whether|learn how|find out|experiment|erkunden|explorer|explorar|verken)\b') as has_reason,
  d.depth,
  x.text_kind, x.text_confidence,
  n.to_parent as similarity_to_parent,
  n.to_parent_kr as similarity_to_parent_kr,
  pn.to_parent as parent_similarity_up,
  coalesce(pw.has_actor and not ow.has_actor, false) as actor_lost,
  coalesce(pw.has_metric and not ow.has_metric and ow.key_results > 0, false) as metric_lost,
  regexp_matches(lower(o.title || ' ' || o.body), '\b(shared|gemeinsam|geteilt|partagé|compartid|compartilhad|gedeeld)') as shared
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

-- One row a product of the configuration.

create table work.share as
select product, backlog, count(*) as started
from work.recent
where product <> '' and level >= 0 and (state = 'doing' or (state = 'done' and finished > now - interval 90 day))
group by product, backlog;

insert into product by name
select
  p.name as key, p.name as title,
  coalesce(s.backlogs, 0)::integer as backlogs,
  s.effective as effective_backlogs,
  coalesce(s.started, 0)::integer as started_items,
  coalesce(s.biggest, '') as biggest,
  coalesce(t.teams, 0)::integer as teams,
  p.areas,
  coalesce(h.decided, 0)::integer as hypotheses_decided, coalesce(h.valid, 0)::integer as hypotheses_valid,
  coalesce(h.same_day, 0)::integer as hypotheses_same_day, coalesce(h.smoke, 0)::integer as smoke_tests
from cfg.product p
left join (
  select product, count(*) as backlogs, sum(started) as started, sum(started)::double * sum(started) / sum(started * started) as effective,
    string_agg(split_part(backlog, '/', 2) || ' ' || started, ', ' order by started desc, backlog) as biggest
  from work.share group by product
) s on s.product = p.name
left join (select product, count(distinct team) as teams from work.recent where state = 'doing' group by product) t on t.product = p.name
left join (
  select i.product, count(*) as decided, count(*) filter (d.valid) as valid, count(*) filter (d.valid_at - d.created < 86400000) as same_day, count(*) filter (d.smoke) as smoke
  from work.decided d join work.item i on i.n = d.n
  group by i.product
) h on h.product = p.name;

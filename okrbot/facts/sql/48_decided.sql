-- Hypotheses that were decided, and how. A tracker's word for the end decides; a plain "done" counts as valid, "cancelled" as not.
create table work.decided as
select n, finished_ms as valid_at, created, state,
  state = 'done' and not regexp_matches(lower(their_state || ' ' || resolution), 'invalid|disprov|not valid|rejected|refuted|wrong|failed|widerlegt|verworfen|réfut|rechaz|refut|weerlegd')
    as valid,
  list_has_any(labels, ['smoke-test', 'smoketest', 'fake-door']) as smoke
from work.item
where kind = 'hypothesis' and state in ('done', 'cancelled') and finished_ms is not null;

"""The scores of a product, by the formulas of docs/scores.md; null where the facts do not allow a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import duckdb

from okrbot.findings import Finding, RuleOutcome

NAMES = ("aligned", "effective", "efficient", "splinter", "layers", "layers_longest", "coupling", "discovery", "followed_up", "factory")

# Started work is what is in progress, or was finished in the last 90 days; `weight` is the estimate if the product estimates.
_QUERY = """
with judged as (
  select product, linked, key_result, started, state, work_class, hand_offs, blocked_by_team, blocked_external, level,
    case when count(estimate) over (partition by product) * 2 >= count(*) over (partition by product) then coalesce(estimate, 0) else 1 end as weight
  from item
  where unit and work_class = 'value' and (state = 'doing' or (state = 'done' and finished > $as_of - interval 90 day))
),
aligned as (
  select product, sum(weight) filter (linked) / nullif(sum(weight), 0) as aligned, count(*) as started from judged group by product
),
moved as (
  select i.product, count(distinct k.key) filter (k.moved_4w) / nullif(count(distinct k.key), 0)::double as moved
  from judged i join key_result k on k.key = i.key_result and k.active
  where i.linked group by i.product
),
layered as (
  select i.product, median(k.layers) as layers, max(k.layers) as longest
  from judged i join key_result k on k.key = i.key_result and k.active where i.linked group by i.product
),
flow as (
  select product,
    count(*) filter (state = 'done' and finished > $as_of - interval 42 day)
      / nullif(count(*) filter (started > $as_of - interval 42 day or (started is null and state = 'done' and finished > $as_of - interval 42 day)), 0)::double as efficient
  from item where level = 0 or unit group by product
),
started as (
  select product,
    count(*) filter (not blocked_external and (blocked_by_team <> '' or hand_offs > 0)) / nullif(count(*) filter (has_history), 0)::double as coupling,
    count(*) filter (work_class = 'discovery') / nullif(count(*), 0)::double as discovery
  from item
  where level >= 0 and (state = 'doing' or (state = 'done' and finished > $as_of - interval 42 day))
  group by product
),
finished as (
  select product, count(*) filter (result_noted) / nullif(count(*), 0)::double as followed_up
  from item
  where unit and level >= 1 and work_class = 'value' and state = 'done' and live_days >= 30 and finished > $as_of - interval 274 day
  group by product
)
select p.key, a.aligned, a.aligned * m.moved, least(f.efficient, 2.0), p.effective_backlogs, l.layers, l.longest, s.coupling, s.discovery, d.followed_up
from product p
left join aligned a on a.product = p.key and a.started >= 1
left join moved m on m.product = p.key
left join layered l on l.product = p.key
left join flow f on f.product = p.key
left join started s on s.product = p.key
left join finished d on d.product = p.key
order by p.key
"""


def scores(connection: duckdb.DuckDBPyConnection, as_of_utc: object) -> dict[str, dict[str, float | None]]:
    """Return {product: {score: value}} without `factory`; shares are 0 to 1, splinter and layers are counts."""
    rows = connection.execute(_QUERY, {"as_of": as_of_utc}).fetchall()
    return {row[0]: {name: _rounded(value) for name, value in zip(NAMES, row[1:], strict=False)} for row in rows}


def factory(product: str, findings: Sequence[Finding], outcomes: Sequence[RuleOutcome], weights: Mapping[str, float]) -> float | None:
    """Return `factory_of` with the waived of `findings` left out."""
    waived = Counter((f.rule, f.product) for f in findings if f.state == "waived")
    return factory_of(product, outcomes, weights, waived)


def factory_of(
    product: str, outcomes: Sequence[RuleOutcome], weights: Mapping[str, float], waived: Mapping[tuple[str, str], int]
) -> float | None:
    """Return 0 (product) … 100 (feature factory): the weighted share of the product's judged subjects that are flagged.

    Each rule that judged something of `product` gives flagged / judged, without the `waived` (by rule and product); rules
    weigh by their family. None if nothing was judged.
    """
    total = weight_sum = 0.0
    for outcome in outcomes:
        judged, flagged = outcome.by_product.get(product, (0, 0))
        if outcome.outcome not in ("flagged", "clear") or not judged:
            continue
        weight = weights.get(outcome.family, 1.0)
        total += weight * min(1.0, max(0, flagged - waived.get((outcome.rule, product), 0)) / judged)
        weight_sum += weight
    return round(100 * total / weight_sum, 1) if weight_sum else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)

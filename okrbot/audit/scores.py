"""The scores of a product and of each backlog, with the numbers they are made of, by the formulas of docs/scores.md."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from okrbot.findings import Finding, RuleOutcome

NAMES = ("aligned", "effective", "efficient", "splinter", "layers", "layers_longest", "coupling", "discovery", "followed_up", "factory")

# score: the rules whose findings move it, those that move it most first
MOVED_BY: dict[str, tuple[str, ...]] = {
    "aligned": ("no_key_result", "unaligned_backlog", "padded_progress"),
    "effective": ("no_key_result", "frozen_key_result", "key_result_without_bet", "efficient_not_effective", "unaligned_backlog"),
    "efficient": ("too_much_in_progress", "zombie_work", "large_batch"),
    "splinter": ("many_backlogs_one_product", "same_work_twice", "local_ranking", "rival_product_owners"),
    "layers": ("too_many_layers", "meaning_drifts", "copy_paste_cascade"),
    "coupling": ("dependency_wall", "hand_offs", "component_team"),
    "discovery": ("no_discovery_lane", "built_before_validated", "no_hypothesis"),
    "followed_up": ("ship_and_forget", "never_tweaked"),
}
_SEVERITY = {"high": 0, "medium": 1, "low": 2}

# Started work is what is in progress, or was finished in the last 90 days; `weight` is the estimate if the group estimates.
_QUERY = """
with grouped as (select *, {group} as g from item where {group} <> ''),
judged as (
  select g, linked, key_result, started, state, work_class, hand_offs, blocked_by_team, blocked_external, level,
    case when count(estimate) over (partition by g) * 2 >= count(*) over (partition by g) then coalesce(estimate, 0) else 1 end as weight
  from grouped
  where unit and work_class = 'value' and (state = 'doing' or (state = 'done' and finished > $as_of - interval 90 day))
),
aligned as (
  -- nothing linked is a number, nothing to link to is none
  select g, case when count(*) filter (linked) > 0 or exists (select 1 from key_result where active)
      then coalesce(sum(weight) filter (linked), 0) / nullif(sum(weight), 0) end as aligned, count(*) as started, count(*) filter (linked) as linked,
    sum(weight) as size, coalesce(sum(weight) filter (linked), 0) as linked_size
  from judged group by g
),
moved as (
  select i.g, count(distinct k.key) as krs, count(distinct k.key) filter (k.moved_4w) as moved
  from judged i join key_result k on k.key = i.key_result and k.active
  where i.linked group by i.g
),
layered as (
  select i.g, median(k.layers) as layers, max(k.layers) as longest
  from judged i join key_result k on k.key = i.key_result and k.active where i.linked group by i.g
),
flow as (
  select g,
    count(*) filter (state = 'done' and finished > $as_of - interval 42 day) as finished,
    count(*) filter (started > $as_of - interval 42 day
      or (started is null and (state = 'doing' or (state = 'done' and finished > $as_of - interval 42 day)))) as begun,
    median(started_days) filter (state = 'done' and finished > $as_of - interval 42 day) as cycle,
    median(started_days) filter (state = 'done' and finished between $as_of - interval 224 day and $as_of - interval 42 day) as cycle_before
  from grouped where level = 0 or unit group by g
),
started as (
  select g, count(*) filter (has_history) as told, count(*) as all_started,
    count(*) filter (has_history and not blocked_external and (blocked_by_team <> '' or hand_offs > 0)) as coupled,
    count(*) filter (not blocked_external and blocked_by_team <> '') as waiting,
    count(*) filter (hand_offs > 0) as handed,
    count(*) filter (work_class = 'discovery') as discovery
  from grouped
  where level >= 0 and (state = 'doing' or (state = 'done' and finished > $as_of - interval 42 day))
  group by g
),
validated as (
  select g, count(*) as epics, count(*) filter (validated_at <= started) as validated
  from grouped
  where unit and level >= 1 and work_class = 'value' and started > $as_of - interval 91 day
  group by g
),
finished as (
  select g, count(*) as epics, count(*) filter (result_noted) as noted
  from grouped
  where unit and level >= 1 and work_class = 'value' and state = 'done' and live_days >= 30 and finished > $as_of - interval 274 day
  group by g
)
select p.key, a.aligned, m.moved / nullif(m.krs, 0)::double, f.finished / nullif(f.begun, 0)::double, {splinter}, l.layers, l.longest,
  s.coupled / nullif(s.told, 0)::double, s.discovery / nullif(s.all_started, 0)::double, d.noted / nullif(d.epics, 0)::double,
  a.started, a.linked, a.size, a.linked_size, m.krs, m.moved, f.finished, f.begun, f.cycle, f.cycle_before, s.all_started, s.told, s.coupled, s.waiting,
  s.handed, s.discovery, v.epics, v.validated, d.epics, d.noted
from {subject} p
left join aligned a on a.g = p.key and a.started >= 1
left join moved m on m.g = p.key
left join layered l on l.g = p.key
left join flow f on f.g = p.key
left join started s on s.g = p.key
left join validated v on v.g = p.key
left join finished d on d.g = p.key
order by p.key
"""
_PARTS = (
    *("started", "linked", "size", "linked_size", "key_results", "moved", "finished_6w", "begun_6w", "cycle_days", "cycle_days_before"),
    *(
        "in_flow",
        "with_history",
        "coupled",
        "waiting",
        "handed_over",
        "discovery",
        "epics_begun",
        "epics_validated",
        "epics_finished",
        "results_noted",
    ),
)
_OF = {
    "aligned": ("started", "linked", "size", "linked_size"),
    "effective": ("key_results", "moved"),
    "efficient": ("finished_6w", "begun_6w", "cycle_days", "cycle_days_before"),
    "coupling": ("with_history", "coupled", "waiting", "handed_over"),
    "discovery": ("in_flow", "discovery", "epics_begun", "epics_validated"),
    "followed_up": ("epics_finished", "results_noted"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Scored:
    """The scores of one product or backlog, and of each the numbers it is made of; None where the facts allow none."""

    scores: Mapping[str, float | None]
    parts: Mapping[str, Mapping[str, float | None]]


def scored(connection: duckdb.DuckDBPyConnection, as_of_utc: object, *, by: str = "product") -> dict[str, Scored]:
    """Return the scores without `factory` of every product, or of every backlog; shares are 0 to 1, splinter and layers are counts."""
    splinter = "p.effective_backlogs" if by == "product" else "null::double"
    query = _QUERY.format(group=by, subject=by, splinter=splinter)
    return {row[0]: _scored(row) for row in connection.execute(query, {"as_of": as_of_utc}).fetchall()}


def _scored(row: tuple[Any, ...]) -> Scored:
    aligned, moved, efficient, *rest = row[1:10]
    effective = 0.0 if aligned == 0 else None if aligned is None or moved is None else aligned * moved
    values = (aligned, effective, None if efficient is None else min(efficient, 2.0), *rest)
    numbers = dict(zip(_PARTS, (_rounded(value) for value in row[10:]), strict=True))
    scores = {name: _rounded(value) for name, value in zip(NAMES, values, strict=False)}
    return Scored(scores, {name: {part: numbers[part] for part in parts} for name, parts in _OF.items()})


def scores(connection: duckdb.DuckDBPyConnection, as_of_utc: object) -> dict[str, dict[str, float | None]]:
    """Return {product: {score: value}} without `factory`."""
    return {name: dict(one.scores) for name, one in scored(connection, as_of_utc).items()}


def movers(product: str, findings: Sequence[Finding], *, most: int = 3) -> dict[str, tuple[Finding, ...]]:
    """Return for each score the open findings that move it most: by rule, severity and age. Restricted items are left out."""
    mine = [f for f in findings if f.product == product and f.state in ("open", "returned") and not f.restricted]
    found = {}
    for score, rules in MOVED_BY.items():
        some = sorted((f for f in mine if f.rule in rules), key=lambda f: (_SEVERITY[f.severity], rules.index(f.rule), f.first_seen, f.key))
        found[score] = tuple(some[:most])
    found["factory"] = tuple(sorted(mine, key=lambda f: (_SEVERITY[f.severity], f.first_seen, f.rule, f.key))[:most])
    return {score: some for score, some in found.items() if some}


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
    parts = factory_parts(product, outcomes, weights, waived)
    weight = sum(weight for _, weight in parts.values())
    return round(100 * sum(share * weight for share, weight in parts.values()) / weight, 1) if weight else None


def factory_parts(
    product: str, outcomes: Sequence[RuleOutcome], weights: Mapping[str, float], waived: Mapping[tuple[str, str], int]
) -> dict[str, tuple[float, float]]:
    """Return {family: (mean share flagged, weight of its rules)} of the rules that judged something of `product`."""
    shares: dict[str, list[float]] = {}
    for outcome in outcomes:
        judged, flagged = outcome.by_product.get(product, (0, 0))
        if outcome.outcome in ("flagged", "clear") and judged:
            left = max(0, flagged - waived.get((outcome.rule, product), 0))
            shares.setdefault(outcome.family, []).append(min(1.0, left / judged))
    return {family: (sum(some) / len(some), weights.get(family, 1.0) * len(some)) for family, some in shares.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)

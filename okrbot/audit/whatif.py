"""What merging backlogs would change: the scores of splintering, computed again on one list. Nothing is written."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from okrbot.facts import Facts


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One number as it is and as it would be; `meaning` says what it counts."""

    name: str
    before: float | None
    after: float | None
    meaning: str


@dataclasses.dataclass(frozen=True, slots=True)
class Merge:
    """The merged backlogs, the products they belong to, what would change, and examples of what would fall away."""

    backlogs: tuple[str, ...]
    products: tuple[str, ...]
    differences: tuple[Difference, ...]
    examples: tuple[tuple[str, str], ...]  # (what falls away, one example), restricted items left out


_STARTED = "level >= 0 and (state = 'doing' or (state = 'done' and finished > $now - interval 90 day))"

# Moves between start and finish, one an instant: a tracker may tell backlog and team of one move apart.
_MOVES = """
select i.key, c.changed,
  bool_or(c.field = 'backlog' and list_contains($ids, i.source || '/' || c.before) and list_contains($ids, i.source || '/' || c.after)) as inside
from change c
join item i on i.key = c.key
where c.field in ('team', 'backlog') and c.before <> '' and c.after <> '' and c.changed > i.started and c.changed <= coalesce(i.finished, $now)
  and list_contains($products, i.product)
group by i.key, c.changed
"""

# An item that waited for another team after its start, and whether all it waited for stands in the merged list.
_WAITS = """
select i.key, i.title, i.restricted, bool_and(list_contains($backlogs, i.backlog) and list_contains($backlogs, o.backlog)) as inside
from item i
join link l on l.key = i.key and l.kind = 'blocked_by'
join item o on o.key = l.other and o.team <> i.team
where i.blocked_by_team <> '' and not i.blocked_external and list_contains($products, i.product)
group by all
"""

# Goals of merged teams that hang from one another become one goal.
_LAYERS = """
select median(k.layers) as before, median(k.layers - coalesce(c.saved, 0)) as after, max(k.layers) as longest, max(k.layers - coalesce(c.saved, 0)) as longest_after
from item i
join key_result k on k.key = i.key_result and k.active
left join (
  select k.key, greatest(0, count(*) filter (o.level = 'team' and list_contains($teams, o.team)) - 1) as saved
  from key_result k
  join work.objective_below b on b.id = k.objective
  join objective o on o.key = b.above
  group by k.key
) c on c.key = k.key
where i.linked and i.unit and i.work_class = 'value' and list_contains($products, i.product) and i.state in ('doing', 'done')
"""


def merge(facts: Facts, backlogs: Sequence[str]) -> Merge:
    """Return what one list for `backlogs` (keys as source/KEY) would change, for the products that own them."""
    wanted = list(dict.fromkeys(backlogs))
    products = [
        row[0]
        for row in _rows(facts, "select distinct product from backlog where list_contains($backlogs, key) order by 1", backlogs=wanted)
    ]
    teams = [row[0] for row in _rows(facts, "select distinct team from item where list_contains($backlogs, backlog)", backlogs=wanted)]
    ids = [
        row[0] for row in _rows(facts, "select source || '/' || id from work.backlog where list_contains($backlogs, key)", backlogs=wanted)
    ]
    found = [*_splinter(facts, wanted, products)]
    moves = _rows(facts, f"select count(*), count(*) filter (not inside) from ({_MOVES})", ids=ids, products=products)[0]  # noqa: S608 -- our own text
    found.append(
        Difference("hand-offs", moves[0], moves[1], "moves between teams or backlogs after the start; those inside the list fall away")
    )
    waits = _rows(facts, _WAITS, backlogs=wanted, products=products)
    inside = [row for row in waits if row[3]]
    found.append(
        Difference("dependencies", len(waits), len(waits) - len(inside), "started items that waited for a team ranked in another list")
    )
    started = _rows(facts, f"select count(*) from item where list_contains($products, product) and {_STARTED}", products=products)[0][0]  # noqa: S608 -- our own text
    found.append(
        Difference(
            "coupling", _share(len(waits), started), _share(len(waits) - len(inside), started), "the same as a share of started work"
        )
    )
    twice = _rows(
        facts,
        """select p.key, p.other, p.title, list_contains($backlogs, p.backlog) and list_contains($backlogs, p.other_backlog) as inside,
             coalesce(a.restricted or b.restricted, false)
           from pair p join item a on a.key = p.key join item b on b.key = p.other
           where p.open_both and not p.mirrored and not p.chore and list_contains($products, p.product) order by p.key""",
        backlogs=wanted,
        products=products,
    )
    pairs = [row for row in twice if row[3]]
    found.append(
        Difference("duplicates", len(twice), len(twice) - len(pairs), "pairs of open items in two lists that look like one piece of work")
    )
    layers = _rows(facts, _LAYERS, teams=teams, products=products)[0]
    found.append(Difference("layers", layers[0], layers[1], "goal levels above the work, at the median"))
    found.append(Difference("layers, longest", layers[2], layers[3], "the longest path from the top objective to the work"))
    named = [("one item instead of two", f"{row[0]} and {row[1]}: {row[2]}") for row in pairs if not row[4]][:3]
    named += [("a wait inside one list", f"{row[0]}: {row[1]}") for row in inside if not row[2]][:3]
    return Merge(tuple(wanted), tuple(products), tuple(found), tuple(named))


def _splinter(facts: Facts, backlogs: list[str], products: list[str]) -> list[Difference]:
    found = []
    for product in products:
        rows = _rows(facts, f"select backlog, count(*) from item where product = $product and {_STARTED} group by backlog", product=product)  # noqa: S608 -- our own text
        counts = {backlog: int(number) for backlog, number in rows}
        together: dict[str, int] = {}
        for backlog, number in counts.items():
            name = "merged" if backlog in backlogs else backlog
            together[name] = together.get(name, 0) + number
        name = f"splinter of {product}" if len(products) > 1 else "splinter"
        found.append(
            Difference(
                name,
                effective(counts),
                effective(together),
                "separately ranked lists, in effect: 1 / sum of squared shares of started work",
            )
        )
    return found


def effective(counts: Mapping[str, int]) -> float | None:
    """Return the effective number of lists, 1 / Σ share² (inverse Simpson), None without work."""
    whole = sum(counts.values())
    return round(whole * whole / sum(number * number for number in counts.values()), 4) if whole else None


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _rows(facts: Facts, query: str, **arguments: object) -> list[tuple[Any, ...]]:
    if "$now" in query:
        arguments["now"] = facts.as_of.astimezone(dt.UTC).replace(tzinfo=None)
    return facts.connection.execute(query, arguments).fetchall()


__all__ = ["Difference", "Merge", "effective", "merge"]

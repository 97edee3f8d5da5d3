"""Offer key results to link: those of the product first, from the store, never from a tracker."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib

import sqlalchemy as sa

from okrbot.store import tables as t

MOST = 100  # Slack shows no more
LONGEST = 150  # characters of an option's value


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """One key result to choose; `value` is what comes back when it is chosen."""

    value: str
    title: str


def choices(db: sa.Connection, product: str, query: str, *, today: dt.date) -> list[Choice]:
    """Return the key results that `query` names, by title, id or objective: the product's own and running ones first, at most 100."""
    rows = db.execute(_known()).all()
    words = query.casefold().split()
    day = today.isoformat()
    found = []
    for row in rows:
        heard = f"{row.title} {row.id} {row.objective_title or ''}".casefold()
        if all(word in heard for word in words):
            running = (row.start or "") <= day <= (row.end or "9999")
            found.append((row.product != product, not running, row.title.casefold(), row.id, row.title))
    found.sort()
    return [Choice(value_of(id_), title or id_) for _, _, _, id_, title in found[:MOST]]


def value_of(key_result: str) -> str:
    """Return what stands for a key result's id in an option; ids beyond Slack's limit are stood for by their hash."""
    return key_result if len(key_result) <= LONGEST else f"sha256:{hashlib.sha256(key_result.encode()).hexdigest()}"


def chosen(db: sa.Connection, value: str) -> Choice | None:
    """Return id (as `value`) and title of the key result that was chosen, None if it is not there any more."""
    for row in db.execute(_known()):
        if value_of(row.id) == value:
            return Choice(row.id, row.title)
    return None


def _known() -> sa.Select[tuple[str, ...]]:
    k, o, c = t.key_results.c, t.objectives.c, t.cycles.c
    objective = sa.and_(o.source == k.source, o.id == k.objective)
    cycle = sa.and_(c.source == o.source, c.name == o.cycle)
    return (
        sa.select(k.id, k.title, o.title.label("objective_title"), o.product, c.start, c.end)
        .select_from(t.key_results.outerjoin(t.objectives, objective).outerjoin(t.cycles, cycle))
        .where(k.gone_since == 0, k.archived == 0)
    )

"""Read and write answers in the store; a row is never changed but for whether it still counts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from okrbot.model import instant, millis
from okrbot.store import tables as t


@dataclasses.dataclass(frozen=True, slots=True)
class Given:
    """One answer as it was given. `said` is what the question was about; `current` says whether it counts."""

    id: str
    prompt: str
    person: str
    action: str
    value: Mapping[str, Any]
    at: dt.datetime
    current: bool
    undone: dt.datetime | None
    outcome: str  # accepted | also_said | late | refused | undone
    rule: str = ""
    subject: str = ""
    product: str = ""
    said: Mapping[str, Any] = dataclasses.field(default_factory=dict)


_FROM = sa.outerjoin(t.answers, t.prompts, t.prompts.c.id == t.answers.c.prompt)
_COLUMNS = (*t.answers.columns, t.prompts.c.rule, t.prompts.c.subject, t.prompts.c.product, t.prompts.c.payload)


def by_id(db: sa.Connection, answer: str) -> Given | None:
    """Return one answer, None if there is none."""
    row = db.execute(sa.select(*_COLUMNS).select_from(_FROM).where(t.answers.c.id == answer)).mappings().first()
    return _given(row) if row else None


def current(db: sa.Connection, prompt: str) -> Given | None:
    """Return the answer that counts for a question, None while there is none."""
    a = t.answers.c
    row = db.execute(sa.select(*_COLUMNS).select_from(_FROM).where(a.prompt == prompt, a.current == 1)).mappings().first()
    return _given(row) if row else None


def taken_back(db: sa.Connection, prompt: str) -> tuple[Given, Given] | None:
    """Return the last answer to a question with the undo that ended it; None where the newest answer still counts or none was undone."""
    a = t.answers.c
    chosen = (
        sa.select(a.id).where(a.prompt == prompt, a.outcome.in_(["accepted", "undone"])).order_by(a.at.desc(), a.action != "undo", a.id)
    )
    newest = db.execute(chosen.limit(1)).scalar()
    undo = by_id(db, newest) if newest else None
    if undo is None or undo.action != "undo":
        return None
    given = by_id(db, str(undo.value.get("of", "")))
    return (given, undo) if given is not None else None


def lately(db: sa.Connection, products: Collection[str], *, since: dt.datetime, most: int = 10) -> tuple[Given, ...]:
    """Return the answers that count for questions of `products`, newest first."""
    a = t.answers.c
    chosen = (
        sa.select(*_COLUMNS)
        .select_from(_FROM)
        .where(a.current == 1, a.at >= millis(since), t.prompts.c.product.in_(list(products)))
        .order_by(a.at.desc(), a.id)
        .limit(most)
    )
    return tuple(_given(row) for row in db.execute(chosen).mappings())


def snoozed(
    db: sa.Connection, products: Collection[str], *, now: dt.datetime, most: int = 20
) -> tuple[tuple[Given, dt.datetime | None], ...]:
    """Return the snoozes in force with their ends (None: until it changes), those that end first first."""
    a, w = t.answers.c, t.waivers.c
    at = millis(now)
    chosen = (
        sa.select(*_COLUMNS, w.until)
        .select_from(_FROM.join(t.waivers, w.answer == a.id))
        .where(
            a.current == 1, a.action == "snooze", w.ended == 0, sa.or_(w.until == 0, w.until > at), t.prompts.c.product.in_(list(products))
        )
        .order_by(sa.case((w.until == 0, 1), else_=0), w.until, a.id)
        .limit(most)
    )
    return tuple((_given(row), instant(row["until"]) if row["until"] else None) for row in db.execute(chosen).mappings())


def write(
    db: sa.Connection,
    *,
    id: str,  # noqa: A002 -- the column's name
    prompt: str,
    person: str,
    action: str,
    value: Mapping[str, Any],
    at: dt.datetime,
    outcome: str,
    current: bool,
) -> None:
    """Add one answer."""
    db.execute(
        sa.insert(t.answers).values(
            id=id,
            prompt=prompt,
            person=person,
            action=action,
            value=json.dumps(dict(value), ensure_ascii=False, sort_keys=True),
            at=millis(at),
            current=int(current),
            outcome=outcome,
            applied=millis(at) if current else 0,
        )
    )


def _given(row: sa.RowMapping) -> Given:
    names = ("id", "prompt", "person", "action", "outcome")
    return Given(
        **{name: row[name] for name in names},
        value=json.loads(row["value"]),
        at=instant(row["at"]),
        current=bool(row["current"]),
        undone=instant(row["undone"]) if row["undone"] else None,
        rule=row["rule"] or "",
        subject=row["subject"] or "",
        product=row["product"] or "",
        said=json.loads(row["payload"] or "{}"),
    )

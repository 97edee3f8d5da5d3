"""Set a finding aside, with who, why and until when; an expired waiver speaks again."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa

from okrbot.model import clean, instant, millis
from okrbot.store import tables as t


@dataclasses.dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver. `until` None: until the finding changes (its fingerprint) or somebody removes it."""

    id: int
    rule: str
    subject: str
    who: str
    why: str
    created: dt.datetime
    until: dt.datetime | None
    fingerprint: str
    ended: dt.datetime | None


def add(
    db: sa.Connection,
    *,
    rule: str,
    subject: str,
    who: str,
    why: str,
    now: dt.datetime,
    until: dt.datetime | None,
    fingerprint: str = "",
    answer: str = "",
) -> int:
    """Set (rule, subject) aside and return the waiver's number. Raises ValueError without a reason or with a past end."""
    if not why.strip():
        raise ValueError("a waiver needs a reason: say why this is fine")
    if until is not None and until <= now:
        raise ValueError(f"the waiver would end on {until.date()}, which is past; name a later day")
    values = {
        "rule": rule,
        "subject": subject,
        "who": who,
        "why": clean(why.strip()),
        "created": millis(now),
        "fingerprint": fingerprint,
        "answer": answer,
    }
    result = db.execute(sa.insert(t.waivers).values(**values, until=millis(until) if until else 0))
    return int(result.inserted_primary_key[0])  # type: ignore[index]


def end(db: sa.Connection, number: int, *, now: dt.datetime) -> bool:
    """End the waiver `number` now; return False if there is none in force."""
    result = db.execute(sa.update(t.waivers).where(t.waivers.c.id == number, t.waivers.c.ended == 0).values(ended=millis(now)))
    return bool(result.rowcount)


def every(db: sa.Connection) -> tuple[Waiver, ...]:
    """Return all waivers, newest first."""
    return tuple(_waiver(row) for row in db.execute(sa.select(t.waivers).order_by(t.waivers.c.id.desc())).mappings())


def in_force(db: sa.Connection, as_of: dt.datetime) -> dict[tuple[str, str], Waiver]:
    """Return the waivers in force at `as_of`, by (rule, subject); the newest wins."""
    at = millis(as_of)
    w = t.waivers.c
    chosen = (
        sa.select(t.waivers).where(w.created <= at, sa.or_(w.until == 0, w.until > at), sa.or_(w.ended == 0, w.ended > at)).order_by(w.id)
    )
    return {(row["rule"], row["subject"]): _waiver(row) for row in db.execute(chosen).mappings()}


def _waiver(row: Mapping[str, object] | sa.RowMapping) -> Waiver:
    values = dict(row)
    return Waiver(
        id=values["id"],
        rule=str(values["rule"]),
        subject=str(values["subject"]),
        who=str(values["who"]),
        why=str(values["why"]),
        created=instant(values["created"]),
        until=instant(values["until"]) if values["until"] else None,
        fingerprint=str(values["fingerprint"]),
        ended=instant(values["ended"]) if values["ended"] else None,
    )

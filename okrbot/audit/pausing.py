"""Pause a rule that nobody acts on, say so, and let a person keep it by a word."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from okrbot.model import instant, millis
from okrbot.store import tables as t
from okrbot.store.bulk import upsert

WEEKS = 4  # a finding must have been there so long before ignoring it says anything
SHARE = 0.3  # of its findings acted on: below this a rule is noise
FEWEST = 8  # findings; no verdict on a rule with fewer
ACTED = ("resolved", "waived", "answered")


@dataclasses.dataclass(frozen=True, slots=True)
class Pause:
    """A rule that was set aside by itself (`kept` False), or that a person wants kept."""

    rule: str
    since: dt.datetime
    reason: str
    kept: bool


def pauses(db: sa.Connection) -> dict[str, Pause]:
    """Return what is known of paused and kept rules, by rule."""
    rows = db.execute(sa.select(t.paused_rules)).mappings()
    return {row["rule"]: Pause(row["rule"], instant(row["since"]), row["reason"], bool(row["kept"])) for row in rows}


def keep(db: sa.Connection, rule: str, *, now: dt.datetime) -> bool:
    """Keep `rule` from now on, whatever is done about its findings; return whether it was paused."""
    before = pauses(db).get(rule)
    upsert(db, t.paused_rules, [(rule, millis(now), "kept by a person", 1)])
    return before is not None and not before.kept


def pause_ignored(db: sa.Connection, *, now: dt.datetime, kept: Collection[str] = ()) -> list[Pause]:
    """Pause each rule acted on in under 30 % of the findings of four weeks and more; return the newly paused.

    A finding counts if it was first seen at least four weeks before `now` and was open within the last four; it was acted
    on if it was resolved, waived or answered since. Rules in `kept`, or kept by a person, and rules with fewer than eight
    such findings are left alone, and nothing is paused before okrbot has asked or told anybody (the first digest).
    """
    known = pauses(db)
    told = _told_since(db)
    if told is None or told > now - dt.timedelta(weeks=WEEKS):
        return []
    fresh = []
    for rule, (findings, acted) in sorted(_acted(db, now=now, told=told).items()):
        if rule in known or rule in kept or findings < FEWEST or acted >= SHARE * findings:
            continue
        reason = f"acted on in {acted} of {findings} findings over four weeks"
        fresh.append(Pause(rule, now, reason, False))
    upsert(db, t.paused_rules, [(pause.rule, millis(pause.since), pause.reason, 0) for pause in fresh])
    return fresh


def _told_since(db: sa.Connection) -> dt.datetime | None:
    """Return when people first heard of findings: the first delivery, question or answer."""
    first = [
        db.execute(sa.select(sa.func.min(column)).where(column > 0)).scalar()
        for column in (t.deliveries.c.sent, t.prompts.c.asked, t.answers.c.at)
    ]
    return instant(min(at for at in first if at)) if any(first) else None


def _acted(db: sa.Connection, *, now: dt.datetime, told: dt.datetime) -> dict[str, tuple[int, int]]:
    """Return (findings, acted on) of each rule."""
    at, since = millis(now), max(millis(told), millis(now - dt.timedelta(weeks=WEEKS)))
    old = {
        (row.rule, row.subject): row.state
        for row in db.execute(
            sa.select(t.findings.c.rule, t.findings.c.subject, t.findings.c.state).where(
                t.findings.c.first_seen <= millis(now - dt.timedelta(weeks=WEEKS)),
                sa.or_(t.findings.c.state.in_(("open", "returned")), t.findings.c.state_since >= since),
            )
        )
    }
    e = t.finding_events.c
    events = db.execute(sa.select(e.rule, e.subject).where(e.what.in_(ACTED), e.at >= since, e.at <= at)).all()
    acted = {(rule, subject) for rule, subject in events}
    counts: dict[str, tuple[int, int]] = {}
    for (rule, subject), state in old.items():
        findings, done = counts.get(rule, (0, 0))
        counts[rule] = (findings + 1, done + ((rule, subject) in acted or state in ("waived", "resolved")))
    return counts

"""Choose what is asked next: the finding that costs most to leave undecided, and the owner with most room for it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from okrbot.config import Config
from okrbot.findings import fingerprint_of
from okrbot.model import clean, millis
from okrbot.prompts.hours import may_write
from okrbot.prompts.rows import Prompt, by_id, insert, of_finding, prompt_id
from okrbot.rulebook import FAMILIES, SEVERITIES, Page
from okrbot.store import tables as t
from okrbot.store.people import Person, everyone, owners_of

WEEK = dt.timedelta(days=7)
APART = dt.timedelta(hours=20)  # two questions of one week do not come on one day
REST = dt.timedelta(days=14)  # one item is not asked about twice in a fortnight
_SAID = ("family", "severity", "subject_kind", "source", "key", "title", "url", "note", "question", "backlog")


def plan(db: sa.Connection, config: Config, pages: Mapping[str, Page], *, now: dt.datetime) -> list[Prompt]:
    """Write the questions that may be asked now and return them; each person gets at most one a call.

    Nobody is asked whom Slack has not told us about, outside their hours, beyond their number a week, about restricted work, or
    after they left the last questions unanswered. The caller sends them and the transaction is the caller's.
    """
    if not config.questions.enabled:
        return []
    people = everyone(db)
    asked: list[Prompt] = []
    full: set[str] = set()
    subjects: set[str] = set()
    rooms: dict[str, list[str]] = {}  # product: owners who may be asked now
    for finding in _waiting(db, now):
        if finding["subject"] in subjects:
            continue
        product = finding["product"]
        if product not in rooms:
            rooms[product] = [p for p in owners_of(db, config, product) if p in people and has_room(db, config, people[p], now=now)]
        ready = [p for p in rooms[product] if p not in full]
        if not ready:
            continue
        prompt = _prompt(db, finding, person=_least_asked(db, ready, now), pages=pages, now=now)
        if prompt is None:
            continue
        insert(db, prompt)
        asked.append(prompt)
        full.add(prompt.person)
        subjects.add(prompt.subject)
    return asked


def likely(db: sa.Connection, pages: Mapping[str, Page], *, product: str, now: dt.datetime, most: int) -> list[Prompt]:
    """Return the questions about `product` that would come next, the weightiest first; nothing is written and nobody is asked."""
    found: list[Prompt] = []
    for finding in _waiting(db, now):
        if finding["product"] == product and len(found) < most and finding["subject"] not in {one.subject for one in found}:
            found.append(_make(finding, person="", turn=0, pages=pages, now=now, state="asked"))
    return found


def open_question(db: sa.Connection, rule: str, subject: str, *, person: str, pages: Mapping[str, Page], now: dt.datetime) -> Prompt | None:
    """Return the open question about a finding, made now for `person` if nobody was asked yet; None if there is no such finding.

    This is how a person answers from the digest or App Home before the bot has come to them: it uses up none of their week.
    """
    row = db.execute(sa.select(t.findings).where(t.findings.c.rule == rule, t.findings.c.subject == subject)).mappings().first()
    if row is None or row["state"] == "resolved":
        return None
    earlier = [prompt for prompt in of_finding(db, "question", rule, subject) if prompt.state != "shown"]
    if earlier and (earlier[-1].state in ("planned", "asked", "answered")):
        return earlier[-1]
    prompt = _make(dict(row), person=person, turn=len(earlier), pages=pages, now=now, state="asked")
    insert(db, prompt)
    return by_id(db, prompt.id)  # somebody else may have opened it at the same moment


def show_question(db: sa.Connection, rule: str, subject: str, *, person: str, pages: Mapping[str, Page], now: dt.datetime) -> Prompt | None:
    """Return the question about a finding for somebody who looks, None if the finding is gone. Nobody is asked by that.

    What is new is kept as `shown`: it waits in nobody's Home and keeps nobody from being asked; an answer makes it a question.
    """
    row = db.execute(sa.select(t.findings).where(t.findings.c.rule == rule, t.findings.c.subject == subject)).mappings().first()
    if row is None or row["state"] not in ("open", "returned"):
        return None
    earlier = [prompt for prompt in of_finding(db, "question", rule, subject) if prompt.state != "shown"]
    if earlier and earlier[-1].state in ("planned", "asked", "answered"):
        return earlier[-1]
    prompt = _make(dict(row), person=person, turn=len(earlier), pages=pages, now=now, state="shown")
    insert(db, prompt)
    return by_id(db, prompt.id)


def has_room(db: sa.Connection, config: Config, person: Person, *, now: dt.datetime) -> bool:
    """Return whether a person may be asked one more question now."""
    if person.settings.get("muted_until", 0) > millis(now) or person.settings.get("standing"):
        return False
    if not may_write(config, person.timezone, person.id, now):
        return False
    moments = came_at(db, person.id, now=now)
    if sum(1 for at in moments if at > millis(now - WEEK)) >= config.questions.per_week:
        return False
    if any(at > millis(now - APART) for at in moments):
        return False
    return not has_stopped(db, config, person)


def has_stopped(db: sa.Connection, config: Config, person: Person) -> bool:
    """Return whether a person left the last questions unanswered, so that the bot does not write to them any more."""
    a = t.answers.c
    last = db.execute(sa.select(sa.func.max(a.at)).where(a.person == person.id, a.outcome != "refused")).scalar() or 0
    since = max(last, int(person.settings.get("resumed", 0)))
    # One that settled itself after it came was not answered either.
    silent = [row for row in _sent(db, person.id) if row.state not in ("answered", "orphaned") and (row.came or row.created) > since]
    return len(silent) >= config.questions.unanswered


def came_at(db: sa.Connection, person: str, *, now: dt.datetime) -> list[int]:
    """Return when questions came to a person (milliseconds), whatever became of them since.

    Not yet delivered counts as now: after an outage the old and the new must not come together.
    """
    return [row.came or millis(now) for row in _sent(db, person)]


def _sent(db: sa.Connection, person: str) -> Sequence[Any]:
    """Return state, created and came (0: on its way) of the questions that went out to a person or will."""
    p, d = t.prompts.c, t.deliveries.c
    message = sa.outerjoin(t.prompts, t.deliveries, d.key == sa.literal(delivery_key("")) + p.id)
    came = sa.case((d.sent > 0, d.sent), (d.started > 0, d.started), else_=0)
    # A question that the person opened themselves has no delivery, one taken back in time has none that left: they count for nothing.
    out = sa.or_(sa.and_(d.key.is_(None), p.state == "planned"), d.state != "skipped")
    chosen = sa.select(p.state, p.created, came.label("came")).select_from(message).where(p.person == person, p.kind != "connect", out)
    return db.execute(chosen).all()


def delivery_key(prompt: str) -> str:
    """Return the key under which a question is delivered: one question, one message."""
    return f"prompt:{prompt}"


def _least_asked(db: sa.Connection, people: Sequence[str], now: dt.datetime) -> str:
    since = millis(now - 4 * WEEK)
    p = t.prompts.c
    counts: dict[str, int] = dict(
        db.execute(
            sa.select(p.person, sa.func.count()).where(p.person.in_(people), p.created > since, p.state != "shown").group_by(p.person)
        ).all()
    )
    return min(people, key=lambda person: (counts.get(person, 0), people.index(person)))


def _waiting(db: sa.Connection, now: dt.datetime) -> list[dict[str, Any]]:
    f = t.findings.c
    chosen = sa.select(t.findings).where(f.state.in_(["open", "returned"]), f.restricted == 0, f.product != "")
    rows = [dict(row) for row in db.execute(chosen).mappings()]
    p = t.prompts.c
    busy = {
        subject
        for (subject,) in db.execute(
            sa.select(p.subject).where(sa.or_(p.state.in_(["planned", "asked"]), p.closed > millis(now - REST)), p.kind != "connect")
        )
    }
    waived = set_aside(db, now)
    free = [row for row in rows if row["subject"] not in busy and not {(row["rule"], row["subject"]), ("*", row["subject"])} & waived]
    return sorted(free, key=_cost)


def set_aside(db: sa.Connection, now: dt.datetime) -> set[tuple[str, str]]:
    """Return (rule, subject) of every waiver in force: the next audit will say "waived", but nobody should be asked in between."""
    w = t.waivers.c
    at = millis(now)
    return set(db.execute(sa.select(w.rule, w.subject).where(w.ended == 0, sa.or_(w.until == 0, w.until > at))).all())


def _cost(row: Mapping[str, Any]) -> tuple[int, int, int, str, str]:
    family = FAMILIES.index(row["family"]) if row["family"] in FAMILIES else len(FAMILIES)
    return (SEVERITIES.index(row["severity"]), family, row["first_seen"], row["key"], row["rule"])


def _prompt(db: sa.Connection, finding: Mapping[str, Any], *, person: str, pages: Mapping[str, Page], now: dt.datetime) -> Prompt | None:
    earlier = [prompt for prompt in of_finding(db, "question", finding["rule"], finding["subject"]) if prompt.state != "shown"]
    if earlier:
        last = earlier[-1]
        came_back = last.closed is not None and finding["state_since"] > millis(last.closed)
        if not came_back:
            return None  # answered and still flagged: the answer stands, the owner is not asked the same again
    return _make(finding, person=person, turn=len(earlier), pages=pages, now=now, state="planned")


def _make(finding: Mapping[str, Any], *, person: str, turn: int, pages: Mapping[str, Page], now: dt.datetime, state: str) -> Prompt:
    page = pages.get(finding["rule"])
    said = {name: finding[name] for name in _SAID}
    said |= {
        "rule_title": page.title if page else finding["rule"],
        "remedy": clean(page.remedy if page else ""),
        "fingerprint": fingerprint_of(finding["severity"], finding["note"]),
        "evidence": json.loads(finding["evidence"]),
        "turn": turn,
    }
    return Prompt(
        id=prompt_id("question", finding["rule"], finding["subject"], turn),
        rule=finding["rule"],
        subject=finding["subject"],
        product=finding["product"],
        person=person,
        kind="question",
        state=state,
        created=now,
        asked=now if state == "asked" else None,
        closed=None,
        channel="",
        ts="",
        version=1,
        said=said,
    )

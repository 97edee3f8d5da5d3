"""Make an answer count: a key-result link, a work class, a waiver or a piece of evidence; and take it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from okrbot.answers.evidence import add_evidence
from okrbot.model import clean, millis
from okrbot.store import tables as t

WORK_CLASSES = ("ktlo", "discovery", "enabling")
SNOOZES = ("2w", "cycle", "change")
FINE_WEEKS = (4, 13, 26)
STOP_DAYS = 14  # so long a team has to close in the tracker what it says it stops
LONGEST = 3000  # characters of a reason; what Slack lets a person type
SHORTEST = 5
ANSWERS = ("link", "class", "snooze", "fine", "stop", "outcome", "too_early")
_ITEMS_ONLY = ("link", "class", "stop", "outcome", "too_early")
_FOLLOW_UPS = ("outcome", "too_early")
OUTCOMES = ("moved", "not_moved", "unclear")


class AnswerError(Exception):
    """An answer that cannot be taken as it is. `field` names the input; the message is for the person."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def check(db: sa.Connection, action: str, value: Mapping[str, Any], *, about_item: bool, kind: str) -> None:
    """Raise AnswerError for an answer that does not fit its question; nothing is written."""
    if action not in ANSWERS:
        raise AnswerError("okrbot does not know that answer any more.")
    if action in _ITEMS_ONLY and not about_item:
        raise AnswerError("This question is not about one item, so that answer does not fit it.")
    if (action in _FOLLOW_UPS) != (kind == "followup"):
        raise AnswerError("That answer does not fit this question.")
    if action == "link":
        _check_key_result(db, str(value.get("key_result", "")))
        _text(value, "expected")
    elif action == "class" and value.get("work_class") not in WORK_CLASSES:
        raise AnswerError("Choose maintenance, discovery or enabling work.")
    elif action == "snooze" and value.get("until") not in SNOOZES:
        raise AnswerError("Choose two weeks, the next cycle, or until it changes.")
    elif action == "fine":
        if len(_text(value, "why").strip()) < SHORTEST:
            raise AnswerError("Say in a few words why this is fine, so that the next reader understands.", "why")
        if value.get("weeks") not in (*FINE_WEEKS, 0):
            raise AnswerError("Choose how long this holds.", "weeks")
    elif action == "outcome":
        if value.get("verdict") not in OUTCOMES:
            raise AnswerError("Choose what happened.", "verdict")
        if len(_text(value, "text").strip()) < SHORTEST:
            raise AnswerError("Write one sentence: what changed, and where one can read it.", "text")


def apply(
    db: sa.Connection,
    *,
    answer: str,
    action: str,
    value: Mapping[str, Any],
    rule: str,
    subject: str,
    said: Mapping[str, Any],
    who: str,
    now: dt.datetime,
) -> None:
    """Write what makes `answer` count, in the caller's transaction. Call `check` first."""
    if action == "link":
        _override(db, "key_result", subject, str(value["key_result"]), text=str(value.get("expected", "")), who=who, now=now, answer=answer)
    elif action == "class":
        _override(db, "work_class", subject, str(value["work_class"]), text="", who=who, now=now, answer=answer)
    elif action == "snooze":
        until, fingerprint = _snooze_end(db, str(value["until"]), said, now)
        _waive(db, rule, subject, who, f"snoozed: {value['until']}", until=until, fingerprint=fingerprint, now=now, answer=answer)
    elif action == "fine":
        weeks = int(value["weeks"])
        until = millis(now + dt.timedelta(weeks=weeks)) if weeks else 0
        fingerprint = "" if weeks else str(said.get("fingerprint", ""))
        _waive(db, rule, subject, who, str(value["why"]).strip(), until=until, fingerprint=fingerprint, now=now, answer=answer)
    elif action == "stop":
        until = millis(now + dt.timedelta(days=STOP_DAYS))
        _waive(db, "*", subject, who, "we stop this", until=until, fingerprint="", now=now, answer=answer)
    elif action == "outcome":
        add_evidence(db, answer=answer, subject=subject, verdict=str(value["verdict"]), text=str(value["text"]), who=who, now=now)


def take_back(db: sa.Connection, answer: str, *, now: dt.datetime) -> None:
    """End everything that `answer` made count; nothing is deleted but the note that evidence put beside the item."""
    for table in (t.overrides, t.waivers):
        db.execute(sa.update(table).where(table.c.answer == answer, table.c.ended == 0).values(ended=millis(now)))
    db.execute(sa.delete(t.notes).where(t.notes.c.id == f"okrbot:{answer}"))


def _text(value: Mapping[str, Any], name: str) -> str:
    text = str(value.get(name) or "")
    if len(text) > LONGEST:
        raise AnswerError(f"That is longer than {LONGEST} characters; please say it shorter.", name)
    return text


def _check_key_result(db: sa.Connection, key_result: str) -> None:
    k = t.key_results.c
    if not db.execute(sa.select(k.id).where(k.id == key_result, k.gone_since == 0, k.archived == 0)).first():
        raise AnswerError("That key result is not there any more. Choose another one.", "key_result")


def _snooze_end(db: sa.Connection, until: str, said: Mapping[str, Any], now: dt.datetime) -> tuple[int, str]:
    if until == "change":
        return 0, str(said.get("fingerprint", ""))
    if until == "2w":
        return millis(now + dt.timedelta(weeks=2)), ""
    return millis(next_cycle(db, now)), ""


def next_cycle(db: sa.Connection, now: dt.datetime) -> dt.datetime:
    """Return the day (00:00 UTC) on which the next cycle begins: the first start ahead, else the day after the running one, else in 13 weeks."""
    c = t.cycles.c
    today = now.date().isoformat()
    begins = db.execute(sa.select(sa.func.min(c.start)).where(c.start > today)).scalar()
    if not begins:
        ends = db.execute(sa.select(sa.func.min(c.end)).where(c.end >= today)).scalar()
        begins = (dt.date.fromisoformat(ends) + dt.timedelta(days=1)).isoformat() if ends else None
    if not begins:
        return now + dt.timedelta(weeks=13)
    return dt.datetime.combine(dt.date.fromisoformat(begins), dt.time(), dt.UTC)


def _override(db: sa.Connection, what: str, subject: str, value: str, *, text: str, who: str, now: dt.datetime, answer: str) -> None:
    db.execute(
        sa.insert(t.overrides).values(
            what=what,
            subject=subject,
            value=value,
            text=clean(text.strip()),
            who=who,
            why="answered in Slack",
            created=millis(now),
            answer=answer,
        )
    )


def _waive(
    db: sa.Connection, rule: str, subject: str, who: str, why: str, *, until: int, fingerprint: str, now: dt.datetime, answer: str
) -> None:
    db.execute(
        sa.insert(t.waivers).values(
            rule=rule, subject=subject, who=who, why=clean(why), created=millis(now), until=until, fingerprint=fingerprint, answer=answer
        )
    )

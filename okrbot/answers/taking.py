"""Take an answer: once per click, first authorised one wins, everything is kept, nothing counts that should not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa

from okrbot.answers.effects import apply, check, take_back
from okrbot.answers.rows import Given, by_id, current, write
from okrbot.config import Config
from okrbot.model import clean, millis
from okrbot.store import tables as t
from okrbot.store.people import may_speak

Outcome = Literal["accepted", "also_said", "late", "refused", "undone"]


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """One click or one form, as it came. `stamp` is Slack's action_ts, or the id of the form: the same click has the same stamp."""

    workspace: str
    prompt: str
    person: str
    action: str
    stamp: str
    value: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the key of this answer: one delivery, one row, however often it is delivered."""
        return ":".join((self.workspace, self.prompt, self.person, self.stamp))


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """What became of an answer. `counts` is the answer that counts now, whoever gave it; `again` marks a second delivery."""

    outcome: Outcome
    counts: Given | None
    state: str  # of the question now; "" if nobody knows it
    again: bool = False


def take(db: sa.Connection, config: Config, answer: Answer, *, now: dt.datetime, standing: str = "") -> Taken:
    """Keep `answer` and make it count if it is the first of somebody entitled, in the caller's transaction.

    `standing` is a reason for which Slack's own word on the person rules them out (guest, bot, other workspace …).
    Raises AnswerError for an answer that does not fit its question; then nothing is written.
    """
    prompt = _locked(db, answer.prompt)
    if (before := by_id(db, answer.id)) is not None:
        return Taken(_outcome(before.outcome), current(db, answer.prompt), prompt.state if prompt else "", again=True)
    if prompt is None:
        _write(db, answer, now, "late")
        return Taken("late", None, "")
    if standing or not may_speak(db, config, product=prompt.product, asked=prompt.person, person=answer.person):
        _write(db, answer, now, "refused")
        return Taken("refused", current(db, answer.prompt), prompt.state)
    if prompt.state == "answered":
        counts = current(db, answer.prompt)
        _write(db, answer, now, "also_said")
        if counts is not None and _same(counts, answer):
            return Taken("accepted", counts, prompt.state, again=True)
        return Taken("also_said", counts, prompt.state)
    if prompt.state not in ("shown", "planned", "asked"):
        _write(db, answer, now, "late")
        return Taken("late", None, prompt.state)
    check(db, answer.action, answer.value, about_item=prompt.subject.startswith("item:"), kind=prompt.kind)
    _write(db, answer, now, "accepted")
    if prompt.state == "shown":  # nobody was asked: it is the question of the one who answers
        _change(db, prompt.id, person=answer.person, asked=millis(now))
    apply(
        db,
        answer=answer.id,
        action=answer.action,
        value=answer.value,
        rule=prompt.rule,
        subject=prompt.subject,
        said=prompt.said,
        who=answer.person,
        now=now,
    )
    _change(db, prompt.id, state="answered", closed=millis(now), version=prompt.version + 1)
    _event(db, prompt.rule, prompt.subject, now, "answered", f"{answer.person}: {answer.action}")
    _withdraw(db, prompt.id)
    return Taken("accepted", by_id(db, answer.id), "answered")


def undo(db: sa.Connection, config: Config, answer: str, *, person: str, stamp: str, now: dt.datetime, standing: str = "") -> Taken:
    """Take back `answer`: what it made count ends now, its question is open again. Any owner may; twice is once."""
    given = by_id(db, answer)
    if given is None:
        return Taken("late", None, "")
    prompt = _locked(db, given.prompt)
    if prompt is None or standing or not may_speak(db, config, product=prompt.product, asked=prompt.person, person=person):
        return Taken("refused", current(db, given.prompt), prompt.state if prompt else "")
    given = by_id(db, answer)  # again: it may have been undone while we waited for the lock
    workspace = answer.split(":", 1)[0]
    mine = ":".join((workspace, prompt.id, person, stamp))
    if by_id(db, mine) is not None:
        return Taken("undone", current(db, prompt.id), prompt.state, again=True)
    if given is None or not given.current:
        return Taken("late", current(db, prompt.id), prompt.state, again=given is not None and given.undone is not None)
    db.execute(sa.update(t.answers).where(t.answers.c.id == answer).values(current=0, undone=millis(now)))
    write(
        db,
        id=mine,
        prompt=prompt.id,
        person=person,
        action="undo",
        value={"of": answer},
        at=now,
        outcome="undone",
        current=False,
    )
    take_back(db, answer, now=now)
    _change(db, prompt.id, state="asked", closed=0, version=prompt.version + 1)
    _event(db, prompt.rule, prompt.subject, now, "answer_undone", person)
    return Taken("undone", None, "asked")


@dataclasses.dataclass(frozen=True, slots=True)
class _Question:
    id: str
    rule: str
    subject: str
    product: str
    person: str
    kind: str
    state: str
    version: int
    said: Mapping[str, Any]


def _locked(db: sa.Connection, prompt: str) -> _Question | None:
    row = db.execute(sa.select(t.prompts).where(t.prompts.c.id == prompt).with_for_update()).mappings().first()
    if row is None:
        return None
    names = ("id", "rule", "subject", "product", "person", "kind", "state", "version")
    return _Question(**{name: row[name] for name in names}, said=json.loads(row["payload"]))


def _same(counts: Given, answer: Answer) -> bool:
    """Return whether somebody says once more what they have said: they clicked again because the first click seemed to fail."""
    return (counts.person, counts.action, dict(counts.value)) == (answer.person, answer.action, dict(_cleaned(answer)))


def _cleaned(answer: Answer) -> Mapping[str, Any]:
    return {key: clean(text) if isinstance(text, str) else text for key, text in answer.value.items()}


def _write(db: sa.Connection, answer: Answer, now: dt.datetime, outcome: str) -> None:
    write(
        db,
        id=answer.id,
        prompt=answer.prompt,
        person=answer.person,
        action=answer.action,
        value=_cleaned(answer),
        at=now,
        outcome=outcome,
        current=outcome == "accepted",
    )


def _change(db: sa.Connection, prompt: str, **values: Any) -> None:
    db.execute(sa.update(t.prompts).where(t.prompts.c.id == prompt).values(**values))


def _withdraw(db: sa.Connection, prompt: str) -> None:
    # Answered from App Home before its message went out: then it need not go out.
    d = t.deliveries.c
    db.execute(
        sa.update(t.deliveries)
        .where(d.key == f"prompt:{prompt}", d.state == "planned")
        .values(state="skipped", error="answered before it was sent")
    )


def _event(db: sa.Connection, rule: str, subject: str, now: dt.datetime, what: str, detail: str) -> None:
    db.execute(sa.insert(t.finding_events).values(rule=rule, subject=subject, at=millis(now), what=what, detail=detail))


def _outcome(text: str) -> Outcome:
    known: dict[str, Outcome] = {"accepted": "accepted", "also_said": "also_said", "late": "late", "undone": "undone"}
    return known.get(text, "refused")

"""Read and write questions in the store."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from okrbot.model import instant, millis
from okrbot.store import tables as t
from okrbot.store.bulk import insert_new


@dataclasses.dataclass(frozen=True, slots=True)
class Prompt:
    """One question. `said` is what the finding said when it was asked: key, title, url, note, question, rule_title, remedy …"""

    id: str
    rule: str
    subject: str
    product: str
    person: str
    kind: str  # question | followup | connect
    state: str  # shown | planned | asked | answered | superseded | expired | orphaned
    created: dt.datetime
    asked: dt.datetime | None
    closed: dt.datetime | None
    channel: str
    ts: str
    version: int
    said: Mapping[str, Any]

    @property
    def open(self) -> bool:
        """Return whether an answer still counts. One that was only shown, in the window of a digest, waits for nobody until then."""
        return self.state in ("shown", "planned", "asked")

    @property
    def about_item(self) -> bool:
        """Return whether the question is about one item, which can be linked or given a work class."""
        return self.subject.startswith("item:")


def prompt_id(kind: str, rule: str, subject: str, turn: int) -> str:
    """Return the id of the `turn`-th question about a finding: the same for everybody who computes it."""
    return "p" + hashlib.sha256("\x1f".join((kind, rule, subject, str(turn))).encode()).hexdigest()[:16]


def mark(rule: str, subject: str) -> str:
    """Return what stands for a finding in a button, whose value Slack keeps short."""
    return prompt_id("question", rule, subject, 0)[:13]


def by_id(db: sa.Connection, prompt: str, *, lock: bool = False) -> Prompt | None:
    """Return one question, None if there is none. With `lock`, others wait who want to change it."""
    chosen = sa.select(t.prompts).where(t.prompts.c.id == prompt)
    row = db.execute(chosen.with_for_update() if lock else chosen).mappings().first()
    return as_prompt(row) if row else None


def of_person(db: sa.Connection, person: str, *, states: Sequence[str] = ("planned", "asked")) -> tuple[Prompt, ...]:
    """Return the questions put to one person in these states, oldest first."""
    p = t.prompts.c
    chosen = sa.select(t.prompts).where(p.person == person, p.state.in_(list(states))).order_by(p.created, p.id)
    return tuple(as_prompt(row) for row in db.execute(chosen).mappings())


def in_state(db: sa.Connection, *states: str) -> tuple[Prompt, ...]:
    """Return every question in one of `states`, oldest first."""
    chosen = sa.select(t.prompts).where(t.prompts.c.state.in_(states)).order_by(t.prompts.c.created, t.prompts.c.id)
    return tuple(as_prompt(row) for row in db.execute(chosen).mappings())


def elsewhere(db: sa.Connection, products: Collection[str]) -> tuple[Prompt, ...]:
    """Return the questions about findings of products other than these, oldest first."""
    p = t.prompts.c
    chosen = sa.select(t.prompts).where(p.product.not_in(list(products)), p.kind != "connect").order_by(p.created, p.id)
    return tuple(as_prompt(row) for row in db.execute(chosen).mappings())


def of_finding(db: sa.Connection, kind: str, rule: str, subject: str) -> tuple[Prompt, ...]:
    """Return every question ever asked about one finding, oldest first."""
    p = t.prompts.c
    chosen = sa.select(t.prompts).where(p.kind == kind, p.rule == rule, p.subject == subject).order_by(p.created, p.id)
    return tuple(as_prompt(row) for row in db.execute(chosen).mappings())


def insert(db: sa.Connection, prompt: Prompt) -> None:
    """Write a new question; one that another process has written meanwhile stays as it is, one that was only shown becomes this."""
    values = {
        "id": prompt.id,
        "rule": prompt.rule,
        "subject": prompt.subject,
        "product": prompt.product,
        "person": prompt.person,
        "kind": prompt.kind,
        "state": prompt.state,
        "created": millis(prompt.created),
        "asked": millis(prompt.asked) if prompt.asked else 0,
        "version": prompt.version,
        "payload": json.dumps(dict(prompt.said), ensure_ascii=False, sort_keys=True),
    }
    if not insert_new(db, t.prompts, **values):
        known = t.prompts.c
        db.execute(sa.update(t.prompts).where(known.id == prompt.id, known.state == "shown").values(**values))


def change(db: sa.Connection, prompt: str, **values: Any) -> None:
    """Change columns of one question."""
    db.execute(sa.update(t.prompts).where(t.prompts.c.id == prompt).values(**values))


def as_prompt(row: Mapping[Any, Any] | sa.RowMapping) -> Prompt:
    """Return a row of the table as a question."""
    names = ("id", "rule", "subject", "product", "person", "kind", "state", "channel", "ts", "version")
    return Prompt(
        **{name: row[name] for name in names},
        created=instant(row["created"]),
        asked=instant(row["asked"]) if row["asked"] else None,
        closed=instant(row["closed"]) if row["closed"] else None,
        said=json.loads(row["payload"]),
    )


def expected_of(db: sa.Connection, subject: str) -> str:
    """Return what people said they expect of an item, in words: its key result by answer, and how much it should move it; "" if nothing."""
    o, k = t.overrides.c, t.key_results.c
    row = db.execute(
        sa.select(o.value, o.text).where(o.what == "key_result", o.subject == subject, o.ended == 0).order_by(o.id.desc()).limit(1)
    ).first()
    if row is None:
        return ""
    title = db.execute(sa.select(k.title).where(k.id == row.value).limit(1)).scalar() or row.value
    return f"{title}: {row.text}" if row.text else str(title)

"""Let a person say which owner of the configuration they are, and somebody who may say so confirm it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from okrbot.answers.rows import write
from okrbot.config import Config
from okrbot.model import millis
from okrbot.store import tables as t
from okrbot.store.people import DIRECT, find, may_answer, not_found, remember

RULE = "who_is_who"


def confirmers(db: sa.Connection, config: Config, name: str, *, but: str) -> tuple[str, ...]:
    """Return who may confirm that somebody is `name`: admins, then those who answer for the same products; never the person themselves."""
    mine = [p.name for p in config.products if name in p.owners]
    known = [row.person for row in db.execute(sa.select(t.people.c.person))]
    ids = [o.removeprefix(DIRECT) for p in config.products for o in p.owners if p.name in mine and o.startswith(DIRECT)]
    owners = [p for p in (*known, *ids) if any(may_answer(db, config, product, p) for product in mine)]
    return tuple(p for p in dict.fromkeys([*config.slack.admins, *owners]) if p != but)


def claim(db: sa.Connection, config: Config, *, person: str, name: str, email: str, now: dt.datetime) -> str:
    """Record that `person` says they are `name`, and return who is asked to confirm; "" if nobody can, "known" if it needs none.

    `email` is what Slack itself says of the person: where it is the name, that is proof enough.
    """
    if name not in not_found(db, config):
        return "" if not _is(db, person, name) else "known"
    if email and email.casefold() == name.casefold():
        remember(db, person, name=name, now=now)
        return "known"
    asked = confirmers(db, config, name, but=person)
    return asked[0] if asked else ""


def decide(db: sa.Connection, config: Config, *, prompt: str, person: str, yes: bool, stamp: str, workspace: str, now: dt.datetime) -> str:
    """Take a yes or no to a claim and return accepted, also_said, late or refused; a yes connects the person at once."""
    row = (
        db.execute(sa.select(t.prompts).where(t.prompts.c.id == prompt, t.prompts.c.kind == "connect").with_for_update()).mappings().first()
    )
    said: Mapping[str, Any] = json.loads(row["payload"]) if row else {}
    answer = ":".join((workspace, prompt, person, stamp))
    if db.execute(sa.select(t.answers.c.id).where(t.answers.c.id == answer)).first():
        return "accepted" if row and row["state"] == "answered" else "late"
    outcome = "late"
    if row is not None:
        allowed = person in confirmers(db, config, said["name"], but=said["claimant"])
        outcome = "refused" if not allowed else "also_said" if row["state"] == "answered" else "accepted"
    write(
        db, id=answer, prompt=prompt, person=person, action="confirm" if yes else "deny", value={}, at=now, outcome=outcome,
        current=outcome == "accepted",
    )  # fmt: skip
    if outcome == "accepted" and row is not None:
        db.execute(
            sa.update(t.prompts).where(t.prompts.c.id == prompt).values(state="answered", closed=millis(now), version=row["version"] + 1)
        )
        if yes:
            remember(db, said["claimant"], name=said["name"], now=now)
    return outcome


def _is(db: sa.Connection, person: str, name: str) -> bool:
    known = find(db, person)
    return known is not None and known.name.casefold() == name.casefold()

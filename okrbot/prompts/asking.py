"""Follow a question through its life: it arrived, it was overtaken by events, or nobody answered for weeks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from okrbot.config import Config
from okrbot.model import millis
from okrbot.prompts.choosing import delivery_key, set_aside
from okrbot.prompts.hours import next_time
from okrbot.prompts.rows import Prompt, change, elsewhere, in_state
from okrbot.store import tables as t
from okrbot.store.people import everyone, products_of

LIFE = dt.timedelta(days=28)  # after so long without an answer a question is closed


def arrived(db: sa.Connection) -> list[str]:
    """Take over from the deliveries which questions have reached their person, with channel and timestamp.

    Returns the ids of those that were closed while their message was on its way: it shows buttons that count no more.
    """
    d, p = t.deliveries.c, t.prompts.c
    chosen = (
        sa.select(p.id, p.state, p.rule, p.subject, p.person, d.sent, d.channel_id, d.ts)
        .join(t.deliveries, d.key == sa.literal(delivery_key("")) + p.id)
        .where(p.ts == "", d.state == "sent")
    )
    overtaken = []
    for row in db.execute(chosen).all():
        opened = {"state": "asked", "asked": row.sent} if row.state == "planned" else {}
        change(db, row.id, channel=row.channel_id, ts=row.ts, **opened)
        _event(db, row.rule, row.subject, row.sent, "asked", row.person)
        if row.state not in ("planned", "asked"):
            overtaken.append(row.id)
    return overtaken


def supersede(db: sa.Connection, *, now: dt.datetime) -> list[Prompt]:
    """Close questions whose finding is gone or set aside; return them, so that their messages can say so.

    A question not yet sent is not sent any more.
    """
    f = t.findings.c
    waived = set_aside(db, now)
    closed = []
    for prompt in in_state(db, "shown", "planned", "asked"):
        if prompt.kind != "question":
            continue
        state = db.execute(sa.select(f.state).where(f.rule == prompt.rule, f.subject == prompt.subject)).scalar()
        # "waived" is the last audit's word; a person may have taken the answer back since.
        aside = {(prompt.rule, prompt.subject), ("*", prompt.subject)} & waived
        if state in (None, "resolved") or aside:
            change(db, prompt.id, state="superseded", closed=millis(now), version=prompt.version + 1)
            _withdraw(db, prompt, "the question settled itself before it was sent")
            closed.append(prompt)
    return closed


def rehome(db: sa.Connection, config: Config, *, now: dt.datetime) -> list[Prompt]:
    """Let questions of products that the configuration does not name any more follow their finding; return those that are closed.

    A product that was renamed has its findings under the new name after the next audit. Until then a question stays open for the
    person who was asked, if they still own a product; where they own none, or no product has the finding now, it is closed.
    """
    names = {product.name for product in config.products}
    closed = []
    for prompt in elsewhere(db, names):
        now_in = _products_now(db, config, prompt)
        if found := sorted(now_in & names):
            change(db, prompt.id, product=found[0])
        elif prompt.open and not (prompt.product in now_in and products_of(db, config, prompt.person)):
            change(db, prompt.id, state="orphaned", closed=millis(now), version=prompt.version + 1)
            _withdraw(db, prompt, "its product is not configured any more")
            closed.append(prompt)
    return closed


def _products_now(db: sa.Connection, config: Config, prompt: Prompt) -> set[str]:
    """Return the products that have a question's backlog by the configuration, else those its findings had at the last audit."""
    backlog = str(prompt.said.get("backlog", ""))
    if backlog and (name := config.product_of(backlog)):
        return {name}
    f = t.findings.c
    same = sa.select(f.product).where(f.subject == prompt.subject)
    return set(db.execute(same.where(f.rule == prompt.rule) if prompt.kind == "question" else same).scalars())


def expire(db: sa.Connection, *, now: dt.datetime) -> list[Prompt]:
    """Close questions that nobody answered for four weeks; return them."""
    closed = []
    for prompt in in_state(db, "asked"):
        if prompt.asked is not None and prompt.asked < now - LIFE:
            change(db, prompt.id, state="expired", closed=millis(now), version=prompt.version + 1)
            closed.append(prompt)
    return closed


def hold_outside_hours(db: sa.Connection, config: Config, *, now: dt.datetime) -> int:
    """Move planned questions that fell out of their person's hours (Slack was down) to the next hour that suits; return how many."""
    people = everyone(db)
    d = t.deliveries.c
    moved = 0
    for prompt in in_state(db, "planned"):
        known = people.get(prompt.person)
        at = next_time(config, known.timezone if known else "", prompt.person, now)
        if at > now:
            result: Any = db.execute(
                sa.update(t.deliveries)
                .where(d.key == delivery_key(prompt.id), d.state == "planned", d.not_before < millis(at))
                .values(not_before=millis(at))
            )
            moved += result.rowcount
    return moved


def _withdraw(db: sa.Connection, prompt: Prompt, why: str) -> None:
    d = t.deliveries.c
    db.execute(sa.update(t.deliveries).where(d.key == delivery_key(prompt.id), d.state == "planned").values(state="skipped", error=why))


def _event(db: sa.Connection, rule: str, subject: str, at: int, what: str, detail: str) -> None:
    db.execute(sa.insert(t.finding_events).values(rule=rule, subject=subject, at=at, what=what, detail=detail))

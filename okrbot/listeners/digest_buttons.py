"""The buttons under a digest: what is to decide, why it comes, when it comes, and silence."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import sqlalchemy as sa
from slack_bolt import Ack, Respond

from okrbot import prompts
from okrbot.blocks import digest as shown
from okrbot.blocks import home, modals
from okrbot.blocks.escape import escape
from okrbot.blocks.prompt import when
from okrbot.digest import SEVERITY_ORDER
from okrbot.listeners.answering import NOT_YOURS, note
from okrbot.listeners.desk import Body, Click, Desk, click_of, home_team_of
from okrbot.listeners.homing import publish
from okrbot.listeners.standing import SENTENCES
from okrbot.model import millis
from okrbot.rulebook import FAMILIES
from okrbot.slack.trouble import ERRORS
from okrbot.store import tables as t
from okrbot.store.people import may_answer, may_set, owners_of, put_setting, setting

RENAMED = "okrbot's configuration has no product of that name any more. My Home tab shows yours."
MUTE = dt.timedelta(weeks=4)
MOST = 8  # questions in the window of an old digest


def product_of(click: Click) -> str:
    """Return the product that a button of a digest or Home is about."""
    try:
        found = json.loads(click.value or "{}")
    except ValueError:
        return ""
    return str(found.get("product", "")) if isinstance(found, dict) else ""


def pressed(desk: Desk, body: Body, ack: Ack, respond: Respond) -> None:
    """Do what a button of the digest says."""
    click = click_of(body)
    product = product_of(click)
    if click.action == shown.WHY:
        ack()
        _window(desk, click, respond, modals.window("Why this?", *_why(desk, product)))
        return
    standing = desk.standing.of(click.person, team=home_team_of(body))
    muted = None
    with desk.store.begin() as db:
        may = may_answer if click.action == shown.OPEN else may_set
        allowed = not standing and may(db, desk.config, product, click.person)
        if allowed and click.action in (shown.MUTE, home.UNMUTE):
            muted = desk.clock() + MUTE if click.action == shown.MUTE else None
            until, by = (millis(muted), click.person) if muted else (None, None)
            put_setting(db, f"product:{product}", muted_until=until, muted_by=by, by=click.person)
        chosen = setting(db, f"product:{product}")
    ack()
    if not allowed:
        known = any(p.name == product for p in desk.config.products)
        note(desk, click, respond, SENTENCES.get(standing, NOT_YOURS if known else RENAMED))
    elif click.action == shown.OPEN:
        _window(desk, click, respond, _questions(desk, click, product))
    elif click.action == shown.CHANGE_DAY:
        day, time = str(chosen.get("day") or desk.config.digest.day), str(chosen.get("time") or desk.config.digest.time)
        _window(desk, click, respond, modals.day_form(product, day=day, time=time))
    else:
        words = (
            f"The digest of {escape(product, 60)} is muted until {when(muted)}."
            if muted
            else f"The digest of {escape(product, 60)} speaks again."
        )
        if click.from_home:
            publish(desk, click.person, home=click.view, always=True)
        else:
            note(desk, click, respond, f"{words} Home has the switch.")
            publish(desk, click.person)
        _tell_owners(desk, product, click.person)


def _tell_owners(desk: Desk, product: str, but: str) -> None:
    """Bring the Home of a product's other owners up to date: it says who muted the digest."""
    with desk.store.engine.connect().execution_options(reading=True) as db:
        others = [person for person in owners_of(db, desk.config, product) if person != but]
    for person in others:
        publish(desk, person)


def _questions(desk: Desk, click: Click, product: str) -> dict[str, object]:
    """Return the window with what this digest asked to decide; of a digest sent before buttons said that, the weightiest findings."""
    f, now, pages = t.findings.c, desk.clock(), desk.pages()
    wanted = _decisions_of(click)
    with desk.store.begin() as db:
        chosen = sa.select(f.rule, f.subject, f.severity, f.family, f.first_seen, f.key)
        live = chosen.where(f.product == product, f.state.in_(["open", "returned"]), f.restricted == 0)
        rows = [(prompts.mark(row.rule, row.subject), row) for row in db.execute(live)]
        if wanted:
            ordered = sorted((pair for pair in rows if pair[0] in wanted), key=lambda pair: wanted.index(pair[0]))
        else:
            ordered = sorted(rows, key=lambda pair: _weight(pair[1]))
        seen: dict[str, prompts.Prompt | None] = {}
        for _, row in ordered:
            if row.subject not in seen and (wanted or len(seen) < MOST):
                seen[row.subject] = prompts.show_question(db, row.rule, row.subject, person=click.person, pages=pages, now=now)
    found = [prompt for prompt in seen.values() if prompt is not None and prompt.open]
    decided = max(0, len(wanted) - len(found))
    return modals.questions_window(product, found, more=max(0, len(rows) - len(found)), decided=decided)


def _decisions_of(click: Click) -> list[str]:
    try:
        found = json.loads(click.value or "{}")
    except ValueError:
        return []
    marks = found.get("decide") if isinstance(found, dict) else None
    return [str(one) for one in marks] if isinstance(marks, list) else []


def _weight(row: Any) -> tuple[int, int, int, str]:
    family = FAMILIES.index(row.family) if row.family in FAMILIES else len(FAMILIES)
    return (SEVERITY_ORDER[row.severity], family, row.first_seen, row.key)


def _why(desk: Desk, product: str) -> tuple[str, ...]:
    digest = desk.config.digest
    return (
        f"This comes once a week to the channel of *{escape(product, 60)}*: how much of the started work has a path to a key result, what changed, and at most {digest.most} things that need an owner's word.",
        "It judges work and goals, never people. What could not be read is said and never counted as clean. Each finding names its rule; “Why am I asked?” at a question shows the rule's page.",
        "Owners of the product can change the day, mute it for four weeks, or set a single finding aside with a reason.",
    )


def _window(desk: Desk, click: Click, respond: Respond, view: dict[str, object]) -> None:
    try:
        desk.client.views_open(trigger_id=click.trigger, view=view)
    except ERRORS:
        note(desk, click, respond, "Slack did not let me open the window. Please click again.")

"""Two jobs of the server that need people: find the owners in Slack, and put questions to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from okrbot import prompts
from okrbot.blocks.prompt import question
from okrbot.listeners import Desk, repaint
from okrbot.listeners.homing import publish
from okrbot.listeners.outgoing import outgoing
from okrbot.model import millis
from okrbot.slack import put
from okrbot.slack.client import UnsentError
from okrbot.slack.members import ABSENT
from okrbot.slack.trouble import ERRORS
from okrbot.store.people import DIRECT, everyone, remember

WEEK = dt.timedelta(days=7)


def ask(desk: Desk) -> str:
    """Close questions that settled themselves, put those that may be asked now into the outbox; return what was done, in words."""
    now, config = desk.clock(), desk.config
    with desk.store.begin() as db:
        closed = [*prompts.rehome(db, config, now=now), *prompts.supersede(db, now=now), *prompts.expire(db, now=now)]
        met = {person.id for person in everyone(db).values() if person.settings.get("met")}
        asked = prompts.plan_follow_ups(db, config, now=now)
        asked += prompts.plan(db, config, desk.pages(), now=now)
        for prompt in asked:
            number = _this_week(db, prompt.person, now)
            blocks = question(prompt, number=number, of=config.questions.per_week, first=prompt.person not in met)
            put(db, outgoing(prompt, blocks, now=now), now=now)
            remember(db, prompt.person, now=now, met=True)
    _tell(desk, closed)
    return f"{len(asked)} asked, {len(closed)} closed"


def close_orphans(desk: Desk) -> None:
    """Close, after a start, the questions whose product is not configured any more; their messages and Home say so."""
    with desk.store.begin() as db:
        closed = prompts.rehome(db, desk.config, now=desk.clock())
    _tell(desk, closed)


def _tell(desk: Desk, closed: Sequence[prompts.Prompt]) -> None:
    for prompt in closed:
        repaint(desk.store, desk.client, prompt.id)
    for person in {prompt.person for prompt in closed}:
        publish(desk, person)


def find_people(desk: Desk) -> str:
    """Find the configured owners in Slack, learn their time zones and whether they are still there; return what was found, in words.

    Raises what the client raises when Slack is away; who was found until then is kept.
    """
    found, missing = 0, 0
    named = dict.fromkeys([*(o for p in desk.config.products for o in p.owners), *desk.config.questions.others])
    with desk.store.engine.connect().execution_options(reading=True) as db:
        known = {person.name.casefold(): person.id for person in everyone(db).values() if person.name}
    for name in named:
        user = _look_up(desk, name, known.get(name.casefold(), ""))
        if user is None:
            missing += 1
            continue
        standing = desk.standing.learn(user)
        if standing == "unknown":
            raise UnsentError("Slack has not said which workspace okrbot is in")
        with desk.store.begin() as db:
            own = "" if name.startswith(DIRECT) else name
            remember(db, str(user["id"]), name=own, timezone=str(user.get("tz") or ""), now=desk.clock(), standing=standing or None)
        found += 1
    return f"{found} found, {missing} not"


def _look_up(desk: Desk, name: str, known: str) -> Mapping[str, Any] | None:
    try:
        if name.startswith(DIRECT) or known:
            user: Mapping[str, Any] = desk.client.users_info(user=known or name.removeprefix(DIRECT))["user"]
        else:
            user = desk.client.users_lookupByEmail(email=name)["user"]
    except ERRORS as error:
        data = getattr(getattr(error, "response", None), "data", None)
        if isinstance(data, Mapping) and data.get("error") in ABSENT:
            return None
        raise
    return user


def _this_week(db: sa.Connection, person: str, now: dt.datetime) -> int:
    """Return the number of the question just written among those of seven days."""
    return sum(1 for at in prompts.came_at(db, person, now=now) if at > millis(now - WEEK))

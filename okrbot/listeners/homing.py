"""App Home: gather what one person should see, publish it, and take its settings."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from slack_bolt import Ack, Respond

from okrbot import answers, prompts
from okrbot.blocks import home as shown
from okrbot.blocks import modals
from okrbot.blocks.home import Card, Home, home_view
from okrbot.config import Config
from okrbot.listeners.desk import Body, Desk, click_of, home_team_of, person_of
from okrbot.listeners.standing import SENTENCES
from okrbot.model import instant, millis
from okrbot.prompts import Prompt
from okrbot.rulebook import Page
from okrbot.slack.outbox import overdue
from okrbot.slack.trouble import ERRORS, Trouble, judge
from okrbot.store import tables as t
from okrbot.store.people import Person, everyone, find, not_found, products_of, remember, setting

log = logging.getLogger(__name__)

LATELY = dt.timedelta(days=30)
MUTE = dt.timedelta(weeks=4)
MOST_WAITING = 12
AGAIN, MOST_TRIES = 10.0, 10  # seconds until Home is published again, twice as many each time; that comes to three hours


def gather(desk: Desk, person: str) -> Home:
    """Return what `person` should see in Home now."""
    now, config = desk.clock(), desk.config
    if standing := desk.standing.of(person):
        return Home((), 0, (), (), (), None, stopped=False, connect=False, health=None, at=now, refused=SENTENCES[standing])
    with desk.store.engine.connect().execution_options(reading=True) as db:
        mine = products_of(db, config, person)
        known = find(db, person)
        waiting = waiting_for(db, person, mine)
        muted = int(known.settings.get("muted_until", 0)) if known else 0
        return Home(
            waiting=waiting[:MOST_WAITING],
            more=max(0, len(waiting) - MOST_WAITING),
            snoozed=answers.snoozed(db, mine, now=now),
            lately=[given for given in answers.lately(db, mine, since=now - LATELY) if given.action != "snooze"],
            cards=[card(db, config, name, now=now) for name in mine],
            muted_until=instant(muted) if muted > millis(now) else None,
            stopped=known is not None and prompts.has_stopped(db, config, known),
            connect=not mine and bool(not_found(db, config)),
            health=desk.health() if person in config.slack.admins else None,
            at=now,
        )


def waiting_for(db: sa.Connection, person: str, products: tuple[str, ...]) -> list[Prompt]:
    """Return the open questions of `products` that this person may answer: their own first, then the oldest."""
    open_ones = [p for p in prompts.rows.in_state(db, "planned", "asked") if p.product in products or p.person == person]
    return sorted(open_ones, key=lambda p: (p.person != person, p.created, p.id))


def card(db: sa.Connection, config: Config, product: str, *, now: dt.datetime) -> Card:
    """Return one product with its settings as they are now."""
    chosen = setting(db, f"product:{product}")
    f = t.findings.c
    count = db.execute(sa.select(sa.func.count()).where(f.product == product, f.state.in_(["open", "returned"]))).scalar() or 0
    muted = int(chosen.get("muted_until", 0))
    return Card(
        name=product,
        channel=next((p.channel for p in config.products if p.name == product), ""),
        open=count,
        day=str(chosen.get("day") or config.digest.day),
        time=str(chosen.get("time") or config.digest.time),
        zone=config.okrbot.timezone,
        muted_until=instant(muted) if muted > millis(now) else None,
        value=json.dumps({"product": product[:500]}),
        muted_by=str(chosen.get("muted_by", "")),
        missing=next(
            (row.error or "it waits for its turn" for row in overdue(db, now=now) if (row.kind, row.product) == ("digest", product)), ""
        ),
    )


def sample(db: sa.Connection, config: Config, pages: Mapping[str, Page], product: str, *, now: dt.datetime) -> Home:
    """Return what an owner of `product` would see in Home if the next questions had been asked now; nobody is asked."""
    return Home(
        waiting=prompts.likely(db, pages, product=product, now=now, most=config.questions.per_week or 2),
        more=0,
        snoozed=answers.snoozed(db, (product,), now=now),
        lately=[given for given in answers.lately(db, (product,), since=now - LATELY) if given.action != "snooze"],
        cards=[card(db, config, product, now=now)],
        muted_until=None,
        stopped=False,
        connect=False,
        health=None,
        at=now,
    )


def publish(desk: Desk, person: str, *, home: Mapping[str, Any] | None = None, always: bool = False) -> None:
    """Publish a person's Home if they ever opened it. `home` is the view they have before them, whose hash keeps two writers apart."""
    with desk.store.engine.connect().execution_options(reading=True) as db:
        known = find(db, person)
    if not always and home is None and not (known and known.settings.get("home")):
        return
    hash_ = str(home.get("hash", "")) if home else ""
    trouble = None
    for hash_now in (hash_, ""):  # to publish twice harms nobody, so what may help is tried at once
        view = home_view(gather(desk, person))
        try:
            desk.client.views_publish(user_id=person, view=view, **({"hash": hash_now} if hash_now else {}))
        except ERRORS as error:
            trouble = judge(error, desk.clock())
            if trouble.kind in ("doubt", "unsent") or trouble.code == "hash_conflict":
                continue  # somebody published in between; what we gather now is newer than both
        else:
            trouble = None
        break
    _try_later(desk, known, person, trouble)


def republish(desk: Desk) -> int:
    """Publish again the Homes that Slack did not take when it was their turn; return how many were tried."""
    now = millis(desk.clock())
    with desk.store.engine.connect().execution_options(reading=True) as db:
        waiting = [one.id for one in everyone(db).values() if 0 < int(one.settings.get("home_again", 0)) <= now]
    for person in waiting:
        publish(desk, person, always=True)
    return len(waiting)


def _try_later(desk: Desk, known: Person | None, person: str, trouble: Trouble | None) -> None:
    """Remember that a Home is to be published again, later each time; forget it when it was, or when Slack will never take it."""
    tries, now = int(known.settings.get("home_tries", 0)) if known else 0, desk.clock()
    again = None
    if trouble is not None:
        log.warning("Home could not be published: %s", trouble.words, extra={"trouble": trouble.kind})
        hopeful = trouble.kind in ("later", "doubt", "unsent", "workspace") or trouble.code == "hash_conflict"
        if hopeful and tries < MOST_TRIES:
            again = millis(now + dt.timedelta(seconds=trouble.after or AGAIN * 2**tries))
    if again is not None or tries:
        with desk.store.begin() as db:
            remember(db, person, now=now, home_again=again, home_tries=tries + 1 if again else None)


def opened(desk: Desk, event: Body) -> None:
    """Publish Home for somebody who opened it. Slack does not ask again, so everything here can be rebuilt at any time."""
    person = str(event.get("user", ""))
    if event.get("tab") != "home" or not person:
        return
    profile = desk.standing.profile(person)
    with desk.store.begin() as db:
        remember(db, person, timezone=str(profile.get("tz", "")), now=desk.clock(), home=True)
    view = event.get("view")
    publish(desk, person, home=view if isinstance(view, Mapping) else None, always=True)


def asking_changed(desk: Desk, body: Body, ack: Ack) -> None:
    """Keep whether a person wants to be asked."""
    click = click_of(body)
    now = desk.clock()
    with desk.store.begin() as db:
        if click.action == shown.QUIET:
            remember(db, click.person, now=now, muted_until=millis(now + MUTE))
        else:
            remember(db, click.person, now=now, muted_until=None, resumed=millis(now))
    ack()
    publish(desk, click.person, home=click.view, always=True)


def connect_wanted(desk: Desk, body: Body, ack: Ack, respond: Respond) -> None:
    """Open the form on which somebody says which owner they are."""
    ack()
    person, standing = person_of(body), desk.standing.of(person_of(body), team=home_team_of(body))
    with desk.store.engine.connect().execution_options(reading=True) as db:
        names = not_found(db, desk.config)
    view = modals.connect_form() if names and not standing else modals.window("Connect me", "There is nobody left to connect.")
    try:
        desk.client.views_open(trigger_id=str(body.get("trigger_id", "")), view=view)
    except ERRORS as error:
        log.warning("a form could not be opened: %s (%s)", type(error).__name__, person)
        if body.get("response_url"):
            respond(text="Slack did not let me open the form. Please try again.", response_type="ephemeral", replace_original=False)

"""Put the five backlogs together: numbers, links, sprints, ranks, and the texts that name other items."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import random
import re
import uuid

from . import depot, pay, ride, shop, web
from .lives import DAY, grow, moment, sprint_number
from .people import BACKLOGS
from .words import LAST_EDIT, NOW, Event, Initiative, Item, day

RANKERS = {"SHOP": "noor", "PAY": "hanne", "DEPOT": "ilse", "WEB": "lena", "RIDE": "jo"}

# Who blocks whom, written from the blocked side; the payments team is in everybody's way.
BLOCKED_BY = {
    "slots.0": "heavyround",
    "slots.5": "invoice.3",
    "slotpay": "billing",
    "slotnext": "mandate",
    "loyalty.0": "cards2.1",
    "loyalty.1": "cards2.1",
    "loyalty.2": "currency.2",
    "loyalty.3": "invoice.2",
    "leavesledger": "billing",
    "loyalty.5": "slowwait",
    "loyalty.6": "heavyround",
    "loyalty.7": "mandate",
    "giftcards.0": "receipt.2",
    "giftcards.1": "express.0",
    "giftcards.2": "billing",
    "giftcards.3": "walletpin",
    "bigbang.0": "b2b.1",
    "bigbang.1": "invoice.1",
    "bigbang.2": "klick.2",
    "bigbang.3": "billing",
    "bigbang.4": "slowwait",
    "boxbuild": "slowwait",
    "boxpay": "mandate",
    "box.2": "subs.1",
    "sharesplit": "mandate",
    "share.2": "walletpin",
    "substitutes.1": "heavyround",
    "substitutes.2": "receipt.2",
    "swaptop": "refwait",
    "allergens.1": "depot.30",
    "fridge.1": "slowwait",
    "deposit.1": "cards2.1",
    "pingpong": "invoice.3",
    "pingpong2": "express.1",
    "threegoals": "refwait",
    "ridermsg": "reviews.1",
    "tipwait": "slotnext",
    "walletpin": "slotpay",
    "refwait": "onepage",
    "billing": "boxbuild",
    "wallet": "slots",
    "tips": "slots",
    "refunds": "box",
    "subs": "box",
    "klick": "onboard",
    "receipt": "bigbang",
    "points": "loyalty",
    "cards2": "recipes",
    "express": "giftcards",
    "charity": "starter2",
    "invoice": "bigbang",
    "paybank": "search",
}

# Two people pull the same three stories up and down; the third of each row is what the board shows as the new place.
RANK_WAR = (
    ("1019", "noor", "onepage", "higher"),
    ("1020", "bas", "onepage", "lower"),
    ("1022", "noor", "onepage", "higher"),
    ("1026", "bas", "onepage", "lower"),
    ("1027", "bas", "slots.9", "lower"),
    ("1028", "noor", "slots.9", "higher"),
    ("1102", "bas", "slots.9", "lower"),
    ("1103", "noor", "slots.9", "higher"),
    ("1104", "bas", "twin1", "higher"),
    ("1105", "noor", "twin1", "lower"),
    ("1109", "bas", "twin1", "higher"),
    ("1110", "noor", "twin1", "lower"),
    ("1112", "bas", "onepage", "higher"),
)
ONE_RANKER = (("1026", "ilse", "route2.3", "higher"), ("1104", "ilse", "route2.4", "higher"), ("1109", "ilse", "firstday.2", "lower"))


@dataclasses.dataclass(frozen=True, slots=True)
class Company:
    """Everything that the exporters need."""

    items: dict[str, Item]  # by ref, in the order of creation
    initiatives: tuple[Initiative, ...]

    def of(self, backlog: str) -> list[Item]:
        """Return the items of one backlog, oldest first."""
        return [item for item in self.items.values() if item.backlog == backlog]

    def key(self, ref: str) -> str:
        """Return the tracker's key of an item."""
        return self.items[ref].key


@functools.cache
def build() -> Company:
    """Return the whole organisation, the same each time."""
    quarters = web.TEAM_BY_QUARTER
    items: list[Item] = []
    for module, key in ((shop, "SHOP"), (pay, "PAY"), (depot, "DEPOT"), (web, "WEB"), (ride, "RIDE")):
        items += grow(key, module.EPICS, module.LOOSE, quarters)
    by_ref = {item.ref: item for item in sorted(items, key=lambda item: (item.created, item.ref))}
    if len(by_ref) != len(items):
        raise ValueError("two items share a ref")
    _hand_down(by_ref)
    _number(by_ref)
    _link(by_ref)
    _plan(by_ref)
    _rank(by_ref)
    for item in by_ref.values():
        _settle(item, by_ref)
    return Company(by_ref, (*web.INITIATIVES, *ride.INITIATIVES))


def is_project(item: Item) -> bool:
    """Say whether an epic is a project: Linear has no epics."""
    return item.kind == "epic" and BACKLOGS[item.backlog].tracker == "linear"


def _number(items: dict[str, Item]) -> None:
    """Give each item the next free number of the backlog it was created in."""
    last = dict.fromkeys(BACKLOGS, 0)
    for item in items.values():
        if is_project(item):
            item.slug = uuid.uuid5(uuid.NAMESPACE_URL, f"veldmand project {item.ref}").hex[:12]
            continue
        if item.moved_from:
            last[item.moved_from] += 1
            item.old_number = last[item.moved_from]
        last[item.backlog] += 1
        item.number = last[item.backlog]
    for item in items.values():
        if item.moved_from and item.started:
            at = item.started - DAY * 2
            by = item.reporter
            item.events.append(Event(at, by, "key", f"{item.moved_from}-{item.old_number}", item.key))


def _hand_down(items: dict[str, Item]) -> None:
    """Move what an automation did to a Linear epic to its first open story: projects take no such labels."""
    for item in items.values():
        if is_project(item):
            told = [event for event in item.events if event.by == "automation"]
            story = next((child for child in items.values() if child.parent == item.ref and child.state == "w"), None)
            if told and story:
                story.events += told
                story.labels += [event.after for event in told]
            item.events = [event for event in item.events if event.by != "automation"]
            item.labels = [label for label in item.labels if label not in {event.after for event in told}]


def _link(items: dict[str, Item]) -> None:
    """Add the blocking links, with the day somebody wrote them down."""
    for ref, blocker in BLOCKED_BY.items():
        if ref not in items or blocker not in items:
            raise ValueError(f"a link names {ref if ref not in items else blocker}, which is nowhere written")
        items[ref].links.append(("is blocked by", blocker))
    for item in items.values():
        for kind, target in item.links:
            at = max(item.created, items[target].created) + dt.timedelta(hours=5)
            if at < NOW - DAY * 2 and item.assignee:
                item.events.append(Event(at, item.reporter, "link", "", f"{kind} {target}"))


def _plan(items: dict[str, Item]) -> None:
    """Put started work of teams with sprints into the sprints it lived through, carry-over included."""
    for item in items.values():
        if not BACKLOGS[item.backlog].sprints or item.kind in ("epic", "subtask", "hypothesis") or not item.started:
            continue
        first = sprint_number(item.started.date())
        last = sprint_number((item.finished or NOW - DAY).date())
        before: list[int] = []
        for number in range(first, last + 1):
            begins = dt.date(2026, 6, 1) + DAY * 14 * (number - 1)
            if item.quiet and begins > day(item.quiet):
                break
            at = item.started - dt.timedelta(hours=1) if number == first else moment(begins, random.Random(f"{item.ref}{number}"))
            at = min(at, item.finished - dt.timedelta(minutes=30)) if item.finished else at
            after = [*before, number]
            item.events.append(
                Event(max(at, item.created), RANKERS[item.backlog], "sprint", ",".join(map(str, before)), ",".join(map(str, after)))
            )
            before = after
        item.sprints = before


def _rank(items: dict[str, Item]) -> None:
    """Order each backlog as its board shows it and write down who moved what."""
    order = {"w": 0, "r": 0, "h": 0, "s": 1, "t": 1, "d": 2, "x": 2, "v": 2, "n": 2}
    top = {"slots.9": -3, "onepage": -2, "twin1": -1}
    for backlog in BACKLOGS:
        own = [item for item in items.values() if item.backlog == backlog]
        own.sort(key=lambda item: (top.get(item.ref, 0), order[item.state], item.number))
        for place, item in enumerate(own):
            item.rank = place
    for when, who, ref, where in (*RANK_WAR, *ONE_RANKER):
        at = moment(day(when), random.Random(f"{when}{ref}"))
        items[ref].events.append(Event(at, who, "rank", "", f"Ranked {where}"))


def _settle(item: Item, items: dict[str, Item]) -> None:
    """Write keys where the texts name other items, and put the life in order."""

    def name(found: re.Match[str]) -> str:
        return items[found[1]].key

    item.body = re.sub(r"\{(\w+)\}", name, item.body)
    item.comments = [dataclasses.replace(comment, body=re.sub(r"\{(\w+)\}", name, comment.body)) for comment in item.comments]
    item.events.sort(key=lambda event: event.at)
    late = [event for event in item.events if event.at.date() > LAST_EDIT + DAY * 2 or event.at < item.created]
    if late:
        raise ValueError(f"{item.ref}: {late[0]} lies outside its life ({item.created})")

"""Name the parts a backlog is written down with, and the neutral items and events that come of them."""

from __future__ import annotations

import dataclasses
import datetime as dt

NOW = dt.datetime(2026, 11, 16, 7, 0, tzinfo=dt.UTC)  # the Monday the sample is audited
LAST_EDIT = dt.date(2026, 11, 13)  # the Friday before; nobody touches a ticket later


@dataclasses.dataclass(frozen=True, slots=True)
class Update:
    """A status update of a project: day as MMDD, who, health as the tracker spells it, words, and the epic it is about."""

    day: str
    by: str
    health: str
    body: str
    on: str


@dataclasses.dataclass(frozen=True, slots=True)
class Epic:
    """An epic as a person would tell it; days are MMDD of 2026, `stories` holds one line a story (see `lives.read_line`)."""

    ref: str
    title: str
    body: str
    made: str
    start: str = ""
    end: str = ""
    cancel: str = ""
    by: str = ""
    kr: str = ""
    how: str = ""  # how the key result is named: field | label | text
    kr_on: str = ""  # the day the key result was named; "" = the day after the epic was made
    team: str = ""
    due: str = ""
    fix: str = ""
    labels: str = ""
    links: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str, str], ...] = ()
    bots: tuple[tuple[str, str], ...] = ()  # labels that an automation added: day, label
    edits: tuple[tuple[str, str, str], ...] = ()  # day, title | due | body, what stood there before
    quiet: str = ""  # no person touches the epic or its open stories after this day
    initiative: str = ""
    restricted: bool = False
    stories: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Loose:
    """Work without an epic: bugs, incidents, spikes, hypotheses, upkeep and small wishes."""

    team: str
    lines: str


@dataclasses.dataclass(frozen=True, slots=True)
class Initiative:
    """A Linear initiative over several projects (our epics), with the updates said about them."""

    ref: str
    name: str
    about: str
    team: str
    health: str
    target: str
    updates: tuple[Update, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Backlog:
    """One of the five backlogs: its tracker, product, workflow words and the state class of each word."""

    key: str
    name: str
    tracker: str  # jira | linear
    product: str
    number: int  # decides ids
    words: dict[str, str]  # our state letter -> the tracker's word
    sprints: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account; `team` is where they work, "" for those outside the teams."""

    ref: str
    name: str
    mail: str
    team: str = ""
    bot: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """One field of one item that changed; `before` and `after` hold refs, state letters or plain text."""

    at: dt.datetime
    by: str
    field: str  # state | assignee | team | labels | key_result | sprint | rank | link | key | title | body | due | resolution
    before: str = ""
    after: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Comment:
    """Something a person said on an item."""

    at: dt.datetime
    by: str
    body: str


@dataclasses.dataclass(slots=True)
class Item:
    """One piece of work with its whole life; filled step by step while the organisation is built."""

    ref: str
    backlog: str
    kind: str  # epic | story | task | subtask | bug | spike | hypothesis | incident | debt
    title: str
    body: str
    state: str  # letter: t w r d x v n h
    created: dt.datetime
    reporter: str
    team: str
    assignee: str = ""
    started: dt.datetime | None = None
    finished: dt.datetime | None = None
    parent: str = ""
    points: int | None = None
    labels: list[str] = dataclasses.field(default_factory=list)
    key_results: list[str] = dataclasses.field(default_factory=list)
    how: str = ""
    due: str = ""
    fix: str = ""
    component: str = ""
    initiative: str = ""
    restricted: bool = False
    moved_from: str = ""  # an earlier backlog
    quiet: str = ""  # no person after this day
    sprints: list[int] = dataclasses.field(default_factory=list)
    links: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    comments: list[Comment] = dataclasses.field(default_factory=list)
    events: list[Event] = dataclasses.field(default_factory=list)
    number: int = 0
    old_number: int = 0
    rank: int = 0
    slug: str = ""  # what names a Linear project, which has no number

    @property
    def key(self) -> str:
        """Return the key people see."""
        return self.slug or f"{self.backlog}-{self.number}"

    @property
    def updated(self) -> dt.datetime:
        """Return the instant of the last thing that happened to the item."""
        return max([self.created, *(event.at for event in self.events), *(comment.at for comment in self.comments)])


def day(text: str) -> dt.date:
    """Return MMDD as a day of 2026."""
    return dt.date(2026, int(text[:2]), int(text[2:]))

"""The words okrbot speaks: rows that travel from a tracker to the store, and the connector contract.

Rows that come by the hundred thousand (items, changes, links, notes) are named tuples, because the database
drivers take a tuple as it is; everything else is a frozen dataclass. Instants are integers, milliseconds since
the epoch in UTC (`Millis`), 0 when unknown; days without a time are ISO texts (`2026-11-22`), "" when unknown.
Text is clean (see `clean`): no NUL, no lone surrogate, so that SQLite and PostgreSQL both take it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

Millis = int
Day = str

State = Literal["todo", "doing", "done", "cancelled"]
WorkClass = Literal["value", "discovery", "ktlo", "enabling", "unknown"]
AuthorKind = Literal["human", "bot", ""]
Family = Literal["outcome", "key_results", "integrity", "ladder", "splintering", "discovery", "flow", "project_model"]

# An item's `kind`, our word for the tracker's own type. `level` orders them: -1 sub-task, 0 story, 1 epic, 2+ above.
Kind = Literal["initiative", "epic", "story", "task", "subtask", "bug", "spike", "hypothesis", "incident", "other"]

# Fields of a change that okrbot understands; any other field is kept as "field:<the tracker's name>".
CHANGE_FIELDS = (
    "state",  # before/after are our State words, before_text/after_text the tracker's
    "parent",  # ids of the tracker ("" = none), texts are keys
    "backlog",  # ids of backlogs, texts are keys
    "team",
    "assignee",
    "title",
    "body",
    "due",
    "start",
    "estimate",
    "labels",  # comma-joined, sorted
    "sprint",
    "priority",
    "rank",
    "link",  # before/after "kind target", e.g. "blocks 10023"
    "key",
    "type",
    "version",
    "resolution",
    "goal",
    "archived",
)


class Item(NamedTuple):
    """One unit of backlog work, as its tracker shows it now. `id` never changes; `key` may (SHOP-12 can move)."""

    id: str
    key: str
    title: str
    kind: str = "other"
    their_kind: str = ""
    level: int = 0
    state: str = "todo"
    their_state: str = ""
    backlog: str = ""  # id of the backlog
    parent: str = ""  # id or key of the parent; the ladder looks for both
    created: Millis = 0
    updated: Millis = 0
    started: Millis = 0  # first entry into doing, if the tracker tells; else 0 and history decides
    finished: Millis = 0  # done or cancelled
    due: Day = ""
    start: Day = ""  # planned start
    body: str = ""  # plain text
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()  # fix versions, releases, project milestones
    sprints: tuple[str, ...] = ()  # ids of sprints or cycles, oldest first
    goals: tuple[str, ...] = ()  # ids of goals the tracker itself links
    fields: tuple[tuple[str, str], ...] = ()  # further fields by the tracker's display name, as text
    estimate: float | None = None
    priority: str = ""
    rank: str = ""  # sorts as text, top of the backlog first; "" = unknown
    team: str = ""  # team field or working group, by name
    project: str = ""  # a container beside the backlog (Linear project), by name
    assignee: str = ""  # opaque account id, never a name
    reporter: str = ""
    resolution: str = ""
    url: str = ""
    restricted: bool = False  # security level or private team: counted, never named in a channel
    archived: bool = False
    history: bool = False  # its changes were read completely


class Change(NamedTuple):
    """One entry of an item's history: one field that changed at one instant."""

    item: str  # id of the item
    id: str  # stable within the item, so that reading twice stores once
    at: Millis
    field: str
    before: str = ""
    after: str = ""
    before_text: str = ""
    after_text: str = ""
    author: str = ""
    author_kind: str = ""  # human | bot | ""


class Link(NamedTuple):
    """A relation as seen from `item`: item `kind` target. Both directions may be reported; the facts join them."""

    item: str
    kind: str  # blocks | blocked_by | duplicates | duplicated_by | clones | cloned_by | relates | validates | measures | <their word>
    target: str  # id or key
    their_kind: str = ""
    target_key: str = ""


class Note(NamedTuple):
    """Something said about an item, project or goal: a comment or a status update."""

    subject: str  # id of the item or goal
    id: str
    at: Millis
    kind: str = "comment"  # comment | update
    author: str = ""
    author_kind: str = ""
    body: str = ""
    health: str = ""  # on_track | at_risk | off_track | ""


@dataclasses.dataclass(frozen=True, slots=True)
class Backlog:
    """One separately ranked list of work: a Jira project or board, a Linear team, a file."""

    id: str
    key: str
    name: str = ""
    kind: str = "project"  # project | board | team | file
    parent: str = ""
    url: str = ""
    private: bool = False
    archived: bool = False
    timezone: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Sprint:
    """A sprint or cycle; its own dates move without touching its items, so the table is read in full each time."""

    id: str
    name: str
    state: str = ""  # future | active | closed
    start: Millis = 0
    end: Millis = 0
    completed: Millis = 0
    goal: str = ""
    backlog: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Cycle:
    """A planning period of OKRs; both days belong to it."""

    name: str
    start: Day
    end: Day


@dataclasses.dataclass(frozen=True, slots=True)
class Objective:
    """The O. `parent` is the id of the objective (or key result) above, "" for the top."""

    id: str
    title: str
    cycle: str = ""
    level: str = ""  # company | product | team | ""
    parent: str = ""
    product: str = ""
    team: str = ""
    owner: str = ""
    status: str = ""  # on_track | at_risk | off_track | done | dropped | "" ; as said by people
    body: str = ""
    created: Millis = 0
    archived: bool = False
    url: str = ""
    where: str = ""  # file and line, for messages


@dataclasses.dataclass(frozen=True, slots=True)
class KeyResult:
    """The KR of one objective: metric, baseline, target and current in `unit`. None = not stated."""

    id: str
    objective: str
    title: str
    metric: str = ""
    unit: str = ""
    baseline: float | None = None
    target: float | None = None
    current: float | None = None
    start: Day = ""
    due: Day = ""
    owner: str = ""
    kind: str = ""  # aspirational | committed | health | ""
    cadence: str = ""  # weekly | fortnightly | monthly | quarterly | ""
    progress: str = ""  # metric | tickets | milestones | ""
    status: str = ""
    lag_days: int | None = None  # days until work can show in the metric, if declared
    items: tuple[str, ...] = ()  # keys of items or epics that work for it
    created: Millis = 0
    archived: bool = False
    closing_note: str = ""
    url: str = ""
    where: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class CheckIn:
    """What was said about a key result on a day."""

    key_result: str
    on: Day
    value: float | None = None
    confidence: float | None = None  # 0..10
    status: str = ""
    note: str = ""
    author: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class GoalChange:
    """An edit of an objective or key result: which field, before and after, as text."""

    goal: str  # id of the objective or key result
    kind: str  # objective | key_result
    at: Millis
    field: str
    before: str = ""
    after: str = ""
    author: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """Something a source could not give, said so that a person can act. `code` is a stable word."""

    code: str  # e.g. bad_row, bad_date, history_missing, hidden, token, filter_changed, cut, shrunk
    message: str
    where: str = ""  # file:line, backlog or item key
    count: int = 1
    partial: bool = False  # True: rows are missing, so the read is not complete


@dataclasses.dataclass(frozen=True, slots=True)
class Coverage:
    """What a source let us see in one pull. `expected` is None where the source cannot tell."""

    expected: int | None = None
    read: int = 0
    with_history: int = 0
    complete: bool = True
    problems: tuple[Problem, ...] = ()
    account: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Goals:
    """Objectives and key results from one place, always the whole set of that place."""

    cycles: tuple[Cycle, ...] = ()
    objectives: tuple[Objective, ...] = ()
    key_results: tuple[KeyResult, ...] = ()
    check_ins: tuple[CheckIn, ...] = ()
    changes: tuple[GoalChange, ...] = ()  # edits the source itself remembers
    problems: tuple[Problem, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """A step of a pull, stored in one transaction.

    `links`, `notes` (where `notes_complete`) and `changes` (where the item says `history`) replace what the store held
    for the items on the page. `changes` may also arrive on later pages for items already stored: then `history_of`
    names the ids whose history is now complete. `resume` is what a killed pull needs to go on after this page.
    """

    items: tuple[Item, ...] | list[Item] = ()
    changes: tuple[Change, ...] | list[Change] = ()
    links: tuple[Link, ...] | list[Link] = ()
    notes: tuple[Note, ...] | list[Note] = ()
    notes_complete: bool = False
    history_of: tuple[str, ...] | list[str] = ()
    backlogs: tuple[Backlog, ...] | None = None  # not None: the whole table
    sprints: tuple[Sprint, ...] | None = None  # not None: the whole table
    goals: Goals | None = None  # not None: the whole set
    census: frozenset[str] | None = None  # all ids visible now; None = not taken
    aliases: tuple[tuple[str, str], ...] = ()  # (id, an earlier key)
    resume: str | None = None
    expected: int | None = None  # for the progress bar
    coverage: Coverage | None = None  # on the last page only
    checkpoint: str | None = None  # on the last page of a complete pull only


@dataclasses.dataclass(frozen=True, slots=True)
class PullRequest:
    """What the store already knows. `checkpoint` and `resume` are the connector's own texts, opaque to everyone else."""

    now: dt.datetime
    checkpoint: str | None = None
    resume: str | None = None
    full: bool = False
    known: int = 0  # items of this source now visible in the store


@dataclasses.dataclass(frozen=True, slots=True)
class Capabilities:
    """What `probe` found: who we are, and what can and cannot be seen."""

    kind: str
    account: str = ""
    timezone: str = ""
    version: str = ""
    history: bool = False
    goals: bool = False
    backlogs: tuple[Backlog, ...] = ()
    scopes: tuple[str, ...] = ()
    limits: Mapping[str, str] = dataclasses.field(default_factory=dict)
    fields: Mapping[str, str] = dataclasses.field(default_factory=dict)  # our word -> their field
    samples: tuple[str, ...] = ()  # keys
    problems: tuple[Problem, ...] = ()


class SourceError(Exception):
    """A source that cannot be read now. `message` is for a person and names the remedy; nothing read so far is lost."""

    def __init__(self, message: str, *, code: str = "unreachable", retry_at: dt.datetime | None = None, resume: str | None = None) -> None:
        super().__init__(message)
        self.code = code  # token | unreachable | quota | filter | gone | protocol
        self.retry_at = retry_at  # when a quota gives way; the scheduler comes back then
        self.resume = resume


@runtime_checkable
class Connector(Protocol):
    """One configured source. Built by `plugins.connector(settings)`; knows the model and nothing else of ours."""

    name: str

    def probe(self) -> Capabilities:
        """Ask who we are and what can be seen; change nothing. Raises SourceError."""
        ...

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Yield pages until the last, which carries `coverage`. Raises SourceError, after which what was yielded stays."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Surroundings:
    """What a connector is given besides its own settings, so that it reads no clock, environment or global of its own.

    A connector module offers `KIND` (the word in `[[sources]]`), a frozen dataclass `Settings` whose fields are the keys
    it takes (first `name: str`; types str, int, float, bool, tuple[str, ...], dict[str, str], Secret | None; the help text
    in `field(metadata={"help": …})`), and `connect(settings, surroundings) -> Connector`. `connect` sends nothing.
    Raises ValueError("key: what is wrong and what to write instead") for values that types cannot refuse.
    """

    folder: Path  # relative paths in the config start here
    clock: Callable[[], dt.datetime]
    sleep: Callable[[float], None]
    fields: tuple[str, ...] = ()  # display names of custom fields somebody wants in Item.fields
    proxies: Mapping[str, str] = dataclasses.field(default_factory=dict)
    ca_bundle: str = ""  # path of a CA file; "" = the system's
    writes: bool = False  # okrbot writes with this account: what it does is a program's doing, not a person's


@dataclasses.dataclass(frozen=True, slots=True)
class Receipt:
    """What a write to a tracker did, read back."""

    ok: bool
    message: str
    ref: str = ""  # id of what was made, for taking it back


class Secret:
    """A value that never shows itself: repr, str, format and pickle give ***. `reveal()` is for the sender only."""

    __slots__ = ("_value", "source")

    def __init__(self, value: str, source: str = "") -> None:
        self._value = value
        self.source = source  # e.g. env:JIRA_TOKEN, for messages

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a secret is not stored")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


Clock = Callable[[], dt.datetime]

_DIRTY = dict.fromkeys([0, *range(0xD800, 0xE000)], "�")


def clean(text: str) -> str:
    """Return `text` with NUL and lone surrogates replaced by U+FFFD, as both databases need it."""
    try:
        if "\x00" not in text:
            text.encode("utf-8")
            return text
    except UnicodeEncodeError:
        pass
    return text.translate(_DIRTY)


def millis(moment: dt.datetime) -> Millis:
    """Return an aware datetime as whole milliseconds since the epoch. Raises ValueError when it is naive."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (moment - EPOCH) // MILLISECOND


def instant(value: Millis) -> dt.datetime:
    """Return milliseconds since the epoch as an aware UTC datetime."""
    return EPOCH + value * MILLISECOND


EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)

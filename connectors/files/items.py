"""Makes items, links and notes of the cells of one table row, whatever tool or person wrote the table."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from okrbot.model import Change, Day, Item, Link, Millis, Note, Sprint, clean
from okrbot.words import is_bot, is_known_state, kind_of, level_of, state_of

from ..linear_shape import label_kind
from ..text import markdown_text, tidy, wiki_text
from .columns import Columns
from .dates import DateColumn, DateError

_T = TypeVar("_T")
_KEY_AT_START = re.compile(r"^\[?([A-Z][A-Z0-9_]*-\d+)\]?(?=$|[\s:|–—-])")
_NUMBER = re.compile(r"^([+-]?\d+(?:[.,]\d+)?)\s*(?:story\s*)?(?:points?|pts?|sp|punkte|puntos|pontos|ポイント)?\.?$", re.IGNORECASE)
_KEYS = re.compile(r"[A-Za-z][A-Za-z0-9_]*-\d+")
_COMMENT = re.compile(r"^([^;\n]{6,40});([^;\n]*);(.*)$", re.DOTALL)
_EMPTY_VALUES = frozenset({"", "{}", "[]", "null", "none", "-", "n/a"})

LINK_WORDS: Mapping[str, tuple[str, str]] = {  # their word: (seen from the outward side, from the inward side)
    "blocks": ("blocks", "blocked_by"), "blocker": ("blocks", "blocked_by"), "blockade": ("blocks", "blocked_by"),
    "duplicate": ("duplicates", "duplicated_by"), "duplicates": ("duplicates", "duplicated_by"), "duplikat": ("duplicates", "duplicated_by"),
    "cloners": ("clones", "cloned_by"), "clones": ("clones", "cloned_by"), "cloner": ("clones", "cloned_by"), "clone": ("clones", "cloned_by"),
    "relates": ("relates", "relates"), "relate": ("relates", "relates"), "related": ("relates", "relates"), "relation": ("relates", "relates"),
    "relates to": ("relates", "relates"), "related to": ("relates", "relates"),
    "validates": ("validates", "validated_by"), "validation": ("validates", "validated_by"), "measures": ("measures", "measured_by"),
    "measurement": ("measures", "measured_by"),
}  # fmt: skip


_AZURE_STATES = {
    "resolved": "indeterminate",  # built, not yet verified
    "committed": "indeterminate",
    "active": "indeterminate",
    "approved": "new",
    "removed": "removed",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """What a row needs to know beyond its cells."""

    columns: Columns
    dates: Mapping[int, DateColumn]
    stem: str  # the file's name without suffix
    backlog: str  # for rows that have none
    site: str  # address for links, "" = none
    parents: Mapping[str, str] = dataclasses.field(default_factory=dict)  # folded title of an epic → its key


@dataclasses.dataclass(slots=True)
class Made:
    """What one row gave."""

    item: Item
    backlog_key: str
    backlog_name: str
    backlog_kind: str
    links: list[Link] = dataclasses.field(default_factory=list)
    notes: list[Note] = dataclasses.field(default_factory=list)
    changes: list[Change] = dataclasses.field(default_factory=list)
    sprints: list[Sprint] = dataclasses.field(default_factory=list)
    goals: list[str] = dataclasses.field(default_factory=list)
    bad_dates: list[str] = dataclasses.field(default_factory=list)
    private_backlog: bool = False
    earlier: tuple[str, ...] = ()  # keys the item had before
    unknown_state: str = ""  # a status word that said nothing, with nothing beside it that did


def _last_part(path: str) -> str:
    """Return the last name of a path like Shop\\Web."""
    return path.rpartition("\\")[2].strip()


def person(account: str, name: str) -> str:
    """Return an opaque id for a person: the account id, else a digest of the name, never the name."""
    if account.strip():
        return clean(account.strip())
    name = name.strip()
    return "person-" + hashlib.sha256(name.casefold().encode("utf-8", "surrogatepass")).hexdigest()[:12] if name else ""


def number(text: str) -> float | None:
    """Return an estimate, with a decimal comma or point and an optional unit of points, None for anything else."""
    found = _NUMBER.match(text.strip())
    return float(found[1].replace(",", ".")) if found else None


def link_kind(word: str, *, inward: bool) -> str:
    """Return our word for a link type seen from one side, else the tracker's own word in lower case."""
    known = LINK_WORDS.get(word.strip().casefold())
    return known[inward] if known else clean(word.strip().casefold()) or "relates"


def link_address(site: str, key: str) -> str:
    """Return the page of an item on its site, "" without a site."""
    if not site or not key:
        return ""
    base = site.rstrip("/")
    return f"{base}/issue/{key}" if "linear.app" in base else f"{base}/browse/{key}"


class RowReader:
    """Reads rows of one table. `row_id` and `key` are given by the caller, who knows which rows have none."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._columns = context.columns
        self._roles = context.columns.roles

    def first(self, cells: list[str], role: str) -> str:
        """Return the first non-empty cell of a role."""
        if role not in self._roles:
            return ""
        for place in self._roles[role]:
            if place < len(cells):
                text = cells[place].strip()
                if text:
                    return clean(text)
        return ""

    def every(self, cells: list[str], role: str) -> list[str]:
        """Return the non-empty cells of a role, in order, without repeats."""
        if role not in self._roles:
            return []
        found = [cells[place].strip() for place in self._roles[role] if place < len(cells)]
        return list(dict.fromkeys(clean(text) for text in found if text))

    def make(self, cells: list[str], *, row_id: str, key: str) -> Made:
        """Return the item of a row, with its links, comments and sprints."""
        dialect = self._columns.dialect
        bad: list[str] = []
        created, updated = self._instant(cells, "created", bad), self._instant(cells, "updated", bad)
        state, their_state, finished, started = self._state(cells, bad)
        labels = self._labels(cells)
        parent = self.parent(cells)
        kind, level, their_kind = self._kind(cells, labels, bool(parent))
        backlog, backlog_name, backlog_kind = self._backlog(cells, key)
        sprints = self._sprints(cells, backlog, bad)
        body = self.first(cells, "body")
        title = " ".join(self.first(cells, "title").split())
        security = self.first(cells, "security")
        item = Item(
            id=row_id,
            key=key,
            title=title,
            kind=kind,
            their_kind=their_kind,
            level=level,
            state=state,
            their_state=their_state,
            backlog=backlog,
            parent=parent,
            created=created,
            updated=updated,
            started=started,
            finished=finished,
            due=self._day(cells, "due", bad),
            start=self._day(cells, "start", bad),
            body=(wiki_text(body) if dialect == "jira" else markdown_text(body) if dialect == "linear" else tidy(body)) if body else "",
            labels=labels,
            components=tuple(self._list(cells, "components")),
            versions=(*self._list(cells, "versions"), *self.every(cells, "milestone")),
            sprints=tuple(sprint.id for sprint in sprints),
            goals=tuple(self._goals(cells)),
            fields=self._fields(cells),
            estimate=number(self.first(cells, "estimate")),
            priority=self.first(cells, "priority"),
            rank=self.first(cells, "rank"),
            team=(self.first(cells, "team") or _last_part(self.first(cells, "area"))) if dialect != "linear" else "",
            project=self._project(cells, backlog),
            assignee=person(self.first(cells, "assignee_id"), self.first(cells, "assignee")),
            reporter=person(
                self.first(cells, "reporter_id") or self.first(cells, "creator_id"),
                self.first(cells, "reporter") or self.first(cells, "creator"),
            ),
            resolution=self.first(cells, "resolution"),
            url=self._url(cells, key),
            restricted=security.casefold() not in _EMPTY_VALUES,
            archived=bool(self.first(cells, "archived")) and self.first(cells, "archived").casefold() not in {"false", "no", "0"},
        )
        made = Made(item, backlog, backlog_name, backlog_kind, sprints=sprints, bad_dates=bad)
        made.unknown_state = self._unknown(cells, their_state)
        made.links = self._links(cells, row_id)
        made.notes = self._notes(cells, row_id)
        made.goals = list(item.goals)
        return made

    # --- dates ---

    def _read(self, cells: list[str], role: str, bad: list[str], reading: Callable[[DateColumn, str], _T], empty: _T) -> _T:
        if role not in self._roles:
            return empty
        for place in self._roles[role]:
            if place < len(cells) and cells[place].strip():
                column = self._context.dates.get(place)
                if column is None:
                    return empty
                try:
                    return reading(column, cells[place])
                except (DateError, OverflowError) as error:
                    bad.append(f"{column.name}: {error}")
                    return empty
        return empty

    def _instant(self, cells: list[str], role: str, bad: list[str]) -> Millis:
        return self._read(cells, role, bad, lambda column, cell: column.instant(cell), 0)

    def _day(self, cells: list[str], role: str, bad: list[str]) -> Day:
        return self._read(cells, role, bad, lambda column, cell: column.day(cell), "")

    # --- meaning ---

    def _state(self, cells: list[str], bad: list[str]) -> tuple[str, str, Millis, Millis]:
        """Return our state, theirs, when it finished and when it started."""
        their_state = self.first(cells, "state")
        completed, canceled = self._instant(cells, "completed", bad), self._instant(cells, "canceled", bad)
        resolved = self._instant(cells, "resolved", bad)
        started = self._instant(cells, "started", bad)
        category, resolution = self.first(cells, "category"), self.first(cells, "resolution")
        if not category and (canceled or completed):
            category = "canceled" if canceled > completed else "completed"
        if not their_state and not category and self.first(cells, "resolved"):
            category = "done"
        if not category and self._columns.azure:
            category = _AZURE_STATES.get(their_state.casefold(), "")
        if not category and self._in_sections() and self.first(cells, "resolved"):
            category = "done"  # a section is a place on a board: the date says that it is over
        state = state_of(their_state, category, resolution)
        finished = 0
        if state in {"done", "cancelled"}:
            finished = (canceled or completed or resolved) if state == "cancelled" else (completed or resolved or canceled)
            finished = finished or self._instant(cells, "category_changed", bad)
        elif state == "doing":
            started = started or self._instant(cells, "category_changed", bad)
        return state, their_state, finished, started

    def _in_sections(self) -> bool:
        return "section" in self._roles and self._roles.get("section") == self._roles.get("state")

    def _unknown(self, cells: list[str], their_state: str) -> str:
        decided = any(self.first(cells, role) for role in ("category", "resolution", "completed", "canceled"))
        if not their_state or decided or (self._in_sections() and self.first(cells, "resolved")):
            return ""
        return "" if is_known_state(their_state) else their_state

    def _kind(self, cells: list[str], labels: tuple[str, ...], has_parent: bool) -> tuple[str, int, str]:
        their_kind = self.first(cells, "kind")
        if their_kind:
            kind = kind_of(their_kind)
            return kind, level_of(kind), their_kind
        for label in labels:
            kind = label_kind(label)
            if kind:
                return kind, level_of(kind), ""
        if self._columns.dialect == "linear":
            return ("subtask", -1, "Sub-issue") if has_parent else ("story", 0, "Issue")
        return "other", 0, ""

    def _labels(self, cells: list[str]) -> tuple[str, ...]:
        divider = r"[\s,;]+" if self._columns.dialect == "jira" else r"\s*[,;|\n]\s*"
        words = (word.strip() for cell in self.every(cells, "labels") for word in re.split(divider, cell))
        return tuple(dict.fromkeys(word for word in words if word))

    def _list(self, cells: list[str], role: str) -> list[str]:
        found = self.every(cells, role)
        if self._columns.dialect == "jira" or len(found) > 1:
            return found
        return [part.strip() for cell in found for part in re.split(r"[,;]", cell) if part.strip()]

    def parent(self, cells: list[str]) -> str:
        """Return the key or number a row names as its parent, "" without one."""
        for role in ("parent_key", "parent", "parent_id", "epic_link"):
            text = self.first(cells, role)
            if text:
                shaped = _KEY_AT_START.match(text)
                if shaped:
                    return shaped[1]
                if text.isdigit():
                    return text
                named = self._context.parents.get(text.casefold())
                if named:
                    return named
                if self._columns.dialect == "home" and " " not in text and any(letter.isdigit() for letter in text):
                    return text
        return ""

    def _backlog(self, cells: list[str], key: str) -> tuple[str, str, str]:
        """Return id, name and kind of the backlog a row belongs to."""
        name = self.first(cells, "project_name")
        given = self.first(cells, "project_key")
        prefix = key.rsplit("-", 1)[0] if re.fullmatch(r"[A-Za-z][\w]*-\d+", key) else ""
        if self._columns.dialect == "linear":
            team = self.first(cells, "team")
            if prefix or team:
                return prefix or team, team or prefix, "team"
        elif given or prefix:
            project = self.first(cells, "project")
            return given or prefix, name or (project if project != prefix else "") or given or prefix, "project"
        place = _last_part(self.first(cells, "area")) or self.first(cells, "board")
        if place and not self._context.backlog:
            return place, place, "team"
        chosen = self._context.backlog or self._context.stem
        return chosen, chosen, "file"

    def _project(self, cells: list[str], backlog: str) -> str:
        project = self.first(cells, "project")
        return "" if project == backlog or self._columns.dialect == "jira" else project

    def _sprints(self, cells: list[str], backlog: str, bad: list[str]) -> list[Sprint]:
        number_text, name = self.first(cells, "cycle_number"), self.first(cells, "cycle_name")
        if number_text or name:
            start, end = self._instant(cells, "cycle_start", bad), self._instant(cells, "cycle_end", bad)
            return [Sprint(f"{backlog}/cycle-{number_text or name}", name or f"Cycle {number_text}", start=start, end=end, backlog=backlog)]
        names = self._list(cells, "sprint") if self._columns.dialect == "home" else self.every(cells, "sprint")
        path = self.first(cells, "iteration")
        if "\\" in path:  # the root alone is no sprint
            names = [*names, _last_part(path)]
        return [Sprint(f"{backlog}/{name}", name, backlog=backlog) for name in names]

    def _goals(self, cells: list[str]) -> list[str]:
        found = [*self.every(cells, "goals"), *self.every(cells, "initiatives")]
        split = [
            part.strip() for cell in found for part in re.split(r"[,;]\s*" if self._columns.dialect == "linear" else r"[;\n]\s*", cell)
        ]
        return list(dict.fromkeys(part for part in split if part.casefold() not in _EMPTY_VALUES))

    def _fields(self, cells: list[str]) -> tuple[tuple[str, str], ...]:
        found = []
        for name, places in self._columns.fields:
            values = [cells[place].strip() for place in places if place < len(cells)]
            values = [value for value in values if value and value not in {"{}", "[]"}]
            if values:
                found.append((clean(name), clean(", ".join(dict.fromkeys(values)))))
        for role, name in (("epic_name", "Epic Name"), ("environment", "Environment")):
            text = self.first(cells, role)
            if text:
                found.append((name, text))
        return tuple(found)

    def _url(self, cells: list[str], key: str) -> str:
        given = self.first(cells, "url")
        if given.startswith(("https://", "http://")):
            return given
        return link_address(self._context.site, key) if re.fullmatch(r"[A-Za-z][\w]*-\d+", key) else ""

    # --- relations ---

    def _links(self, cells: list[str], row_id: str) -> list[Link]:
        found: list[Link] = []
        for place, direction, word in self._columns.links:
            if place < len(cells) and cells[place].strip():
                kind = link_kind(word, inward=direction == "link_in")
                found.extend(Link(row_id, kind, key, clean(word), key) for key in _KEYS.findall(cells[place]))
        for role, kind in (("related_to", "relates"), ("blocked_by", "blocked_by"), ("blocks", "blocks"), ("duplicate_of", "duplicates")):
            for cell in self.every(cells, role):
                found.extend(Link(row_id, kind, key, role.replace("_", " "), key) for key in _KEYS.findall(cell))
        return list(dict.fromkeys(found))

    def _notes(self, cells: list[str], row_id: str) -> list[Note]:
        notes = []
        for place in self._roles.get("comment", ()):
            cell = cells[place].strip() if place < len(cells) else ""
            if not cell:
                continue
            author, at, body = "", 0, cell
            column = self._context.dates.get(place)
            found = _COMMENT.match(cell)
            if found and column is not None:
                try:
                    at = column.instant(found[1])
                    author, body = clean(found[2].strip()), found[3]
                except (DateError, OverflowError):
                    at, author, body = 0, "", cell
            digest = hashlib.sha256(cell.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            machine = "" if not author else "bot" if is_bot(author) else "human"
            text = wiki_text(body) if self._columns.dialect == "jira" else tidy(body)
            account = author if re.fullmatch(r"[\w:.-]{8,}", author) and any(letter.isdigit() for letter in author) else person("", author)
            notes.append(Note(row_id, digest, at, author=account, author_kind=machine, body=text))
        return list({note.id: note for note in notes}.values())

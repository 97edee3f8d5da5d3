"""Reads one CSV file twice: first to settle its dates, count its rows and name the damaged ones, then to give its items."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterator

from okrbot.model import Millis, Problem, clean

from .columns import DATE_ROLES, find_columns
from .complaints import Complaints
from .dates import DateColumn, DateError, settle
from .family import Family
from .items import Context, Made, RowReader
from .opened import Opened
from .sound import SoundRows

_HEAD_LINES = 1500
_HEAD_SIZE = 4_000_000  # characters
_CUT_AT = (1000, 10_000)


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """A row that asks to be an item: where it is, and what tells it from others."""

    place: int  # ordinal of the row in its file
    line: int
    id: str
    key: str
    updated: str | Millis  # a raw cell until the layout is settled


class Table:
    """A CSV file. `survey` first, then `claims` and `made`."""

    def __init__(self, opened: Opened, *, zone: dt.tzinfo, backlog: str, site: str, day_first: bool | None) -> None:
        self.opened = opened
        self.naive = False
        self.claims: list[Claim] = []
        self.with_history = 0
        head = _head(opened)
        self.columns = find_columns(head)
        self._zone = zone
        self._backlog = backlog
        self._site = site
        self._day_first = day_first
        self._dates = self._date_columns()
        self._complaints = Complaints(opened.name, things="rows")
        self._rows = SoundRows(opened, self.columns, head, self._dates.keys(), self._complaints)
        self._family = Family(self.columns)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the file, as far as it was read."""
        return self._complaints.found

    @property
    def rows(self) -> int:
        """How many rows hold data, good or bad."""
        return self._rows.rows

    def _date_columns(self) -> dict[int, DateColumn]:
        names = {place: role for role in (*DATE_ROLES, "comment") for place in self.columns.roles.get(role, ())}
        comments = DateColumn("comment", self._zone)
        return {place: comments if role == "comment" else DateColumn(role, self._zone) for place, role in sorted(names.items())}

    # --- the first reading ---

    def survey(self) -> None:
        """Read every row once: settle the date layouts, claim the ids, and say what is wrong."""
        columns = self.columns
        updated, ids = columns.at("updated"), columns.at("id")
        same: Counter[str] = Counter()
        reader = self._reader()
        dates = list(self._dates.items())
        comments = set(columns.roles.get("comment", ()))
        for place, row in self._rows.good(say=True):
            cells = row.cells
            for at, column in dates:
                if at < len(cells) and cells[at]:
                    column.see(cells[at].split(";", 1)[0] if at in comments else cells[at])
            key = reader.first(cells, "key")
            number = cells[ids].strip() if 0 <= ids < len(cells) and ids != columns.at("key") else ""
            row_id = clean(number) if number.isdigit() else reader.first(cells, "uuid") or key
            if row_id and row_id == key and not self._rows.strict:
                row_id = f"{self.opened.path.stem}/{key}"  # "1" of one list is not "1" of another
            if not row_id:
                row_id = self._made_up(cells, same)
                self._complaints.remark("no_key", row.line, "no key: it is known by its content")
            self.claims.append(Claim(place, row.line, row_id, key or number, cells[updated] if 0 <= updated < len(cells) else ""))
            self._family.remember(reader, cells, place, key or row_id)
            self._family.remember_epic(reader, cells, key or row_id)
        self._settle()
        self._finish()

    def _made_up(self, cells: list[str], same: Counter[str]) -> str:
        """Return an id made of a row's words; the n-th row of the same words gets its own."""
        reader = self._reader()
        words = "\x1f".join(
            [self.opened.path.stem, *(reader.first(cells, role) for role in ("title", "project", "milestone", "kind", "created"))]
        )
        same[words] += 1
        digest = hashlib.sha256(f"{words}\x1f{same[words]}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return f"row-{digest}"

    def _settle(self) -> None:
        columns = list({id(column): column for column in self._dates.values()}.values())
        for column in settle(columns, day_first=self._day_first):
            name = self.opened.name
            if both := column.contradiction:
                reason = f"has day-first dates ({both[0]!r}) and month-first dates ({both[1]!r})"
                remedy = "Export it again with one form of dates"
            else:
                reason = f"has dates like {column.example!r}, and nothing in the file tells day from month"
                remedy = "Set day_first = true or false for this source"
            message = f"{name}: column {column.name!r} {reason}; they were not read. {remedy}"
            self._complaints.say("ambiguous_date", message, column.seen)
        self.naive = any(column.naive for column in columns)
        self._family.settle()
        at = self.columns.at("updated")
        reading = self._dates.get(at)
        settled = []
        for claim in self.claims:
            try:
                when = reading.instant(str(claim.updated)) if reading else 0
            except (DateError, OverflowError):
                when = 0
            settled.append(dataclasses.replace(claim, updated=when))
        self.claims = settled

    def _finish(self) -> None:
        name = self.opened.name
        if self.rows in _CUT_AT:
            message = f"{name} has exactly {self.rows:,} rows, where exports are often cut off: narrow the filter, or export in parts"
            self._complaints.say("cut", message)
        if not self.rows:
            self._complaints.say("empty", f"{name} has a header and no rows: export it again, or check its filter")
        if self.opened.damaged_bytes:
            self._complaints.say("encoding", f"{name} has bytes that are not {self.opened.encoding}: set encoding for this source")
        if self.columns.guessed:
            roles = ", ".join(self.columns.guessed)
            self._complaints.say("guessed_columns", f"{name}: found by their values, not by a known header: {roles}")
        self._complaints.close()

    def _reader(self) -> RowReader:
        return RowReader(Context(self.columns, self._dates, self.opened.path.stem, self._backlog, self._site, self._family.epics))

    # --- the second reading ---

    def made(self) -> Iterator[tuple[Claim, Made]]:
        """Yield what each claim gives, in the order of the file."""
        reader = self._reader()
        claims = iter(self.claims)
        bad_dates: Counter[str] = Counter()
        first: dict[str, str] = {}
        strange: Counter[str] = Counter()
        titled = False
        for place, row in self._rows.good(say=False):
            claim = next(claims)
            if claim.place != place:
                raise RuntimeError(f"{self.opened.name} changed while it was read")
            found = reader.make(row.cells, row_id=claim.id, key=claim.key or f"{self.opened.path.stem}:{row.line}")
            for message in found.bad_dates:
                column = message.split(":", 1)[0]
                bad_dates[column] += 1
                first.setdefault(column, f"line {row.line}: {message}")
            titled = titled or bool(found.item.title)
            if found.unknown_state:
                strange[found.unknown_state] += 1
            yield claim, self._family.placed(found, place)
        self._tell_words(strange, titled=titled)
        self._tell_dates(bad_dates, first)

    def _tell_words(self, strange: Counter[str], *, titled: bool) -> None:
        name = self.opened.name
        self._complaints.strange_words(strange, remedy="a status category column would tell")
        if self.claims and not titled:
            self._complaints.say("no_title", f"{name}: no item has a title: name the column that holds it Title", len(self.claims))
        if self.claims and not {"state", "category", "resolved", "completed"} & self.columns.roles.keys():
            message = f"{name} has no status column: every item was read as todo. Export it with Status"
            self._complaints.say("no_status", message, len(self.claims))

    def _tell_dates(self, bad_dates: Counter[str], first: dict[str, str]) -> None:
        open_columns = {column.name for column in self._dates.values() if column.seen and not column.layout and column.numeric}
        seen = {column.name: column.seen for column in self._dates.values()}
        for column, count in bad_dates.items():
            if column not in open_columns and count >= seen.get(column, 0):
                message = (
                    f"{self.opened.name}: none of the {count} dates of column {column!r} could be read ({first[column].partition(': ')[2]}): "
                    "ages and waits that need them are unknown. Export it with dates like 2026-12-31"
                )
                self._complaints.say("bad_date", message, count)
            elif column not in open_columns:
                message = f"{self.opened.name}, {first[column]}" + (f", and {count - 1} more" if count > 1 else "") + "; left empty"
                self._complaints.say("bad_date", message, count)


def _head(opened: Opened) -> list[str]:
    """Return the first lines of a file, enough to tell its columns from."""
    head: list[str] = []
    size = 0
    for line in opened.lines():
        head.append(line)
        size += len(line)
        if len(head) >= _HEAD_LINES or size > _HEAD_SIZE:
            break
    return head

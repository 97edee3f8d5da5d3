"""Reads one CSV file twice: first to settle its dates, count its rows and name the damaged ones, then to give its items."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from okrbot.model import Millis, Problem, clean
from okrbot.words import kind_of

from .columns import DATE_ROLES, KEY, LOOSE_KEY, Columns, find_columns, values_of
from .dates import DateColumn, DateError, moment, settle
from .headers import squeeze
from .items import Context, Made, RowReader
from .opened import Opened
from .rows import Damage, Row, parse_line, read_rows

_HEAD_LINES = 1500
_DIGITS = re.compile(r"^\d+$")
_SHOWN = 20  # problems of one kind and file that are listed one by one; the rest is counted
_CUT_AT = (1000, 10_000)
_FOOTER = re.compile(
    r"^\W*(generated|exported|created by|report|total|sum\b|count|displaying|showing|page\b|end of|copyright|©|source:|note:"
    r"|erstellt (am|von)|exportiert|generiert|gesamt|summe|anzahl|seite\b|anzeige|généré|exporté|total|somme|nombre|affichage"
    r"|generado|exportado|suma|mostrando|página|gerado|soma|exibindo|合計|件数|作成日時|出力日時|エクスポート)",
    re.IGNORECASE,
)


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
        self.problems: list[Problem] = []
        self.naive = False
        self.rows = 0  # that hold data, good or bad
        self.columns = self._find()
        self.claims: list[Claim] = []
        self.with_history = 0
        self._zone = zone
        self._backlog = backlog
        self._site = site
        self._day_first = day_first
        self._counts: Counter[str] = Counter()
        self._lost = 0
        self._dates = self._date_columns()
        self._strict = self._most("key", LOOSE_KEY)
        self._numbered = self._most("id", _DIGITS)
        self._parents: dict[str, str] = {}
        self._parent_doubles: set[str] = set()
        self._branch: list[str] = []  # keys from the top down to the row before
        self._tree: dict[int, str] = {}  # ordinal of a row: key of its parent by indentation
        self._with_children: set[str] = set()

    def _find(self) -> Columns:
        head: list[str] = []
        size = 0
        for line in self.opened.lines():
            head.append(line)
            size += len(line)
            if len(head) >= _HEAD_LINES or size > 4_000_000:
                break
        self._sample_lines = head
        return find_columns(head)

    def _date_columns(self) -> dict[int, DateColumn]:
        names = {place: role for role in (*DATE_ROLES, "comment") for place in self.columns.roles.get(role, ())}
        comments = DateColumn("comment", self._zone)
        return {place: comments if role == "comment" else DateColumn(role, self._zone) for place, role in sorted(names.items())}

    def _most(self, role: str, shape: re.Pattern[str]) -> bool:
        """Whether a column's cells have a shape, so that another shape in it means a damaged row."""
        place = self.columns.at(role)
        rows = [row.cells for row in self._raw(iter(self._sample_lines), strict_rows=False) if isinstance(row, Row)]
        rows = [cells for cells in rows if len(cells) == self.columns.width] or rows
        values = values_of(rows[:500], place) if place >= 0 else []
        return bool(values) and sum(bool(shape.match(value)) for value in values) >= len(values) * 0.6

    # --- rows ---

    def _raw(self, lines: Iterator[str], *, strict_rows: bool = True) -> Iterator[Row | Damage]:
        columns = self.columns
        shift = columns.first_line - 1
        lines = itertools.islice(lines, shift, None)
        looks = self._looks_like_row if strict_rows else bool
        return read_rows(lines, delimiter=columns.delimiter, width=columns.width, looks_like_row=looks, first_line=shift + 1)

    def _looks_like_row(self, cells: list[str]) -> bool:
        place = self.columns.at("key")
        if place >= 0 and self._strict:
            return place < len(cells) and bool(LOOSE_KEY.match(cells[place].strip().strip('"')))
        title = self.columns.at("title")
        wanted = [at for at in (place, title) if at >= 0]
        return len(cells) >= self.columns.width and all(cells[at].strip() for at in wanted)

    def _good(self, *, say: bool) -> Iterator[tuple[int, Row]]:
        """Yield ordinal and row of each row that can be an item; with `say`, name the others as problems."""
        place = 0
        for row in self._without_footers(say=say):
            place += 1
            if say:
                self.rows += 1
            if isinstance(row, Damage):
                if say:
                    self._bad(row.line, f"{row.reason} ({row.lines} lines lost)" if row.lines > 1 else row.reason)
                continue
            cells, reason = self._aligned(row, say=say)
            if reason:
                if say:
                    self._bad(row.line, reason)
                continue
            yield place, row if cells is row.cells else dataclasses.replace(row, cells=cells)

    def _without_footers(self, *, say: bool) -> Iterator[Row | Damage]:
        """Yield rows that hold data. What reads like a footer and could be an item is a footer only where no row follows it."""
        held: list[Row] = []
        footers: list[Row] = []
        for row in self._raw(self.opened.lines()):
            if isinstance(row, Row):
                if not any(cell.strip() for cell in row.cells) or self._is_header(row):
                    continue
                if self._is_footer(row):
                    (footers if self._aligned(row, say=False)[1] else held).append(row)
                    continue
            yield from held
            held.clear()
            yield row
        if say:
            for row in [*footers, *held]:
                words = " ".join(" ".join(row.cells).split())[:60]
                self._count("footer", row.line, f"{words!r} was taken as a footer, not as an item, and left out")

    def _is_header(self, row: Row) -> bool:
        key, title = self.columns.at("key"), self.columns.at("title")
        at = key if key >= 0 else title
        if self.columns.header_line == 0 or at >= len(row.cells):
            return False
        return squeeze(row.cells[at]) == self._header_cell(at)

    def _header_cell(self, at: int) -> str:
        if not hasattr(self, "_header"):
            line = self._sample_lines[self.columns.header_line - 1]
            self._header = [squeeze(cell) for cell in parse_line(line, self.columns.delimiter, strict=False) or []]
        return self._header[at] if at < len(self._header) else ""

    def _is_footer(self, row: Row) -> bool:
        cells = [cell.strip() for cell in row.cells if cell.strip()]
        if len(cells) > 3 or len(cells) >= self.columns.width > 2:
            return False
        key = self.columns.at("key")
        if key >= 0 and key < len(row.cells) and LOOSE_KEY.match(row.cells[key].strip()):
            return False
        state = self.columns.at("state")
        if 0 <= state < len(row.cells) and (word := row.cells[state].strip()) and not word.replace(",", "").replace(".", "").isdigit():
            return False
        return bool(_FOOTER.match(cells[0])) or (len(cells) == 1 and set(cells[0]) <= set("-=_* "))

    def _aligned(self, row: Row, *, say: bool) -> tuple[list[str], str]:
        """Return the cells that are provably under their headers, or why there are none."""
        cells, width = row.cells, self.columns.width
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            cells = cells[:width]
        if len(cells) > width:
            proven = self._proven(cells)
            if not self._core_within(cells[:proven]):
                return [], f"{len(cells)} cells under {width} headers, and nothing shows where the extra one is"
            if say:
                self._count("wide_row", row.line, f"{len(cells)} cells under {width} headers: only the first {proven} were kept")
            cells = cells[:proven]
        elif len(cells) < width:
            if row.last and len(cells) > 1 and self.rows > 1:
                cells = cells[:-1]  # the file may end inside its last cell
            if not self._core_within(cells) or not self._has_key(cells) or self._proven(cells) < self._last_anchor(cells):
                return [], f"{len(cells)} cells under {width} headers"
            if row.last and self.rows > 1:
                if say:
                    self._count("short_row", row.line, "the file ends inside this row", partial=True)
            elif say:
                self._count("short_row", row.line, f"{len(cells)} cells under {width} headers: the rest was taken as empty")
        return self._identified(cells)

    def _has_key(self, cells: list[str]) -> bool:
        key = self.columns.at("key")
        return key < 0 or not self._strict or bool(LOOSE_KEY.match(cells[key].strip()))

    def _identified(self, cells: list[str]) -> tuple[list[str], str]:
        key, number = self.columns.at("key"), self.columns.at("id")
        has_title = any(place < len(cells) and cells[place].strip() for place in self.columns.roles.get("title", ()))
        text = cells[key].strip() if 0 <= key < len(cells) else ""
        if text and (not LOOSE_KEY.match(text) if self._strict else '"' in text):
            return [], f"{text[:30]!r} in the key column is no key"
        if key >= 0 and not text and self.columns.dialect != "home" and not (0 <= number < len(cells) and cells[number].strip().isdigit()):
            return [], "no key"
        if key >= 0 and self._strict and not text and not has_title:
            return [], "neither key nor title"
        if not text and not has_title:
            return [], "neither key nor title"
        return cells, ""

    def _anchors(self) -> list[int]:
        """Return the positions whose cells can be checked by their shape."""
        roles = self.columns.roles
        found = [place for role in ("id", "project_key", *DATE_ROLES) for place in roles.get(role, ())]
        if self._strict:
            found.append(self.columns.at("key"))
        return sorted(found)

    def _fits(self, cells: list[str], place: int) -> bool:
        text = cells[place].strip()
        if place == self.columns.at("key"):
            return bool(LOOSE_KEY.match(text))
        if place in self._dates:
            return moment(text) is not None or text.replace(".", "", 1).isdigit()
        if place in self.columns.roles.get("project_key", ()):
            key = self.columns.at("key")
            return not self._strict or key < 0 or key >= len(cells) or cells[key].strip().rsplit("-", 1)[0].casefold() == text.casefold()
        return text.isdigit() or not self._numbered

    def _proven(self, cells: list[str]) -> int:
        """Return how many leading cells stand between anchors that all fit."""
        proven = 0
        for place in self._anchors():
            if place < len(cells) and cells[place].strip():
                if not self._fits(cells, place):
                    return proven
                proven = place + 1
        return proven

    def _last_anchor(self, cells: list[str]) -> int:
        filled = [place for place in self._anchors() if place < len(cells) and cells[place].strip()]
        return filled[-1] + 1 if filled else 0

    def _core_within(self, cells: list[str]) -> bool:
        core = [self.columns.at(role) for role in ("key", "title", "state", "kind")]
        return all(place < len(cells) for place in core if place >= 0)

    # --- the first reading ---

    def survey(self) -> None:
        """Read every row once: settle the date layouts, claim the ids, and say what is wrong."""
        columns = self.columns
        updated, ids, title = columns.at("updated"), columns.at("id"), columns.at("title")
        same: Counter[str] = Counter()
        reader = self._reader()
        dates = list(self._dates.items())
        comments = set(columns.roles.get("comment", ()))
        for place, row in self._good(say=True):
            cells = row.cells
            for at, column in dates:
                if at < len(cells) and cells[at]:
                    column.see(cells[at].split(";", 1)[0] if at in comments else cells[at])
            key = reader.first(cells, "key")
            number = cells[ids].strip() if 0 <= ids < len(cells) and ids != columns.at("key") else ""
            row_id = clean(number) if number.isdigit() else reader.first(cells, "uuid") or key
            if row_id and row_id == key and not self._strict:
                row_id = f"{self.opened.path.stem}/{key}"  # "1" of one list is not "1" of another
            if not row_id:
                row_id = self._made_up(cells, same)
                self._count("no_key", row.line, "no key: it is known by its content")
            self.claims.append(Claim(place, row.line, row_id, key or number, cells[updated] if 0 <= updated < len(cells) else ""))
            self._remember_tree(reader, cells, place, key or row_id)
            if "epic_link" in columns.roles or "parent" in columns.roles:
                self._remember_epic(reader, cells, key or row_id, title)
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

    def _remember_tree(self, reader: RowReader, cells: list[str], place: int, key: str) -> None:
        """Note who has children; Azure DevOps tells parents by the column (Title 1, Title 2, …) that a title stands in."""
        parent = reader.parent(cells)
        if len(self.columns.roles.get("title", ())) > 1:
            depth = next((n for n, at in enumerate(self.columns.roles["title"]) if at < len(cells) and cells[at].strip()), 0)
            del self._branch[depth:]
            if not parent and depth and len(self._branch) == depth:
                parent = self._tree[place] = self._branch[-1]
            self._branch.append(key)
        if parent and self.columns.azure:
            self._with_children.add(parent)

    def _placed(self, made: Made, place: int) -> Made:
        """Give an item the parent of its tree; a Feature above stories is an epic."""
        item = made.item
        if not item.parent and place in self._tree:
            item = item._replace(parent=self._tree[place])
        if self.columns.azure and item.their_kind.casefold() == "feature" and item.key in self._with_children:
            item = item._replace(kind="epic", level=1)
        return made if item is made.item else dataclasses.replace(made, item=item)

    def _remember_epic(self, reader: RowReader, cells: list[str], key: str, title: int) -> None:
        if "kind" in self.columns.roles and kind_of(reader.first(cells, "kind")) not in {"epic", "initiative"}:
            return
        for name in (cells[title].strip() if 0 <= title < len(cells) else "", reader.first(cells, "epic_name")):
            folded = name.casefold()
            if folded and self._parents.setdefault(folded, key) != key:
                self._parent_doubles.add(folded)

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
            self.problems.append(Problem("ambiguous_date", message, where=name, count=column.seen))
        self.naive = any(column.naive for column in columns)
        for double in self._parent_doubles:
            self._parents.pop(double, None)
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
            self.problems.append(Problem("cut", message, where=name))
        if not self.rows:
            self.problems.append(Problem("empty", f"{name} has a header and no rows: export it again, or check its filter", where=name))
        if self.opened.damaged_bytes:
            self.problems.append(
                Problem("encoding", f"{name} has bytes that are not {self.opened.encoding}: set encoding for this source", where=name)
            )
        if self.columns.guessed:
            roles = ", ".join(self.columns.guessed)
            self.problems.append(Problem("guessed_columns", f"{name}: found by their values, not by a known header: {roles}", where=name))
        self._close_counts()

    def _reader(self) -> RowReader:
        return RowReader(Context(self.columns, self._dates, self.opened.path.stem, self._backlog, self._site, self._parents))

    # --- the second reading ---

    def made(self) -> Iterator[tuple[Claim, Made]]:
        """Yield what each claim gives, in the order of the file."""
        reader = self._reader()
        claims = iter(self.claims)
        bad_dates: Counter[str] = Counter()
        first: dict[str, str] = {}
        strange: Counter[str] = Counter()
        titled = False
        for place, row in self._good(say=False):
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
            yield claim, self._placed(found, place)
        self._tell_words(strange, titled=titled)
        open_columns = {column.name for column in self._dates.values() if column.seen and not column.layout and column.numeric}
        seen = {column.name: column.seen for column in self._dates.values()}
        for column, count in bad_dates.items():
            if column not in open_columns and count >= seen.get(column, 0):
                message = (
                    f"{self.opened.name}: none of the {count} dates of column {column!r} could be read ({first[column].partition(': ')[2]}): "
                    "ages and waits that need them are unknown. Export it with dates like 2026-12-31"
                )
                self.problems.append(Problem("bad_date", message, where=self.opened.name, count=count))
            elif column not in open_columns:
                message = f"{self.opened.name}, {first[column]}" + (f", and {count - 1} more" if count > 1 else "") + "; left empty"
                self.problems.append(Problem("bad_date", message, where=self.opened.name, count=count))

    # --- what is wrong ---

    def _tell_words(self, strange: Counter[str], *, titled: bool) -> None:
        name = self.opened.name
        if strange:
            shown = ", ".join(f"{word[:40]!r} ({count})" for word, count in strange.most_common(10))
            more = f" and {len(strange) - 10} more" if len(strange) > 10 else ""
            message = f"{name}: status words nobody knows were read as todo: {shown}{more}; a status category column would tell"
            self.problems.append(Problem("unknown_status", message, where=name, count=strange.total()))
        if self.claims and not titled:
            message = f"{name}: no item has a title: name the column that holds it Title"
            self.problems.append(Problem("no_title", message, where=name, count=len(self.claims)))
        if self.claims and not {"state", "category", "resolved", "completed"} & self.columns.roles.keys():
            message = f"{name} has no status column: every item was read as todo. Export it with Status"
            self.problems.append(Problem("no_status", message, where=name, count=len(self.claims)))

    def _bad(self, line: int, reason: str) -> None:
        self._lost += 1
        if self._lost <= _SHOWN:
            where = f"{self.opened.name}:{line}"
            self.problems.append(Problem("bad_row", f"{where}: {reason}; the row was left out", where=where, partial=True))

    def _count(self, code: str, line: int, reason: str, *, partial: bool = False) -> None:
        self._counts[code] += 1
        if self._counts[code] <= (1 if code == "no_key" else _SHOWN):
            where = f"{self.opened.name}:{line}"
            self.problems.append(Problem(code, f"{where}: {reason}", where=where, partial=partial))

    def _close_counts(self) -> None:
        """Say how many more there are of what was not listed."""
        if self._lost > _SHOWN:
            more = self._lost - _SHOWN
            self.problems.append(
                Problem("bad_row", f"{self.opened.name}: {more} more rows were left out", where=self.opened.name, count=more, partial=True)
            )
        for code, count in self._counts.items():
            shown = 1 if code == "no_key" else _SHOWN
            if count > shown:
                more = count - shown
                self.problems.append(Problem(code, f"{self.opened.name}: {more} more rows like it", where=self.opened.name, count=more))


def is_key(text: str) -> bool:
    """Whether a text has the shape of an issue key, SHOP-12."""
    return bool(KEY.match(text))

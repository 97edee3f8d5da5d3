"""Gives the rows of a CSV file that can be items: under their headers, without repeated headers, footers and damaged rows."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Collection, Iterator

from .columns import DATE_ROLES, LOOSE_KEY, Columns, values_of
from .complaints import Complaints
from .dates import moment
from .headers import squeeze
from .opened import Opened
from .rows import Damage, Row, parse_line, read_rows

LEFT_OUT = "; the row was left out"
_DIGITS = re.compile(r"^\d+$")
_FOOTER = re.compile(
    r"^\W*(generated|exported|created by|report|total|sum\b|count|displaying|showing|page\b|end of|copyright|©|source:|note:"
    r"|erstellt (am|von)|exportiert|generiert|gesamt|summe|anzahl|seite\b|anzeige|généré|exporté|total|somme|nombre|affichage"
    r"|generado|exportado|suma|mostrando|página|gerado|soma|exibindo|合計|件数|作成日時|出力日時|エクスポート)",
    re.IGNORECASE,
)


class SoundRows:
    """The rows of one file, of which `head` are the first lines; what cannot be an item is said once, with `say`."""

    def __init__(self, opened: Opened, columns: Columns, head: list[str], dates: Collection[int], complaints: Complaints) -> None:
        self.rows = 0  # that hold data, good or bad
        self._opened = opened
        self._columns = columns
        self._head = head
        self._dates = dates  # places of the columns that hold dates
        self._complaints = complaints
        self._header: list[str] = []
        self.strict = self._most("key", LOOSE_KEY)  # keys look like SHOP-12 here, so that another shape means a damaged row
        self._numbered = self._most("id", _DIGITS)

    def _most(self, role: str, shape: re.Pattern[str]) -> bool:
        """Whether a column's cells have a shape, so that another shape in it means a damaged row."""
        place = self._columns.at(role)
        rows = [row.cells for row in self._raw(iter(self._head), strict_rows=False) if isinstance(row, Row)]
        rows = [cells for cells in rows if len(cells) == self._columns.width] or rows
        values = values_of(rows[:500], place) if place >= 0 else []
        return bool(values) and sum(bool(shape.match(value)) for value in values) >= len(values) * 0.6

    def _raw(self, lines: Iterator[str], *, strict_rows: bool = True) -> Iterator[Row | Damage]:
        columns = self._columns
        shift = columns.first_line - 1
        lines = itertools.islice(lines, shift, None)
        looks = self._looks_like_row if strict_rows else bool
        return read_rows(lines, delimiter=columns.delimiter, width=columns.width, looks_like_row=looks, first_line=shift + 1)

    def _looks_like_row(self, cells: list[str]) -> bool:
        place = self._columns.at("key")
        if place >= 0 and self.strict:
            return place < len(cells) and bool(LOOSE_KEY.match(cells[place].strip().strip('"')))
        title = self._columns.at("title")
        wanted = [at for at in (place, title) if at >= 0]
        return len(cells) >= self._columns.width and all(cells[at].strip() for at in wanted)

    def good(self, *, say: bool) -> Iterator[tuple[int, Row]]:
        """Yield ordinal and row of each row that can be an item; with `say`, name the others as problems."""
        place = 0
        for row in self._without_footers(say=say):
            place += 1
            if say:
                self.rows += 1
            if isinstance(row, Damage):
                if say:
                    self._complaints.leave_out(
                        row.line, f"{row.reason} ({row.lines} lines lost)" if row.lines > 1 else row.reason, ending=LEFT_OUT
                    )
                continue
            cells, reason = self._aligned(row, say=say)
            if reason:
                if say:
                    self._complaints.leave_out(row.line, reason, ending=LEFT_OUT)
                continue
            yield place, row if cells is row.cells else dataclasses.replace(row, cells=cells)

    def _without_footers(self, *, say: bool) -> Iterator[Row | Damage]:
        """Yield rows that hold data. What reads like a footer and could be an item is a footer only where no row follows it."""
        held: list[Row] = []
        footers: list[Row] = []
        for row in self._raw(self._opened.lines()):
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
                self._complaints.remark("footer", row.line, f"{words!r} was taken as a footer, not as an item, and left out")

    def _is_header(self, row: Row) -> bool:
        key, title = self._columns.at("key"), self._columns.at("title")
        at = key if key >= 0 else title
        if self._columns.header_line == 0 or at >= len(row.cells):
            return False
        return squeeze(row.cells[at]) == self._header_cell(at)

    def _header_cell(self, at: int) -> str:
        if not self._header:
            line = self._head[self._columns.header_line - 1]
            self._header = [squeeze(cell) for cell in parse_line(line, self._columns.delimiter, strict=False) or []]
        return self._header[at] if at < len(self._header) else ""

    def _is_footer(self, row: Row) -> bool:
        cells = [cell.strip() for cell in row.cells if cell.strip()]
        if len(cells) > 3 or len(cells) >= self._columns.width > 2:
            return False
        key = self._columns.at("key")
        if key >= 0 and key < len(row.cells) and LOOSE_KEY.match(row.cells[key].strip()):
            return False
        state = self._columns.at("state")
        if 0 <= state < len(row.cells) and (word := row.cells[state].strip()) and not word.replace(",", "").replace(".", "").isdigit():
            return False
        return bool(_FOOTER.match(cells[0])) or (len(cells) == 1 and set(cells[0]) <= set("-=_* "))

    def _aligned(self, row: Row, *, say: bool) -> tuple[list[str], str]:
        """Return the cells that are provably under their headers, or why there are none."""
        cells, width = row.cells, self._columns.width
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            cells = cells[:width]
        if len(cells) > width:
            proven = self._proven(cells)
            if not self._core_within(cells[:proven]):
                return [], f"{len(cells)} cells under {width} headers, and nothing shows where the extra one is"
            if say:
                self._complaints.remark(
                    "wide_row", row.line, f"{len(cells)} cells under {width} headers: only the first {proven} were kept"
                )
            cells = cells[:proven]
        elif len(cells) < width:
            if row.last and len(cells) > 1 and self.rows > 1:
                cells = cells[:-1]  # the file may end inside its last cell
            if not self._core_within(cells) or not self._has_key(cells) or self._proven(cells) < self._last_anchor(cells):
                return [], f"{len(cells)} cells under {width} headers"
            if row.last and self.rows > 1:
                if say:
                    self._complaints.remark("short_row", row.line, "the file ends inside this row", partial=True)
            elif say:
                self._complaints.remark("short_row", row.line, f"{len(cells)} cells under {width} headers: the rest was taken as empty")
        return self._identified(cells)

    def _has_key(self, cells: list[str]) -> bool:
        key = self._columns.at("key")
        return key < 0 or not self.strict or bool(LOOSE_KEY.match(cells[key].strip()))

    def _identified(self, cells: list[str]) -> tuple[list[str], str]:
        key, number = self._columns.at("key"), self._columns.at("id")
        has_title = any(place < len(cells) and cells[place].strip() for place in self._columns.roles.get("title", ()))
        text = cells[key].strip() if 0 <= key < len(cells) else ""
        if text and (not LOOSE_KEY.match(text) if self.strict else '"' in text):
            return [], f"{text[:30]!r} in the key column is no key"
        if key >= 0 and not text and self._columns.dialect != "home" and not (0 <= number < len(cells) and cells[number].strip().isdigit()):
            return [], "no key"
        if key >= 0 and self.strict and not text and not has_title:
            return [], "neither key nor title"
        if not text and not has_title:
            return [], "neither key nor title"
        return cells, ""

    def _anchors(self) -> list[int]:
        """Return the positions whose cells can be checked by their shape."""
        roles = self._columns.roles
        found = [place for role in ("id", "project_key", *DATE_ROLES) for place in roles.get(role, ())]
        if self.strict:
            found.append(self._columns.at("key"))
        return sorted(found)

    def _fits(self, cells: list[str], place: int) -> bool:
        text = cells[place].strip()
        if place == self._columns.at("key"):
            return bool(LOOSE_KEY.match(text))
        if place in self._dates:
            return moment(text) is not None or text.replace(".", "", 1).isdigit()
        if place in self._columns.roles.get("project_key", ()):
            key = self._columns.at("key")
            return not self.strict or key < 0 or key >= len(cells) or cells[key].strip().rsplit("-", 1)[0].casefold() == text.casefold()
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
        core = [self._columns.at(role) for role in ("key", "title", "state", "kind")]
        return all(place < len(cells) for place in core if place >= 0)

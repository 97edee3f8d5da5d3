"""Reads delimited text row by row with line numbers, and finds its way back after a quote that was never closed.

The csv module decides what a row is, in its strict mode: a stray quote then fails at the next quote instead of
swallowing rows in silence. After a failure the lines read so far are tried again from the next one on that parses as
a row of the table; only the lines in between are lost, and they are named.
"""

from __future__ import annotations

import csv
import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Iterator

LARGEST_FIELD = 1 << 24  # characters; the csv module refuses 131,072 by default, which descriptions do reach
_LOOK_AHEAD = 5000  # lines searched for the next good row after a damaged one


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, the physical line it starts on (from 1) and the lines it spans."""

    line: int
    cells: list[str]
    lines: int = 1
    last: bool = False  # the file ends inside this row's line, without a line break


@dataclasses.dataclass(frozen=True, slots=True)
class Damage:
    """Lines that are no row of the table, and why."""

    line: int
    reason: str
    lines: int = 1


class _Feed:
    """Lines, a memory of those of the current row, and a way to put lines back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._back: deque[str] = deque()
        self.row: list[str] = []

    def stream(self) -> Iterator[str]:
        """Yield line after line, remembering each; ends where the lines end now."""
        back, row = self._back, self.row
        while back:
            line = back.popleft()
            row.append(line)
            yield line
        for line in self._lines:
            row.append(line)
            yield line

    def more(self) -> bool:
        """Take one more line into the current row; False at the end."""
        line = self._back.popleft() if self._back else next(self._lines, None)
        if line is None:
            return False
        self.row.append(line)
        return True

    def put_back(self, keep: int) -> None:
        """Give back all lines of the current row but the first `keep`."""
        self._back.extendleft(reversed(self.row[keep:]))
        del self.row[keep:]


def read_rows(
    lines: Iterable[str], *, delimiter: str, width: int = 0, looks_like_row: Callable[[list[str]], bool], first_line: int = 1
) -> Iterator[Row | Damage]:
    """Yield rows and damages in order. `width` is the header's, 0 while unknown; `looks_like_row` says what to resume at.

    `first_line` is the number of the first line given. Sets the csv module's field limit, which is the process's, to
    16 million characters.
    """
    csv.field_size_limit(LARGEST_FIELD)
    feed = _Feed(lines)
    raw = feed.row
    at = first_line
    reader = csv.reader(feed.stream(), delimiter=delimiter, strict=True)
    while True:
        raw.clear()
        good: list[str] | None = None
        try:
            good = next(reader)
        except StopIteration:
            return
        except csv.Error:
            good = None
        if good is not None and not (len(raw) > 1 and width and _swallowed(raw, good, delimiter, width, looks_like_row)):
            yield Row(at, good, len(raw), not raw[-1].endswith(("\n", "\r")))
            at += len(raw)
            continue
        for lost in _recover(feed, at, delimiter, width, looks_like_row):
            yield lost
            at = lost.line + lost.lines
        reader = csv.reader(feed.stream(), delimiter=delimiter, strict=True)


def parse_line(line: str, delimiter: str, *, strict: bool) -> list[str] | None:
    """Return the cells of one physical line that is a whole row, else None."""
    try:
        found = next(csv.reader([line], delimiter=delimiter, strict=strict), None)
    except csv.Error:
        return None
    return found


def _swallowed(raw: list[str], cells: list[str], delimiter: str, width: int, looks_like_row: Callable[[list[str]], bool]) -> bool:
    """Tell a row that ate its neighbours by a stray quote from one with line breaks in a cell.

    Its first line alone has the width of a row once quotes are taken literally, and a later line is a row by itself.
    """
    if width < 2 or raw[0].count(delimiter) < width - 1:
        return False
    first = raw[0].rstrip("\r\n").split(delimiter)
    if len(first) != width and len(cells) == width:
        return False
    for line in raw[1:]:
        if line.count(delimiter) >= width - 1:
            inner = parse_line(line, delimiter, strict=True)
            if inner is not None and len(inner) == width and looks_like_row(inner):
                return True
    return False


def _recover(feed: _Feed, start: int, delimiter: str, width: int, looks_like_row: Callable[[list[str]], bool]) -> Iterator[Row | Damage]:
    single = parse_line(feed.row[0], delimiter, strict=False)
    if single is not None and (not width or len(single) == width) and looks_like_row(single) and feed.row[0].count('"') % 2 == 0:
        feed.put_back(1)  # quotes inside a quoted cell that were not doubled: the line is whole
        yield Row(start, single, 1)
        return
    yield from _lost(feed, start, delimiter, looks_like_row, _next_row(feed, delimiter, width, looks_like_row))


def _lost(feed: _Feed, start: int, delimiter: str, looks_like_row: Callable[[list[str]], bool], keep: int) -> Iterator[Damage]:
    """Name the first `keep` lines of the current row as lost, one damage for each row that seems to begin in them."""
    feed.put_back(keep)
    lost = list(feed.row)
    begins = [0, *(place for place in range(1, keep) if looks_like_row(lost[place].split(delimiter)))]
    for place, after in zip(begins, [*begins[1:], keep], strict=True):
        odd = lost[place].count('"') % 2
        yield Damage(start + place, "a quotation mark is not closed" if odd else "quotation marks do not pair", after - place)


def _next_row(feed: _Feed, delimiter: str, width: int, looks_like_row: Callable[[list[str]], bool]) -> int:
    """Return how many lines of the current row are lost: all before the next line at which a good row starts."""
    place = 1
    while True:
        if place >= len(feed.row) and not feed.more():
            return place
        if _starts_row(feed, place, delimiter, width, looks_like_row):
            return place
        place += 1


def _starts_row(feed: _Feed, place: int, delimiter: str, width: int, looks_like_row: Callable[[list[str]], bool]) -> bool:
    if '"' in feed.row[place].split(delimiter, 1)[0].lstrip('"').rstrip("\r\n")[-1:] and not feed.row[place].startswith('"'):
        return False  # the rest of a quoted cell, not the start of a row
    try:
        cells = next(csv.reader(_ahead(feed, place), delimiter=delimiter, strict=True), None)
    except csv.Error:
        cells = None
    if cells is None:
        cells = parse_line(feed.row[place], delimiter, strict=False) if feed.row[place].count('"') % 2 == 0 else None
    return cells is not None and (not width or len(cells) == width) and looks_like_row(cells)


def _ahead(feed: _Feed, place: int) -> Iterator[str]:
    """Yield lines from `place` on without using them up, reading more of the file where it is needed."""
    for at in range(place, place + _LOOK_AHEAD):
        if at >= len(feed.row) and not feed.more():
            return
        yield feed.row[at]

"""Reads the dates of exports: any layout and month language, decided for a whole column, never for one cell.

A cell gives up to three readings (day first, month first, year first). What every cell of the column allows is the
layout; where day and month stay open, another column of the file or the `day_first` setting decides, or nobody does.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from functools import lru_cache

from okrbot.model import Day, Millis, millis

Layout = str  # dmy | mdy | ymd
LAYOUTS: tuple[Layout, ...] = ("dmy", "mdy", "ymd")
Readings = tuple[int, int, int]  # ordinals of the day under each layout, 0 = impossible

_MONTHS = (
    "jan january januar janvier janv ene enero janeiro gen gennaio januari jän jänner stycznia янв января",
    "feb february februar fevrier fevr fev febrero fevereiro febbraio februari luty lutego фев февр февраля",
    "mar march marz maerz mrz mars marzo marco maart mrt marca мар марта",
    "apr april avr avril abr abril aprile kwi kwietnia апр апреля",
    "may mai mayo maio mag maggio mei maj maja мая май",
    "jun june juni juin junio junho giu giugno cze czerwca июн июня",
    "jul july juli juil juillet julio julho lug luglio lip lipca июл июля",
    "aug august aout agosto ago aou augustus sie sierpnia авг августа",
    "sep sept september septembre septiembre setembro set settembre wrz wrzesnia сен сент сентября",
    "oct october okt oktober octobre octubre outubro out ottobre ott paz pazdziernika окт октября",
    "nov november novembre noviembre novembro lis listopada ноя нояб ноября",
    "dec december dez dezember decembre dic diciembre dezembro dicembre gru grudnia дек декабря",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_NOISE = frozenset({"de", "del", "of", "the", "le", "el", "am", "den", "um", "at", "a", "las", "às", "à", "di", "il"})
_WEEKDAYS = re.compile(
    r"^(mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|mie|jeu|jue|ven|vie|sam|sab|dim|dom|seg|ter|qua|qui|sex|月|火|水|木|金|土|日)"
)

_TIME = re.compile(
    r"(?P<half>午前|午後|오전|오후|上午|下午)?\s*"
    r"(?P<hour>\d{1,2})(?::|h|時)(?P<minute>\d{2})(?:[:分](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"[\s\u00a0\u202f]*(?P<ampm>[aApP][\s\u00a0\u202f]?\.?[\s\u00a0\u202f]?[mM]\.?|[uU]hr)?(?P<late>午前|午後|오전|오후|上午|下午)?"
    r"[\s\u00a0\u202f]*(?P<zone>Z|[A-Z]{2,5}(?:[+-]\d{2}:?\d{2})?|(?:GMT|UTC)?[+-]\d{1,2}:?\d{2}|[+-]\d{2})?"
    r"(?:[\s\u00a0\u202f]*\([^()]{0,60}\))?$"
)  # fmt: skip
_JAVA = re.compile(r"^[A-Z][a-z]{2} ([A-Z][a-z]{2} \d{1,2}) (\d{2}:\d{2}:\d{2}) ([A-Z]{2,5}|[+-]\d{4}) (\d{4})$")  # Date.toString()
_ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "cet": 60, "cest": 120, "mez": 60, "mesz": 120, "wet": 0, "west": 60, "eet": 120, "eest": 180, "msk": 180, "jst": 540,
    "est": -300, "edt": -240, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "brt": -180, "art": -180,
}  # fmt: skip
_OFFSET = re.compile(r"^(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?$")
_PIECES = re.compile(r"(\d+)(月|年|日)?|([^\W\d_]+)")
_LATE_HALVES = frozenset({"午後", "오후", "下午"})


class DateError(ValueError):
    """A cell that is no date, or a column whose day and month nobody can tell apart."""


@lru_cache(maxsize=65536)
def readings(text: str) -> Readings | None:
    """Return what a date without time may mean, day by layout, or None when it is no date."""
    numbers: list[tuple[int, int]] = []  # value, digits
    month = 0
    year_first = False
    words = 0
    for found in _PIECES.finditer(text):
        if found[3]:
            named = month_number(found[3])
            if named and not month:
                month = named
            elif _fold(found[3]) not in _NOISE and not (len(found[3]) <= 4 and len(found[3]) <= 2 and numbers):
                words += 1
                if words > 1 or not _WEEKDAYS.match(_fold(found[3])):
                    return None
        elif found[2] == "月":
            month = int(found[1]) if len(found[1]) < 3 else 13
        else:
            if len(found[1]) > 4:
                return _compact(found[1]) if len(text) == len(found[1]) else None
            year_first = year_first or found[2] == "年"
            numbers.append((int(found[1]), len(found[1])))
    if month:
        return _with_month(numbers, month, year_first)
    if len(numbers) != 3:
        return None
    return _three_numbers(numbers)


def _compact(digits: str) -> Readings | None:
    if len(digits) != 8:
        return None
    return _same(_ordinal(int(digits[:4]), int(digits[4:6]), int(digits[6:])))


def _with_month(numbers: list[tuple[int, int]], month: int, year_first: bool) -> Readings | None:
    if len(numbers) != 2:
        return None
    (first, first_width), (second, _) = numbers
    if year_first or first_width >= 3 or first > 31:
        return _same(_ordinal(_year(first, first_width), month, second))
    return _same(_ordinal(_year(*numbers[1]), month, first))


def _three_numbers(numbers: list[tuple[int, int]]) -> Readings | None:
    (a, a_width), (b, _), (c, c_width) = numbers
    if a_width == 4:
        return _same(_ordinal(a, b, c))
    last = _year(c, c_width)
    year_first = _ordinal(_year(a, a_width), b, c) if a_width == 2 and c_width <= 2 else 0
    found = (_ordinal(last, b, a), _ordinal(last, a, b), year_first)
    return found if any(found) else None


def _same(ordinal: int) -> Readings | None:
    return (ordinal, ordinal, ordinal) if ordinal else None


def _ordinal(year: int, month: int, day: int) -> int:
    try:
        return dt.date(year, month, day).toordinal()
    except ValueError:
        return 0


def _year(value: int, width: int) -> int:
    if width <= 2:
        return value + (2000 if value < 69 else 1900)
    return value


@lru_cache(maxsize=4096)
def _fold(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(letter))


def month_number(word: str) -> int:
    """Return 1..12 for a month's name or its abbreviation in the languages of exports, 0 for another word."""
    return _MONTH_OF.get(_fold(word), 0)


class Moment:
    """A cell taken apart: the readings of its day, milliseconds of the day, and its offset in minutes, None if it has none."""

    __slots__ = ("day", "offset", "time")

    def __init__(self, day: Readings, time: int | None, offset: int | None) -> None:
        self.day = day
        self.time = time  # None: a day without a time
        self.offset = offset


@lru_cache(maxsize=32768)
def moment(cell: str) -> Moment | None:
    """Take a cell apart, None when it is no date."""
    text = cell.strip()
    if len(text) > 80 or not text:
        return None
    java = _JAVA.match(text)
    if java:
        text = f"{java[1]} {java[4]} {java[2]} {java[3]}"
    found = None
    if ":" in text or "h" in text or "時" in text:
        found = _TIME.search(text)
    if found is None:
        day = readings(text)
        return Moment(day, None, None) if day else None
    head = text[: found.start()].rstrip(" ,T\u00a0\u202f")
    day = readings(head)
    if day is None:
        return None
    time = _time_of(found)
    offset = _offset_of(found["zone"])
    if time is None or offset == _UNKNOWN:
        return None
    return Moment(day, time, offset)


def _time_of(found: re.Match[str]) -> int | None:
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    half = (found["ampm"] or "").strip().lower()[:1]
    if word := found["half"] or found["late"]:
        half = "p" if word in _LATE_HALVES else "a"
    if half in {"a", "p"}:
        if hour > 12:
            half = ""
        else:
            hour = hour % 12 + (12 if half == "p" else 0)
    if hour == 24 and minute == 0 and second == 0:
        return 86_400_000
    if hour > 23 or minute > 59 or second > 60:
        return None
    fraction = int((found["fraction"] or "0")[:3].ljust(3, "0"))
    return ((hour * 60 + minute) * 60 + min(second, 59)) * 1000 + fraction


_UNKNOWN = 100_000


def _offset_of(zone: str | None) -> int | None:
    if not zone:
        return None
    named = _ZONES.get(zone.lower())
    if named is not None:
        return named
    found = _OFFSET.match(zone)
    if not found:
        return _UNKNOWN
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return minutes if found[1] == "+" else -minutes


class DateColumn:
    """One column of dates: shown every cell first (`see`), then settled, then read."""

    def __init__(self, name: str, zone: dt.tzinfo) -> None:
        self.name = name
        self.layout: Layout = ""
        self.seen = 0
        self.naive = False  # some cell has a time and no zone
        self._zone = zone
        self._possible = [0, 0, 0]
        self._dated = 0
        self._only: dict[Layout, str] = {}  # a cell that only one layout reads
        self._open: dict[Readings, str] = {}  # ambiguous readings and a cell as example
        self._spread: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
        self._serials = 0

    def see(self, cell: str) -> None:
        """Count what a cell allows; empty cells say nothing."""
        text = cell.strip()
        if not text:
            return None
        self.seen += 1
        if _fast(text) is not None:
            return self._count((1, 1, 1), text)
        found = moment(text)
        if found is None:
            self._serials += _serial(text) is not None
            return None
        self.naive = self.naive or (found.time is not None and found.offset is None)
        return self._count(found.day, text)

    def _count(self, day: Readings, text: str) -> None:
        self._dated += 1
        possible = [layout for layout, ordinal in zip(LAYOUTS[:2], day, strict=False) if ordinal]
        if len(possible) == 1:
            self._only.setdefault(possible[0], text)
        for place, ordinal in enumerate(day):
            self._possible[place] += ordinal > 0
        if len({ordinal for ordinal in day if ordinal}) > 1:
            if len(self._open) < 5000:
                self._open.setdefault(day, text)
            if day[0] and day[2]:
                self._spread[0][dt.date.fromordinal(day[0]).year] += 1
                self._spread[1][dt.date.fromordinal(day[2]).year] += 1

    def candidates(self) -> tuple[Layout, ...]:
        """Return the layouts the column itself allows; one or none when it is settled."""
        dated = max(self._possible, default=0)
        if not dated:
            return ()
        if not self._open:
            return (LAYOUTS[self._possible.index(dated)],)
        best = [layout for layout, count in zip(LAYOUTS, self._possible, strict=True) if count == dated]
        if "ymd" in best and len(best) > 1:
            best = ["ymd"] if self._years_lead() else [layout for layout in best if layout != "ymd"]
        if len(best) > 1 and all(day[0] == day[1] for day in self._open):
            best = best[:1]
        return tuple(best)

    def _years_lead(self) -> bool:
        """Tell 25/03/04 as year first: years repeat, days of the month do not. Needs a dozen cells to say so."""
        last, first = self._spread
        return last.total() >= 12 and len(first) * 3 <= len(last)

    @property
    def numeric(self) -> bool:
        """Whether day and month are both numbers somewhere, so that the order matters."""
        return bool(self._open)

    @property
    def contradiction(self) -> tuple[str, str] | None:
        """A cell only day-first reading gives a date and one only month-first does, where the column holds both."""
        if max(self._possible) == self._dated or len(self._only) < 2:
            return None
        return self._only["dmy"], self._only["mdy"]

    @property
    def example(self) -> str:
        """A cell that shows the doubt."""
        return next(iter(self._open.values()), "")

    def instant(self, cell: str) -> Millis:
        """Return the instant a cell names, in the column's zone where it has none, 0 for an empty cell. Raises DateError."""
        text = cell.strip()
        if not text:
            return 0
        quick = _fast(text)
        if quick is not None:
            if quick.tzinfo is None:
                quick = quick.replace(tzinfo=self._zone)
            return millis(quick)
        ordinal, found = self._place(text)
        midnight = dt.datetime.fromordinal(ordinal)
        local = midnight + dt.timedelta(milliseconds=found.time or 0)
        if found.offset is not None:
            return millis(local.replace(tzinfo=dt.UTC)) - found.offset * 60_000
        return millis(local.replace(tzinfo=self._zone))

    def day(self, cell: str) -> Day:
        """Return the calendar day a cell names, without any zone shift, "" for an empty cell. Raises DateError."""
        text = cell.strip()
        if not text:
            return ""
        quick = _fast(text)
        if quick is not None:
            return quick.date().isoformat()
        return dt.date.fromordinal(self._place(text)[0]).isoformat()

    def _place(self, text: str) -> tuple[int, Moment]:
        found = moment(text)
        if found is None:
            serial = _serial(text) if self._serials > self.seen // 2 else None
            if serial is None:
                raise DateError(f"{text[:40]!r} is no date")
            return serial[0], Moment((serial[0],) * 3, serial[1] or None, None)
        if found.day[0] == found.day[1] == found.day[2]:
            return found.day[0], found
        if not self.layout:
            raise DateError(f"{text[:40]!r}: day or month first?")
        ordinal = found.day[LAYOUTS.index(self.layout)]
        if not ordinal:
            raise DateError(f"{text[:40]!r} is no date in the layout of its column ({self.layout})")
        return ordinal, found


def _fast(text: str) -> dt.datetime | None:
    """Read ISO forms by the C parser, which most columns of most files hold."""
    if len(text) >= 10 and text[4] == "-" and text[7] == "-":
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            return None
    return None


def _serial(text: str) -> tuple[int, int] | None:
    """Read a spreadsheet's day number (1900 system, 45736.6778) as ordinal and milliseconds of the day."""
    if not re.fullmatch(r"[2-6]\d{4}(?:[.,]\d{1,12})?", text):
        return None
    value = float(text.replace(",", "."))
    return 693_594 + int(value), round((value % 1) * 86_400) * 1000


def settle(columns: list[DateColumn], *, day_first: bool | None) -> list[DateColumn]:
    """Fix every column's layout, by itself, by its neighbours, or by `day_first`; return those that stay open."""
    undecided: list[DateColumn] = []
    known: set[Layout] = set()
    for column in columns:
        candidates = column.candidates()
        if len(candidates) == 1:
            column.layout = candidates[0]
            if column.numeric and column.layout != "ymd":
                known.add(column.layout)
        elif len(candidates) > 1:
            undecided.append(column)
    wanted = "" if day_first is None else ("dmy" if day_first else "mdy")
    if len(known) == 1:
        wanted = next(iter(known))
    for column in undecided:
        if wanted in column.candidates():
            column.layout = wanted
    return [column for column in undecided if not column.layout]

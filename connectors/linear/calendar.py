"""Days and periods as Linear means them: a target of "this quarter" is over on the quarter's last day."""

from __future__ import annotations

import datetime as dt

from okrbot.model import Cycle, Day

_MONTHS = {"month": 1, "quarter": 3, "halfYear": 6, "year": 12}


def last_day(day: str | None, resolution: str | None, fiscal_start: int = 0) -> Day:
    """Return the last day of the period a target names ("" for none); `fiscal_start` is the year's first month, 0 = January."""
    date = _date(day)
    if date is None:
        return ""
    return _bounds(date, _MONTHS.get(resolution or "", 0), fiscal_start)[1].isoformat()


def period(day: str | None, resolution: str | None, fiscal_start: int = 0) -> Cycle | None:
    """Return the planning period a target names, None where it is a plain day or month.

    Its name is the year in which the fiscal year ends and the part: 2026-Q4, 2026-H2, 2026.
    """
    date = _date(day)
    months = _MONTHS.get(resolution or "", 0)
    if date is None or months < 3:
        return None
    start, end = _bounds(date, months, fiscal_start)
    offset = (start.month - 1 - fiscal_start) % 12
    year = _add_months(start.replace(day=1), 11 - offset).year
    part = {3: f"-Q{offset // 3 + 1}", 6: f"-H{offset // 6 + 1}"}.get(months, "")
    return Cycle(name=f"{year}{part}", start=start.isoformat(), end=end.isoformat())


def _bounds(date: dt.date, months: int, fiscal_start: int) -> tuple[dt.date, dt.date]:
    if months == 0:
        return date, date
    back = (date.month - 1 - fiscal_start) % 12 % months
    start = _add_months(date.replace(day=1), -back)
    return start, _add_months(start, months) - dt.timedelta(days=1)


def _add_months(first: dt.date, months: int) -> dt.date:
    count = first.year * 12 + first.month - 1 + months
    return dt.date(count // 12, count % 12 + 1, 1)


def _date(day: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat((day or "")[:10])
    except ValueError:
        return None

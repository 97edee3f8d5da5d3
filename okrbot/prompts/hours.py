"""Say when the bot may write to a person: their own working hours, their zone, never on the last afternoon of the week."""

from __future__ import annotations

import datetime as dt
import hashlib
import zoneinfo
from collections.abc import Collection

from okrbot.config import Config

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOON = dt.time(12)
SPREAD = 25  # minutes over which the first messages of a morning are spread, so that they do not all come at :00


def may_write(config: Config, zone: str, person: str, now: dt.datetime) -> bool:
    """Return whether `now` (aware) lies in the person's working hours, in the IANA zone `zone` ("" = the company's)."""
    local = now.astimezone(_zone(config, zone))
    start, end = window(config, local.date())
    begin = (dt.datetime.combine(dt.date.min, start) + dt.timedelta(minutes=offset(person))).time() if start < end else start
    return _is_working(config, local.date()) and begin <= local.time() < end


def next_time(config: Config, zone: str, person: str, now: dt.datetime) -> dt.datetime:
    """Return the first whole minute from `now` on at which `may_write` holds, `now` itself if it does; UTC.

    Looks three weeks ahead; where hours or days leave no room at all, it returns the end of that.
    """
    if may_write(config, zone, person, now):
        return now
    moment = now.replace(second=0, microsecond=0).astimezone(dt.UTC)
    for _ in range(21 * 24 * 12):
        moment += dt.timedelta(minutes=5)
        if may_write(config, zone, person, moment):
            while may_write(config, zone, person, moment - dt.timedelta(minutes=1)):
                moment -= dt.timedelta(minutes=1)
            return moment
    return moment


def window(config: Config, day: dt.date) -> tuple[dt.time, dt.time]:
    """Return from and to of `day`; the last working day of a week ends at noon."""
    start, end = (dt.time.fromisoformat(text) for text in config.questions.hours[:2])
    last = DAYS.index(config.okrbot.working_days[-1])  # as people write them: where a week begins on Sunday, Thursday stands last
    return (start, min(end, NOON)) if day.weekday() == last and start < NOON else (start, end)


def offset(person: str) -> int:
    """Return the minutes after the start of the day at which this person is first written to; the same every day."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:2], "big") % SPREAD


def _zone(config: Config, zone: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(zone or config.okrbot.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo(config.okrbot.timezone)  # Slack may know a zone that this machine's data does not


def _is_working(config: Config, day: dt.date) -> bool:
    free: Collection[str] = config.okrbot.holidays
    return DAYS[day.weekday()] in config.okrbot.working_days and day.isoformat() not in free

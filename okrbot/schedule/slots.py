"""Compute slots: which one is the newest for a rule such as "mon 09:00" in an IANA zone, and the instant at which it begins."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import zoneinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RULE = re.compile(r"(off)|every (\d+) (minutes|hours)|(daily|mon|tue|wed|thu|fri|sat|sun) (\d\d):(\d\d)")
_SECOND = dt.timedelta(seconds=1)
_DAY = dt.timedelta(days=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """When something happens: every `step`, or at wall-clock `at` daily or on `day` (0 = Monday). All None: never."""

    step: dt.timedelta | None = None
    day: int | None = None
    at: dt.time | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """One occasion of a rule: its name in the ledger (2026-W47, 2026-11-22, or an instant) and when it begins (UTC)."""

    period: str
    begins: dt.datetime


def parse(text: str) -> Rule:
    """Return the rule that "every 30 minutes", "daily 06:00", "mon 06:00" or "off" stands for. Raises ValueError."""
    found = _RULE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not understood; write e.g. every 30 minutes, daily 06:00, mon 06:00 or off")
    off, number, unit, day, hour, minute = found.groups()
    if off:
        return Rule()
    if number:
        return Rule(step=dt.timedelta(**{unit: int(number)}))
    return Rule(day=None if day == "daily" else DAYS.index(day), at=dt.time(int(hour), int(minute)))


def last_slot(rule: Rule, zone: str, now: dt.datetime) -> Slot | None:
    """Return the newest slot that has begun at `now` (aware), None for a rule that never comes."""
    if rule.step is not None:
        step = int(rule.step.total_seconds())
        begins = dt.datetime.fromtimestamp(int(now.timestamp()) // step * step, dt.UTC)
        return Slot(begins.strftime("%Y-%m-%dT%H:%MZ"), begins)
    if rule.at is None:
        return None
    # The slot of tomorrow's date may have begun where clocks jump over midnight; today's may not have come yet.
    date = now.astimezone(zoneinfo.ZoneInfo(zone)).date() + _DAY
    while True:
        slot = slot_of(rule, zone, date)
        if slot is not None and slot.begins <= now:
            return slot
        date -= _DAY


def slot_of(rule: Rule, zone: str, date: dt.date) -> Slot | None:
    """Return the slot on the calendar day `date` in `zone`, None where the rule has none that day."""
    if rule.at is None or (rule.day is not None and date.weekday() != rule.day):
        return None
    begins = first_instant(dt.datetime.combine(date, rule.at), zoneinfo.ZoneInfo(zone))
    if rule.day is None:
        return Slot(date.isoformat(), begins)
    year, week, _ = date.isocalendar()
    return Slot(f"{year}-W{week:02d}", begins)


def first_instant(wall: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """Return the first instant (UTC) at which the clocks of `zone` show `wall` (naive) or later.

    A time that comes twice is its first; a time that is skipped is the instant at which the clocks jump over it.
    """
    early = wall.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)
    if early.astimezone(zone).replace(tzinfo=None) == wall:
        return early
    # In a gap fold=0 counts with the offset before the jump and lands after it, fold=1 the other way round.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
    after = early
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).replace(tzinfo=None) >= wall:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def previous(rule: Rule, zone: str, slot: Slot) -> Slot | None:
    """Return the slot before `slot`."""
    return last_slot(rule, zone, slot.begins - _SECOND)

"""Walk the clock: every IANA zone × two years of weekly slots against a model that watches the clock.

    python bench/clock_walk.py [--years 2] [--times 00:30,02:30,09:00] [--zones N]

The model knows nothing of our slots: it has the offset of the zone at every quarter of an hour, and takes the first quarter
whose local time is at or after the slot. (Every change of these years happens at a quarter.)
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import sys
import time
import zoneinfo

import numpy as np

from okrbot.schedule import Rule, first_instant, last_slot

QUARTER = 900
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def offsets(zone: zoneinfo.ZoneInfo, instants: np.ndarray) -> np.ndarray:
    """Return the offset in seconds at each instant (seconds since the epoch), filled between equal ends."""
    found = np.empty(len(instants), dtype=np.int64)

    def at(i: int) -> int:
        return int(dt.datetime.fromtimestamp(int(instants[i]), zone).utcoffset().total_seconds())  # type: ignore[union-attr]

    step = 4 * 24 * 3  # three days: no zone changes twice within them without differing at one of these points
    places = [*range(0, len(instants), step), len(instants) - 1]
    for low, high in itertools.pairwise(places):
        if at(low) == at(high) == at((low + high) // 2):
            found[low : high + 1] = at(low)
        else:
            for i in range(low, high + 1):
                found[i] = at(i)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=2)
    parser.add_argument("--times", default="00:30,02:30,09:00")
    parser.add_argument("--zones", type=int, default=0, help="only the first so many")
    given = parser.parse_args()
    times = [dt.time.fromisoformat(text) for text in given.times.split(",")]
    names = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})[: given.zones or None]
    first = int(START.timestamp()) - 3 * 86400
    instants = np.arange(first, int(START.timestamp()) + (given.years * 366 + 6) * 86400, QUARTER)
    weeks = wrong = twice = edges = 0
    begun = time.perf_counter()
    for name in names:
        zone = zoneinfo.ZoneInfo(name)
        local = instants + offsets(zone, instants)
        edges += int(np.count_nonzero(np.diff(local - instants)))
        for at in times:
            for weekday in (0, 6):  # Mondays, and Sundays, on which clocks change
                rule, seen = Rule(day=weekday, at=at), set()
                day = START.date() + dt.timedelta(days=(weekday - START.weekday()) % 7)
                for _ in range(given.years * 52):
                    wall = dt.datetime.combine(day, at)
                    wanted = int(wall.replace(tzinfo=dt.UTC).timestamp())
                    near = np.searchsorted(instants, wanted - 30 * 3600)
                    model = int(instants[near + int(np.argmax(local[near : near + 4 * 60] >= wanted))])
                    found = first_instant(wall, zone)
                    slot = last_slot(rule, name, found)
                    before = last_slot(rule, name, found - dt.timedelta(seconds=1))
                    weeks += 1
                    wrong += int(found.timestamp()) != model or slot is None or slot.begins != found
                    twice += slot is None or before is None or before.period == slot.period or slot.period in seen
                    seen.add(slot.period if slot else "")
                    day += dt.timedelta(days=7)
    seconds = time.perf_counter() - begun
    print(f"{len(names)} zones, {edges} clock changes, {weeks:,} weekly slots: wrong {wrong}, doubled or lost {twice}; {seconds:.0f} s")
    return 1 if wrong or twice else 0


if __name__ == "__main__":
    sys.exit(main())

"""Slots come once, at the first instant the wall clock allows, late after an outage, and never twice."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from okrbot.schedule import Job, Rule, due, finish, first_instant, last_slot, parse, slot_of, start
from okrbot.schedule.claims import Due, abandon_unfinished, forget_old
from okrbot.store import Store, StoreError, open_store
from okrbot.store import tables as t
from okrbot.store.locks import lock_of

SLOT = dt.datetime(2026, 11, 16, 8, 0, tzinfo=dt.UTC)  # Monday 09:00 in Amsterdam
WEEK = dt.timedelta(days=7)
DIGEST = Job("digest:Shop", parse("mon 09:00"), "Europe/Amsterdam", dt.timedelta(days=6), records_missed=True)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def work(store: Store, job: Job, now: dt.datetime, *, holder: str = "a") -> Due | None:
    """Do what one tick does for one job, and finish it."""
    with store.begin() as db:
        slot = due(db, job, now=now)
    if slot is None:
        return None
    with store.begin() as db:
        claimed = start(db, job, slot, holder=holder, now=now)
    if claimed is not None:
        with store.begin() as db:
            finish(db, claimed, now=now)
    return claimed


def ledger(store: Store, job: Job = DIGEST) -> dict[str, str]:
    with store.connect() as db:
        f = t.firings.c
        return dict(db.execute(sa.select(f.period, f.outcome).where(f.job == job.name, f.period != "born")).all())


def by_scanning(wall: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """The model: look at the clock of `zone` every minute, and stop when it shows `wall` or later."""
    moment = wall.replace(tzinfo=dt.UTC) - dt.timedelta(hours=27)
    for step in (dt.timedelta(minutes=15), dt.timedelta(minutes=1)):
        while moment.astimezone(zone).replace(tzinfo=None) < wall:
            moment += step
        moment -= step if step > dt.timedelta(minutes=1) else dt.timedelta()
    return moment


EDGES = [
    ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"),  # skipped: the jump itself
    ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),  # twice: the first
    ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30"),
    ("America/Los_Angeles", "2026-03-09 00:30", "2026-03-09 07:30"),  # the week that a cron trigger leaves out
    ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),  # half an hour comes twice
    ("Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03 15:30"),
    ("Asia/Beirut", "2026-03-29 00:30", "2026-03-28 22:00"),  # midnight is skipped
    ("Pacific/Apia", "2011-12-30 09:00", "2011-12-30 10:00"),  # a whole day is skipped
    ("Asia/Kolkata", "2026-06-01 09:00", "2026-06-01 03:30"),
    ("America/Santiago", "2026-09-06 00:00", "2026-09-06 04:00"),
]


@pytest.mark.parametrize(("zone", "wall", "utc"), EDGES)
def test_a_slot_begins_when_the_clocks_first_show_it_or_jump_over_it(zone: str, wall: str, utc: str) -> None:
    found = first_instant(dt.datetime.fromisoformat(wall), zoneinfo.ZoneInfo(zone))
    assert found == dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(
        ["Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza", "Pacific/Chatham"]
    ),
    day=st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31)),
    minute=st.integers(0, 24 * 60 - 1),
)
def test_a_slot_begins_where_somebody_who_watches_the_clock_would_say(zone: str, day: dt.date, minute: int) -> None:
    wall = dt.datetime.combine(day, dt.time(minute // 60, minute % 60))
    assert first_instant(wall, zoneinfo.ZoneInfo(zone)) == by_scanning(wall, zoneinfo.ZoneInfo(zone))


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "Europe/Helsinki", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
)
@pytest.mark.parametrize("at", ["00:30", "02:30", "09:00"])
def test_two_years_have_one_slot_a_week_each(zone: str, at: str) -> None:
    rule = Rule(day=6, at=dt.time.fromisoformat(at))
    weeks: dict[str, dt.datetime] = {}
    moment, end = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2028, 1, 1, tzinfo=dt.UTC)
    while moment < end:
        slot = last_slot(rule, zone, moment)
        assert slot is not None
        assert slot.begins <= moment < slot.begins + dt.timedelta(days=7, hours=3)
        assert weeks.setdefault(slot.period, slot.begins) == slot.begins
        moment += dt.timedelta(hours=7)
    assert len(weeks) == 105  # the week running on 1 January, and 104 more


@pytest.mark.parametrize("text", ["every 0 days", "monday 9:00", "0 9 * * 1", "mon 9:00", ""])
def test_a_rule_nobody_understands_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        parse(text)


def test_off_never_comes_and_every_comes_on_the_clock() -> None:
    assert last_slot(parse("off"), "UTC", SLOT) is None
    slot = last_slot(parse("every 30 minutes"), "UTC", SLOT + dt.timedelta(minutes=44))
    assert slot is not None
    assert (slot.period, slot.begins) == ("2026-11-16T08:30Z", SLOT + dt.timedelta(minutes=30))
    assert slot_of(parse("mon 09:00"), "UTC", dt.date(2026, 11, 17)) is None


def test_a_new_job_waits_for_its_first_slot_and_catches_nothing_up(store: Store) -> None:
    assert work(store, DIGEST, SLOT + dt.timedelta(minutes=5)) is None, "the slot of five minutes ago was before its time"
    assert work(store, DIGEST, SLOT + WEEK - dt.timedelta(seconds=1)) is None
    claimed = work(store, DIGEST, SLOT + WEEK)
    assert claimed is not None
    assert (claimed.slot.period, claimed.late, claimed.missed) == ("2026-W48", dt.timedelta(), ())
    assert work(store, DIGEST, SLOT + WEEK + dt.timedelta(minutes=1)) is None, "once a week"


DOWN = [("1 s", dt.timedelta(seconds=1)), ("1 h", dt.timedelta(hours=1)), ("23 h", dt.timedelta(hours=23)), ("6 d", dt.timedelta(days=6))]


@pytest.mark.parametrize(("said", "late"), DOWN)
def test_down_at_the_slot_it_comes_late_and_once(store: Store, said: str, late: dt.timedelta) -> None:
    work(store, DIGEST, SLOT - dt.timedelta(days=1))
    claimed = work(store, DIGEST, SLOT + late)
    assert claimed is not None, said
    assert (claimed.slot.period, claimed.late, claimed.missed) == ("2026-W47", late, ())
    assert work(store, DIGEST, SLOT + late + dt.timedelta(minutes=1)) is None
    assert ledger(store) == {"2026-W47": "done"}


def test_later_than_six_days_it_is_skipped_and_the_next_week_comes(store: Store) -> None:
    work(store, DIGEST, SLOT - dt.timedelta(days=1))
    assert work(store, DIGEST, SLOT + dt.timedelta(days=6, seconds=1)) is None
    assert ledger(store) == {"2026-W47": "skipped: too late"}
    claimed = work(store, DIGEST, SLOT + WEEK)
    assert claimed is not None
    assert claimed.slot.period == "2026-W48"


def test_after_weeks_away_only_the_newest_is_sent_and_the_others_are_named(store: Store) -> None:
    work(store, DIGEST, SLOT - dt.timedelta(days=1))
    claimed = work(store, DIGEST, SLOT + 3 * WEEK + dt.timedelta(hours=2))
    assert claimed is not None
    assert (claimed.slot.period, claimed.missed) == ("2026-W50", ("2026-W47", "2026-W48", "2026-W49"))
    assert work(store, DIGEST, SLOT + 3 * WEEK + dt.timedelta(hours=3)) is None
    skipped = {period for period, outcome in ledger(store).items() if outcome.startswith("skipped")}
    assert skipped == {"2026-W47", "2026-W48", "2026-W49"}


def test_a_clock_set_back_two_hours_sends_nothing_again(store: Store) -> None:
    work(store, DIGEST, SLOT - dt.timedelta(days=1))
    assert work(store, DIGEST, SLOT + dt.timedelta(hours=1)) is not None
    assert work(store, DIGEST, SLOT - dt.timedelta(hours=1)) is None
    assert work(store, DIGEST, SLOT + dt.timedelta(hours=2)) is None


def test_two_processes_work_on_a_slot_once(store: Store) -> None:
    work(store, DIGEST, SLOT - dt.timedelta(days=1))
    with store.begin() as db:
        slot = due(db, DIGEST, now=SLOT)
    assert slot is not None
    with store.begin() as db:
        first = start(db, DIGEST, slot, holder="a", now=SLOT)
    with store.begin() as db:
        second = start(db, DIGEST, slot, holder="b", now=SLOT)
    assert first is not None
    assert second is None


def test_a_slot_that_failed_or_was_left_unfinished_is_tried_again(store: Store) -> None:
    work(store, DIGEST, SLOT - dt.timedelta(days=1))
    for holder, moment in (("a", SLOT), ("b", SLOT + dt.timedelta(minutes=6))):
        with store.begin() as db:
            slot = due(db, DIGEST, now=moment)
            assert slot is not None
            claimed = start(db, DIGEST, slot, holder=holder, now=moment)
            assert claimed is not None
            finish(db, claimed, now=moment, outcome="ConnectionError", failed=True)
        assert work(store, DIGEST, moment + dt.timedelta(minutes=4)) is None, "not at every tick"
    moment = SLOT + dt.timedelta(minutes=20)
    with store.begin() as db:
        slot = due(db, DIGEST, now=moment)
        assert slot is not None
        assert start(db, DIGEST, slot, holder="b", now=moment) is not None  # and dies here
    assert work(store, DIGEST, moment + dt.timedelta(hours=1)) is None, "somebody works on it, as far as anybody knows"
    with store.begin() as db:
        assert abandon_unfinished(db, holder="c", now=moment + dt.timedelta(hours=1)) == 1
    assert work(store, DIGEST, moment + dt.timedelta(hours=1), holder="c") is not None
    assert ledger(store) == {"2026-W47": "done"}


def test_starts_are_spread_a_little_and_the_same_for_everybody(store: Store) -> None:
    spread = Job("digest:Depot", DIGEST.rule, DIGEST.zone, DIGEST.within, jitter=40)
    work(store, spread, SLOT - dt.timedelta(days=1))
    begun = next(second for second in range(60) if work(store, spread, SLOT + dt.timedelta(seconds=second)))
    assert 0 < begun <= 40


def test_slots_of_every_few_minutes_do_not_pile_up(store: Store) -> None:
    pull = Job("pull", parse("every 30 minutes"), "UTC", dt.timedelta(hours=1))
    work(store, pull, SLOT - dt.timedelta(days=1))
    for minutes in range(0, 30 * 24 * 60, 12 * 60):
        work(store, pull, SLOT + dt.timedelta(minutes=minutes))
    end = SLOT + dt.timedelta(days=30)
    with store.begin() as db:
        forget_old(db, pull, now=end)
    assert 20 <= len(ledger(store, pull)) <= 30
    assert work(store, pull, end) is not None, "it still knows when it was born"


def test_a_second_process_on_one_sqlite_store_is_refused_with_a_clear_sentence(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/okrbot.db")
    lock = lock_of(store)
    code = f"from okrbot.store import open_store\nfrom okrbot.store.locks import lock_of\nlock_of(open_store('sqlite:///{tmp_path}/okrbot.db'))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    assert "already serves" in found.stderr
    assert "store of its own" in found.stderr
    lock.release()
    lock_of(store).release()
    store.close()


def test_of_several_processes_one_works_and_the_next_takes_over(store_url: str) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("SQLite has one process; the lock on its file is tested above")
    store, other = open_store(store_url), open_store(store_url)
    first, second = lock_of(store), lock_of(other)
    assert first.hold()
    assert first.hold()
    assert not second.hold()
    with other.engine.connect() as db:
        # Only sessions of this test's own database, and wait until each is gone: other tests hold locks on the same server.
        mine = "database = (select oid from pg_database where datname = current_database())"
        db.execute(
            sa.text(
                f"select pg_terminate_backend(pid, 10000) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid() and {mine}"
            )
        )
    assert second.hold(), "the session of the first was ended, and its lock with it"
    assert not first.hold()
    second.release()
    assert first.hold()
    first.release()
    store.close()
    other.close()


def test_a_second_file_lock_in_one_process_is_refused_too(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/okrbot.db")
    lock = lock_of(store)
    with pytest.raises(StoreError, match=r"already serves .*okrbot\.db"):
        lock_of(store)
    lock.release()
    store.close()

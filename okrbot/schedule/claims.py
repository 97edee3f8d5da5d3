"""Claim slots in the store, so that each is worked on once: late after an outage, never twice, never back-filled."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import hashlib
import os
import uuid

import sqlalchemy as sa

from okrbot.model import instant, millis
from okrbot.schedule.slots import Rule, Slot, last_slot, previous
from okrbot.store import tables as t
from okrbot.store.bulk import insert_new

BORN = "born"  # the row that says since when a job is known; its earlier slots are not caught up
MOST_SKIPPED = 60  # missed slots that are written down one by one
KEEP = dt.timedelta(days=14)
RETRY = dt.timedelta(minutes=5)  # a job that failed is tried again after so long, while its slot is the newest


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One thing that is done on a schedule. `within` is how late a missed slot may still be done; `jitter` spreads starts (seconds).

    `records_missed` writes each missed slot into the ledger, for jobs whose gaps people should see.
    `at_once` does a new job's newest slot right away instead of waiting for the next.
    """

    name: str
    rule: Rule
    zone: str
    within: dt.timedelta
    jitter: int = 0
    records_missed: bool = False
    at_once: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Due:
    """A claimed slot. `late` is the time since it began; `missed` are the periods that were skipped before it."""

    job: str
    slot: Slot
    late: dt.timedelta
    missed: tuple[str, ...]


def due(db: sa.Connection, job: Job, *, now: dt.datetime, look: bool = False) -> Slot | None:
    """Return the slot of `job` that should be worked on now, None if there is none; writes nothing but the job's birth.

    A new job is born at its first call and starts with the first slot after that. With `look` nothing at all is written:
    a slot that comes back is worth a second call in a transaction that may write.
    """
    slot = last_slot(job.rule, job.zone, now)
    if slot is None:
        return None
    f = t.firings.c
    born = db.execute(sa.select(f.claimed).where(f.job == job.name, f.period == BORN)).scalar()
    if born is None and look:
        return slot
    if born is None:
        _insert(db, job.name, BORN, holder="", claimed=now, done=now, outcome="")
        return slot if job.at_once else None
    if (slot.begins <= instant(born) and not job.at_once) or now < slot.begins + jitter_of(job, slot):
        return None
    row = db.execute(sa.select(f.done, f.claimed, f.outcome).where(f.job == job.name, f.period == slot.period)).first()
    if row is None:
        return slot
    failed = row.done == 0 and row.outcome and now - instant(row.claimed) >= RETRY
    return slot if failed else None


def is_done(db: sa.Connection, job: str, period: str) -> bool:
    """Return whether a slot was worked on to its end."""
    f = t.firings.c
    return bool(db.execute(sa.select(f.done).where(f.job == job, f.period == period)).scalar())


def start(db: sa.Connection, job: Job, slot: Slot, *, holder: str, now: dt.datetime) -> Due | None:
    """Claim `slot` for `holder` and return it, None if somebody else has it or it comes too late (then it is written as skipped)."""
    late, holder = now - slot.begins, _named(holder)
    if late > job.within:
        if _insert(db, job.name, slot.period, holder=holder, claimed=now, done=now, outcome="skipped: too late"):
            _note_missed(db, job, slot, holder=holder, now=now)
        return None
    if not _insert(db, job.name, slot.period, holder=holder, claimed=now, done=None, outcome=""):
        f = t.firings.c
        taken = db.execute(
            sa.update(t.firings)
            .where(f.job == job.name, f.period == slot.period, f.done == 0, f.outcome != "", f.claimed <= millis(now - RETRY))
            .values(holder=holder, claimed=millis(now), outcome="")
        )
        if not taken.rowcount:
            return None
    return Due(job.name, slot, late, _note_missed(db, job, slot, holder=holder, now=now))


def finish(db: sa.Connection, claimed: Due, *, now: dt.datetime, outcome: str = "done", failed: bool = False) -> None:
    """Write how a claimed slot ended; a failed one stays open and is tried again."""
    f = t.firings.c
    db.execute(
        sa.update(t.firings)
        .where(f.job == claimed.job, f.period == claimed.slot.period)
        .values(done=0 if failed else millis(now), outcome=outcome[:300] or "done")
    )


def abandon_unfinished(db: sa.Connection, *, holder: str, now: dt.datetime) -> int:
    """Give slots back that a process left unfinished when it died; only the one process that may work calls this. Returns how many."""
    f = t.firings.c
    result = db.execute(
        sa.update(t.firings)
        .where(f.done == 0, f.outcome == "", f.holder != _named(holder), f.period != BORN)
        .values(outcome="left unfinished", claimed=millis(now - RETRY))
    )
    return int(result.rowcount)


def forget_old(db: sa.Connection, job: Job, *, now: dt.datetime) -> None:
    """Delete the finished slots of a job that comes every few minutes, beyond two weeks; weekly and daily ones stay for ever."""
    f = t.firings.c
    if job.rule.step is not None:
        db.execute(sa.delete(t.firings).where(f.job == job.name, f.period != BORN, f.done > 0, f.done < millis(now - KEEP)))


def jitter_of(job: Job, slot: Slot) -> dt.timedelta:
    """Return the delay of one slot: the same for every process that computes it."""
    if not job.jitter:
        return dt.timedelta()
    number = int.from_bytes(hashlib.sha256(f"{job.name} {slot.period}".encode()).digest()[:4], "big")
    return dt.timedelta(seconds=number % (job.jitter + 1))


def _named(holder: str) -> str:
    """Return `holder` with a word of this process's own: a container comes back with the same name and the same process number."""
    return f"{holder}:{_word(os.getpid())}"


@functools.cache
def _word(_process: int) -> str:
    return uuid.uuid4().hex[:12]


def _note_missed(db: sa.Connection, job: Job, slot: Slot, *, holder: str, now: dt.datetime) -> tuple[str, ...]:
    if not job.records_missed:
        return ()
    f = t.firings.c
    known = set(db.execute(sa.select(f.period).where(f.job == job.name)).scalars())
    born = db.execute(sa.select(f.claimed).where(f.job == job.name, f.period == BORN)).scalar() or 0
    missed: list[str] = []
    before = previous(job.rule, job.zone, slot)
    while before is not None and before.begins > instant(born) and before.period not in known and len(missed) < MOST_SKIPPED:
        if before.period != slot.period:
            _insert(db, job.name, before.period, holder=holder, claimed=now, done=now, outcome="skipped: okrbot was not running")
            missed.append(before.period)
        before = previous(job.rule, job.zone, before)
    return tuple(reversed(missed))


def _insert(db: sa.Connection, job: str, period: str, *, holder: str, claimed: dt.datetime, done: dt.datetime | None, outcome: str) -> bool:
    values = {"job": job, "period": period, "holder": holder, "claimed": millis(claimed), "done": millis(done) if done else 0}
    return insert_new(db, t.firings, **values, outcome=outcome)

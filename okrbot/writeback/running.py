"""Bring the trackers to what ought to stand in them: settle what is in doubt, plan, send within the cap, read back."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import sqlalchemy as sa

from okrbot.model import Clock, Millis, Receipt, SourceError, millis
from okrbot.store import Store, StoreError
from okrbot.store.locks import KEY, FileLock, Lock, SessionLock
from okrbot.writeback import ledger
from okrbot.writeback.ledger import Write
from okrbot.writeback.wanted import Wanted, items_of

_KINDS = {"comment": "comment", "label": "label", "link": "remote_link"}
Place = tuple[str, str, str]
Tell = Callable[[str], None]


@runtime_checkable
class Tracker(Protocol):
    """A connector that can write. An action done twice writes once; all but `request` raise SourceError."""

    name: str

    def writes_to(self, their_kind: str) -> bool:
        """Tell whether items of this kind of the tracker's can be written to."""
        ...

    def updated(self, key: str) -> Millis | None:
        """Return when an item changed last, None when it is not visible."""
        ...

    def look(self, action: Any) -> bool:
        """Tell whether what an action makes stands there now."""
        ...

    def apply(self, action: Any) -> Receipt:
        """Do an action and read it back."""
        ...

    def request(self, action: Any) -> tuple[str, Any]:
        """Return method and address, and the body, that `apply` would send."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Desk:
    """A tracker and how its actions are made (kind, key, marker, text, url, value, remove)."""

    tracker: Tracker
    action: Callable[..., Any]

    def make(self, write: Write) -> Any:
        """Return the action of a row."""
        return self.action(
            kind=_KINDS[write.action],
            key=write.item,
            marker=write.marker,
            text=write.text,
            url=write.url,
            value=(write.ref if write.remove else write.value) or None,
            remove=write.remove,
        )


@dataclasses.dataclass(slots=True)
class Outcome:
    """What a run did. `failed` holds a sentence for each write that did not come about; `waiting` were over the cap."""

    written: int = 0
    taken_back: int = 0
    waiting: int = 0
    theirs: int = 0  # labels that people had put there themselves
    doubtful: int = 0  # places where a write's end is not known
    out_of_reach: int = 0  # notes of ours on items that are hidden or archived, or in sources that are not configured any more
    failed: list[str] = dataclasses.field(default_factory=list)
    stopped: dict[str, str] = dataclasses.field(default_factory=dict)  # sources that could not be reached, with what they said

    @property
    def ok(self) -> bool:
        """Return whether everything that was tried came about."""
        return not self.failed and not self.stopped


def preview(
    db: sa.Connection, notes: Sequence[Wanted], desks: Mapping[str, Desk], *, most: int
) -> tuple[list[tuple[Write, str, Any]], Outcome]:
    """Return the writes that a run would send with the exact request of each; nothing is written anywhere. Raises SourceError."""
    outcome = Outcome()
    planned = _plan(db, notes, desks, outcome)
    shown = planned[:most]
    outcome.waiting = len(planned) - len(shown)
    return [(write, *desks[write.source].tracker.request(desks[write.source].make(write))) for write in shown], outcome


def write_back(
    store: Store,
    notes: Callable[[sa.Connection], Sequence[Wanted]],
    desks: Mapping[str, Desk],
    *,
    most: int,
    clock: Clock,
    tell: Tell = lambda _line: None,
) -> Outcome:
    """Make what stands in the trackers equal `notes` (none: everything of ours is taken back), with at most `most` writes.

    A write whose answer was lost, or during which we were killed, is looked up before anything is sent for that item
    again. Raises StoreError when another process writes back with this store.
    """
    outcome = Outcome()
    with _alone(store) as lock:
        _settle(store, desks, outcome, clock)
        with store.begin() as db:
            ledger.forget_planned(db)
            planned = _plan(db, notes(db), desks, outcome)
            ledger.put(db, planned[:most], now=millis(clock()))
        outcome.waiting = len(planned[most:])
        undone: set[Place] = set()
        for write in planned[:most]:
            if write.source in outcome.stopped or write.place in undone:
                continue
            if not lock.hold():
                raise StoreError("store: the connection to the database was lost. Run okrbot writeback again; nothing is written twice.")
            try:
                if not _send(store, write, desks[write.source], outcome, clock, tell):
                    undone.add(write.place)  # nothing new beside an old note that is still there
            except SourceError as trouble:
                outcome.stopped[write.source] = str(trouble)
    return outcome


@contextlib.contextmanager
def _alone(store: Store) -> Iterator[Lock]:
    """Hold the lock of writing back; `okrbot serve` and other verbs may go on. Raises StoreError when another holds it."""
    path, taken = store.sqlite_path, StoreError("store: another okrbot is writing back right now. Wait until it is done.")
    lock: Lock
    if path is None:
        lock = SessionLock(store.engine, KEY + 1)
    else:
        try:
            lock = FileLock(path.with_name(f"{path.name}.writeback"))
        except StoreError:
            raise taken from None
    if not lock.hold():
        raise taken
    try:
        yield lock
    finally:
        lock.release()


def _settle(store: Store, desks: Mapping[str, Desk], outcome: Outcome, clock: Clock) -> None:
    """Find out what became of writes whose end we did not see."""
    with store.begin() as db:
        doubtful = [write for write in ledger.every(db) if write.state == "sending"]
    for write in doubtful:
        desk = desks.get(write.source)
        if desk is None or write.source in outcome.stopped:
            continue
        try:
            seen = desk.tracker.updated(write.item) is not None
            arrived = seen and not write.remove and desk.tracker.look(desk.make(write))
        except SourceError as trouble:
            outcome.stopped[write.source] = str(trouble)
            continue
        with store.begin() as db:
            if arrived:
                # Who moved the item's clock since is unknown: nothing else is written to it before it is read again.
                ledger.finish(db, write, now=millis(clock()), left=0, ref="", message="found on looking again")
                outcome.written += 1
            elif seen or write.remove:  # taking back may be asked twice; what it takes back still counts as standing
                ledger.fail(db, write, write.message or "did not arrive")


def _plan(db: sa.Connection, notes: Sequence[Wanted], desks: Mapping[str, Desk], outcome: Outcome) -> list[Write]:
    """Return the writes that lead from what stands to `notes`, what is false first, then the gravest, what failed before last."""
    rows = ledger.every(db)
    known, failed = _left(rows), {row.id.rsplit("/", 1)[0] for row in _latest(rows) if row.state == "failed"}
    doubtful = {row.place for row in rows if row.state == "sending"}
    outcome.doubtful = len(doubtful)
    standing = {row.place: row for row in rows if row.state == "done" and not row.remove}
    taken = {row.id for row in rows if row.state != "planned"}
    steps: list[tuple[tuple[bool, int, str], list[Write]]] = []
    there = _reachable(db, [*standing, *(note.place for note in notes)], desks)
    for note in notes:
        old = standing.pop(note.place, None)
        if note.place in doubtful or note.place[:2] not in there or (old is not None and old.fingerprint == note.fingerprint):
            continue
        if old is None and note.there:
            outcome.theirs += 1
            continue
        in_place = old is not None and note.action == "link" and old.url == note.url
        back = [_take_back(old, taken)] if old is not None and not in_place else []
        fresh = _fresh(
            note, taken, known=max(note.known, known.get(note.place[:2], 0)), undoes=old.id if old is not None and in_place else ""
        )
        steps.append((("/".join(note.place) in failed, 1 + note.order[0], note.order[1]), [*back, fresh]))
    for place, old in standing.items():
        if place[:2] not in there:
            outcome.out_of_reach += 1
        elif place not in doubtful:
            steps.append((("/".join(place) in failed, 0, old.key), [_take_back(old, taken)]))
    return [write for _, writes in sorted(steps, key=lambda step: step[0]) for write in writes]


def _fresh(note: Wanted, taken: set[str], *, known: Millis, undoes: str) -> Write:
    id_ = ledger.next_id(taken, note.place)
    # A link keeps its mark, so that it is updated; a comment has a new one each time: a deleted id may not be used again.
    marker = ledger.mark("/".join(note.place) if note.action == "link" else id_)
    return Write(
        id_, *note.place[:2], note.key, note.action, note.text, note.value, note.url, marker, note.fingerprint, undoes=undoes, known=known
    )


def _take_back(old: Write, taken: set[str]) -> Write:
    return dataclasses.replace(old, id=ledger.next_id(taken, old.place), remove=True, undoes=old.id, state="planned", message="", left=0)


def _latest(rows: Sequence[Write]) -> list[Write]:
    return list({row.place: row for row in rows}.values())


def _left(rows: Sequence[Write]) -> dict[tuple[str, str], Millis]:
    """Return when each item was changed last by ourselves, by its tracker's clock."""
    found: dict[tuple[str, str], Millis] = {}
    for row in rows:
        found[row.place[:2]] = max(found.get(row.place[:2], 0), row.left)
    return found


def _reachable(db: sa.Connection, places: Sequence[Place], desks: Mapping[str, Desk]) -> set[tuple[str, str]]:
    """Return which items can be written to now: visible, not archived, and of a kind the tracker takes."""
    found = set()
    for source, desk in desks.items():
        for item in items_of(db, source, sorted({place[1] for place in places if place[0] == source})):
            if not item["hidden_since"] and not item["archived"] and desk.tracker.writes_to(item["their_kind"]):
                found.add((source, str(item["id"])))
    return found


def _send(store: Store, write: Write, desk: Desk, outcome: Outcome, clock: Clock, tell: Tell) -> bool:
    """Carry one write out and return whether it stands. Raises SourceError when the tracker cannot be reached; the row then stays in doubt."""
    if not write.remove and (why := _changed(store, write, desk)):
        with store.begin() as db:
            ledger.fail(db, write, why)
        outcome.failed.append(f"{write.source}: {write.key}: {why}")
        return False
    with store.begin() as db:
        if not ledger.begin(db, write):
            return False
    receipt = desk.tracker.apply(desk.make(write))
    if not receipt.ok:  # it may still arrive late: it stays in doubt and is looked up at the next run
        with store.begin() as db:
            ledger.tell(db, write, receipt.message)
        outcome.failed.append(f"{write.source}: {write.key}: {receipt.message}")
        return False
    left, trouble = 0, None
    try:
        left = desk.tracker.updated(write.item) or 0
    except SourceError as error:
        trouble = error
    with store.begin() as db:
        ledger.finish(db, write, now=millis(clock()), left=left, ref=receipt.ref, message=receipt.message)
    if write.remove:
        outcome.taken_back += 1
    else:
        outcome.written += 1
    tell(f"{write.source}: {write.key}: {write.action} {'taken back' if write.remove else 'written'}")
    if trouble is not None:
        raise trouble
    return True


def _changed(store: Store, write: Write, desk: Desk) -> str:
    """Return why an item must not be written to now, "" when it is as it was read."""
    seen = desk.tracker.updated(write.item)
    if seen is None:
        return "it is not visible to okrbot's account"
    with store.connect() as db:  # an earlier write of this run moved the item's clock itself
        known = max(write.known, _left(ledger.of_item(db, write.source, write.item)).get(write.place[:2], 0))
    if seen > known:
        return "it changed since it was read and is left alone. Run okrbot audit, then okrbot writeback again"
    return ""

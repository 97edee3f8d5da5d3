"""The rows of `writes`: every write is one before it is sent, and says afterwards what became of it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable

import sqlalchemy as sa

from okrbot.model import Millis
from okrbot.store import tables as t


@dataclasses.dataclass(frozen=True, slots=True)
class Write:
    """One write. `undoes` is the row it takes back or replaces; `left` the item's `updated` after it, by the tracker (ms)."""

    id: str
    source: str
    item: str
    key: str
    action: str
    text: str
    value: str
    url: str
    marker: str
    fingerprint: str
    remove: bool = False
    undoes: str = ""
    known: Millis = 0
    left: Millis = 0
    ref: str = ""  # what the tracker calls what was made
    state: str = "planned"  # planned | sending | done | failed | reversed
    message: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        """Return source, item and action: at most one note stands in each place."""
        return self.source, self.item, self.action


_PAYLOAD = ("key", "text", "value", "url", "marker", "fingerprint", "remove", "undoes", "known", "left")


def every(db: sa.Connection) -> list[Write]:
    """Return all rows, oldest first."""
    return _read(db, sa.select(t.writes))


def of_item(db: sa.Connection, source: str, item: str) -> list[Write]:
    """Return the rows of one item, oldest first."""
    return _read(db, sa.select(t.writes).where(t.writes.c.source == source, t.writes.c.item == item))


def _read(db: sa.Connection, chosen: sa.Select[tuple[object, ...]]) -> list[Write]:
    rows = sorted(db.execute(chosen).mappings(), key=lambda row: (row["created"], int(row["id"].rsplit("/", 1)[1])))
    return [
        Write(**{name: row[name] for name in ("id", "source", "item", "action", "state", "message", "ref")}, **json.loads(row["payload"]))
        for row in rows
    ]


def forget_planned(db: sa.Connection) -> None:
    """Drop plans of which nothing was sent: a plan is made anew from what is true now."""
    db.execute(sa.delete(t.writes).where(t.writes.c.state == "planned"))


def put(db: sa.Connection, writes: Iterable[Write], *, now: Millis) -> None:
    """Write plans down."""
    for write in writes:
        payload = json.dumps({name: getattr(write, name) for name in _PAYLOAD}, ensure_ascii=False)
        names = {name: getattr(write, name) for name in ("id", "source", "item", "action", "state")}
        db.execute(sa.insert(t.writes).values(**names, payload=payload, created=now))


def begin(db: sa.Connection, write: Write) -> bool:
    """Mark a plan as being sent; False when somebody else did."""
    w = t.writes.c
    return bool(db.execute(sa.update(t.writes).where(w.id == write.id, w.state == "planned").values(state="sending")).rowcount)


def tell(db: sa.Connection, write: Write, message: str) -> None:
    """Keep what was said about a write that is still in doubt."""
    db.execute(sa.update(t.writes).where(t.writes.c.id == write.id).values(message=message))


def fail(db: sa.Connection, write: Write, message: str) -> None:
    """Give a write up: nothing of it stands."""
    db.execute(sa.update(t.writes).where(t.writes.c.id == write.id).values(state="failed", message=message))


def finish(db: sa.Connection, write: Write, *, now: Millis, left: Millis, ref: str, message: str) -> None:
    """Record that a write stands (or is taken back), and what it undid with it."""
    payload = json.dumps({**{name: getattr(write, name) for name in _PAYLOAD}, "left": left}, ensure_ascii=False)
    done = {"state": "done", "done": now, "ref": ref, "message": message, "payload": payload}
    db.execute(sa.update(t.writes).where(t.writes.c.id == write.id).values(**done))
    if write.undoes:
        db.execute(sa.update(t.writes).where(t.writes.c.id == write.undoes).values(state="reversed"))


def next_id(taken: set[str], place: tuple[str, str, str]) -> str:
    """Return the next free row id of a place, and take it."""
    number = 1
    while (found := f"{'/'.join(place)}/{number}") in taken:
        number += 1
    taken.add(found)
    return found


def mark(text: str) -> str:
    """Return the mark that stands in the tracker for a row or place: nobody's name in it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]

"""The outbox: what is to be sent is a row first, rendered once and frozen, with a key under which it can exist only once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from okrbot.model import instant, millis
from okrbot.store import tables as t
from okrbot.store.bulk import insert_new

EVENT = "okrbot_delivery"  # the message metadata by which a delivery is found again
OPEN = ("planned", "sending", "doubt")
OVERDUE = dt.timedelta(hours=1)  # a message that has not arrived so long after it was due is said to be missing


@dataclasses.dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent: `channel` is a #name, a channel id or a user id; `thread_of` the key of the delivery it replies to."""

    key: str
    kind: str
    channel: str
    text: str
    blocks: Sequence[Mapping[str, Any]]
    due: dt.datetime
    product: str = ""
    period: str = ""
    thread_of: str = ""
    not_before: dt.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the outbox. Times are UTC, None where they have not happened; `payload` is what is or was posted."""

    key: str
    kind: str
    product: str
    channel: str
    period: str
    payload: Mapping[str, Any]
    payload_hash: str
    state: str
    due: dt.datetime
    created: dt.datetime
    attempts: int
    started: dt.datetime | None
    sent: dt.datetime | None
    not_before: dt.datetime | None
    holder: str
    channel_id: str
    ts: str
    error: str
    thread_of: str

    @property
    def id(self) -> str:
        """Return the id that stands in the message's metadata, which every app of the workspace may read: no names in it."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:24]


def put(db: sa.Connection, message: Outgoing, *, now: dt.datetime, state: str = "planned", error: str = "") -> bool:
    """Write `message` into the outbox and return True; False, changing nothing, when its key is there already.

    Where another process writes the same key at this moment, it waits for that one's end.
    """
    number = hashlib.sha256(message.key.encode()).hexdigest()[:24]
    payload = {
        "text": message.text,
        "blocks": list(message.blocks),
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": EVENT, "event_payload": {"delivery": number}},
    }
    body = freeze(payload)
    return insert_new(
        db,
        t.deliveries,
        key=message.key,
        kind=message.kind,
        product=message.product,
        channel=message.channel,
        period=message.period,
        method="chat.postMessage",
        payload=body,
        payload_hash=hash_of(body),
        state=state,
        due=millis(message.due),
        created=millis(now),
        not_before=millis(message.not_before) if message.not_before else 0,
        thread_of=message.thread_of,
        error=error,
    )


def freeze(payload: Mapping[str, Any]) -> str:
    """Return a payload as it is stored."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def hash_of(body: str) -> str:
    """Return the hash by which a stored payload can be compared with what was posted."""
    return hashlib.sha256(body.encode()).hexdigest()


def by_key(db: sa.Connection, key: str) -> Delivery | None:
    """Return one delivery, None if there is none with this key."""
    row = db.execute(sa.select(t.deliveries).where(t.deliveries.c.key == key)).mappings().first()
    return _delivery(row) if row else None


def unfinished(db: sa.Connection, *, now: dt.datetime) -> list[Delivery]:
    """Return the messages that are due and neither sent nor given up, oldest first; without the payloads, which nobody needs for looking."""
    d = t.deliveries.c
    columns = [column for column in t.deliveries.columns if column.name != "payload"]
    chosen = (
        sa.select(*columns, sa.literal("{}").label("payload"))
        .where(d.state.in_(OPEN), d.due <= millis(now), d.method == "chat.postMessage")
        .order_by(d.due, d.created, d.key)
    )
    return [_delivery(row) for row in db.execute(chosen).mappings()]


def listed(db: sa.Connection, *, states: Sequence[str] = (), most: int = 50) -> list[Delivery]:
    """Return deliveries, newest first, of the given states or of all."""
    chosen = sa.select(t.deliveries).order_by(t.deliveries.c.due.desc(), t.deliveries.c.key).limit(most)
    if states:
        chosen = chosen.where(t.deliveries.c.state.in_(states))
    return [_delivery(row) for row in db.execute(chosen).mappings()]


def newer(db: sa.Connection, row: Delivery) -> bool:
    """Return whether a delivery of the same kind, product and channel for a later period is in the outbox."""
    d = t.deliveries.c
    same = sa.and_(d.kind == row.kind, d.product == row.product, d.channel == row.channel, d.state != "skipped")
    return db.execute(sa.select(d.key).where(same, d.period > row.period)).first() is not None


def overdue(db: sa.Connection, *, now: dt.datetime) -> list[Delivery]:
    """Return the digests and questions that should have arrived an hour ago and are not known to have, oldest first.

    Left out are a question that waits for its person's hours, what a person holds back, and a digest after which a newer one came.
    """
    d = t.deliveries.c
    chosen = (
        sa.select(t.deliveries)
        .where(d.method == "chat.postMessage", d.thread_of == "", d.state.in_((*OPEN, "held", "refused")), d.due <= millis(now - OVERDUE))
        .where(sa.not_(sa.and_(d.state == "planned", d.error == "", d.not_before > millis(now))), d.error.not_like("%said by hand"))
        .order_by(d.due, d.key)
    )
    rows = [_delivery(row) for row in db.execute(chosen).mappings()]
    return [row for row in rows if row.kind != "digest" or not newer(db, row)]


def change(db: sa.Connection, key: str, *, only: Sequence[str], attempt: int | None = None, **values: Any) -> bool:
    """Change a delivery if it is in one of the states `only` (and at this attempt); return whether it was."""
    d = t.deliveries.c
    chosen = sa.update(t.deliveries).where(d.key == key, d.state.in_(only))
    if attempt is not None:
        chosen = chosen.where(d.attempts == attempt)
    return bool(db.execute(chosen.values(**values)).rowcount)


def _delivery(row: sa.RowMapping) -> Delivery:
    def when(name: str) -> dt.datetime | None:
        return instant(row[name]) if row[name] else None

    return Delivery(
        **{name: row[name] for name in ("key", "kind", "product", "channel", "period", "payload_hash", "state", "attempts", "holder")},
        **{name: row[name] for name in ("channel_id", "ts", "error", "thread_of")},
        payload=json.loads(row["payload"]),
        due=instant(row["due"]),
        created=instant(row["created"]),
        started=when("started"),
        sent=when("sent"),
        not_before=when("not_before"),
    )

"""What one run leaves for the next: the checkpoint of a complete pull, and the place where an unfinished one stopped."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from okrbot.model import Millis

M = TypeVar("M", bound=msgspec.Struct)

VERSION = 1
OVERLAP: Millis = 15 * 60_000  # reads start this much before the last complete run began
MOST_RECENT = 20_000  # issues remembered as just read; beyond that the overlap is simply read again


class Checkpoint(msgspec.Struct):
    """The last complete pull. Instants are the service's own clock, in milliseconds UTC."""

    version: int
    filter: str  # which part of which workspace, seen by whom
    since: Millis  # changes from here on are read next
    newest: Millis  # latest change seen
    full_at: Millis  # start of the last pass over everything
    census_at: Millis
    census: int  # size of the last census, 0 = none
    relations: list[str] = msgspec.field(default_factory=list)  # "issue type issue"
    teams: dict[str, str] = msgspec.field(default_factory=dict)  # id → key of the teams that were visible
    recent: dict[str, Millis] = msgspec.field(default_factory=dict)  # issues changed after `since` and read already


class Resume(msgspec.Struct):
    """Where a pull stopped: the stage and the last cursor or id that is stored."""

    version: int
    filter: str
    started: Millis
    since: Millis  # 0 = everything
    full: bool
    stage: str  # sweep | details | moved | late
    place: str = ""
    read: int = 0
    with_history: int = 0
    newest: Millis = 0
    bad: int = 0  # rows left out so far
    relations: str = ""  # digest of the relations that the links stored so far were made from
    related: list[str] = msgspec.field(default_factory=list)  # issues whose relations differed from the checkpoint's meanwhile
    mixed: bool = False  # those relations changed while the pull lay still


def pack(mark: msgspec.Struct) -> str:
    """Return a mark as text."""
    return base64.b85encode(zlib.compress(msgspec.json.encode(mark), 6)).decode("ascii")


def unpack(text: str | None, kind: type[M]) -> M | None:
    """Return the mark in `text`; None where there is none, or it is damaged or of another version."""
    if not text:
        return None
    try:
        mark = msgspec.json.decode(zlib.decompress(base64.b85decode(text)), type=kind)
    except (ValueError, zlib.error):
        return None
    return mark if getattr(mark, "version", 0) == VERSION else None


class Recent:
    """The issues read of which the next run's overlap will speak again, with the clock they were read at."""

    def __init__(self, newest: Millis = 0) -> None:
        self.newest = newest
        self._seen: dict[str, Millis] = {}

    def add(self, rows: Iterable[tuple[str, Millis]]) -> None:
        for id_, updated in rows:
            self._seen[id_] = updated
            self.newest = max(self.newest, updated)
        if len(self._seen) > 2 * MOST_RECENT:
            self._seen = self.after(self.newest - OVERLAP)

    def after(self, since: Millis) -> dict[str, Millis]:
        """Return those changed at or after `since`, at most MOST_RECENT."""
        found = sorted((updated, id_) for id_, updated in self._seen.items() if updated >= since)
        return {id_: updated for updated, id_ in found[-MOST_RECENT:]}

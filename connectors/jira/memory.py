"""What a pull remembers for the next one (checkpoint) and for going on after a kill (resume), as texts for the store."""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec

from okrbot.model import Millis, Sprint

VERSION = 1
DAY = 86_400_000
WEEK = 7 * DAY


class Checkpoint(msgspec.Struct, frozen=True):
    """Written after the last page of a complete pull. Instants are the server's clock."""

    version: int
    start: Millis  # when that pull began
    filter: str  # hash of what was asked for
    account: str
    zone: str
    cloud: bool
    home: str
    full_at: Millis  # when the last full pass began
    census_at: Millis
    sprints: list[Sprint] = []  # those that only the issues told of
    no_boards: bool = False  # whether all of them were of that kind


class Resume(msgspec.Struct, frozen=True):
    """Written with every page: what is still to do of the pull that began at `start`."""

    version: int
    start: Millis
    filter: str
    account: str
    full: bool
    parts: list[tuple[str, Millis, Millis]]  # full pass: (clauses, created from, until before)
    low: Millis  # changes: updated from
    gaps: list[tuple[str, str, str]] = []  # (code, message, where) of rows that are missing so far


M = TypeVar("M", Checkpoint, Resume)


def write(memory: Checkpoint | Resume) -> str:
    """Return a memory as text."""
    return msgspec.json.encode(memory).decode()


def checkpoint(text: str | None) -> Checkpoint | None:
    """Return what the last complete pull wrote, None when there is none that this version understands."""
    return _read(text, Checkpoint)


def resume(text: str | None) -> Resume | None:
    """Return what a killed pull wrote, None when there is none that this version understands."""
    return _read(text, Resume)


def _read(text: str | None, kind: type[M]) -> M | None:
    if not text:
        return None
    try:
        memory = msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError):
        return None
    return memory if memory.version == VERSION else None


def fingerprint(*parts: object) -> str:
    """Return a short hash of what a pull asks for, so that a changed question is noticed."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()

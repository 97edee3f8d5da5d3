"""Be the only one who works with a store: a lock that lives as long as its process, never a lease by the clock."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from okrbot.store.opening import Store, StoreError

KEY = 0x6F6B7262  # "okrb": the advisory lock's number on PostgreSQL


class Lock(Protocol):
    """A lock on the work of a store: pulls, audits, digests and questions."""

    def hold(self) -> bool:
        """Return whether this process has the lock now, taking it if it is free. Never waits."""
        ...

    def release(self) -> None:
        """Give the lock back."""
        ...


def lock_of(store: Store) -> Lock:
    """Return the lock of `store`. On SQLite it is taken at once; raises StoreError if another process has it.

    On PostgreSQL several processes may run: one works, the others wait for it to end.
    """
    path = store.sqlite_path
    return FileLock(path) if path else SessionLock(store.engine)


class FileLock:
    """A `flock` beside a SQLite file. The system frees it when the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        import fcntl

        self._path = database.with_name(database.name + ".lock")
        self._handle = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._handle, 200).decode(errors="replace").strip() or "another process"
            os.close(self._handle)
            raise StoreError(
                f"store: {holder} already serves {database}. One okrbot serve a store: stop that one, or give this one a store of its own."
            ) from None
        os.ftruncate(self._handle, 0)
        os.write(self._handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode())

    def hold(self) -> bool:
        return self._handle >= 0

    def release(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class SessionLock:
    """A PostgreSQL advisory lock of one session. It is looked at again before each use: a session may have been ended."""

    def __init__(self, engine: sa.Engine, key: int = KEY) -> None:
        self._engine = engine
        self._key = key
        self._guard = threading.Lock()
        self._connection: sa.Connection | None = None

    def hold(self) -> bool:
        with self._guard:
            if self._connection is not None and self._still(self._connection):
                return True
            return self._take()

    def _still(self, connection: sa.Connection) -> bool:
        try:
            mine = sa.text(
                "select count(*) from pg_locks where locktype = 'advisory' and objid = :key and pid = pg_backend_pid() and granted"
            )
            held = bool(connection.execute(mine, {"key": self._key}).scalar())
            connection.commit()
        except sa.exc.DBAPIError:
            held = False
        if not held:
            self._drop()
        return held

    def _take(self) -> bool:
        try:
            connection = self._engine.connect()
        except sa.exc.DBAPIError:
            return False  # the database is away; whoever had the lock has lost it too
        try:
            got = bool(connection.execute(sa.text("select pg_try_advisory_lock(:key)"), {"key": self._key}).scalar())
            connection.commit()
        except sa.exc.DBAPIError:
            got = False
        if got:
            self._connection = connection
        else:
            connection.close()
        return got

    def _drop(self) -> None:
        if self._connection is not None:
            # The session may be gone already; a pooled connection must not keep the lock for the next borrower.
            with contextlib.suppress(sa.exc.DBAPIError):
                self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def release(self) -> None:
        with self._guard:
            self._drop()

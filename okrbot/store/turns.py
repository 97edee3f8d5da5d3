"""Let the writers of a SQLite file have their turns one after the other, so that a pull does not keep a click waiting."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

PATIENCE = 30_000  # milliseconds a writer waits for its turn
ASK_AGAIN = 3  # milliseconds after which it asks again: SQLite itself waits 1 and then 2 of them
PASS = 1_000  # milliseconds after which a writer that stands still at the head of the queue is passed


class Turns:
    """The queue of those who want to write: threads by a lock, processes by a `flock` beside the file.

    SQLite knows no queue, and asks for its lock ever more seldom the longer it waits, in the end ten times a second: a pull, which
    asks again at once, then keeps a click waiting for seconds. Here one asks, every few milliseconds, and the others stand behind it.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".queue")
        self._threads = threading.Lock()
        self._never = threading.Event()
        self._handle = -1

    def begin(self, connection: sa.Connection) -> None:
        """Begin a transaction that writes, as soon as the one that writes now has ended. Raises sqlalchemy's OperationalError."""
        line: Any = connection.connection.driver_connection
        with self._threads, self._first():
            line.execute(f"pragma busy_timeout={ASK_AGAIN}")
            try:
                for _ in range(PATIENCE // ASK_AGAIN):
                    try:
                        line.execute("begin immediate")
                    except sqlite3.OperationalError as error:
                        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                            break
                    else:
                        return
                connection.exec_driver_sql("begin immediate")  # fails again, as the error that our callers know
            finally:
                line.execute(f"pragma busy_timeout={PATIENCE}")

    def close(self) -> None:
        """Give the file back; it is opened again when it is needed."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    @contextlib.contextmanager
    def _first(self) -> Iterator[None]:
        """Be the first among the processes, unless the first one stands still."""
        if sys.platform == "win32":  # no flock there: processes meet at SQLite's own lock
            yield
            return
        import fcntl

        if self._handle < 0:
            self._handle = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        for _ in range(PASS // ASK_AGAIN):
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                self._never.wait(ASK_AGAIN / 1000)
        try:
            yield
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def __del__(self) -> None:
        self.close()

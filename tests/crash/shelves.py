"""Stores for crashes: one database at one place, put back to how it was before every case; and Slack's state likewise."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from fake_slack import FakeSlack

from okrbot.store import Store, open_store
from okrbot.store import tables as t

SERVER = "OKRBOT_TEST_POSTGRES"  # the address of a server on which databases may be made


class Shelf(Protocol):
    """A database that is set up once and put back again and again."""

    url: str
    store: Store

    def keep(self, name: str) -> None:
        """Remember the database as it is now."""
        ...

    def put_back(self, name: str) -> None:
        """Make the database what it was when it was kept under `name`."""
        ...


class SqliteShelf:
    """A file in a folder; keeping is copying."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, "sqlite:///okrbot.db"
        self.file = folder / "okrbot.db"
        self.store = open_store(self.url, folder=folder)

    def keep(self, name: str) -> None:
        self.store.close()  # the last one to leave writes the log into the file
        shutil.copy(self.file, self.folder / f"{name}.kept")

    def put_back(self, name: str) -> None:
        self.store.close()
        for end in ("-wal", "-shm"):
            self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        shutil.copy(self.folder / f"{name}.kept", self.file)


class PostgresShelf:
    """A database of a server; keeping is remembering its rows, which are few."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = open_store(url)
        self._kept: dict[str, list[tuple[sa.Table, list[dict[str, Any]]]]] = {}

    def keep(self, name: str) -> None:
        with self.store.connect() as db:
            read = [(table, [dict(row) for row in db.execute(sa.select(table)).mappings()]) for table in t.metadata.sorted_tables]
        self._kept[name] = [(table, rows) for table, rows in read if rows]

    def put_back(self, name: str) -> None:
        empty = "; ".join(f'delete from "{table.name}"' for table in t.metadata.sorted_tables)
        with self.store.begin() as db:
            db.exec_driver_sql(empty)  # waits for whoever was killed in the middle of something
            for table, rows in self._kept[name]:
                db.execute(sa.insert(table), rows)
            for table in t.metadata.sorted_tables:
                if table.autoincrement_column is not None and table.name in {kept.name for kept, _ in self._kept[name]}:
                    db.exec_driver_sql(
                        f"select setval(pg_get_serial_sequence('{table.name}', 'id'), (select coalesce(max(id), 0) + 1 from {table.name}), false)"
                    )


@contextmanager
def shelf_of(kind: str, folder: Path) -> Iterator[Shelf]:
    """Yield an empty store of a kind: sqlite in `folder`, or postgres on the server that $OKRBOT_TEST_POSTGRES names."""
    if kind == "sqlite":
        made = SqliteShelf(folder)
        yield made
        made.store.close()
        return
    server = sa.make_url(os.environ[SERVER])
    name = f"okrbot_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as line:
        line.execute(sa.text(f"create database {name}"))
    kept = PostgresShelf(server.set(database=name).render_as_string(hide_password=False))
    yield kept
    kept.store.close()
    with admin.connect() as line:
        line.execute(sa.text(f"drop database {name} with (force)"))
    admin.dispose()


@dataclasses.dataclass(frozen=True, slots=True)
class Slate:
    """What a fake Slack remembers, kept aside."""

    now: float
    serial: int
    parts: dict[str, Any]

    NAMES = ("users", "channels", "messages", "views", "homes", "triggers", "responses")

    @classmethod
    def of(cls, slack: FakeSlack) -> Slate:
        """Return Slack's state as it is now."""
        space = slack.space
        return cls(slack.clock.time(), space.serial(), copy.deepcopy({name: getattr(space, name) for name in cls.NAMES}))

    def put_back(self, slack: FakeSlack) -> None:
        """Make Slack what it was; nothing is under way, no fault is waiting."""
        space = slack.space
        with space.lock:
            for name, value in copy.deepcopy(self.parts).items():
                setattr(space, name, value)
            space._serial = itertools.count(self.serial + 1)
            space.breaches.clear()
            slack.faults.clear()
            slack.requests.clear()
            slack.api.late.clear()
            slack.api.calls.clear()
            slack.api.throttled.clear()
        slack.clock.advance(self.now - slack.clock.time())
        slack.clock.slept.clear()

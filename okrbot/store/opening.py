"""Open a store: connect, bring its tables up to date, refuse what this version cannot read."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from okrbot.store.tables import metadata
from okrbot.store.turns import PATIENCE, Turns

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

HERE = Path(__file__).parent
_HEADER = 100  # bytes of a SQLite file before its first page's content


class StoreError(Exception):
    """A store that cannot be opened or used; the message is for a person and names the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Store:
    """An open store. `begin()` gives a transaction; `url` is safe to show."""

    engine: sa.Engine
    url: str

    @property
    def sqlite_path(self) -> Path | None:
        """Return the file of a SQLite store, None for PostgreSQL."""
        return Path(self.engine.url.database or "") if self.engine.dialect.name == "sqlite" else None

    def begin(self) -> AbstractContextManager[sa.Connection]:
        """Return a transaction: commits at the end, rolls back on an exception."""
        return self.engine.begin()

    def connect(self) -> AbstractContextManager[sa.Connection]:
        """Return a connection for reading; it takes no lock that a writer would wait for."""
        return self.engine.connect().execution_options(reading=True)

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def open_store(url: str, *, folder: Path | None = None, create: bool = True) -> Store:
    """Open the store at `url` (`sqlite:///file`, `sqlite:////abs/file` or `postgresql+psycopg://…`) and bring it up to date.

    A relative SQLite path starts at `folder`. A new SQLite file is readable by its owner only.
    Raises StoreError when the file is no store, cannot be read, or was written by a newer okrbot.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise StoreError(
            f"store: '{_shown(url)}' is not an address. Write sqlite:///okrbot.db or postgresql+psycopg://user@host/name."
        ) from None
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite(parsed, folder or Path(), create=create)
    elif parsed.drivername == "postgresql+psycopg":
        engine = _postgres(parsed)
    else:
        raise StoreError(
            f"store: '{parsed.drivername}' is not supported. Write sqlite:///okrbot.db or postgresql+psycopg://user@host/name."
        )
    shown = engine.url.render_as_string(hide_password=True)
    try:
        _migrate(engine, shown)
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise StoreError(
            f"store: {shown} cannot be read ({_first_line(error.orig)}). Is it an okrbot store? Restore a backup or name another file."
        ) from None
    return Store(engine, shown)


def _sqlite(url: sa.URL, folder: Path, *, create: bool) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("store: a store in memory forgets everything. Name a file: sqlite:///okrbot.db.")
    path = folder / url.database
    if path.is_dir():
        raise StoreError(f"store: {path} is a folder. Name a file: sqlite:///{url.database}/okrbot.db.")
    if not path.exists():
        if not create:
            raise StoreError(f"store: {path} does not exist yet. Run `okrbot pull` first.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise StoreError(f"store: {path} cannot be made ({error.strerror}). Name a folder you may write to.") from None
    elif not os.access(path, os.R_OK | os.W_OK):
        raise StoreError(f"store: {path} cannot be opened for reading and writing. Check its owner and rights.")
    elif not _is_sqlite(path):
        raise StoreError(f"store: {path} is no database. Is it an okrbot store? Restore a backup or name another file.")
    engine = sa.create_engine(url.set(database=str(path)), connect_args={"timeout": 30})

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver would begin its own transactions only before writes; we begin them all (see `begin` below).
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("pragma journal_mode=wal")
        cursor.execute("pragma synchronous=full")  # an acknowledged answer survives a power cut
        cursor.execute("pragma foreign_keys=on")
        cursor.execute(f"pragma busy_timeout={PATIENCE}")
        cursor.execute("pragma cache_size=-16384")
        cursor.close()

    turns = Turns(path)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # Two writers that both began by reading would fail instead of waiting; writers ask for the lock at once.
        if connection.get_execution_options().get("reading"):
            connection.exec_driver_sql("begin")
        else:
            turns.begin(connection)

    @sa.event.listens_for(engine, "engine_disposed")
    def closed(_engine: sa.Engine) -> None:
        turns.close()

    return engine


def _is_sqlite(path: Path) -> bool:
    # SQLite takes a file shorter than its header for an empty database, and would write over it. Whether a longer one is a
    # database SQLite says itself: the file is not opened here, because closing it would drop the locks that this process holds.
    return path.stat().st_size == 0 or path.stat().st_size >= _HEADER


def _postgres(url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except ModuleNotFoundError:
        raise StoreError("store: PostgreSQL needs its driver. Install it with: pip install 'okrbot[postgres]'.") from None


def _migrate(engine: sa.Engine, shown: str) -> None:
    # Alembic takes 0.15 s to import; a store that is up to date needs only its version row.
    newest = _newest()
    current = _revision(engine, shown)
    if current == newest:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(HERE / "migrations"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(
            f"store: {shown} was written by a newer okrbot (step {current}). Upgrade okrbot, or restore the backup made before that upgrade."
        )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(f"store: {shown} could not be brought up to date ({error}). Nothing was changed.") from None


def _newest() -> str:
    return max(path.name.split("_", 1)[0] for path in (HERE / "migrations" / "versions").glob("[0-9]*.py"))


def _revision(engine: sa.Engine, shown: str) -> str | None:
    try:
        with engine.connect().execution_options(reading=True) as connection:
            names = sa.inspect(connection).get_table_names()
            if "alembic_version" in names:
                return connection.execute(sa.text("select version_num from alembic_version")).scalar()
    except sa.exc.OperationalError as error:
        raise StoreError(
            f"store: {shown} cannot be reached ({_first_line(error.orig)}). Check the address and that the server runs."
        ) from None
    strangers = sorted(set(names) - set(metadata.tables))
    if strangers:
        raise StoreError(f"store: {shown} already holds other tables ({', '.join(strangers[:3])}). Give okrbot a database of its own.")
    return None


def _first_line(error: object) -> str:
    return str(error).strip().split("\n", 1)[0]


def _shown(url: str) -> str:
    return url if not urlsplit(url).password else "…"

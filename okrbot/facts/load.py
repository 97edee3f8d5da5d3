"""Carry the store into DuckDB, column by column: the database drivers hand over Arrow streams, no row passes Python."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from okrbot.store import Store, StoreError, tables
from okrbot.words import kind_of, level_of

# What is read of each table of the store, as SQL both databases understand. A column that may be null is given a value
# of its own type: SQLite's driver takes a column's type from its first rows.
_READ: dict[str, str] = {
    "items": """select source, id, key, title, kind, their_kind, level, state, their_state, backlog, parent, created, updated, started, finished,
      due, start, labels, components, versions, sprints, goals, fields, coalesce(estimate, -1.0) as estimate, priority, rank, team, project,
      assignee, reporter, resolution, url, restricted, archived, history, text_hash, hidden_since from items""",
    "changes": "select source, item, id, at, field, before, after, before_text, after_text, author, author_kind from changes",
    "links": "select source, item, kind, target, target_key from links",
    "notes": "select source, subject, id, at, kind, author, author_kind, body, health from notes",
    "aliases": "select source, key, id from aliases",
    "backlogs": "select source, id, key, name, kind, private, archived from backlogs",
    "sprints": 'select source, id, name, state, start, "end", completed, backlog from sprints',
    "cycles": 'select source, name, start, "end" from cycles',
    "objectives": """select source, id, title, cycle, level, parent, product, team, owner, status, body, created, archived, url, first_seen, gone_since
      from objectives""",
    "key_results": """select source, id, objective, title, metric, unit, coalesce(baseline, -1e308) as baseline, coalesce(target, -1e308) as target,
      coalesce("current", -1e308) as current, start, due, owner, kind, cadence, progress, status, coalesce(lag_days, -1) as lag_days, items, created,
      archived, closing_note, url, "where", first_seen, gone_since from key_results""",
    "check_ins": """select source, key_result, "on", coalesce(value, -1e308) as value, coalesce(confidence, -1.0) as confidence, status, note, author
      from check_ins""",
    "goal_changes": "select source, goal, at, field, kind, before, after, author from goal_changes",
    "overrides": "select id, what, subject, value, created, ended from overrides",
    "pulls": "select id, source, started, ended, verdict, read, with_history from pulls",
}


@contextlib.contextmanager
def _reading(store: Store) -> Iterator[tuple[Any, Path | None]]:
    """Yield an ADBC cursor on one consistent snapshot of the store, and the copy it reads, if it is one."""
    if path := store.sqlite_path:
        from adbc_driver_sqlite import dbapi as sqlite

        with (
            _copied(store, path) as copy,
            sqlite.connect(f"{copy.absolute().as_uri()}?mode=ro&immutable=1") as connection,
            connection.cursor() as cursor,
        ):
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": "65536"})
            yield cursor, copy
    else:
        from adbc_driver_postgresql import dbapi as postgres

        url = store.engine.url.set(drivername="postgresql")
        with postgres.connect(url.render_as_string(hide_password=False)) as connection, connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read")
            yield cursor, None


@contextlib.contextmanager
def _copied(store: Store, path: Path) -> Iterator[Path]:
    """Yield a copy of a SQLite file that nobody else opens. Raises StoreError when there is no room for it.

    The Arrow driver brings a SQLite of its own, and two of them in one process must never open one file: whichever closes
    it drops the locks of the other (POSIX locks belong to the process), and then a writer and a checkpoint meet
    (sqlite.org/howtocorrupt.html, 2.2.1). The copy is made by the library that holds the store, in one consistent step.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        raise StoreError(f"store: {path.parent} takes no copy for reading ({error.strerror}). Name a folder you may write to.") from None
    with folder as name:
        copy = Path(name) / "copy.db"
        into = sqlite3.connect(copy)
        try:
            into.execute("pragma synchronous=off")
            into.execute("pragma journal_mode=off")
            with store.connect() as db:
                line: Any = db.connection.driver_connection
                line.backup(into)
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"store: {path} could not be copied for reading ({error}). Is the disk full? It needs the store's size once more."
            ) from None
        finally:
            into.close()
        yield copy


SMALL = 5_000  # items; below this a second thread waits more than it works


def load(store: Store, *, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Return a fresh in-memory DuckDB with the store's tables in the schema `raw`, items and changes made ready (00_store.sql).

    `threads` is by default what the number of items pays for, two at most.
    """
    if threads is None:
        with store.connect() as db:
            items = db.execute(sa.select(sa.func.count()).select_from(tables.items)).scalar() or 0
        threads = 1 if items < SMALL else 2
    connection = duckdb.connect(":memory:", config={"threads": threads, "temp_directory": ""})
    connection.execute("create schema raw; create schema work; set timezone = 'UTC'")
    with _reading(store) as (cursor, copy):
        for name, query in _READ.items():
            cursor.execute(query)
            stream = cursor.fetch_arrow()
            connection.register("stream", stream)
            columns = ", ".join(f"cast({_quoted(c)} as {_type(name, c)}) as {_quoted(c)}" for c in _columns(query))
            connection.execute(f"create table raw.{name} as select {columns} from stream")  # noqa: S608 -- our own names
            connection.unregister("stream")
            if copy is not None:
                with contextlib.suppress(OSError):  # where an open file keeps its name, it goes at the end
                    copy.unlink(missing_ok=True)  # a process that is killed leaves no copy behind
    connection.execute((Path(__file__).parent / "sql" / "00_store.sql").read_text(encoding="utf-8"))
    _name_lost_types(connection)
    return connection


def _name_lost_types(connection: duckdb.DuckDBPyConnection) -> None:
    # Types that items had once and none has today: their names alone say what they were.
    lost = connection.execute(
        """select distinct i.source, m.before from raw.move m join raw.item i on i.n = m.n
           left join raw.type t on t.source = i.source and t.their_kind = m.before
           where m.field = 'type' and m.before <> '' and t.their_kind is null order by all"""
    ).fetchall()
    for source, name in lost:
        kind = kind_of(name)
        connection.execute("insert into raw.type values (?, ?, ?, ?)", [source, name, kind, level_of(kind)])


def _columns(query: str) -> list[str]:
    between = query.split("select", 1)[1].rsplit(" from ", 1)[0]
    parts, depth, part = [], 0, ""
    for char in between:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and not depth:
            parts.append(part)
            part = ""
        else:
            part += char
    return [part.split(" as ")[-1].strip().strip('"') for part in (*parts, part)]


def _quoted(name: str) -> str:
    return f'"{name}"'


def _type(table: str, column: str) -> str:
    declared = tables.metadata.tables[table].c[column].type
    if isinstance(declared, sa.Float):
        return "double"
    return "bigint" if isinstance(declared, sa.Integer) else "varchar"

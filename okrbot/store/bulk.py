"""Put many rows into one table by the driver's own fast path: `executemany` on SQLite, `COPY` on PostgreSQL."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa


def upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[Sequence[Any]], *, keep: str = "") -> int:
    """Insert `rows` (values in the order of the table's columns); a row whose key exists is overwritten.

    `keep` is a further assignment used on conflict, for columns that must not simply be overwritten. Returns the number
    of rows. Rows with the same key in one call: the last wins.
    """
    if not rows:
        return 0
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.executemany(_sqlite_upsert(table, keep), rows)  # type: ignore[union-attr]
    else:
        _copy(connection, table, rows, keep)
    return len(rows)


def insert_new(connection: sa.Connection, table: sa.Table, **values: Any) -> bool:
    """Insert one row and return True; False, changing nothing, where its key exists.

    Where another process is inserting the same key, it waits for that one's end.
    """
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(f":{name}" for name in values)
    # As text: the dialects' own insert would import all of PostgreSQL's for SQLite too. And not the row count: PostgreSQL's driver
    # gives -1 for an insert that did nothing.
    new = sa.text(f"insert into {table.name} ({names}) values ({marks}) on conflict do nothing returning 1")  # noqa: S608 -- our own names
    return connection.execute(new, values).first() is not None


def delete_of(connection: sa.Connection, table: sa.Table, column: str, *, source: str, values: Iterable[str]) -> None:
    """Delete the rows of `source` whose `column` is one of `values`."""
    wanted = list(values)
    if not wanted:
        return
    if connection.dialect.name == "sqlite":
        # As one JSON list: SQLAlchemy's expanding parameters cost more than the deletion itself.
        statement = f'delete from {table.name} where source = ? and "{column}" in (select value from json_each(?))'  # noqa: S608 -- our own names
        connection.exec_driver_sql(statement, (source, json.dumps(wanted)))
    else:
        connection.exec_driver_sql(f'delete from {table.name} where source = %s and "{column}" = any(%s)', (source, wanted))  # noqa: S608 -- our own names


def rows_of(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], *, source: str, values: Iterable[str]
) -> list[tuple[Any, ...]]:
    """Return `columns` of the rows of `source` whose id is one of `values`."""
    wanted = list(values)
    names = ", ".join(f'"{column}"' for column in columns)
    if connection.dialect.name == "sqlite":
        statement = f"select {names} from {table.name} where source = ? and id in (select value from json_each(?))"  # noqa: S608 -- our own names
        return [tuple(row) for row in connection.exec_driver_sql(statement, (source, json.dumps(wanted)))]
    return [
        tuple(row)
        for row in connection.exec_driver_sql(f"select {names} from {table.name} where source = %s and id = any(%s)", (source, wanted))  # noqa: S608 -- our own names
    ]


@functools.cache
def _sqlite_upsert(table: sa.Table, keep: str) -> str:
    names = [f'"{column.name}"' for column in table.columns]
    return f"insert into {table.name} ({', '.join(names)}) values ({', '.join('?' * len(names))}) {_on_conflict(table, keep)}"  # noqa: S608 -- our own names


@functools.cache
def _on_conflict(table: sa.Table, keep: str) -> str:
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    kept = {part.split("=", 1)[0].strip() for part in keep.split(";") if part.strip()}
    sets = [f'"{c.name}" = excluded."{c.name}"' for c in table.columns if not c.primary_key and c.name not in kept]
    sets += [part.strip() for part in keep.split(";") if part.strip()]
    return f"on conflict ({keys}) do update set {', '.join(sets)}" if sets else f"on conflict ({keys}) do nothing"


def _copy(connection: sa.Connection, table: sa.Table, rows: Sequence[Sequence[Any]], keep: str) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    keys = [table.columns.keys().index(column.name) for column in table.primary_key]
    last = {tuple(row[i] for i in keys): row for row in rows}  # one statement may not touch a row twice
    with connection.connection.driver_connection.cursor() as cursor:  # type: ignore[union-attr]
        cursor.execute(f"create temporary table if not exists incoming_{table.name} (like {table.name} including defaults) on commit drop")
        cursor.execute(f"truncate incoming_{table.name}")
        with cursor.copy(f"copy incoming_{table.name} ({names}) from stdin") as copy:
            for row in last.values():
                copy.write_row(row)
        cursor.execute(f"insert into {table.name} ({names}) select {names} from incoming_{table.name} {_on_conflict(table, keep)}")  # noqa: S608 -- our own names

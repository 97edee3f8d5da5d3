"""Judge what was said about work: notes after release, and status updates of projects and goals."""

from __future__ import annotations

import duckdb

from okrbot.wording.signals import signals, update_signals


def judge_late_texts(connection: duckdb.DuckDBPyConnection, as_of_ms: int) -> None:
    """Make `work.reason_text` (n, at, author): the first edit of a finished unit's text that brought in a measure it lacked."""
    rows = connection.execute(
        """select c.n, c."at", c.author, c.before, c.after
           from work.change c
           join work.item i on i.n = c.n and i.finished_ms is not null
           join work.unit u on u.n = c.n and u.unit = c.n
           where c.field = 'body' and c."at" <= $now and i.finished_ms > $now - 366 * 86400000::bigint
           order by c.n, c."at" """,
        {"now": as_of_ms},
    ).fetchall()
    found: dict[int, tuple[int, int, str]] = {}
    for n, at, author, before, after in rows:
        if n not in found and after and signals("", after).measure and not signals("", before).measure:
            found[n] = (n, at, author)
    columns = [[row[i] for row in found.values()] for i in range(3)]
    connection.execute(
        'create table work.reason_text as select unnest(?::integer[]) as n, unnest(?::bigint[]) as "at", unnest(?::varchar[]) as author',
        columns,
    )


def judge_notes(connection: duckdb.DuckDBPyConnection, as_of_ms: int) -> None:
    """Make `work.said_after` (notes on finished units within a year) and `work.said_update` (status updates of eight weeks)."""
    rows = connection.execute(
        """select i.n, o.at, o.kind, o.body, i.finished_ms is not null and o.at > i.finished_ms as after
           from raw.notes o
           join work.item i on i.source = o.source and i.id = o.subject
           join work.unit u on u.n = i.n and u.unit = i.n
           where o.at <= $now and o.at > $now - 366 * 86400000::bigint and o.author_kind <> 'bot' and o.body <> ''
             and ((i.finished_ms is not null and o.at > i.finished_ms) or o.kind = 'update')
           order by i.n, o.at""".replace("o.at", 'o."at"'),
        {"now": as_of_ms},
    ).fetchall()
    after, updates = [], []
    for n, at, kind, body, is_after in rows:
        said = update_signals(body)
        row = (n, at, bool(said.shipped), bool(said.result), bool(said.learning))
        if is_after:
            after.append(row)
        if kind == "update":
            updates.append(row)
    for name, found in (("said_after", after), ("said_update", updates)):
        columns = [[row[i] for row in found] for i in range(5)]
        connection.execute(
            f"""create table work.{name} as select unnest(?::integer[]) as n, unnest(?::bigint[]) as "at", unnest(?::boolean[]) as shipped,
                unnest(?::boolean[]) as result, unnest(?::boolean[]) as learning""",
            columns,
        )

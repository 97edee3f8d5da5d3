"""What each item is for, as far as its type, labels, component, project or title say it; asked once a load, not once an instant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from okrbot.wording.workclass import ClassSettings, classify

_SAME = "(i.their_kind, i.kind, i.labels, i.components, i.project, i.backlog) = (c.their_kind, c.kind, c.labels, c.components, c.project, c.backlog)"


def classify_items(connection: duckdb.DuckDBPyConnection, settings: ClassSettings) -> None:
    """Make `work.said_class` (n, work_class, class_by): by what was said of the item once a combination, by title once a title."""
    connection.execute(
        """create table if not exists raw.combo (c bigint, their_kind varchar, kind varchar, labels varchar[], components varchar[], project varchar,
             backlog varchar, work_class varchar, class_by varchar);
           create table if not exists raw.title_class (c bigint, title varchar, work_class varchar, class_by varchar)"""
    )
    _classify_combinations(connection, settings)
    connection.execute(
        f"create table work.item_combo as select i.n, i.title, c.c, c.work_class, c.class_by from work.item i join raw.combo c on {_SAME}"  # noqa: S608
    )
    _classify_titles(connection, settings)
    connection.execute(
        """create table work.said_class as
           select k.n, coalesce(t.work_class, k.work_class) as work_class, coalesce(t.class_by, k.class_by) as class_by
           from work.item_combo k
           left join raw.title_class t on t.c = k.c and t.title = k.title"""
    )


def _classify_combinations(connection: duckdb.DuckDBPyConnection, settings: ClassSettings) -> None:
    known = connection.execute("select coalesce(max(c), 0) from raw.combo").fetchone()
    start = known[0] if known else 0
    connection.execute(
        f"""create table work.combo as
            select row_number() over () + {start} as c, * from (
              select distinct their_kind, kind, labels, components, project, backlog from work.item i
              where not exists (select 1 from raw.combo c where {_SAME}) order by all)"""  # noqa: S608 -- a number and our own words
    )
    rows = []
    for number, their_kind, kind, labels, components, project, backlog in connection.execute(
        "select * from work.combo order by c"
    ).fetchall():
        where = project or backlog.split("/", 1)[1]
        verdict = classify(
            their_kind=their_kind, kind=kind, labels=labels, components=components, project=where, title="", body="", settings=settings
        )
        rows.append((number, verdict.work_class, verdict.by))
    connection.execute(
        """insert into raw.combo
           select c.*, k.work_class, k.class_by from work.combo c
           join (select unnest(?::bigint[]) as c, unnest(?::varchar[]) as work_class, unnest(?::varchar[]) as class_by) k on k.c = c.c""",
        _columns(rows, 3),
    )


def _classify_titles(connection: duckdb.DuckDBPyConnection, settings: ClassSettings) -> None:
    found = connection.execute(
        """select distinct k.c, k.title, c.their_kind, c.kind, c.labels, c.components, coalesce(nullif(c.project, ''), substr(c.backlog, position('/' in c.backlog) + 1))
           from work.item_combo k
           join raw.combo c on c.c = k.c
           left join raw.title_class t on t.c = k.c and t.title = k.title
           where k.class_by in ('none', 'text') and t.c is null"""
    ).fetchall()
    rows = []
    for number, title, their_kind, kind, labels, components, where in found:
        verdict = classify(
            their_kind=their_kind, kind=kind, labels=labels, components=components, project=where, title=title, settings=settings
        )
        rows.append((number, title, verdict.work_class, verdict.by))
    connection.execute(
        "insert into raw.title_class select unnest(?::bigint[]), unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::varchar[])",
        _columns(rows, 4),
    )


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[i] for row in rows] for i in range(width)]

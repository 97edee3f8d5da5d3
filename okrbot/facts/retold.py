"""Texts as they stood: titles and descriptions that were rewritten after the instant, where the tracker keeps the old ones."""

from __future__ import annotations

import duckdb
import sqlalchemy as sa

from okrbot.model import clean
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.writing import BODY_LIMIT, text_hash


def retell(store: Store, connection: duckdb.DuckDBPyConnection) -> None:
    """Give rewritten items in `work.item` the hash of the text they had, and note title and body in `work.then`."""
    connection.execute("create table work.then (n integer, title varchar, body varchar, text_hash bigint)")
    rows = connection.execute("select n, source, id, title, body from work.retold order by n").fetchall()
    if not rows:
        return
    bodies = _bodies(store, [(source, id_) for _, source, id_, _, body in rows if body is None])
    told = []
    for n, source, id_, title, body in rows:
        was = clean(title), clean((bodies.get((source, id_), "") if body is None else body)[:BODY_LIMIT])
        told.append((n, *was, text_hash(*was)))
    columns = [[row[i] for row in told] for i in range(4)]
    connection.execute(
        "insert into work.then select unnest(?::integer[]), unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::bigint[])", columns
    )
    connection.execute("update work.item set text_hash = x.text_hash from work.then x where x.n = item.n")


def texts_then(connection: duckdb.DuckDBPyConnection) -> dict[int, tuple[str, str]]:
    """Return (title, body) of the rewritten items by their number."""
    return {n: (title, body) for n, title, body in connection.execute("select n, title, body from work.then").fetchall()}


def _bodies(store: Store, wanted: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    by_source: dict[str, list[str]] = {}
    for source, id_ in wanted:
        by_source.setdefault(source, []).append(id_)
    with store.connect() as db:
        for source, ids in by_source.items():
            for start in range(0, len(ids), 5_000):
                chosen = sa.select(t.items.c.id, t.items.c.body).where(
                    t.items.c.source == source, t.items.c.id.in_(sa.bindparam("ids", ids[start : start + 5_000], expanding=True))
                )
                found |= {(source, id_): body for id_, body in db.execute(chosen)}
    return found

"""Find key results that an item's title or text mentions by their id."""

from __future__ import annotations

import re

import duckdb
import sqlalchemy as sa

from okrbot.store import Store
from okrbot.store import tables as t

# Short or purely alphabetic ids ("A", "growth") are ordinary words too; only an id with a digit is taken from a text.
_ID = re.compile(r"(?=.*\d)[\w.\-]{3,}", re.UNICODE)


def find_mentions(store: Store, connection: duckdb.DuckDBPyConnection, *, wanted: bool) -> None:
    """Make `work.mention` (n, kr): lower-case ids of key results named in the text of epics and of stories without one."""
    connection.execute("create table work.mention (n integer, kr varchar)")
    ids = [id_ for (id_,) in connection.execute("select id from work.kr").fetchall() if _ID.fullmatch(id_)]
    if not ids or not wanted:
        return
    pattern = re.compile(r"(?<![\w\-])(" + "|".join(map(re.escape, sorted(ids, key=len, reverse=True))) + r")(?![\w\-])", re.IGNORECASE)
    units = dict(connection.execute("select source || '/' || id, n from work.to_judge").fetchall())
    found = []
    with store.connect() as db:
        rows = db.execution_options(yield_per=5_000).execute(sa.select(t.items.c.source, t.items.c.id, t.items.c.title, t.items.c.body))
        for source, id_, title, body in rows:
            n = units.get(f"{source}/{id_}")
            if n is not None:
                found += [(n, kr) for kr in {m.lower() for m in pattern.findall(f"{title}\n{body}")}]
    if found:
        connection.execute(
            "insert into work.mention select unnest(?::integer[]), unnest(?::varchar[])", [[n for n, _ in found], [kr for _, kr in found]]
        )

"""Find key results that an item's title or text mentions by their id."""

from __future__ import annotations

import re

import duckdb
import sqlalchemy as sa

from okrbot.facts.retold import texts_then
from okrbot.store import Store
from okrbot.store import tables as t

# Short or purely alphabetic ids ("A", "growth") are ordinary words too; only an id with a digit is taken from a text.
_ID = re.compile(r"(?=.*\d)[\w.\-]{3,}", re.UNICODE)


def find_mentions(store: Store, connection: duckdb.DuckDBPyConnection, *, wanted: bool) -> None:
    """Make `work.mention` (n, kr): lower-case ids of key results named in the text of epics and of stories without one."""
    connection.execute("create table work.mention (n integer, kr varchar)")
    ids = [id_ for (id_,) in connection.execute("select distinct id from raw.key_results_today").fetchall() if _ID.fullmatch(id_)]
    if not ids or not wanted:
        return
    pattern = re.compile(r"(?<![\w\-])(" + "|".join(map(re.escape, sorted(ids, key=len, reverse=True))) + r")(?![\w\-])", re.IGNORECASE)
    _search_once(store, connection, pattern)
    connection.execute(
        """insert into work.mention
           select j.n, m.kr from work.to_judge j join raw.mention m on m.n = j.n where j.n not in (select n from work.retold)"""
    )
    units = {n for (n,) in connection.execute("select n from work.to_judge where n in (select n from work.retold)").fetchall()}
    then = texts_then(connection)
    found = [(n, kr) for n in sorted(units) for kr in sorted({m.lower() for m in pattern.findall("\n".join(then[n]))})]
    _insert(connection, "work.mention", found)


def _search_once(store: Store, connection: duckdb.DuckDBPyConnection, pattern: re.Pattern[str]) -> None:
    """Make `raw.mention`, the mentions in today's texts, unless this load has it."""
    if connection.execute("select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'mention'").fetchone():
        return
    connection.execute("create table raw.mention (n integer, kr varchar)")
    numbers = {(source, id_): n for source, id_, n in connection.execute("select source, id, n from raw.item").fetchall()}
    found = []
    with store.connect() as db:
        rows = db.execution_options(yield_per=5_000).execute(sa.select(t.items.c.source, t.items.c.id, t.items.c.title, t.items.c.body))
        for source, id_, title, body in rows:
            n = numbers.get((source, id_))
            if n is not None:
                found += [(n, kr) for kr in {m.lower() for m in pattern.findall(f"{title}\n{body}")}]
    _insert(connection, "raw.mention", found)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, found: list[tuple[int, str]]) -> None:
    if found:
        columns = [[n for n, _ in found], [kr for _, kr in found]]
        connection.execute(f"insert into {table} select unnest(?::integer[]), unnest(?::varchar[])", columns)

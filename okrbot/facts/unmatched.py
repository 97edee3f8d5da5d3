"""Names in the configuration and in the goals that meet nothing in what was read, each with the nearest name there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import duckdb

from okrbot.config import Config

MOST = 6  # of one kind; more say no more


def unmatched(connection: duckdb.DuckDBPyConnection, config: Config, pulls: Mapping[str, bool]) -> tuple[str, ...]:
    """Return one line for every name that meets nothing; `pulls` says of each source whether it was read completely.

    Only a source that was read completely can say that something is not there.
    """
    return (*_backlogs(connection, config, pulls), *_homeless(connection, config), *_items(connection, pulls))


def _backlogs(connection: duckdb.DuckDBPyConnection, config: Config, pulls: Mapping[str, bool]) -> Iterable[str]:
    known = _texts(connection, "select key from work.backlog union select distinct backlog from work.item")
    for product in config.products:
        for backlog in product.backlogs:
            source = backlog.partition("/")[0]
            if pulls.get(source) and not backlog.endswith("/*") and backlog not in known:
                yield f"[[products]] {product.name}: there is no backlog {backlog}.{_near(backlog, known)}"


def _homeless(connection: duckdb.DuckDBPyConnection, config: Config) -> Iterable[str]:
    if not config.products:
        return
    stray = _texts(connection, "select distinct backlog from work.item where product = '' and level >= 0 order by backlog")
    for backlog in stray[:MOST]:
        yield f"the backlog {backlog} belongs to no product; name it under [[products]] backlogs, or its work is in no digest"
    if len(stray) > MOST:
        yield f"and {len(stray) - MOST} more backlogs belong to no product"


def _items(connection: duckdb.DuckDBPyConnection, pulls: Mapping[str, bool]) -> Iterable[str]:
    if not pulls or not all(pulls.values()):
        return
    lost = connection.execute(
        """select k.id, k.ref from (select id, unnest(items) as ref from work.kr where active) k
           where k.ref not in (select name from raw.called union select source || '/' || name from raw.called) order by k.id, k.ref"""
    ).fetchall()
    known = _texts(connection, "select distinct key from work.id order by key") if lost else []
    for key_result, ref in lost[:MOST]:
        yield f"the key result {key_result} names the item {ref}, and there is none.{_near(ref, known)}"
    if len(lost) > MOST:
        yield f"and {len(lost) - MOST} more names of items in key results meet none"


def _texts(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(query).fetchall()]


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""

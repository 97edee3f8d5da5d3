"""Which needs of rules are not met, and why: for everything, or for single products only."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from okrbot.config import Config


def lacking(
    connection: duckdb.DuckDBPyConnection, config: Config, pulls: Mapping[str, bool]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Return why a need is not met at all, by need, and why it is not met for a product, by need and product.

    `pulls` says of each source whether it was last read completely. What belongs to no product ('') may hang together
    with any source. A source in which no product has a backlog (a list of goals, say) concerns all of them.
    """
    missing = _everywhere(connection, config)
    found: dict[str, dict[str, str]] = {}
    partial = sorted(source for source, complete in pulls.items() if not complete)
    homes = {p.name: {backlog.partition("/")[0] for backlog in p.backlogs} for p in config.products}
    for name, sources in homes.items():
        if mine := [source for source in partial if source in sources or not any(source in some for some in homes.values())]:
            found.setdefault("complete", {})[name] = _unread(mine)
    if partial and len(found.get("complete", {})) == len(homes):
        missing["complete"] = _unread(partial)
    elif partial:
        found["complete"][""] = _unread(partial)
    if "history" not in missing:
        told = {row[0] for row in connection.execute("select distinct product from item where has_history").fetchall()}
        silent = {name: f"no source gave the history of the items of {name}" for name in homes if name not in told}
        found |= {"history": silent} if silent else {}
    return missing, {need: products for need, products in found.items() if need not in missing}


def _unread(sources: list[str]) -> str:
    return f"{' and '.join(sources)} could not be read completely, so what is not seen may still be there"


def _everywhere(connection: duckdb.DuckDBPyConnection, config: Config) -> dict[str, str]:
    missing = {}
    if not _count(connection, "key_result where active"):
        known = _count(connection, "key_result")
        missing["okrs"] = (
            f"none of the {known} key results is in a running cycle"
            if known
            else "no key results were read; name a file under [okrs] files"
        )
    if not _count(connection, "item where has_history"):
        missing["history"] = "no source gave the history of its items"
    if not config.products:
        missing["org"] = "no [[products]] are configured, so nobody knows which backlogs belong together"
    if not _count(connection, "check_in where value is not null") and not _count(
        connection, 'key_result where active and "current" is not null'
    ):
        missing["metrics"] = "no key result has a current value or a check-in"
    if (
        _count(connection, "item where unit")
        and not _count(connection, "item where text_known")
        and not _count(connection, "key_result where text_known")
    ):
        missing["language"] = "no text is in a language okrbot can judge"
    return missing


def _count(connection: duckdb.DuckDBPyConnection, what: str) -> int:
    row = connection.execute(f"select count(*) from {what}").fetchone()  # noqa: S608 -- our own words
    return int(row[0]) if row else 0

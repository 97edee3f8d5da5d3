"""Read the ledger of pulls: what each source let us see the last time."""

from __future__ import annotations

import json

import sqlalchemy as sa

from okrbot.model import Coverage, Problem
from okrbot.store import tables as t
from okrbot.store.opening import Store


def last_pulls(store: Store) -> dict[str, tuple[str, Coverage, int]]:
    """Return verdict, coverage and end (milliseconds) of the newest finished pull of each source."""
    newest = sa.select(sa.func.max(t.pulls.c.id)).where(t.pulls.c.verdict != "running").group_by(t.pulls.c.source)
    with store.connect() as db:
        rows = db.execute(sa.select(t.pulls).where(t.pulls.c.id.in_(newest)).order_by(t.pulls.c.source)).mappings().all()
    return {
        row["source"]: (
            row["verdict"],
            Coverage(
                expected=row["expected"],
                read=row["read"],
                with_history=row["with_history"],
                complete=row["verdict"] == "complete",
                problems=tuple(Problem(**problem) for problem in json.loads(row["problems"])),
                account=row["account"],
            ),
            row["ended"],
        )
        for row in rows
    }

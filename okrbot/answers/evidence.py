"""Keep what people said happened after a launch beside the item, where the rules look for it."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from okrbot.model import clean, millis
from okrbot.store import tables as t
from okrbot.store.bulk import upsert

# A note begins so that the facts read it as a result, whatever the person's own words are.
SENTENCES = {
    "moved": "Result: the number moved as we hoped.",
    "not_moved": "Result: the number did not move. We learned that it does not work as we thought.",
    "unclear": "Result: we measured and cannot tell yet whether the number moved.",
}
WHAT = "outcome"


def add_evidence(db: sa.Connection, *, answer: str, subject: str, verdict: str, text: str, who: str, now: dt.datetime) -> None:
    """Record what happened to the item `subject` ("item:source/id")."""
    said = clean(f"{SENTENCES[verdict]} {text.strip()}")
    db.execute(
        sa.insert(t.overrides).values(
            what=WHAT, subject=subject, value=verdict, text=said, who=who, why="", created=millis(now), answer=answer
        )
    )
    keep_evidence(db)


def keep_evidence(db: sa.Connection) -> int:
    """Put back the notes of all evidence in force and return how many there are.

    A pull that reads an item again replaces its notes by the tracker's; ours are not in the tracker.
    """
    o = t.overrides.c
    rows = []
    for row in db.execute(sa.select(o.subject, o.text, o.who, o.created, o.answer).where(o.what == WHAT, o.ended == 0)):
        source, _, item = row.subject.removeprefix("item:").partition("/")
        rows.append((source, item, f"okrbot:{row.answer}", row.created, "comment", row.who, "human", row.text, ""))
    return upsert(db, t.notes, rows)

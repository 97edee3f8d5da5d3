"""Ask a month after a flagged epic shipped: you expected this; what happened?"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from okrbot.config import Config
from okrbot.model import millis
from okrbot.prompts.choosing import has_room
from okrbot.prompts.rows import Prompt, expected_of, insert, of_finding, prompt_id
from okrbot.store import tables as t
from okrbot.store.people import everyone, owners_of

AFTER = dt.timedelta(days=30)
UNTIL = dt.timedelta(days=90)  # what shipped longer ago is left in peace
LATER = dt.timedelta(days=28)  # "too early to tell"
RULE = "what_happened"


def plan_follow_ups(db: sa.Connection, config: Config, *, now: dt.datetime) -> list[Prompt]:
    """Write the follow-ups that may be asked now and return them; they count into a person's week like any question.

    Each takes its turn after a question about a finding. An epic is asked about once; "too early" asks once more, four weeks later.
    """
    if not config.questions.enabled:
        return []
    people = everyone(db)
    asked: list[Prompt] = []
    for row in _shipped(db, now):
        subject = f"item:{row['source']}/{row['id']}"
        earlier = of_finding(db, "followup", RULE, subject)
        if earlier and not _too_early(db, earlier[-1], now):
            continue
        owners = [p for p in owners_of(db, config, row["product"]) if p not in {one.person for one in asked}]
        ready = [p for p in owners if _had_a_question(db, p) and p in people and has_room(db, config, people[p], now=now)]
        if ready:
            prompt = _prompt(db, row, subject, person=ready[0], turn=len(earlier), now=now)
            insert(db, prompt)
            asked.append(prompt)
    return asked


def _shipped(db: sa.Connection, now: dt.datetime) -> list[sa.RowMapping]:
    i, f, c = t.items.c, t.findings.c, t.changes.c
    # The tracker's own end, else the last change into "done".
    ended = (
        sa.select(sa.func.max(c.at)).where(c.source == i.source, c.item == i.id, c.field == "state", c.after == "done").scalar_subquery()
    )
    finished = sa.func.coalesce(ended, i.finished).label("ended")
    flagged = sa.select(f.subject, sa.func.max(f.product).label("product"), sa.func.min(f.first_seen).label("first_seen")).where(
        f.restricted == 0, f.product != "", f.subject_kind == "item"
    )
    known = flagged.group_by(f.subject).subquery()
    subject = sa.literal("item:") + i.source + sa.literal("/") + i.id
    chosen = (
        sa.select(i.source, i.id, i.key, i.title, i.url, known.c.product, finished)
        .join(known, known.c.subject == subject)
        .where(i.state == "done", i.level >= 1, i.restricted == 0, i.hidden_since == 0)
    )
    low, high = millis(now - UNTIL), millis(now - AFTER)
    rows = [row for row in db.execute(chosen).mappings() if low < (row["ended"] or 0) <= high]
    return sorted(rows, key=lambda row: (row["ended"], row["key"]))


def _had_a_question(db: sa.Connection, person: str) -> bool:
    """Return whether the last thing a person was asked was about a finding: the two take turns."""
    p = t.prompts.c
    last = sa.select(p.kind).where(p.person == person, p.kind != "connect", p.state != "shown").order_by(p.created.desc(), p.id).limit(1)
    return db.execute(last).scalar() == "question"


def _too_early(db: sa.Connection, prompt: Prompt, now: dt.datetime) -> bool:
    a = t.answers.c
    said = db.execute(sa.select(a.action).where(a.prompt == prompt.id, a.current == 1)).scalar()
    return said == "too_early" and prompt.closed is not None and prompt.closed <= now - LATER and prompt.said.get("turn", 0) == 0


def _prompt(db: sa.Connection, row: sa.RowMapping, subject: str, *, person: str, turn: int, now: dt.datetime) -> Prompt:
    days = (millis(now) - row["ended"]) // 86_400_000
    expected = expected_of(db, subject)
    said = {
        "key": row["key"],
        "title": row["title"],
        "url": row["url"],
        "note": f"shipped {days} days ago",
        "question": "What happened?",
        "expected": expected,
        "rule_title": "A month after shipping",
        "remedy": "",
        "subject_kind": "item",
        "turn": turn,
    }
    return Prompt(
        id=prompt_id("followup", RULE, subject, turn),
        rule=RULE,
        subject=subject,
        product=row["product"],
        person=person,
        kind="followup",
        state="planned",
        created=now,
        asked=None,
        closed=None,
        channel="",
        ts="",
        version=1,
        said=said,
    )

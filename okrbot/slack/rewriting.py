"""Keep the message of every question in step with the store, whatever was lost between an answer and its message.

Who takes an answer rewrites its message at once; that may fail, or the process may die before it. So the sender compares: a question
whose version is not the one its message was last brought to is rewritten from the store, as often as it takes.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from okrbot import answers, prompts
from okrbot.blocks import prompt as shown
from okrbot.blocks.limits import Block
from okrbot.model import millis
from okrbot.prompts import Prompt, delivery_key
from okrbot.slack.trouble import ERRORS, Trouble, judge
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.bulk import upsert

if TYPE_CHECKING:
    from okrbot.slack.sender import Office

log = logging.getLogger(__name__)

KIND = "rewrite"
SOON = dt.timedelta(seconds=15)  # a listener's own call, which may be older than the question is now, has ended by then
MOST = 10  # messages a round: Slack takes fifty a minute
TRIES = 40
AGAIN, LONGEST = 60.0, 3600.0  # seconds until a rewriting that failed is tried again, twice as many each time
CLOSED = {
    "superseded": "This settled itself: the last audit does not find it any more, or somebody set it aside.",
    "orphaned": "This question is closed: okrbot's configuration does not have its product any more.",
    "expired": "This question is closed: nobody answered it for four weeks.",
    "": "This question is closed. My Home tab shows what is open now.",
}


def look(store: Store, prompt: str) -> tuple[Prompt, list[Block]] | None:
    """Return a question with its blocks as it stands now, None if nobody knows it."""
    with store.connect() as db:
        found = prompts.by_id(db, prompt)
        if found is None:
            return None
        given = answers.current(db, prompt)
        undone = answers.taken_back(db, prompt) if found.open else None
    if found.open:
        return found, [*shown.question(found), *([shown.taken_back(*undone)] if undone else [])]
    if given is not None:
        return found, shown.answered(found, given)
    return found, shown.closed(found, CLOSED.get(found.state, CLOSED[""]))


def rewrite(office: Office) -> int:
    """Rewrite the messages of questions that have changed since; return how many were rewritten by this call.

    Each is rewritten twice: soon, and again when Slack can no longer file an older rewriting whose answer was lost.
    """
    now = office.clock()
    with office.store.connect() as db:
        behind = _behind(db)
    fresh = [row for row in behind if row["wanted"] != row["version"]]
    if fresh:
        with office.store.begin() as db:
            upsert(db, t.deliveries, [_noted(row, now) for row in fresh])
    done = 0
    for row in [row for row in behind if row["wanted"] == row["version"] and row["not_before"] <= millis(now)][:MOST]:
        trouble = _bring(office, row)
        if trouble is None:
            done += 1
        else:
            log.warning("a question could not be rewritten: %s", trouble.words, extra={"trouble": trouble.kind})
            if trouble.kind in ("later", "unsent", "workspace", "doubt"):
                break  # the next one would fare no better
    return done


def _behind(db: sa.Connection) -> Sequence[sa.RowMapping]:
    """Return the delivered questions whose message is not known to show their newest version."""
    p, sent = t.prompts.c, t.deliveries.alias("sent")
    noted = t.deliveries.alias("noted")
    version = sa.cast(p.version, sa.Text)
    chosen = (
        sa.select(
            p.id,
            p.product,
            p.person,
            version.label("version"),
            noted.c.period.label("wanted"),
            sa.func.coalesce(noted.c.not_before, 0).label("not_before"),
            sa.func.coalesce(noted.c.started, 0).label("started"),
            sa.func.coalesce(noted.c.attempts, 0).label("attempts"),
            sent.c.channel_id,
            sent.c.ts,
        )
        .select_from(t.prompts)
        .join(sent, sa.and_(sent.c.key == sa.literal(delivery_key("")) + p.id, sent.c.state == "sent", sent.c.ts != ""))
        .outerjoin(noted, noted.c.key == sa.literal(f"{KIND}:") + p.id)
        .where(p.version > 1, sa.or_(noted.c.key.is_(None), noted.c.period != version, noted.c.state == "planned"))
        .order_by(noted.c.not_before, p.id)
    )
    return db.execute(chosen).mappings().all()


def _noted(row: sa.RowMapping, now: dt.datetime) -> tuple[Any, ...]:
    """Return the row of the outbox that says a message is to be rewritten to this version."""
    values: dict[str, Any] = {
        "key": f"{KIND}:{row['id']}",
        "kind": KIND,
        "product": row["product"],
        "channel": row["person"],
        "period": row["version"],
        "method": "chat.update",
        "payload": "{}",
        "state": "planned",
        "due": millis(now),
        "created": millis(now),
        "not_before": millis(now + SOON),
        "channel_id": row["channel_id"],
        "ts": row["ts"],
    }
    return tuple(values.get(column.name, "" if isinstance(column.type, sa.Text) else 0) for column in t.deliveries.columns)


def _bring(office: Office, row: sa.RowMapping) -> Trouble | None:
    """Rewrite one message and write down how it went; return what went wrong."""
    seen, now = look(office.store, row["id"]), office.clock()
    if seen is None or str(seen[0].version) != row["version"]:
        return None  # it has changed again; the next round sees it
    prompt, blocks = seen
    tries = row["attempts"] + 1
    try:
        office.client.chat_update(
            channel=row["channel_id"],
            ts=row["ts"],
            text=shown.text(prompt) if prompt.open else shown.settled(prompt, blocks),
            blocks=blocks,
        )
    except ERRORS as error:
        trouble = judge(error, now)
        given_up = {"channel": "skipped", "ours": "refused"}.get(trouble.kind, "refused" if tries >= TRIES else "planned")
        wait = trouble.after if trouble.after is not None else min(AGAIN * 2 ** min(row["attempts"], 10), LONGEST)
        again = millis(now + dt.timedelta(seconds=wait))
        _put(office, row, state=given_up, error=trouble.words, attempts=tries, not_before=again)
        return trouble
    at = millis(office.clock())
    if row["started"]:
        _put(office, row, state="sent", sent=at, error="", attempts=tries, not_before=0)
    else:
        sure = dt.timedelta(seconds=office.timing.answer + office.timing.quiet)
        _put(office, row, started=at, error="", attempts=tries, not_before=millis(office.clock() + sure))
    return None


def _put(office: Office, row: sa.RowMapping, **values: Any) -> None:
    d = t.deliveries.c
    with office.store.begin() as db:
        mine = sa.and_(d.key == f"{KIND}:{row['id']}", d.period == row["version"], d.state == "planned")
        db.execute(sa.update(t.deliveries).where(mine).values(**values))

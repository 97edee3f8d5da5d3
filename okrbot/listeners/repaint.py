"""Show what became of a question wherever it stands: in its message, in an open window, in App Home."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from slack_sdk import WebClient

from okrbot import prompts
from okrbot.blocks.prompt import settled, text
from okrbot.slack.rewriting import CLOSED, look
from okrbot.slack.trouble import ERRORS
from okrbot.store import Store
from okrbot.store import tables as t

__all__ = ["CLOSED", "look", "repaint"]

log = logging.getLogger(__name__)


def repaint(store: Store, client: WebClient, prompt: str, *, also: tuple[str, str] = ("", "")) -> bool:
    """Rewrite the message of a question, and the one at `also` (channel, ts); return whether every one could be rewritten.

    A message may be rewritten as often as one likes: the same question gives the same blocks.
    """
    seen = look(store, prompt)
    if seen is None:
        return False
    found, blocks = seen
    fine = True
    for channel, ts in dict.fromkeys([_delivered(store, prompt), also]):
        if not channel or not ts:
            continue
        try:
            client.chat_update(channel=channel, ts=ts, text=text(found) if found.open else settled(found, blocks), blocks=blocks)
        except ERRORS as error:
            log.warning("a question could not be rewritten: %s", type(error).__name__)
            fine = False
    return fine


def _delivered(store: Store, prompt: str) -> tuple[str, str]:
    d = t.deliveries.c
    with store.engine.connect().execution_options(reading=True) as db:
        row = db.execute(sa.select(d.channel_id, d.ts).where(d.key == prompts.delivery_key(prompt), d.state == "sent")).first()
    return (row.channel_id, row.ts) if row else ("", "")

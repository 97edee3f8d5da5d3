"""Look in a conversation whether a message arrived whose answer was lost: by the delivery's id in its metadata."""

from __future__ import annotations

import datetime as dt
from typing import Any

from okrbot.slack.client import Client
from okrbot.slack.directory import Conversation
from okrbot.slack.outbox import EVENT, Delivery

HISTORY = {"public": "channels:history", "private": "groups:history", "im": "im:history"}
BEFORE = dt.timedelta(minutes=10)  # our clock may be ahead of Slack's
PAGE, MOST_PAGES = 100, 30


class UnclearError(LookupError):
    """More was said there since than we read: nothing is known about the message."""


def may_look(scopes: frozenset[str], conversation: Conversation) -> bool:
    """Return whether the app may read this conversation's history."""
    return HISTORY[conversation.kind] in scopes


def find_message(client: Client, conversation: Conversation, delivery: Delivery, *, bot: str, thread_ts: str = "") -> str:
    """Return the timestamp of the delivery's message, "" if it is not there. `bot` is our own user id.

    Replies are looked for in their thread, where history does not show them. Raises UnclearError, and what the client raises.
    """
    since = (delivery.started or delivery.created) - BEFORE
    cursor = ""
    for _ in range(MOST_PAGES):
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        common: dict[str, Any] = {
            "channel": conversation.id,
            "include_all_metadata": True,
            "limit": PAGE,
            "oldest": f"{since.timestamp():.6f}",
        }
        read = client.conversations_replies if thread_ts else client.conversations_history
        where: dict[str, Any] = {"ts": thread_ts} if thread_ts else {}
        page = read(**common, **where, **more)
        for message in page["messages"]:
            said = message.get("metadata") or {}
            ours = not bot or message.get("user") in (None, bot)
            if ours and said.get("event_type") == EVENT and (said.get("event_payload") or {}).get("delivery") == delivery.id:
                return str(message["ts"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return ""
    raise UnclearError(f"more than {PAGE * MOST_PAGES} messages since")

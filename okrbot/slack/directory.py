"""Find the conversation a message goes to: a #name, an id or a person; found once, then remembered in the store."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from okrbot.slack.client import Client
from okrbot.store import Store
from okrbot.store.people import put_setting, setting

REMEMBERED = "slack:conversations"  # the setting that keeps {as configured: [id, kind]}
_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")
PAGE = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation: its id, and whether it is public, private or im."""

    id: str
    kind: str


class NotThereError(LookupError):
    """There is no such channel, or okrbot is not in it; the message says what to do."""


def find(store: Store, client: Client, scopes: frozenset[str], name: str) -> Conversation:
    """Return the conversation called `name`. Raises NotThereError, and what the client raises."""
    with store.connect() as db:
        known = setting(db, REMEMBERED).get(name)
    if known:
        return Conversation(*known)
    found = look_up(client, scopes, name)
    with store.begin() as db:
        put_setting(db, REMEMBERED, **{name: [found.id, found.kind]})
    return found


def forget(store: Store, name: str) -> None:
    """Forget where `name` was found: the channel may have been renamed or made anew."""
    with store.begin() as db:
        if setting(db, REMEMBERED).get(name):
            put_setting(db, REMEMBERED, **{name: None})


def look_up(client: Client, scopes: frozenset[str], name: str) -> Conversation:
    if _PERSON.fullmatch(name):
        return Conversation(client.conversations_open(users=name)["channel"]["id"], "im")
    if _CHANNEL.fullmatch(name):
        if name.startswith("D"):
            return Conversation(name, "im")
        if not scopes & {"channels:read", "groups:read"}:
            return Conversation(name, "private" if name.startswith("G") else "public")
        channel: dict[str, Any] = client.conversations_info(channel=name)["channel"]
        return Conversation(name, "private" if channel.get("is_private") else "public")
    wanted = name.removeprefix("#")
    for channel in _mine(client, scopes):
        if channel.get("name") == wanted or channel.get("name_normalized") == wanted:
            return Conversation(channel["id"], "private" if channel.get("is_private") else "public")
    raise NotThereError(f"okrbot is in no channel called #{wanted}. Type /invite @okrbot there, or correct [[products]] channel")


def _mine(client: Client, scopes: frozenset[str]) -> Iterator[dict[str, Any]]:
    kinds = [kind for kind, scope in (("public_channel", "channels:read"), ("private_channel", "groups:read")) if scope in scopes]
    if not kinds:
        raise NotThereError(
            "the app may not look channels up by name (scope channels:read). Write the channel's id, C…, in [[products]] channel"
        )
    cursor = ""
    while True:
        page = client.users_conversations(
            types=",".join(kinds), exclude_archived=True, limit=PAGE, **({"cursor": cursor} if cursor else {})
        )
        yield from page["channels"]
        before, cursor = cursor, (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor or cursor == before:
            return

"""Find the conversation a message goes to: a #name, an id or a person; found once, then remembered in the store."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from okrbot.slack.client import Client
from okrbot.store import Store
from okrbot.store.people import put_setting, setting

REMEMBERED = "slack:conversations"  # the setting that keeps {as configured: [id, kind]}
_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")
_LINKED = re.compile(r"<#(?P<id>[CGD][A-Z0-9]{2,})(\|[^>]*)?>")  # as Slack writes a channel that was copied from a message
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")
PAGE = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation: its id, and whether it is public, private or im."""

    id: str
    kind: str


class NotThereError(LookupError):
    """There is no such channel, or okrbot is not in it; the message says what to do."""


class SharedError(NotThereError):
    """The channel is shared with another company, and the configuration does not allow that; the message says what to do."""


SHARED = (
    "is shared with another company (Slack Connect), and a digest names your work. Name a channel of your own in [[products]] channel, "
    "or set [slack] allow_external = true"
)
UNSEEN = (
    "may be shared with another company: without the scope channels:read (private: groups:read) that cannot be seen. Add the scope, "
    "or set [slack] allow_external = true"
)


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
        if not (_may(scopes, "channels:read") or _may(scopes, "groups:read")):
            return Conversation(name, "private" if name.startswith("G") else "public")
        channel: dict[str, Any] = client.conversations_info(channel=name)["channel"]
        return Conversation(name, "private" if channel.get("is_private") else "public")
    if name.startswith(("@", "<@")):
        raise NotThereError(
            f"{name} is a person, and a digest goes to a channel. Write its name, #…, or its id, C…, in [[products]] channel"
        )
    if linked := _LINKED.fullmatch(name):
        return look_up(client, scopes, linked["id"])
    wanted, archived = name.removeprefix("#").lower(), False
    for channel in _mine(client, scopes):
        if channel.get("name") == wanted or channel.get("name_normalized") == wanted:
            if not channel.get("is_archived"):
                return Conversation(channel["id"], "private" if channel.get("is_private") else "public")
            archived = True
    if archived:
        raise NotThereError(f"the channel #{wanted} is archived. Name another one in [[products]] channel")
    raise NotThereError(f"okrbot is in no channel called #{wanted}. Type /invite @okrbot there, or correct [[products]] channel")


def refuse_shared(client: Client, scopes: frozenset[str], name: str, conversation: Conversation, known: dict[str, dict[str, Any]]) -> None:
    """Raise SharedError if a channel is shared with another company, or if that cannot be seen.

    It is asked before every digest: a channel may be shared any day. `known` remembers the bot's channels as Slack lists them,
    two hundred a call, for as long as the caller keeps it. Raises what the client raises.
    """
    if conversation.kind == "im":
        return
    if not known:
        with contextlib.suppress(NotThereError):
            known.update({channel["id"]: channel for channel in _mine(client, scopes)})
    shown = known.get(conversation.id, {})
    if "is_ext_shared" not in shown:
        if not _may(scopes, "channels:read" if conversation.kind == "public" else "groups:read"):
            raise SharedError(f"{name} {UNSEEN}")
        shown = client.conversations_info(channel=conversation.id)["channel"]
    if shown.get("is_ext_shared") or shown.get("is_pending_ext_shared"):
        raise SharedError(f"{name} {SHARED}")


def _may(scopes: frozenset[str], scope: str) -> bool:
    """Return whether a scope is granted. Slack names all of them with every answer; where a proxy drops that header, we try."""
    return not scopes or scope in scopes


def _mine(client: Client, scopes: frozenset[str]) -> Iterator[dict[str, Any]]:
    kinds = [kind for kind, scope in (("public_channel", "channels:read"), ("private_channel", "groups:read")) if _may(scopes, scope)]
    if not kinds:
        raise NotThereError(
            "the app may not look channels up by name (scope channels:read). Write the channel's id, C…, in [[products]] channel"
        )
    cursor = ""
    while True:
        page = client.users_conversations(
            types=",".join(kinds), exclude_archived=False, limit=PAGE, **({"cursor": cursor} if cursor else {})
        )
        yield from page["channels"]
        before, cursor = cursor, (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor or cursor == before:
            return

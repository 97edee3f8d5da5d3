"""What each method takes and needs: a table of our own, and Slack's public description where it lies beside the checkout."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "slack-methods.json"

ADDED = {"token", "team_id"}  # Bolt's request-scoped client adds the workspace to every call
_PAGE = {"cursor", "limit"}
_POST = {
    "channel",
    "text",
    "blocks",
    "attachments",
    "thread_ts",
    "metadata",
    "mrkdwn",
    "parse",
    "link_names",
    "unfurl_links",
    "unfurl_media",
}
_HISTORY = ("channels:history", "groups:history", "im:history")
_READ = ("channels:read", "groups:read", "im:read")

# method: (arguments, required, any of these scopes, takes JSON)
OWN: dict[str, tuple[set[str], set[str], tuple[str, ...], bool]] = {
    "api.test": ({"error"}, set(), (), True),
    "auth.test": (set(), set(), (), True),
    "apps.connections.open": (set(), set(), (), True),
    "blocks.validate": ({"blocks", "message", "view"}, set(), (), True),
    "chat.delete": ({"channel", "ts"}, {"channel", "ts"}, ("chat:write",), True),
    "chat.getPermalink": ({"channel", "message_ts"}, {"channel", "message_ts"}, (), False),
    "chat.postEphemeral": (
        _POST - {"metadata", "mrkdwn", "unfurl_links", "unfurl_media"} | {"user"},
        {"channel", "user"},
        ("chat:write",),
        True,
    ),
    "chat.postMessage": (_POST | {"reply_broadcast"}, {"channel"}, ("chat:write",), True),
    "chat.update": (_POST - {"thread_ts", "mrkdwn", "unfurl_links", "unfurl_media"} | {"ts"}, {"channel", "ts"}, ("chat:write",), True),
    "conversations.history": (_PAGE | {"channel", "include_all_metadata", "inclusive", "latest", "oldest"}, {"channel"}, _HISTORY, True),
    "conversations.info": ({"channel", "include_locale", "include_num_members"}, {"channel"}, _READ, False),
    "conversations.list": (_PAGE | {"exclude_archived", "team_id", "types"}, set(), _READ, False),
    "conversations.members": (_PAGE | {"channel"}, {"channel"}, _READ, False),
    "conversations.open": ({"channel", "prevent_creation", "return_im", "users"}, set(), ("im:write",), True),
    "conversations.replies": (
        _PAGE | {"channel", "ts", "include_all_metadata", "inclusive", "latest", "oldest"},
        {"channel", "ts"},
        _HISTORY,
        False,
    ),
    "users.conversations": (_PAGE | {"exclude_archived", "team_id", "types", "user"}, set(), _READ, False),
    "users.info": ({"user", "include_locale"}, {"user"}, ("users:read",), False),
    "users.list": (_PAGE | {"team_id", "include_locale"}, set(), ("users:read",), False),
    "users.lookupByEmail": ({"email"}, {"email"}, ("users:read.email",), False),
    "views.open": ({"trigger_id", "view"}, {"view"}, (), True),
    "views.publish": ({"user_id", "view", "hash"}, {"user_id", "view"}, (), True),
    "views.push": ({"trigger_id", "view"}, {"view"}, (), True),
    "views.update": ({"view_id", "external_id", "hash", "view"}, {"view"}, (), True),
}
_PLURAL = {"public": "channels", "private": "groups", "im": "im"}


@functools.cache
def described() -> dict[str, dict[str, Any]]:
    """Return Slack's public description of its methods, {} where it is absent."""
    return json.loads(SPEC.read_text(encoding="utf-8")) if SPEC.exists() else {}


def faults_of(method: str, arguments: dict[str, Any], *, as_json: bool) -> list[str]:
    """Return what is wrong with a call by our table and by Slack's description."""
    if method not in OWN:
        return [f"{method}: not a method okrbot has a reason to call"]
    known, required, _, takes_json = OWN[method]
    said = [f"{method}: argument '{name}' is unknown or unwanted" for name in sorted(set(arguments) - known - ADDED)]
    said += [f"{method}: '{name}' is missing" for name in sorted(required - set(arguments))]
    if as_json and not takes_json:
        said.append(f"{method}: does not take JSON")
    spec = described().get(method)
    if spec:
        said += [f"{method}: Slack knows no argument '{name}'" for name in sorted(set(arguments) - set(spec["args"]) - ADDED)]
        said += [f"{method}: Slack requires '{name}'" for name in spec["required"] if name not in arguments]
    return list(dict.fromkeys(said))


def needed_scopes(method: str, channel_kind: str, arguments: dict[str, Any]) -> tuple[tuple[str, ...], bool]:
    """Return the scopes for a call and whether all are needed (else any one will do)."""
    scopes = OWN[method][2]
    if scopes is _HISTORY and channel_kind:
        return (f"{_PLURAL[channel_kind]}:history",), True
    if scopes is _READ and channel_kind:
        return (f"{_PLURAL[channel_kind]}:read",), True
    if scopes is _READ and method in ("users.conversations", "conversations.list"):
        wanted = str(arguments.get("types") or "public_channel").split(",")
        names = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "mpim:read"}
        return tuple(names[w.strip()] for w in wanted), True
    if method == "users.lookupByEmail":
        return ("users:read", "users:read.email"), True
    return scopes, False


def unknown_errors(method: str, error: str) -> bool:
    """Return whether Slack's description of `method` does not list `error`; False where there is none."""
    spec = described().get(method)
    return bool(spec) and error not in spec["errors"]

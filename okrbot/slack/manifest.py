"""The app's manifest with the least scopes: every scope stands beside the calls it is for, and a test holds the code to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Mode = Literal["socket", "http"]

# scope: (why, the methods that need it)
SCOPES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "chat:write": ("post digests and questions, rewrite answered ones", ("chat.postMessage", "chat.update", "chat.postEphemeral")),
    "channels:read": ("find a product's public channel by its name", ("users.conversations", "conversations.info")),
    "groups:read": ("find a product's private channel by its name", ("users.conversations", "conversations.info")),
    "im:write": ("ask a product owner in a direct message", ("conversations.open",)),
    "users:read": ("ask in a person's own working hours, and not guests or bots", ("users.info", "users.lookupByEmail")),
    "users:read.email": ("find product owners by the e-mail in the configuration", ("users.lookupByEmail",)),
    "commands": ("the /okrbot command", ()),
}
# Without these a message whose answer was lost is held, or sent again, as [digest] on_doubt says.
LOOKING: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "channels:history": ("look for a lost digest in a public channel", ("conversations.history", "conversations.replies")),
    "groups:history": ("look for a lost digest in a private channel", ("conversations.history", "conversations.replies")),
    "im:history": ("look for a lost question in a direct message", ("conversations.history", "conversations.replies")),
}
FREE = ("auth.test", "views.open", "views.push", "views.update", "views.publish", "apps.connections.open")
EVENTS = ("app_home_opened", "app_uninstalled", "tokens_revoked")
COMMAND = "/okrbot"


def manifest(mode: Mode, *, url: str = "", looking: bool = True) -> dict[str, Any]:
    """Return the manifest of the app for Socket Mode or HTTP.

    `url` is the public https address of `okrbot serve` in HTTP mode. `looking` asks for the history scopes by which a lost
    message is looked for before it is sent again. Raises ValueError when `url` is needed and is no https address.
    """
    if mode == "http" and not url.startswith("https://"):
        raise ValueError("HTTP mode needs the public address of okrbot, beginning with https://")
    address = url.rstrip("/") + ("" if url.rstrip("/").endswith("/slack/events") else "/slack/events")
    command: dict[str, Any] = {
        "command": COMMAND,
        "description": "Your open questions, why something was flagged, judge a text",
        "usage_hint": "[KEY | judge TEXT | snooze | preview | settings | help]",
        "should_escape": True,
    }
    events: dict[str, Any] = {"bot_events": list(EVENTS)}
    interactivity: dict[str, Any] = {"is_enabled": True}
    if mode == "http":
        command["url"] = events["request_url"] = address
        interactivity |= {"request_url": address, "message_menu_options_url": address}
    scopes = [*SCOPES, *(LOOKING if looking else ())]
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "okrbot",
            "description": "Weekly digest and one question at a time about work and its goals",
            "background_color": "#1f3a5f",
        },
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": True},
            "bot_user": {"display_name": "okrbot", "always_online": True},
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": sorted(scopes)}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": mode == "socket",
            "token_rotation_enabled": False,
        },
    }

"""Post to Slack: the outbox and its delivery protocol, the weekly digests, the app's manifest, a preview."""

from __future__ import annotations

from okrbot.slack.client import Client, UnsentError, connect
from okrbot.slack.digests import office_of, send_digests
from okrbot.slack.outbox import Delivery, Outgoing, by_key, listed, put
from okrbot.slack.sender import Office, Timing, deliver, paused

__all__ = [
    "Client",
    "Delivery",
    "Office",
    "Outgoing",
    "Timing",
    "UnsentError",
    "by_key",
    "connect",
    "deliver",
    "listed",
    "office_of",
    "paused",
    "put",
    "send_digests",
]

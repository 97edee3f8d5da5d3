"""Ask Slack whether a person may speak for the company at all: no guests, no bots, nobody deactivated, nobody from elsewhere."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient

from okrbot.slack.trouble import ERRORS

FRESH = dt.timedelta(seconds=60)  # so long an answer of Slack's is taken as today's
STALE = dt.timedelta(hours=24)  # so long it serves while Slack cannot be asked

SENTENCES = {
    "guest": "Guests cannot answer for a product.",
    "bot": "Bots cannot answer for a product.",
    "deactivated": "This account is deactivated.",
    "elsewhere": "Only people of this workspace can answer for a product.",
    "unknown": "I could not ask Slack who you are, so I did not take that. Please try again in a minute.",
}


class Standing:
    """Remembers for a minute what Slack says of a person. `team` returns the workspace the bot is installed in."""

    def __init__(self, client: WebClient, *, clock: Callable[[], dt.datetime], team: Callable[[], str]) -> None:
        self._client, self._clock, self.team = client, clock, team
        self._known: dict[str, tuple[dt.datetime, str, Mapping[str, Any]]] = {}
        self._lock = threading.Lock()

    def of(self, person: str, *, team: str = "") -> str:
        """Return why `person` may not answer, as a key of SENTENCES; "" if nothing speaks against them.

        `team` is the workspace that the payload gives for them. Whom Slack cannot be asked about may not answer.
        """
        own = self.team()
        if team and own and team != own:
            return "elsewhere"
        return self._profile(person)[0]

    def profile(self, person: str) -> Mapping[str, Any]:
        """Return Slack's own word on a person: tz, profile.email …; {} if it cannot be had."""
        return self._profile(person)[1]

    def _profile(self, person: str) -> tuple[str, Mapping[str, Any]]:
        now = self._clock()
        with self._lock:
            known = self._known.get(person)
        if known and now - known[0] < FRESH:
            return known[1], known[2]
        try:
            user: Mapping[str, Any] = self._client.users_info(user=person).get("user") or {}
        except ERRORS:
            if known and now - known[0] < STALE:
                return known[1], known[2]
            return "unknown", {}
        found = why_not(user, self.team())
        with self._lock:
            self._known[person] = (now, found, user)
            if len(self._known) > 10_000:
                del self._known[next(iter(self._known))]
        return found, user


def why_not(user: Mapping[str, Any], team: str) -> str:
    """Return why a user as users.info gives it may not answer; "" if nothing speaks against them."""
    if not user:
        return "unknown"
    if user.get("deleted"):
        return "deactivated"
    if user.get("is_bot") or user.get("id") == "USLACKBOT":
        return "bot"
    elsewhere = team and user.get("team_id") and user["team_id"] != team and not user.get("enterprise_user")
    if user.get("is_stranger") or elsewhere:
        return "elsewhere"
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return "guest"
    return ""

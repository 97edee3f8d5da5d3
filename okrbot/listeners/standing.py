"""Ask Slack whether a person may speak for the company at all: no guests, no bots, nobody deactivated, nobody of another company."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient

from okrbot.slack.members import ABSENT, Company, why_not
from okrbot.slack.trouble import ERRORS

FRESH = dt.timedelta(seconds=60)  # so long an answer of Slack's is taken as today's
STALE = dt.timedelta(hours=24)  # so long it serves while Slack cannot be asked

SENTENCES = {
    "guest": "Guests cannot answer for a product.",
    "bot": "Bots cannot answer for a product.",
    "deactivated": "This account is deactivated.",
    "elsewhere": "People of other companies cannot answer for a product here.",
    "absent": "Slack shows me no account of yours here, so you cannot answer for a product.",
    "unknown": "I could not ask Slack who you are, so nothing was changed. Please try again in a minute.",
}


class Standing:
    """Remembers for a minute what Slack says of a person. `company` returns where the bot is installed; `external` lets others in."""

    def __init__(
        self, client: WebClient, *, clock: Callable[[], dt.datetime], company: Callable[[], Company], external: bool = False
    ) -> None:
        self._client, self._clock, self._company, self._external = client, clock, company, external
        self._known: dict[str, tuple[dt.datetime, str, Mapping[str, Any]]] = {}
        self._lock = threading.Lock()

    def of(self, person: str, *, team: str = "") -> str:
        """Return why `person` may not answer, as a key of SENTENCES; "" if nothing speaks against them.

        `team` is the workspace that the payload gives for them. Whom Slack cannot be asked about may not answer.
        """
        company = self._company()
        found, user = self._profile(person)
        if not found and team and not self._external and not company.has({**user, "team_id": team}):
            return "elsewhere"
        return found

    def profile(self, person: str) -> Mapping[str, Any]:
        """Return Slack's own word on a person: tz, profile.email …; {} if it cannot be had."""
        return self._profile(person)[1]

    def judge(self, user: Mapping[str, Any]) -> str:
        """Return why a user as users.info gives it may not answer, as a key of SENTENCES; "" if nothing speaks against them."""
        return why_not(user, self._company(), external=self._external)

    def learn(self, user: Mapping[str, Any]) -> str:
        """Remember what users.info or users.lookupByEmail said of a person, for when Slack is slow; return what `judge` says of it."""
        found = self.judge(user)
        if found != "unknown":
            self._keep(str(user["id"]), found, user)
        return found

    def _profile(self, person: str) -> tuple[str, Mapping[str, Any]]:
        now = self._clock()
        with self._lock:
            known = self._known.get(person)
        if known and now - known[0] < FRESH:
            return known[1], known[2]
        try:
            user: Mapping[str, Any] = self._client.users_info(user=person).get("user") or {}
        except ERRORS as error:
            said = getattr(getattr(error, "response", None), "data", None)
            if isinstance(said, Mapping) and said.get("error") in ABSENT:
                return "absent", {}
            if known and now - known[0] < STALE:
                return known[1], known[2]
            return "unknown", {}
        found = self.judge(user)
        if found == "unknown":
            return found, {}
        self._keep(person, found, user)
        return found, user

    def _keep(self, person: str, found: str, user: Mapping[str, Any]) -> None:
        with self._lock:
            self._known[person] = (self._clock(), found, user)
            if len(self._known) > 10_000:
                del self._known[next(iter(self._known))]

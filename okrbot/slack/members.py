"""Who speaks for the company: its members do; guests, bots, the deactivated and members of other companies do not."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from slack_sdk.web import SlackResponse

ABSENT = frozenset({"users_not_found", "user_not_found", "user_not_visible"})  # what Slack answers where there is nobody to see


@dataclasses.dataclass(frozen=True, slots=True)
class Company:
    """Where the bot is installed: its workspace, and the organisation above it; "" where Slack has not said or there is none."""

    team: str = ""
    enterprise: str = ""

    def has(self, user: Mapping[str, Any]) -> bool:
        """Return whether a user as users.info gives it belongs to the company."""
        home = user.get("enterprise_user")
        if self.enterprise and isinstance(home, Mapping) and home.get("enterprise_id") == self.enterprise:
            return True
        return bool(user.get("team_id", self.team) == self.team)


def company_of(answer: SlackResponse) -> Company:
    """Return what auth.test says of where the bot is installed."""
    return Company(str(answer.get("team_id") or ""), str(answer.get("enterprise_id") or ""))


def why_not(user: Mapping[str, Any], company: Company, *, external: bool = False) -> str:
    """Return why a user as users.info gives it may neither be asked nor answer: unknown, deactivated, bot, elsewhere or guest; else "".

    `external` lets members of other companies in. Slack marks as strangers only those who share no channel with us: a member of
    another company in a shared channel is told by their workspace.
    """
    if not user:
        return "unknown"
    if user.get("deleted"):
        return "deactivated"
    if user.get("is_bot") or user.get("id") == "USLACKBOT":
        return "bot"
    if not company.team:
        return "unknown"
    if not external and (user.get("is_stranger") or not company.has(user)):
        return "elsewhere"
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return "guest"
    return ""

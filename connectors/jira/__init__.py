"""Jira Cloud and Jira Data Center, read completely, incrementally and honestly; see docs/jira.md."""

from __future__ import annotations

from collections.abc import Iterator

from okrbot.model import Page, PullRequest, Surroundings

from . import pull as _pull
from .settings import Settings, api_address, checked, login

KIND = "jira"

__all__ = ["KIND", "JiraConnector", "Settings", "connect"]


class JiraConnector:
    """One configured Jira source."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self.name = settings.name
        self.settings = settings
        self.surroundings = surroundings

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Yield pages until the last, which carries coverage. Raises SourceError, after which what was yielded stays."""
        return _pull.pull(self.settings, self.surroundings, request)


def connect(settings: Settings, surroundings: Surroundings) -> JiraConnector:
    """Return a connector; nothing is sent. Raises ValueError that names the key."""
    settings = checked(settings)
    api_address(settings)
    login(settings)
    return JiraConnector(settings, surroundings)

"""Jira Cloud and Jira Data Center, read completely, incrementally and honestly; see docs/jira.md."""

from __future__ import annotations

from collections.abc import Iterator

from okrbot.model import Capabilities, Page, PullRequest, Receipt, Surroundings

from . import probe as _probe
from . import pull as _pull
from . import site
from .settings import Settings, api_address, checked, login
from .writes import Action, Writer

KIND = "jira"

__all__ = ["KIND", "Action", "JiraConnector", "Settings", "connect"]


class JiraConnector:
    """One configured Jira source."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self.name = settings.name
        self.settings = settings
        self.surroundings = surroundings
        self._writer: Writer | None = None

    def probe(self) -> Capabilities:
        """Ask who we are and what can be seen; change nothing. Raises SourceError."""
        return _probe.probe(self.settings, self.surroundings)

    def apply(self, action: Action) -> Receipt:
        """Do one action, once however often it is asked for, and read it back. Raises SourceError."""
        if self._writer is None:
            sender = site.open_site(self.settings, self.surroundings)
            self._writer = Writer(sender, site.who(sender, self.settings))
        return self._writer.apply(action)

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Yield pages until the last, which carries coverage. Raises SourceError, after which what was yielded stays."""
        return _pull.pull(self.settings, self.surroundings, request)


def connect(settings: Settings, surroundings: Surroundings) -> JiraConnector:
    """Return a connector; nothing is sent. Raises ValueError that names the key."""
    settings = checked(settings)
    api_address(settings)
    login(settings)
    return JiraConnector(settings, surroundings)

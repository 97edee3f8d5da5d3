"""Jira Cloud and Jira Data Center, read completely, incrementally and honestly; see docs/jira.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from okrbot.model import Capabilities, Millis, Page, PullRequest, Receipt, Surroundings

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

    def writes_to(self, their_kind: str) -> bool:  # noqa: ARG002 - every Jira item is an issue
        """Tell whether items of this kind of the tracker's can be written to."""
        return True

    def apply(self, action: Action) -> Receipt:
        """Do one action, once however often it is asked for, and read it back. Raises SourceError."""
        return self._writing().apply(action)

    def look(self, action: Action) -> bool:
        """Tell whether what an action makes stands there now; nothing is changed. Raises SourceError."""
        return self._writing().look(action)

    def updated(self, key: str) -> Millis | None:
        """Return when an issue changed last, None when it is not visible. Raises SourceError."""
        return self._writing().updated(key)

    def request(self, action: Action) -> tuple[str, Any]:
        """Return the request `apply` would send: method and address, and the body. Only asks which Jira this is. Raises SourceError."""
        return self._writing().request(action)

    def _writing(self) -> Writer:
        if self._writer is None:
            sender = site.open_site(self.settings, self.surroundings)
            self._writer = Writer(sender, site.who(sender, self.settings))
        return self._writer

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Yield pages until the last, which carries coverage. Raises SourceError, after which what was yielded stays."""
        return _pull.pull(self.settings, self.surroundings, request)


def connect(settings: Settings, surroundings: Surroundings) -> JiraConnector:
    """Return a connector; nothing is sent. Raises ValueError that names the key."""
    settings = checked(settings)
    api_address(settings)
    login(settings)
    return JiraConnector(settings, surroundings)

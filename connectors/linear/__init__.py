"""Linear: issues, projects and initiatives with their history, pulled within Linear's limits. See docs/linear.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from okrbot.model import Capabilities, Millis, Page, Problem, PullRequest, Receipt, Secret, SourceError, Surroundings

from ..addresses import address
from .client import MOST_ROWS, Client
from .pull import Pull, nothing_seen
from .workspace import Workspace
from .writeback import Action, Writer

__all__ = ["KIND", "Action", "Linear", "Settings", "connect"]

KIND = "linear"


@dataclass(frozen=True, slots=True)
class Settings:
    """The keys of a `[[sources]]` table of this kind."""

    name: str = field(metadata={"help": "Name of this source in backlogs and messages."})
    token: Secret | None = field(default=None, metadata={"help": "A Linear API key (read access is enough) or an OAuth token."})
    url: str = field(
        default="https://api.linear.app/graphql", metadata={"help": "Linear's GraphQL address; http only for loopback (tests, proxies)."}
    )
    teams: tuple[str, ...] = field(
        default=(), metadata={"help": 'Keys of the teams to read, e.g. ["WEB"]; without it all teams the account sees.'}
    )
    history: bool = field(default=True, metadata={"help": "Read each issue's history; without it rules that need history are not checked."})
    parallel: int = field(default=2, metadata={"help": "Requests in flight, 1 or 2: with 2 the next page is fetched while one is stored."})
    page_size: int = field(
        default=MOST_ROWS, metadata={"help": "Most rows of one query, 1 to 250; the price of a query may make it fewer."}
    )


class Linear:
    """One workspace, as one account sees it."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self.name = settings.name
        self._settings = settings
        self._writes = surroundings.writes
        self.client = Client(
            _endpoint(settings.url), settings.token, surroundings, name=settings.name, rows=settings.page_size, parallel=settings.parallel
        )
        self.writer = Writer(self.client)

    def probe(self) -> Capabilities:
        """Ask who we are, what is visible and what the limits are; change nothing. Raises SourceError."""
        space = Workspace(self.client, teams=self._settings.teams)
        space.sign_in()
        seen = {team.key.upper() for team in space.teams}
        problems = space.blind_spots()
        for key in sorted(space.wanted - seen):
            text = f"{self.name}: team {key} is not visible to {space.account}; give it access, or take the team out of `teams`"
            problems.append(Problem(code="hidden", message=text, where=key, partial=True))
        if not seen:
            problems.append(Problem(code="hidden", message=f"{self.name}: {space.account} sees no team", partial=True))
        else:
            text = f"{self.name}: private teams that {space.account} is not a member of cannot be seen, nor counted"
            problems.append(Problem(code="hidden", message=text))
        samples = self._samples(space)
        if seen and not samples:
            problems.append(nothing_seen(space, self.name))
        viewer = space.viewer
        roles = [word for word, has in (("app", viewer.app), ("guest", viewer.guest), ("admin", viewer.admin)) if has]
        return Capabilities(
            kind=KIND,
            account=space.account,
            timezone=viewer.timezone or "",
            version="GraphQL",
            history=self._settings.history,
            goals=True,
            backlogs=space.backlogs,
            scopes=tuple(roles),
            limits=self._limits(),
            fields={
                "parent": "parent issue, else project",
                "goals": "initiatives of the project",
                "rank": "sortOrder",
                "estimate": "estimate",
            },
            samples=samples,
            problems=tuple(problems),
        )

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Yield the pages of a pull; SourceError carries where to go on."""
        pull = Pull(self.client, request, teams=self._settings.teams, history=self._settings.history, writes=self._writes)
        try:
            yield from pull.pages()
        except SourceError as trouble:
            trouble.resume = trouble.resume or pull.resume
            raise

    def apply(self, action: Action) -> Receipt:
        """Do one change to an issue, once, and read it back; see writeback.Action. Raises SourceError, ValueError."""
        return self.writer.apply(action)

    def writes_to(self, their_kind: str) -> bool:
        """Tell whether items of this kind of Linear's can be written to: issues can, projects cannot."""
        return their_kind != "Project"

    def look(self, action: Action) -> bool:
        """Tell whether what an action makes stands there now; nothing is changed. Raises SourceError."""
        return self.writer.look(action)

    def updated(self, key: str) -> Millis | None:
        """Return when an issue changed last, None when it is not visible. Raises SourceError."""
        return self.writer.updated(key)

    def request(self, action: Action) -> tuple[str, Any]:
        """Return the request `apply` would send: method and address, and the body. Sends nothing."""
        document, variables = self.writer.request(action)
        return f"POST {_endpoint(self._settings.url)}", {"query": document, "variables": variables}

    def _limits(self) -> dict[str, str]:
        limits = {f"{kind} an hour": f"{one.limit:g}, {one.left:g} left" for kind, one in sorted(self.client.allowances.items())}
        return {**limits, "points a query": f"{self.client.cap:g}"}

    def _samples(self, space: Workspace) -> tuple[str, ...]:
        keys = sorted(space.wanted)
        return self.client.samples({"team": {"key": {"in": keys}}} if keys else {})


def connect(settings: Settings, surroundings: Surroundings) -> Linear:
    """Return the connector; nothing is sent. Raises ValueError naming the key that is wrong."""
    if not 1 <= settings.page_size <= MOST_ROWS:
        raise ValueError(f"page_size: {settings.page_size} is out of range; write a number from 1 to {MOST_ROWS}")
    if settings.parallel not in (1, 2):
        raise ValueError(f"parallel: {settings.parallel} is out of range; write 1 or 2, Linear asks clients to be gentle")
    for key in settings.teams:
        if not key.strip() or not key.strip().replace("_", "").isalnum():
            raise ValueError(f"teams: {key!r} is no team key; write the letters before the number of an issue, e.g. WEB of WEB-12")
    return Linear(settings, surroundings)


def _endpoint(url: str) -> str:
    """Return the address of the GraphQL endpoint; a bare host gets Linear's path."""
    text = address(url)
    return text if text.count("/") > 2 else f"{text}/graphql"

"""Asks a Jira site who we are and what cannot be seen, for `okrbot check`; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from okrbot.model import Capabilities, Problem, Surroundings

from ..http import Again, Answer, RefusedError
from . import jql, site
from .fields import map_fields
from .history import Historian
from .rows import Found, Reader
from .search import Ask, Search
from .settings import Settings
from .site import Who

_LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-NearLimit", "X-RateLimit-Interval-Seconds", "X-RateLimit-FillRate")
_SAMPLES = 3


def probe(settings: Settings, surroundings: Surroundings) -> Capabilities:
    """Return what the account may see and what it may not. Raises SourceError when nothing can be read."""
    sender = site.open_site(settings, surroundings)
    limits: dict[str, str] = {}

    def note_limits(answer: Answer) -> Again | None:
        limits.update({name: answer.headers[name] for name in _LIMITS if name in answer.headers})
        return site.not_anonymous(answer, settings.name)

    sender.judge = note_limits
    try:
        who = site.who(sender, settings)
        rows = site.read_fields(sender, who)
        fields = map_fields(rows, surroundings.fields)
        projects, problems = site.read_projects(sender, who, settings.projects)
        search = Search(sender, who)
        own = jql.both(jql.project_in(project.key for project in projects) if settings.projects else "", jql.bracketed(settings.jql))
        clauses = own or jql.since("created", 0)
        count = search.count(clauses)
        reader = Reader(fields, site=who.home, cloud=who.cloud, comments=False)
        ask = Ask(reader.asked, _SAMPLES, reader.read, changelog=not who.cloud)
        found = next(search.pages(clauses, "created", ask, low=0), Found())
        if count is not None:
            limits["issues"] = str(count)
        history = settings.history and _has_history(Historian(sender, who, statuses={}, fields={}), found, cloud=who.cloud)
        problems += [Problem("field", f"no field is called {name}; check the spelling under [okrs.links]") for name in fields.missing]
        problems += [*found.problems, *_blind_spots(who, settings, projects=len(projects), nothing=not found.ids)]
        return Capabilities(
            kind="jira",
            account=who.shown,
            timezone=who.zone,
            version=f"{'Cloud' if who.cloud else 'Data Center'} {who.version}".strip(),
            history=history,
            goals=bool(fields.goals),
            backlogs=tuple(projects),
            limits=limits,
            fields=fields.shown(),
            samples=tuple(item.key for item in found.items),
            problems=tuple(problems),
        )
    finally:
        sender.session.close()


def _has_history(historian: Historian, found: Found, *, cloud: bool) -> bool:
    """Tell whether the change history can be read."""
    if not cloud:
        return bool(found.changelogs)
    try:
        return set(historian.of(list(found.ids)).of) == set(found.ids)
    except RefusedError:
        return False


def _blind_spots(who: Who, settings: Settings, *, projects: int, nothing: bool) -> Iterator[Problem]:
    """Yield what this source cannot show, however good the connection."""
    if nothing:
        yield site.nothing_seen(settings, who, projects)
    yield Problem("hidden", f"issues behind a security level that {who.shown} may not see cannot be counted")
    yield Problem("archived", "archived issues are not in Jira's search and cannot be counted")
    if settings.jql:
        yield Problem("filter", "issues outside `jql` are not looked at")
    if not settings.projects and not settings.jql:
        yield Problem("filter", f"all projects that {who.shown} may browse are read; others cannot be counted")
    if not settings.history:
        yield Problem("history_missing", "history is switched off, so rules that need it are not checked")

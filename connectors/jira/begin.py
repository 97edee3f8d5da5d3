"""What a pull must know before it reads: who looks, at what, since when, and whether everything must be read again."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from okrbot.model import Backlog, Millis, Problem, PullRequest, SourceError, Surroundings

from ..http import Sender
from . import jql, memory, site
from .fields import FieldMap, FieldRow, map_fields
from .history import Historian
from .ids import Ids
from .memory import DAY, WEEK, Checkpoint, Resume
from .rows import Reader
from .search import Search
from .settings import Settings
from .site import Who

MINUTE = 60_000
CENSUS_ALWAYS = 25_000  # issues; a larger site is counted each time and listed when the count fell or half a day passed


@dataclass(slots=True)
class Run:
    """What is known in the course of one pull."""

    settings: Settings
    request: PullRequest
    sender: Sender
    who: Who
    before: Checkpoint | None
    filter: str  # fingerprint of what is asked for
    clauses: str
    backlogs: list[Backlog]
    fields: FieldMap
    field_rows: list[FieldRow]
    search: Search
    reader: Reader
    historian: Historian | None
    full: bool
    start: Millis
    low: Millis  # lower bound of changes
    resumed: Resume | None
    workers: int
    problems: list[Problem] = field(default_factory=list)
    counted: Future[int | None] | None = None
    expected: int | None = None
    top: Millis = 0  # when the youngest issue was created, if that was asked
    resume: str | None = None
    census_at: Millis = 0
    seen: Ids = field(default_factory=Ids)  # ids read
    told: Ids = field(default_factory=Ids)  # ids whose history is complete
    fresh: set[str] = field(default_factory=set)  # ids of changed issues


def begin(settings: Settings, surroundings: Surroundings, request: PullRequest, sender: Sender, side: ThreadPoolExecutor) -> Run:
    """Find out who we are, what to read and whether all of it. Raises SourceError."""
    before, resumed = memory.checkpoint(request.checkpoint), memory.resume(request.resume)
    asked = side.submit(site.who, sender, settings, before.cloud if before else None, before.home if before else "")
    # with a checkpoint we know where to ask, so that all tables come in one round trip; nothing is used before we know who we are
    guess = Who(before.cloud, before.account, before.account, before.zone, "", before.home, 0, False) if before else asked.result()
    tables = side.submit(site.read_fields, sender, guess), side.submit(site.read_projects, sender, guess, settings.projects)
    statuses = side.submit(site.read_statuses, sender, guess) if settings.history else None
    who = asked.result()
    who = replace(who, own=who.account if surroundings.writes else "")
    field_rows, (projects, problems) = tables[0].result(), tables[1].result()
    search = Search(sender, who)
    fields = map_fields(field_rows, surroundings.fields)
    if settings.jql and not jql.is_closed(settings.jql):
        raise SourceError(f"{settings.name}: `jql` has a quote or bracket without its other half; nothing was read", code="filter")
    clauses = jql.both(jql.project_in(project.key for project in projects) if settings.projects else "", jql.bracketed(settings.jql))
    filter_ = memory.fingerprint(
        sorted(project.id for project in projects) if settings.projects else (), settings.jql, fields, settings.history, settings.comments
    )
    full, more = _why_full(request, before, who, filter_)
    if resumed and not _still_good(resumed, before, who, filter_, full, request):
        resumed = None
    start = resumed.start if resumed else who.now
    look_back = settings.overlap_minutes * MINUTE + (0 if who.clock_said else DAY)
    hidden = frozenset(project.id for project in projects if project.private)
    run = Run(
        settings=settings,
        request=request,
        sender=sender,
        who=who,
        before=before,
        filter=filter_,
        clauses=clauses,
        backlogs=projects,
        fields=fields,
        field_rows=field_rows,
        search=search,
        reader=Reader(
            fields, site=who.home, cloud=who.cloud, hidden=hidden, comments=settings.comments, history=settings.history, own=who.own
        ),
        historian=Historian(sender, who, statuses=statuses.result(), fields=fields.by_id()) if statuses else None,
        full=resumed.full if resumed else full,
        start=start,
        # a resumed pull looks back as well: what the index showed late may lie before the page it stopped at
        low=max((resumed.low if resumed and not resumed.full else before.start if before and not full else start) - look_back, 0),
        resumed=resumed,
        workers=settings.parallel or (8 if who.cloud else 2),
        problems=[*problems, *more, *(Problem(*gap, partial=True) for gap in (resumed.gaps if resumed else ()))],
        census_at=before.census_at if before else 0,
    )
    run.problems += [Problem("field", f"no field is called {name}; check the spelling under [okrs.links]") for name in fields.missing]
    if before is None:
        trial = side.submit(_try_epoch, run)
    run.resume = request.resume if resumed else None
    if run.full or request.known > CENSUS_ALWAYS:
        run.counted = side.submit(search.count, clauses or jql.since("created", 0))
        newest = side.submit(search.newest, clauses) if run.full and not resumed and run.workers > 1 else None
        run.expected = run.counted.result() if run.full else None
        run.top = newest.result() if newest else 0
    if before is None:
        trial.result()
    return run


def _why_full(request: PullRequest, before: Checkpoint | None, who: Who, filter_: str) -> tuple[bool, list[Problem]]:
    """Tell whether everything must be read, with what is worth saying about it."""
    if before is None:
        return True, []
    problems = []
    if before.filter != filter_:
        problems.append(
            Problem("filter_changed", "projects, filter, fields or history changed since the last pull, so everything is read again")
        )
    if before.account != who.account:
        problems.append(Problem("account_changed", f"another account ({who.shown}) looks than last time, so everything is read again"))
    if before.start > who.now + DAY:
        problems.append(Problem("clock", "the last pull lies in the server's future, so everything is read again"))
    full = bool(problems) or request.full or before.cloud != who.cloud or who.now - before.full_at >= WEEK
    if before.zone and who.zone and before.zone != who.zone:
        problems.append(
            Problem("zone_changed", f"the account's time zone changed from {before.zone} to {who.zone}; pulls do not depend on it")
        )
    return full, problems


def _still_good(resumed: Resume, before: Checkpoint | None, who: Who, filter_: str, full: bool, request: PullRequest) -> bool:
    """Tell whether a killed pull can go on: same question, same account, not overtaken, not older than a week."""
    same = resumed.filter == filter_ and resumed.account == who.account and who.now - resumed.start < WEEK
    overtaken = before is not None and before.start >= resumed.start
    return same and not overtaken and (resumed.full or not (full or request.full))


def _try_epoch(run: Run) -> None:
    """Make sure, on the first pull, that this Jira reads epoch milliseconds. Raises SourceError."""
    later = run.search.any(jql.both(run.clauses, jql.since("updated", run.who.now + DAY)))
    ever = run.search.any(jql.both(run.clauses, jql.since("updated", 0)))
    if later or (not ever and run.clauses and run.search.any(run.clauses)):
        raise SourceError(
            f"{run.settings.name}: this Jira does not understand times in JQL as milliseconds; okrbot cannot read it safely",
            code="protocol",
        )

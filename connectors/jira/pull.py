"""One pull of a Jira site: everything the first time and each week, else what changed; complete, or it says why not."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from okrbot.model import Coverage, Goals, Millis, Page, Problem, PullRequest, SourceError, Sprint, Surroundings

from . import goals, jql, memory, site
from .begin import CENSUS_ALWAYS, MINUTE, Run, begin
from .history import BATCH, Told, edited
from .memory import DAY, Checkpoint, Resume
from .rows import Found
from .search import Ask, stamps
from .settings import Settings
from .slices import Slice, Slices
from .talk import Listener

FEW = 2  # issues that may vanish at once without a question, however small the site
SHARE = 0.2  # of the site that may vanish at once without a question
MOST_PROJECT_SLICES = 40


def pull(settings: Settings, surroundings: Surroundings, request: PullRequest) -> Iterator[Page]:
    """Yield the pages of one pull. Raises SourceError with `resume`; what was yielded stays."""
    sender = site.open_site(settings, surroundings)
    run: Run | None = None
    side = ThreadPoolExecutor(5, thread_name_prefix="jira-tables")
    pools = [side]
    try:
        run = begin(settings, surroundings, request, sender, side)
        crew = ThreadPoolExecutor(run.workers, thread_name_prefix="jira")
        pools.append(crew)
        yield Page(backlogs=tuple(run.backlogs), expected=run.expected, resume=run.resume)
        sprints = side.submit(site.read_sprints, sender, run.backlogs, settings.projects, crew.map)
        aims = side.submit(goals.read_goals, run.sender, run.who, run.search, run.field_rows, run.clauses) if settings.goals else None
        yield from _full_pass(run, crew) if run.full else _changes(run, crew)
        census = yield from _census(run)
        yield _last_page(run, sprints, aims, census)
    except SourceError as trouble:
        trouble.resume = trouble.resume or (run.resume if run else request.resume)
        raise
    finally:
        for pool in reversed(pools):
            pool.shutdown(wait=True, cancel_futures=True)
        sender.session.close()


def _full_pass(run: Run, crew: ThreadPoolExecutor) -> Iterator[Page]:
    """Read everything, in slices; then what changed meanwhile."""
    ask = _ask(run)
    slices = Slices(run.search, ask, _parts(run, crew), workers=run.workers, now=run.who.now, historian=run.historian)
    steps = slices.run(crew)
    try:
        for step in steps:
            page = _page(run, step.found, step.told)
            run.resume = _resume(run, slices.store(step), 0)
            yield dataclasses.replace(page, resume=run.resume)
    finally:
        slices.stop()
    if not run.seen and run.request.known and not run.resumed:
        raise _all_gone(run)
    yield from _changes(run, crew)


def _ask(run: Run) -> Ask:
    """Return what is wanted of each issue; Data Center tells its history inside."""
    inside = run.historian is not None and not run.who.cloud
    complete = Listener(run.sender, run.who).complete if run.settings.comments else None
    return Ask(run.reader.asked, run.settings.page_size, run.reader.read, changelog=inside, complete=complete)


def _parts(run: Run, crew: ThreadPoolExecutor) -> list[Slice]:
    """Return what a full pass begins with: what a killed one left over, or a slice a project where projects are named."""
    if run.resumed:
        return [Slice(clauses, low, high, saved=low) for clauses, low, high in run.resumed.parts]
    if run.workers == 1:
        return [Slice(run.clauses)]
    if not 2 <= len(run.backlogs) <= MOST_PROJECT_SLICES or not run.settings.projects:
        return [Slice(run.clauses, left=float(run.expected) if run.expected is not None else None, top=run.top)]
    own = jql.bracketed(run.settings.jql)
    clauses = [jql.both(jql.project_in([project.key]), own) for project in run.backlogs]
    counts, tops = crew.map(run.search.count, clauses), crew.map(run.search.newest, clauses)
    return [
        Slice(clause, left=float(count) if count is not None else None, top=top)
        for clause, count, top in zip(clauses, counts, tops, strict=True)
    ]


def _changes(run: Run, crew: ThreadPoolExecutor) -> Iterator[Page]:
    """Read what changed since `run.low`, oldest first, with no upper bound: an issue edited meanwhile moves to the end."""
    ask = _ask(run)
    reading: deque[tuple[Future[Told], Millis]] = deque()
    waiting: list[str] = []
    suspects: set[str] = set()
    low, last = run.low, 0
    enough = run.who.now + run.settings.overlap_minutes * MINUTE
    for found in run.search.pages(run.clauses, "updated", ask, low=run.low, enough=enough):
        times = [time for time in stamps(found, "updated") if time]
        in_order = not times or times[0] >= last
        last = max([last, *times])
        run.fresh.update(found.ids)
        if in_order and not run.full:
            low = max(low, last // 1000 * 1000)
        if run.historian is None or ask.changelog:
            run.resume = _resume(run, [], low)
            yield _page(run, found, run.historian.inside(found.changelogs) if run.historian else None)
            continue
        yield _page(run, found, None)
        waiting += [item.id for item in found.items]
        suspects.update(edited(found.items))
        if len(waiting) >= BATCH or not found.token:
            reading.append((crew.submit(run.historian.of, waiting, suspects), low))
            waiting, suspects = [], set()
        while reading and reading[0][0].done():
            yield _history_page(run, *reading.popleft())
    if waiting and run.historian:
        reading.append((crew.submit(run.historian.of, waiting, suspects), low))
    while reading:
        yield _history_page(run, *reading.popleft())


def _history_page(run: Run, future: Future[Told], low: Millis) -> Page:
    told = future.result()
    run.resume = _resume(run, [], low)
    return _page(run, Found(), told)


def _resume(run: Run, parts: list[tuple[str, Millis, Millis]], low: Millis) -> str:
    """Return what a kill from here on leaves to do, and what was missing already."""
    gaps = [(problem.code, problem.message, problem.where) for problem in run.problems if problem.partial]
    return memory.write(Resume(memory.VERSION, run.start, run.filter, run.who.account, run.full, parts, low, gaps))


def _page(run: Run, found: Found, told: Told | None) -> Page:
    """Return a page of the store's rows; history that came with its issues marks them."""
    if found.problems:
        run.problems = list(merge([*run.problems, *found.problems]))
    run.seen.add(found.ids)
    items, own = found.items, {item.id for item in found.items}
    of: list[str] = []
    if told is not None:
        if told.problems:
            run.problems = list(merge([*run.problems, *told.problems]))
        run.told.add(told.of)
        complete = own.intersection(told.of)
        items = [item._replace(history=True) if item.id in complete else item for item in items] if complete else items
        of = [id_ for id_ in told.of if id_ not in own]
    return Page(
        items=items,
        links=found.links,
        notes=found.notes,
        notes_complete=run.settings.comments,
        changes=told.changes if told else (),
        history_of=of,
        aliases=tuple(told.aliases) if told else (),
        expected=run.expected,
        resume=run.resume,
    )


def _all_gone(run: Run) -> SourceError:
    filtered = run.before is not None and run.before.filter != run.filter
    cause = "the filter finds nothing" if filtered else f"{run.who.shown} may have lost its rights, or the token its scope"
    text = f"{run.settings.name}: Jira showed {run.request.known} issues before and none now: {cause}. Nothing was changed"
    return SourceError(text, code="filter" if filtered else "token")


def _census_due(run: Run) -> bool:
    known = run.request.known
    if run.counted is not None:
        run.expected = run.counted.result()
    if run.full and not run.resumed and run.expected is not None and len(run.seen) < run.expected:
        return True  # the count says that the slices missed something
    fell = run.expected is not None and run.expected < known
    return known > 0 and (run.full or known <= CENSUS_ALWAYS or fell or run.who.now - run.census_at >= DAY // 2)


def _census(run: Run) -> Generator[Page, None, frozenset[str] | None]:
    """List the ids visible now (as the generator's result, None when not taken or not to be trusted) and read what a full pass missed."""
    known = run.request.known
    if not _census_due(run):
        if run.expected == 0 and known:
            raise _all_gone(run)
        return None
    ids: set[str] = set()
    for found in run.search.census(run.clauses):
        ids.update(found.ids)
    if not ids and known:
        raise _all_gone(run)
    if run.full and not run.resumed:
        yield from _missed(run, {id_ for id_ in ids if id_ not in run.seen})
    ids |= run.fresh
    filtered = run.before is not None and run.before.filter != run.filter
    if known - len(ids) > max(FEW, known * SHARE) and not (run.request.full or filtered):
        text = (
            f"{known - len(ids)} of {known} issues are no longer visible to {run.who.shown}; nothing is taken out yet. "
            "If that is right, run `okrbot pull --full`"
        )
        run.problems.append(Problem("shrunk", text, count=known - len(ids), partial=True))
        return None
    run.census_at = run.start
    return frozenset(ids) if known else None


def _missed(run: Run, ids: set[str]) -> Iterator[Page]:
    """Read by id what the slices did not meet, e.g. an issue that moved from an unread project to one already read."""
    ask = _ask(run)
    missed = sorted(ids, key=lambda id_: (len(id_), id_))
    for start in range(0, len(missed), 100):
        clause = f"id in ({', '.join(missed[start : start + 100])})"
        for found in run.search.pages(clause, "created", ask, low=0):
            told = None
            if run.historian:
                ids_ = [item.id for item in found.items]
                told = run.historian.inside(found.changelogs) if ask.changelog else run.historian.of(ids_, edited(found.items))
            yield _page(run, found, told)


def _last_page(
    run: Run,
    sprints: Future[tuple[tuple[Sprint, ...] | None, list[Problem]]],
    aims: Future[Goals | None] | None,
    census: frozenset[str] | None,
) -> Page:
    """Return the page that ends a pull: the small tables, what was covered, and the checkpoint if nothing is missing."""
    boards, problems = sprints.result()
    run.problems += problems
    table, extra = _with_issues_sprints(run, boards)
    if run.full and not run.seen and not run.request.known and not run.resumed:
        run.problems.append(site.nothing_seen(run.settings, run.who, len(run.backlogs)))
    found = aims.result() if aims else None
    run.problems += found.problems if found else ()
    merged = merge(run.problems)
    complete = not any(problem.partial for problem in merged)
    before = run.before
    checkpoint = Checkpoint(
        version=memory.VERSION,
        start=run.start,
        filter=run.filter,
        account=run.who.account,
        zone=run.who.zone,
        cloud=run.who.cloud,
        home=run.who.home,
        full_at=run.start if run.full or before is None else before.full_at,
        census_at=run.start if run.full else run.census_at,  # a full pass lists everything
        sprints=extra,
        no_boards=boards is None and table is not None,
    )
    return Page(
        sprints=table,
        goals=found if found and (found.objectives or found.key_results or found.cycles) else None,
        census=census,
        expected=run.expected,
        coverage=Coverage(
            expected=run.expected if run.full else None,
            read=len(run.seen),
            with_history=len(run.told),
            complete=complete,
            problems=merged,
            account=run.who.shown,
        ),
        checkpoint=memory.write(checkpoint) if complete else None,
        resume=None,
    )


def _with_issues_sprints(run: Run, boards: tuple[Sprint, ...] | None) -> tuple[tuple[Sprint, ...] | None, list[Sprint]]:
    """Return the boards' sprints with those that only issues told of, and the latter alone to be remembered.

    Without boards what the store has from them is better left alone: then the table is None.
    """
    before = run.before if not run.full else None
    told = {sprint.id: sprint for sprint in before.sprints} if before else {}
    told |= {id_: site.sprint_of(id_, one) for id_, one in run.reader.sprints.items() if id_}
    on_boards = {sprint.id for sprint in boards or ()}
    extra = [sprint for id_, sprint in told.items() if id_ not in on_boards]
    if boards is None and run.before is not None and not run.before.no_boards:
        return None, run.before.sprints
    return (*(boards or ()), *extra), extra


def merge(problems: list[Problem]) -> tuple[Problem, ...]:
    """Return problems with the same words counted together, so that a thousand odd rows are one line."""
    merged: dict[tuple[str, str], Problem] = {}
    for problem in problems:
        key = (problem.code, problem.message if problem.code != "bad_field" else problem.message.split(" of ", 1)[0])
        old = merged.get(key)
        count = problem.count + (old.count if old else 0)
        first = old or problem
        merged[key] = Problem(first.code, first.message, first.where, count, first.partial or problem.partial)
    return tuple(merged.values())

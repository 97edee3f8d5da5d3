"""Drive a connector into the store, page by page, and keep the ledger of what it could and could not see."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable

import sqlalchemy as sa

from okrbot.model import Connector, Coverage, Goals, Page, Problem, PullRequest, SourceError, millis
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.writing import hide_absent, save_goals, save_page

# A census that lost more than both of these at once looks like a lost permission, not like tidying up.
SHRUNK_SHARE = 0.2  # of what was visible
SHRUNK_ROWS = 2  # only so that one or two items of a handful may go; more would leave small sources unprotected

# Items and changes that are stored in one transaction: every commit waits for the disk, and a killed pull reads them again.
ROWS_AT_ONCE = 1_000

Progress = Callable[[int, int | None], None]  # read so far, expected


@dataclasses.dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull did. `verdict` is complete, partial (rows are missing) or refused (nothing could be read)."""

    source: str
    verdict: str
    coverage: Coverage
    hidden: int = 0
    retry_at: dt.datetime | None = None


def pull(
    store: Store,
    connector: Connector,
    *,
    now: dt.datetime,
    full: bool = False,
    progress: Progress | None = None,
) -> Pulled:
    """Read everything new from `connector` into `store` and return how that went.

    What was read before a failure stays; the next pull goes on from there. Never raises SourceError: a source that
    cannot be read is a `refused` or `partial` pull whose problem is in its coverage.
    """
    name = connector.name
    with store.begin() as db:
        request = _request(db, name, now=now, full=full)
        run = db.execute(
            sa.insert(t.pulls).values(source=name, started=millis(now), verdict="running", resume=request.resume)
        ).inserted_primary_key
    assert run is not None  # noqa: S101 -- an insert of one row has a key
    journal = _Journal(store, name, run[0], request, now)
    try:
        try:
            for page in connector.pull(request):
                journal.take(page)
                if progress:
                    progress(journal.read, journal.expected)
        finally:
            journal.write()
    except SourceError as error:
        return journal.stop(error)
    return journal.finish()


class _Journal:
    """One running pull: stores its pages, a few in one transaction, together with the place to go on from."""

    def __init__(self, store: Store, name: str, run: int, request: PullRequest, now: dt.datetime) -> None:
        self.store, self.name, self.run, self.request, self.now = store, name, run, request, now
        self.read = self.pages = self.hidden = self.with_history = 0
        self.expected: int | None = None
        self.last: Page | None = None
        self.problems: list[Problem] = []
        self.waiting: list[Page] = []
        self.rows = 0

    def take(self, page: Page) -> None:
        self.read += len(page.items)
        self.with_history += sum(item.history for item in page.items) + len(page.history_of)
        self.pages += 1
        self.expected = page.expected if page.expected is not None else self.expected
        self.waiting.append(page)
        self.rows += len(page.items) + len(page.changes)
        if page.coverage is not None:
            self.last = page
        if self.rows >= ROWS_AT_ONCE:
            self.write()

    def write(self) -> None:
        """Store the pages that wait, all of them or none."""
        if not self.waiting:
            return
        pages, self.waiting, self.rows = self.waiting, [], 0
        resume = next((page.resume for page in reversed(pages) if page.resume is not None), None)
        with self.store.begin() as db:
            for page in pages:
                save_page(db, self.name, page)
                if page.goals is not None:
                    save_goals(db, self.name, page.goals, at=millis(self.now))
                    self.problems += page.goals.problems
                if page.census is not None:
                    self._census(db, page.census)
            values = {"pages": self.pages, "read": self.read} | ({} if resume is None else {"resume": resume})
            db.execute(sa.update(t.pulls).where(t.pulls.c.id == self.run).values(values))

    def _census(self, db: sa.Connection, visible: frozenset[str]) -> None:
        known = self.request.known
        lost = known - len(visible)
        doubtful = not visible or not self.request.full  # a full pull that somebody asked for may accept a real clean-up
        if known and doubtful and lost > SHRUNK_ROWS and lost > known * SHRUNK_SHARE:
            self.problems.append(
                Problem(
                    "shrunk",
                    f"{self.name} shows {len(visible)} items where it showed {known}. Nothing was set aside; check the account's rights, then run a full pull.",
                    partial=True,
                )
            )
            return
        self.hidden = hide_absent(db, self.name, visible, now=millis(self.now))

    def finish(self) -> Pulled:
        if self.last is None or self.last.coverage is None:
            return self.stop(SourceError(f"{self.name} ended without saying what it covered", code="protocol"))
        said = self.last.coverage
        coverage = dataclasses.replace(said, problems=(*said.problems, *self.problems))
        complete = said.complete and not any(problem.partial for problem in coverage.problems)
        coverage = dataclasses.replace(coverage, complete=complete)
        verdict = "complete" if complete else "partial"
        self._close(verdict, coverage, checkpoint=self.last.checkpoint if complete else None, resume="")
        return Pulled(self.name, verdict, coverage, self.hidden)

    def stop(self, error: SourceError) -> Pulled:
        problem = Problem(error.code, str(error), partial=True)
        told = min(self.with_history, self.read)  # some connectors read an item twice
        coverage = Coverage(expected=self.expected, read=self.read, with_history=told, complete=False, problems=(*self.problems, problem))
        verdict = "partial" if self.read else "refused"
        self._close(verdict, coverage, checkpoint=None, resume=error.resume)
        return Pulled(self.name, verdict, coverage, self.hidden, error.retry_at)

    def _close(self, verdict: str, coverage: Coverage, *, checkpoint: str | None, resume: str | None) -> None:
        values = {
            "ended": millis(self.now),
            "verdict": verdict,
            "expected": coverage.expected,
            "read": coverage.read,
            "with_history": coverage.with_history,
            "account": coverage.account,
            "problems": json.dumps([dataclasses.asdict(problem) for problem in coverage.problems], ensure_ascii=False),
            "checkpoint": checkpoint,
        }
        if resume is not None:  # "": the connector came to its end, so there is nothing to go on with
            values["resume"] = resume or None
        with self.store.begin() as db:
            db.execute(sa.update(t.pulls).where(t.pulls.c.id == self.run).values(values))


def _request(db: sa.Connection, name: str, *, now: dt.datetime, full: bool) -> PullRequest:
    mine = t.pulls.c.source == name
    checkpoint = db.execute(
        sa.select(t.pulls.c.checkpoint)
        .where(mine, t.pulls.c.verdict == "complete", t.pulls.c.checkpoint.is_not(None))
        .order_by(t.pulls.c.id.desc())
        .limit(1)
    ).scalar()
    last = db.execute(sa.select(t.pulls.c.verdict, t.pulls.c.resume).where(mine).order_by(t.pulls.c.id.desc()).limit(1)).one_or_none()
    resume = (last.resume or None) if last and last.verdict != "complete" else None
    known = (
        db.execute(sa.select(sa.func.count()).select_from(t.items).where(t.items.c.source == name, t.items.c.hidden_since == 0)).scalar()
        or 0
    )
    return PullRequest(now=now, checkpoint=checkpoint, resume=None if full else resume, full=full, known=known)


def store_goals(store: Store, source: str, goals: Goals, *, at: dt.datetime) -> None:
    """Make `goals` the whole set of an OKR file's `source` as of `at`."""
    with store.begin() as db:
        save_goals(db, source, goals, at=millis(at))


def has_goals(store: Store, source: str) -> bool:
    """Return whether `source` ever gave goals."""
    with store.connect() as db:
        return bool(db.execute(sa.select(t.objectives.c.id).where(t.objectives.c.source == source).limit(1)).first())

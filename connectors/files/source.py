"""The `files` source: finds the exports, reads them as one tracker, and says what could not be read."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from okrbot.model import (
    Backlog,
    Capabilities,
    Change,
    Coverage,
    Cycle,
    Goals,
    Item,
    Link,
    Note,
    Objective,
    Page,
    Problem,
    PullRequest,
    SourceError,
    Sprint,
    millis,
)

from .columns import LOOSE_KEY, UnknownTableError
from .containers import Containers
from .documents import Document, UnknownDocumentError
from .items import Made
from .ledger import Entry, Ledger
from .opened import Opened, open_file
from .table import Table

PAGE = 500
_READER_VERSION = 2  # raised when the same bytes give other rows than before
_MOST_PROBLEMS = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """The settings of a files source, checked."""

    name: str
    folder: Path
    paths: tuple[str, ...]
    zone: dt.tzinfo
    zone_given: bool
    backlog: str
    site: str
    day_first: bool | None
    encoding: str


class FilesSource:
    """Exports of a tracker, read in full on every pull whose files changed."""

    def __init__(self, wanted: Wanted) -> None:
        self.name = wanted.name
        self._wanted = wanted

    def probe(self) -> Capabilities:
        """Look into every file without keeping anything. Raises SourceError when there is none."""
        reading = Reading(self._wanted)
        keys = [claim.key for part in reading.parts for claim in part.claims[:3]]
        backlogs = {prefix for part in reading.parts for claim in part.claims for prefix in [claim.key.rpartition("-")[0]] if prefix}
        return Capabilities(
            kind="files",
            account=", ".join(part.opened.name for part in reading.parts)[:500],
            timezone=str(self._wanted.zone),
            history=any(part.with_history for part in reading.parts),
            goals=any(isinstance(part, Document) and part.has_goals for part in reading.parts),
            backlogs=tuple(Backlog(key, key) for key in sorted(backlogs)[:200]),
            samples=tuple(key for key in keys if key)[:10],
            problems=tuple(_capped(reading.all_problems())),
        )

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Yield the items of all files in pages; one page without items when no file changed since the checkpoint."""
        found = opened_files(self._wanted)
        stamp = _stamp(self._wanted, found)
        before = _read_checkpoint(request.checkpoint)
        if before and before.stamp == stamp and not request.full:
            yield Page(coverage=before.coverage, checkpoint=request.checkpoint, expected=before.coverage.read)
            return
        yield from Reading(self._wanted, found).pages(stamp, request.now)


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """The files that the paths name, and what is wrong with the others."""

    files: tuple[Opened, ...]
    problems: tuple[Problem, ...]


def opened_files(wanted: Wanted) -> Found:
    """Open every file the paths name, each once, in the order of names. Raises SourceError when they name none."""
    files: dict[Path, str] = {}
    problems: list[Problem] = []
    for pattern in wanted.paths:
        matches = list(_matches(wanted.folder, pattern))
        if not matches:
            problems.append(Problem("missing_file", f"no file matches {pattern!r} in {wanted.folder}", where=pattern, partial=True))
        for path in matches:
            files.setdefault(path.resolve(), _shown(path, wanted.folder))
    if not files:
        raise SourceError(
            f"{wanted.name}: no file matches {', '.join(wanted.paths)} in {wanted.folder}; check paths in [[sources]]", code="gone"
        )
    opened: list[Opened] = []
    for path, name in sorted(files.items(), key=lambda pair: pair[1]):
        result = open_file(path, name=name, encoding=wanted.encoding)
        if isinstance(result, Opened):
            opened.append(result)
        else:
            problems.append(result.problem)
    return Found(tuple(opened), tuple(problems))


def _matches(folder: Path, pattern: str) -> Iterator[Path]:
    plain = folder / Path(pattern).expanduser()
    if plain.is_dir():
        yield from sorted(path for path in plain.iterdir() if path.is_file() and not path.name.startswith("."))
    elif plain.exists():
        yield plain
    else:
        anchor = Path(plain.anchor) if plain.anchor else folder
        inner = plain.relative_to(anchor) if plain.is_absolute() else Path(pattern)
        yield from sorted(path for path in anchor.glob(str(inner)) if path.is_file())


def _shown(path: Path, folder: Path) -> str:
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        return path.name


# --- checkpoints ---


@dataclasses.dataclass(frozen=True, slots=True)
class _Before:
    stamp: str
    coverage: Coverage


def _stamp(wanted: Wanted, found: Found) -> str:
    """Return a digest of the files' contents and of every setting that changes what is read of them."""
    settings = [_READER_VERSION, str(wanted.zone), wanted.backlog, wanted.site, wanted.day_first, wanted.encoding]
    files = sorted((file.name, file.digest) for file in found.files)
    problems = sorted((problem.code, problem.where) for problem in found.problems)
    return hashlib.sha256(json.dumps([settings, files, problems]).encode()).hexdigest()


def _read_checkpoint(text: str | None) -> _Before | None:
    if not text:
        return None
    try:
        told = json.loads(text)
        problems = tuple(Problem(**problem) for problem in told["problems"])
        coverage = Coverage(told["expected"], told["read"], told["with_history"], complete=True, problems=problems)
        return _Before(told["stamp"], coverage)
    except (ValueError, KeyError, TypeError):
        return None  # another version's checkpoint: read everything


def _write_checkpoint(stamp: str, coverage: Coverage) -> str:
    problems = [dataclasses.asdict(problem) for problem in coverage.problems]
    told = {
        "stamp": stamp,
        "expected": coverage.expected,
        "read": coverage.read,
        "with_history": coverage.with_history,
        "problems": problems,
    }
    return json.dumps(told, ensure_ascii=False)


def _capped(problems: list[Problem]) -> list[Problem]:
    """Keep a readable number of problems, none repeating its place; the last one counts the others."""
    problems = [_told_once(problem) for problem in problems]
    if len(problems) <= _MOST_PROBLEMS:
        return problems
    rest = problems[_MOST_PROBLEMS:]
    more = Problem("more", f"{len(rest)} more problems like these", count=len(rest), partial=any(problem.partial for problem in rest))
    return [*problems[:_MOST_PROBLEMS], more]


def _told_once(problem: Problem) -> Problem:
    """Take the place off the front of a message: whoever shows a problem writes `where` before it."""
    file, _, line = problem.where.rpartition(":")
    for place in (problem.where, file if line.isdigit() else ""):
        rest = problem.message.removeprefix(place) if place else problem.message
        if rest != problem.message and rest[:1] in {" ", ",", ":"}:
            return dataclasses.replace(problem, message=rest.lstrip(" ,:"))
    return problem


# --- reading ---


class Reading:
    """One pass over all files: each surveyed, their claims settled, then their rows given."""

    def __init__(self, wanted: Wanted, found: Found | None = None) -> None:
        self._wanted = wanted
        self._found = found or opened_files(wanted)
        self.parts: list[Table | Document] = []
        self._problems = list(self._found.problems)
        for opened in self._found.files:
            self._survey(opened)
        documents = [part for part in self.parts if isinstance(part, Document)]
        for document in documents:
            document.learn_from(documents)
        self._ledger = self._settle()
        self._backlogs: dict[str, Backlog] = {}
        self._sprints: dict[str, Sprint] = {}
        self._goal_names: dict[str, None] = {}
        self._aliases: dict[tuple[str, str], None] = dict(self._ledger.aliases)
        self._containers = Containers()

    def _survey(self, opened: Opened) -> None:
        wanted = self._wanted
        try:
            part: Table | Document
            if Document.recognises(opened):
                part = Document(opened, zone=wanted.zone, backlog=wanted.backlog, site=wanted.site)
            else:
                part = Table(opened, zone=wanted.zone, backlog=wanted.backlog, site=wanted.site, day_first=wanted.day_first)
            part.survey()
        except (UnknownTableError, UnknownDocumentError) as error:
            self._problems.append(Problem("unknown_file", f"{opened.name} {error}", where=opened.name, partial=True))
            return
        self.parts.append(part)

    def _settle(self) -> Ledger:
        ledger = Ledger()
        for number, part in enumerate(self.parts):
            rich = isinstance(part, Document)
            for claim in part.claims:
                shared = bool(LOOSE_KEY.match(claim.key))
                updated = claim.updated if isinstance(claim.updated, int) else 0
                where = f"{part.opened.name}:{claim.line}"
                ledger.claim(Entry(number, claim.place, claim.id, claim.key, updated, rich=rich, where=where), shared_key=shared)
        return ledger

    def all_problems(self) -> list[Problem]:
        """Return what is known to be wrong so far."""
        found = list(self._problems)
        for part in self.parts:
            found.extend(part.problems)
        double = self._ledger.problem()
        if double:
            found.append(double)
        found.extend(cut_searches([part for part in self.parts if isinstance(part, Document)]))
        naive = [part.opened.name for part in self.parts if part.naive]
        if naive and not self._wanted.zone_given:
            message = (
                f"times in {naive[0]}"
                + (f" and {len(naive) - 1} more files" if len(naive) > 1 else "")
                + " have no time zone and were read as UTC: "
            )
            found.append(Problem("timezone", message + "set timezone for this source to the exporter's", where=naive[0]))
        return found

    def pages(self, stamp: str, now: dt.datetime) -> Iterator[Page]:
        """Yield all items, then their separately kept history, then the page that closes the pull."""
        rows = sum(part.rows for part in self.parts)
        expected = rows - self._ledger.dropped
        census: set[str] = set()
        read = with_history = 0
        for batch in self._batches():
            read += len(batch.items)
            census.update(item.id for item in batch.items)
            with_history += sum(item.history for item in batch.items)
            yield Page(batch.items, batch.changes, batch.links, batch.notes, notes_complete=True, expected=expected)
        if projects := self._containers.items():
            census.update(item.id for item in projects)
            yield Page(projects, expected=expected)
        told: set[str] = set()
        for part in self.parts:
            if isinstance(part, Document):
                for changes, known in part.loose_histories(self._ledger.resolve):
                    told.update(known)
                    yield Page(changes=changes, history_of=known, expected=expected)
        problems = self.all_problems()
        complete = not any(problem.partial for problem in problems)
        announced = max([expected, *(part.announced for part in self.parts if isinstance(part, Document))])
        coverage = Coverage(announced, read, with_history + len(told), complete, tuple(_capped(problems)))
        yield Page(
            backlogs=tuple(self._backlogs.values()),
            sprints=tuple(_dated(sprint, millis(now)) for sprint in self._sprints.values()),
            goals=self._goals(),
            census=frozenset(census) if complete else None,
            aliases=tuple(self._aliases),
            expected=expected,
            coverage=coverage,
            checkpoint=_write_checkpoint(stamp, coverage) if complete else None,
        )

    def _batches(self) -> Iterator[_Batch]:
        batch = _Batch()
        for number, part in enumerate(self.parts):
            from_linear = isinstance(part, Table) and part.columns.dialect == "linear"
            for claim, made in part.made():
                if self._ledger.is_dropped(number, claim.place):
                    continue
                known_as = self._ledger.id_of(number, claim.place, claim.id)
                if from_linear and made.item.project:
                    made = dataclasses.replace(made, item=self._containers.put_under(made.item))
                batch.add(made, known_as)
                self._remember(made, known_as)
                if len(batch.items) >= PAGE:
                    yield batch
                    batch = _Batch()
        if batch.items:
            yield batch

    def _remember(self, made: Made, known_as: str) -> None:
        known = self._backlogs.get(made.backlog_key)
        if known is None or (known.name == known.key and made.backlog_name != known.name):
            self._backlogs[made.backlog_key] = Backlog(
                made.backlog_key, made.backlog_key, made.backlog_name, made.backlog_kind, private=made.private_backlog
            )
        for sprint in made.sprints:
            before = self._sprints.get(sprint.id)
            if before is None or (not before.end and sprint.end):
                self._sprints[sprint.id] = sprint
        self._goal_names.update(dict.fromkeys(made.goals))
        self._aliases.update(dict.fromkeys((known_as, key) for key in made.earlier))

    def _goals(self) -> Goals:
        objectives: dict[str, Objective] = {}
        cycles: dict[str, Cycle] = {}
        for part in self.parts:
            if isinstance(part, Document):
                objectives.update({objective.id: objective for objective in part.objectives()})
        for name in self._goal_names:
            if name not in objectives:
                objectives[name] = Objective(name, name, where=", ".join(part.opened.name for part in self.parts[:3]))
        return Goals(tuple(cycles.values()), tuple(objectives.values()))


def _dated(sprint: Sprint, now: int) -> Sprint:
    """Give a cycle that came without a state the one its dates say."""
    if sprint.state or not (sprint.start and sprint.end):
        return sprint
    state = "closed" if sprint.end <= now else "active" if sprint.start <= now else "future"
    return dataclasses.replace(sprint, state=state)


class _Batch:
    """Rows of one page."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.changes: list[Change] = []
        self.links: list[Link] = []
        self.notes: list[Note] = []

    def add(self, made: Made, known_as: str) -> None:
        """Take what a row gave, under the id its item is known by."""
        if made.item.id == known_as:
            self.items.append(made.item)
            self.changes.extend(made.changes)
            self.links.extend(made.links)
            self.notes.extend(made.notes)
            return
        self.items.append(made.item._replace(id=known_as))
        self.changes.extend(change._replace(item=known_as) for change in made.changes)
        self.links.extend(link._replace(item=known_as) for link in made.links)
        self.notes.extend(note._replace(subject=known_as) for note in made.notes)


def cut_searches(documents: list[Document]) -> list[Problem]:
    """Say which saved searches had more results than the files hold."""
    found = []
    totals: dict[int, tuple[int, str]] = {}
    for document in documents:
        for total, count in document.totals:
            have, where = totals.get(total, (0, document.opened.name))
            totals[total] = (have + count, where)
    for total, (have, where) in totals.items():
        if have < total:
            message = f"{where}: the search had {total:,} results, the file holds {have:,}: save every page of it"
            found.append(Problem("cut", message, where=where, count=total - have, partial=True))
    opened_pages = sum(document.open_pages for document in documents)
    if opened_pages and not any(document.last_pages for document in documents):
        where = next(document.opened.name for document in documents if document.open_pages)
        found.append(Problem("cut", f"{where}: the answer says that more pages follow: save every page of it", where=where, partial=True))
    return found

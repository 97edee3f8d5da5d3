"""One pull of a Linear workspace: small tables whole, issues by their clocks, what vanished by a census.

A first pull, a changed filter and `--full` sweep all issues lightly, so that an audit has something soon, and then read
every issue with history and comments. An ordinary pull asks which issues moved since the last complete one (less a quarter
of an hour), adds those whose comments or relations changed (they have clocks of their own), and reads these whole. Once a
week all issues are swept again for what moves no clock. Nothing is taken for gone but by a complete census.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from okrbot.model import Coverage, Item, Millis, Page, Problem, PullRequest, SourceError, instant, millis

from ..http import RefusedError
from ..text import instant_millis
from . import shapes
from .client import MOST_ROWS, Client, Rows
from .marks import OVERLAP, VERSION, Checkpoint, Recent, Resume, pack, unpack
from .reading import BATCH, Reader
from .workspace import Workspace

DAY: Millis = 86_400_000
REPAIR_AFTER = 7 * DAY
CENSUS_AFTER = 20 * 3_600_000
CHEAP_CENSUS = 10  # requests; a census that small is taken on every run
SHRUNK = 0.2  # share of the known items that may vanish before we doubt the answer
FEW = 2  # items that may always vanish, however small the workspace


class Pull:
    """The state of one pull; `resume` is where to go on should it break off."""

    def __init__(self, client: Client, request: PullRequest, *, teams: Sequence[str], history: bool, writes: bool = False) -> None:
        self._client, self._request, self._history = client, request, history
        self._space = Workspace(client, teams=teams, writes=writes)
        self._reader = Reader(client, self._space, history=history)
        self._problems: list[Problem] = []
        self._recent = Recent()
        self._swept: set[str] | None = None
        self._bad_before = 0
        self._moving: int | None = None
        self._lost: list[str] = []  # keys of teams that were visible at the last pull and are not now
        self._told: set[str] = set()  # issues read with their history by this run
        self._last: Checkpoint | None = None
        self._at: Resume

    @property
    def resume(self) -> str | None:
        """Return where to go on, once there is a place."""
        if not hasattr(self, "_at"):
            return self._request.resume
        self._at.bad = self._bad_before + len(self._reader.bad)
        return pack(self._at)

    def pages(self) -> Iterator[Page]:
        """Yield the pages of the pull; the last one carries coverage, and the checkpoint if nothing was missed."""
        space = self._space
        space.sign_in()
        self._begin()
        space.read_tables(self._at.started)
        self._doubt_teams()
        self._compare_relations()
        yield Page(
            backlogs=space.backlogs,
            sprints=space.sprints,
            goals=space.goals,
            notes=space.goal_notes,
            resume=self.resume,
            expected=self._expected,
        )
        yield from self._projects()
        if self._at.stage == "sweep":
            self._swept = set() if not self._at.place else None
            yield from self._sweep()
            self._go_on("details" if self._at.since == 0 else "moved")
        if self._at.stage == "details":
            yield from self._all_details()
            self._go_on("moved")
        if self._at.stage == "moved":
            yield from self._moved(self._touched())
            self._go_on("late")
        census, late = self._census()
        yield from self._by_id(late)
        yield self._end(census)

    # --- beginning and end

    def _begin(self) -> None:
        """Decide what kind of pull this is: resumed, full, repair or ordinary."""
        space, request = self._space, self._request
        started = millis(self._client.server_clock or request.now)
        last = unpack(request.checkpoint, Checkpoint)
        place = unpack(request.resume, Resume)
        if last is not None and last.filter != self._filter:
            why = "the account, the teams or the workspace differ from the last pull; everything is read again"
            self._problems.append(Problem(code="filter_changed", message=f"{self._client.name}: {why}"))
            last = None
        self._last = last
        if place is not None and place.filter == self._filter and not (request.full and not place.full):
            self._at, self._bad_before = place, place.bad
        elif last is None or request.full:
            self._at = Resume(VERSION, self._filter, started, 0, True, "sweep")
        else:
            repair = started - last.full_at >= REPAIR_AFTER
            self._at = Resume(VERSION, self._filter, started, last.since, repair, "sweep" if repair else "moved", newest=last.newest)
        self._recent.newest = self._at.newest
        if last is not None and self._at.since:
            self._recent.add(last.recent.items())
        self._problems += space.blind_spots()

    @property
    def _filter(self) -> str:
        parts = [self._space.organization.id, self._space.viewer.id, sorted(self._space.wanted), self._history]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=12).hexdigest()

    @property
    def _expected(self) -> int | None:
        """Return how many rows will pass, for the progress bar: a first pull passes each issue twice, an increment what moved."""
        projects = len(self._space.projects)
        if self._at.full:
            return self._space.issue_count * (2 if self._at.since == 0 else 1) + projects
        return None if self._moving is None else self._moving + projects

    def _doubt_teams(self) -> None:
        """Stop where the account sees nothing; name the teams it was asked for and does not see."""
        space, name = self._space, self._client.name
        seen = {team.key.upper() for team in space.teams}
        if not seen:
            asked = f" of {', '.join(sorted(space.wanted))}" if space.wanted else ""
            before = f" ({self._request.known} items were visible before)" if self._request.known else ""
            raise SourceError(
                f"{name}: the account {space.account} sees no team{asked}{before}; give it access to the teams, or correct `teams`",
                code="filter",
            )
        for key in sorted(space.wanted - seen):
            text = f"{name}: team {key} is not visible to {space.account}; give it access, or take the team out of `teams`"
            self._problems.append(Problem(code="hidden", message=text, where=key, partial=True))

        if self._last is not None and not self._request.full:
            now = {team.id for team in space.teams}
            self._lost = sorted(key for id_, key in self._last.teams.items() if id_ not in now and key.upper() not in space.wanted)
        for key in self._lost:
            text = (
                f"{name}: team {key} was visible to {space.account} and is no longer; nothing is marked as gone. "
                "Give it access again; if the team is really gone, run `okrbot pull --full`"
            )
            self._problems.append(Problem(code="hidden", message=text, where=key, partial=True))

    def _compare_relations(self) -> None:
        """Where relations changed while the pull lay still, links stored before and after do not fit: go over them again."""
        at, now = self._at, self._space.relations_digest
        if self._last is not None and at.since:
            ends = (line.split(" ") for line in set(self._last.relations) ^ self._space.relation_lines)
            at.related = sorted({*at.related, *(end for one, _, other in ends for end in (one, other))})
        if at.relations and at.relations != now:
            if at.stage == "moved" and at.since:
                at.place = ""
            else:
                at.mixed = True  # the next pull sweeps everything
        at.relations = now

    def _end(self, census: frozenset[str] | None) -> Page:
        at, last = self._at, self._last
        if self._bad_before:
            text = f"{self._client.name}: {self._bad_before} rows could not be read before the pull was broken off; they are tried again next time"
            self._problems.append(Problem(code="bad_row", message=text, count=self._bad_before, partial=True))
        if at.full and not self._request.known and census is not None and not census:
            self._problems.append(nothing_seen(self._space, self._client.name))
        problems = (*self._problems, *self._reader.problems, *self._space.problems)
        partial = any(problem.partial for problem in problems)
        coverage = Coverage(
            expected=len(census) if census is not None and at.full else None,  # an increment reads what moved, however many there are
            read=at.read,
            with_history=min(at.with_history, at.read),
            complete=not partial,
            problems=problems,
            account=self._space.account,
        )
        if partial:
            return Page(census=census, coverage=coverage, resume="")  # the next pull begins again at the last checkpoint
        newest = self._recent.newest
        since = min(at.started, newest or at.started) - OVERLAP
        mark = Checkpoint(
            VERSION,
            self._filter,
            since=since,
            newest=newest,
            full_at=0 if at.mixed else at.started if at.full or last is None else last.full_at,
            census_at=at.started if census is not None else last.census_at if last else 0,
            census=len(census) if census is not None else last.census if last else 0,
            relations=sorted(self._space.relation_lines),
            teams={team.id: team.key for team in self._space.teams},
            recent=self._recent.after(since),
        )
        return Page(census=census, coverage=coverage, checkpoint=pack(mark))

    def _go_on(self, stage: str) -> None:
        self._at.stage, self._at.place = stage, ""

    # --- projects

    def _projects(self) -> Iterator[Page]:
        """Yield all projects; in a full pass with all their updates, else the updates that moved after them."""
        space = self._space
        ids = sorted(space.projects)
        for start in range(0, len(ids), BATCH):
            part = ids[start : start + BATCH]
            items = [space.projects[id_] for id_ in part]
            notes = list(space.updates({"project": {"id": {"in": part}}})) if self._at.full else []
            self._count(items)
            links = [link for item in items for link in space.project_links.get(item.id, ())]
            whole = self._at.full and "project_updates" not in space.closed
            yield Page(items=items, links=links, notes=notes, notes_complete=whole, resume=self.resume, expected=self._expected)
        if not self._at.full:
            notes = [note for note in space.updates({"updatedAt": {"gte": _iso(self._at.since)}}) if note.subject in space.projects]
            if notes:
                yield Page(notes=notes, resume=self.resume)

    # --- issues

    def _issue_filter(self, **more: Any) -> dict[str, Any]:
        wanted = sorted(self._space.wanted)
        return {**({"team": {"key": {"in": wanted}}} if wanted else {}), **more}

    def _listed(self, name: str, **variables: Any) -> Iterator[Rows]:
        """Walk a list of issues from where the pull stopped; begin again where the service no longer knows the cursor."""
        after = self._at.place or None
        started = False
        try:
            for rows in self._client.pages(name, after=after, ahead=True, **variables):
                started = True
                yield rows
        except RefusedError as trouble:
            if started or after is None or trouble.status != 400:
                raise
            yield from self._client.pages(name, ahead=True, **variables)

    def _sweep(self) -> Iterator[Page]:
        """Yield every issue as it is now, without its history."""
        for rows in self._listed("issues", filter=self._issue_filter()):
            page = self._reader.light(rows.nodes)
            if self._swept is not None:
                self._swept.update(item.id for item in page.items)
            self._count(page.items)
            self._at.place = rows.cursor or ""
            if rows.cursor is None:
                self._go_on("details" if self._at.since == 0 else "moved")
            yield dataclasses.replace(page, resume=self.resume, expected=self._expected)

    def _all_details(self) -> Iterator[Page]:
        """Yield every issue with its history and comments."""
        for rows in self._listed(self._reader.query, filter=self._issue_filter(), **self._reader.variables):
            page = self._whole(rows.nodes)
            self._at.place = rows.cursor or ""
            if rows.cursor is None:
                self._go_on("moved")
            yield dataclasses.replace(page, resume=self.resume, expected=self._expected)

    def _touched(self) -> list[str]:
        """Return the ids, sorted, of issues that moved since the last complete pull, by any of their clocks."""
        if self._at.since == 0:
            return []
        known = self._last.recent if self._last else {}
        clock = {"updatedAt": {"gte": _iso(self._at.since)}}
        found: set[str] = set()
        for row in self._moves("census", self._issue_filter(**clock)):
            if known.get(row.id, -1) != instant_millis(row.updated_at) or not row.updated_at:
                found.add(row.id)
        on_issues: dict[str, Any] = {**({"issue": self._issue_filter()} if self._space.wanted else {}), **clock}
        found.update(row.issue_id for row in self._moves("comment_clock", on_issues) if row.issue_id)
        return sorted(found.union(self._at.related))

    def _moves(self, name: str, filter_: dict[str, Any]) -> Iterator[shapes.Moved]:
        pages = self._client.pages if name == "census" else functools.partial(self._space.shown, partial=True)
        for rows in pages(name, filter=filter_):
            yield from self._reader.decoded(rows.nodes, shapes.Moved)

    def _moved(self, ids: Sequence[str]) -> Iterator[Page]:
        """Yield the given issues whole, in the order of their ids, from where the pull stopped."""
        self._moving = len(ids)
        yield from self._by_id([id_ for id_ in ids if id_ > self._at.place], advance=True)

    def _by_id(self, ids: Sequence[str], *, advance: bool = False) -> Iterator[Page]:
        for start in range(0, len(ids), BATCH):
            part = list(ids[start : start + BATCH])
            for rows in self._client.pages(self._reader.query, filter=self._issue_filter(id={"in": part}), **self._reader.variables):
                page = self._whole(rows.nodes)
                if advance and rows.cursor is None:
                    self._at.place = part[-1]
                yield dataclasses.replace(page, resume=self.resume, expected=self._expected)

    # --- what is there at all

    def _census(self) -> tuple[frozenset[str] | None, list[str]]:
        """Return all ids visible now, if a census is due and to be trusted, and the issues to read again because they moved meanwhile."""
        last, at = self._last, self._at
        requests = self._space.issue_count / MOST_ROWS
        shrunk = self._space.issue_count < (1 - SHRUNK) * (last.census - len(self._space.projects)) if last and last.census else False
        if not (at.full or last is None or requests <= CHEAP_CENSUS or shrunk or at.started - last.census_at >= CENSUS_AFTER):
            return None, []
        seen: set[str] = set()
        late: set[str] = set()
        for row in self._moves("census", self._issue_filter()):
            seen.add(row.id)
            if instant_millis(row.updated_at) >= at.started or (self._swept is not None and row.id not in self._swept):
                late.add(row.id)
        ids = frozenset(seen | self._space.projects.keys() | self._reader.bad)
        if self._lost:
            return None, sorted(late)
        known = self._request.known
        gone = known - len(ids)
        if known and not self._request.full and ((not seen and known > len(ids)) or (gone > FEW and gone > SHRUNK * known)):
            text = (
                f"{self._client.name}: {len(ids)} items are visible to {self._space.account} where {known} were; nothing is marked as gone. "
                "Check what the account may see; if they are really gone, run `okrbot pull --full`"
            )
            self._problems.append(Problem(code="shrunk", message=text, count=max(gone, 1), partial=True))
            return None, sorted(late)
        return ids, sorted(late)

    # --- small things

    def _whole(self, nodes: Sequence[msgspec.Raw]) -> Page:
        """Return issues read whole, and keep account of them."""
        page = self._reader.whole(nodes)
        self._count(page.items)
        told = {item.id for item in page.items if item.history}
        self._at.with_history += len(told - self._told)
        self._told |= told
        self._recent.add((item.id, item.updated) for item in page.items)
        self._at.newest = self._recent.newest
        return page

    def _count(self, items: Sequence[Item]) -> None:
        """Count what was read: a full pass passes each issue twice, and counts it in its sweep."""
        if self._at.stage in ("sweep", "moved"):
            self._at.read += len(items)
        elif self._at.stage == "late" and self._swept is not None:
            self._at.read += sum(item.id not in self._swept for item in items)


def nothing_seen(space: Workspace, name: str) -> Problem:
    """Return what to say where no issue is seen: whether teams are empty or closed to us looks the same from here."""
    counted = "1 team" if len(space.teams) == 1 else f"{len(space.teams)} teams"
    text = f"{name}: Linear shows {space.account} {counted} and no issue: check the account's rights and `teams`"
    return Problem(code="hidden", message=text, partial=True)


def _iso(moment: Millis) -> str:
    return instant(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")

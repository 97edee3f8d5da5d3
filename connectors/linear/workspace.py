"""The small things of a workspace, read in full on every run: who we are, teams, states, labels, cycles, projects, goals.

They change without moving any issue's clock, so an increment would miss them; together they cost a few queries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from okrbot.model import Backlog, Goals, Item, Link, Millis, Note, Problem, Sprint
from okrbot.words import is_bot

from . import shapes
from .client import Client, HiddenError, Rows
from .goals import goals
from .rows import (
    Tables,
    backlog,
    cycle_name,
    project_item,
    project_key,
    project_link,
    relation_links,
    sprint,
    update_note,
)

S = TypeVar("S", bound=msgspec.Struct)

# Without these nothing can be judged: closed to us, they stop the pull.
NEEDED = frozenset({"teams", "states", "projects"})
SMALL = 100  # rows of a small table asked for at once: a page is paid for whole, however few rows come


class Workspace:
    """What surrounds the issues. `sign_in` first, then `read_tables`; both send queries and raise SourceError."""

    def __init__(self, client: Client, *, teams: Sequence[str] = (), writes: bool = False) -> None:
        self._client = client
        self._writes = writes  # the account's own doings are okrbot's
        self.wanted = frozenset(key.strip().upper() for key in teams)
        self.tables = Tables()
        self.viewer = shapes.Viewer(id="")
        self.organization = shapes.Organization(id="")
        self.problems: list[Problem] = []
        self.closed: set[str] = set()  # tables that the account or the plan may not see
        self.teams: list[shapes.Team] = []
        self.sprints: tuple[Sprint, ...] = ()
        self.goals: Goals | None = None
        self.goal_notes: tuple[Note, ...] = ()
        self.projects: dict[str, Item] = {}
        self.project_links: dict[str, list[Link]] = {}
        self.relation_lines: frozenset[str] = frozenset()
        self._known_labels: set[str] = set()
        self._known_states: set[str] = set()

    def sign_in(self) -> None:
        """Ask who we are and which teams we see."""
        who = self._client.ask("who", lambda data: msgspec.json.decode(data, type=shapes.Who))
        self.viewer, self.organization = who.viewer, who.organization
        self.tables.url_key = self.organization.url_key or ""
        self.tables.fiscal_start = int(self.organization.fiscal_year_start_month or 0) % 12
        teams = self._all("teams", shapes.Team)
        self.tables.teams = {team.id: team for team in teams}
        self.teams = [team for team in teams if not self.wanted or team.key.upper() in self.wanted]

    @property
    def account(self) -> str:
        """Return the account's name and workspace, for messages."""
        return f"{self.viewer.name or self.viewer.id} in {self.organization.name or self.organization.id}"

    @property
    def backlogs(self) -> tuple[Backlog, ...]:
        """Return the teams asked for as backlogs."""
        return tuple(backlog(team, self.tables) for team in self.teams)

    @property
    def issue_count(self) -> int:
        """Return how many issues Linear says the teams have, archived ones included."""
        return int(sum(team.issue_count or 0 for team in self.teams))

    @property
    def relations_digest(self) -> str:
        """Return a short text that differs when the relations between issues do."""
        return hashlib.blake2b("\n".join(sorted(self.relation_lines)).encode(), digest_size=8).hexdigest()

    def blind_spots(self) -> list[Problem]:
        """Return what this account cannot see by its nature: an app or a guest sees only the teams it was given."""
        if self.viewer.can_access_any_public_team is not False and not self.viewer.guest:
            return []
        kind = "an app" if self.viewer.app else "a guest"
        keys = ", ".join(sorted(team.key for team in self.tables.teams.values())) or "none"
        text = f"{self._client.name}: {self.account} is {kind} and sees only the teams granted to it ({keys}); work of other teams is not judged"
        return [Problem(code="hidden", message=text)]

    def read_tables(self, now: Millis) -> None:
        """Read every small table; `now` (UTC) tells running cycles from future ones."""
        tables = self.tables
        self._read_words()
        people = self._all("users", shapes.User)
        tables.apps = frozenset(
            user.id for user in people if user.app or is_bot(user.name or "") or (self._writes and user.id == self.viewer.id)
        )
        cycles = self._all("cycles", shapes.Cycle)
        tables.cycles = {cycle.id: cycle_name(cycle) for cycle in cycles}
        ours = {team.id for team in self.teams}
        self.sprints = tuple(sprint(cycle, now) for cycle in cycles if cycle.team is None or cycle.team.id in ours)
        self._read_initiatives()
        self._read_projects(ours)
        self._read_relations()

    def know(self, issues: Iterable[shapes.Issue], entries: Iterable[shapes.History]) -> None:
        """Read states and labels again if issues or history speak of some made since they were read."""
        labels = {id_ for issue in issues for one in (issue, issue.parent) if one for id_ in one.label_ids or ()}
        states: set[str] = set()
        for entry in entries:
            labels.update(entry.added_label_ids or ())
            labels.update(entry.removed_label_ids or ())
            states.update(id_ for id_ in (entry.from_state_id, entry.to_state_id) if id_)
        if not (labels <= self._known_labels and states <= self._known_states):
            self._read_words()
            self._known_labels |= labels  # a label deleted for good is not asked for again and again
            self._known_states |= states

    def updates(self, filter_: dict[str, Any]) -> Iterator[Note]:
        """Yield the status updates of projects that a filter lets through."""
        for update in self._each("project_updates", shapes.Update, filter=filter_):
            yield update_note(update, self.tables)

    def _read_words(self) -> None:
        tables = self.tables
        tables.states = {state.id: state for state in self._all("states", shapes.State)}
        tables.labels = {label.id: label for label in self._all("labels", shapes.Label)}
        self._known_labels = set(tables.labels)
        self._known_states = set(tables.states)

    def _read_initiatives(self) -> None:
        """Read initiatives, which projects work for them, and what was reported; a plan without them is named, not a failure."""
        try:
            initiatives = self._all("initiatives", shapes.Initiative)
            joins = self._all("initiative_projects", shapes.InitiativeProject)
            updates = self._all("initiative_updates", shapes.Update)
        except HiddenError as trouble:
            text = f"{trouble}; initiatives were left out, so objectives come from elsewhere"
            self.problems.append(Problem(code="hidden", message=text, where="initiatives"))
            return
        goals_of: dict[str, list[str]] = {}
        for join in joins:
            goals_of.setdefault(join.project.id, []).append(join.initiative.id)
        self.tables.goals = {project: tuple(sorted(set(ids))) for project, ids in goals_of.items()}
        self.goals = goals(initiatives, updates, self.tables)
        self.goal_notes = tuple(update_note(update, self.tables) for update in updates)

    def _read_projects(self, ours: Collection[str]) -> None:
        tables = self.tables
        tables.project_labels = {label.id: label for label in self._all("project_labels", shapes.Label)}
        names: dict[str, list[tuple[float, str]]] = {}
        for milestone in self._all("milestones", shapes.Milestone):
            if milestone.project is not None and not milestone.archived_at:
                names.setdefault(milestone.project.id, []).append((milestone.sort_order or 0.0, milestone.name))
        tables.milestones = {project: tuple(name for _, name in sorted(rows)) for project, rows in names.items()}
        projects = self._all("projects", shapes.Project)
        tables.projects = {project.id: (project_key(project), project.name or "") for project in projects}
        self.projects = {project.id: project_item(project, tables) for project in projects if self._is_ours(project, ours)}
        for relation in self._all("project_relations", shapes.ProjectRelation):
            for link in project_link(relation, tables):
                self.project_links.setdefault(link.item, []).append(link)

    def _is_ours(self, project: shapes.Project, ours: Collection[str]) -> bool:
        """Tell whether one of the teams asked for works on a project; a list of teams that was cut may hold one."""
        if not self.wanted:
            return True
        if project.teams is None:
            return False
        cut = project.teams.page_info is not None and project.teams.page_info.has_next_page
        return cut or any(team.id in ours for team in project.teams.nodes)

    def _read_relations(self) -> None:
        found: dict[str, list[Link]] = {}
        lines = set()
        for relation in self._each("relations", shapes.Relation):
            lines.add(f"{relation.issue.id} {relation.type} {relation.related_issue.id}")
            for link in relation_links(relation):
                found.setdefault(link.item, []).append(link)
        self.tables.relations = found
        self.relation_lines = frozenset(lines)

    def shown(self, name: str, *, partial: bool = False, **variables: Any) -> Iterator[Rows]:
        """Yield the pages of a list; one that is closed to us is named once and left out. Raises SourceError for the rest."""
        if name in self.closed:
            return
        try:
            yield from self._client.pages(name, **variables)
        except HiddenError as trouble:
            if name in NEEDED or name.startswith("initiative"):  # a plan has initiatives or has none: named as a whole
                raise
            self.closed.add(name)
            text = f"{trouble}; {name.replace('_', ' ')} were left out"
            self.problems.append(Problem(code="hidden", message=text, where=name, partial=partial))

    def _all(self, name: str, kind: type[S]) -> list[S]:
        return list(self._each(name, kind))

    def _each(self, name: str, kind: type[S], **variables: Any) -> Iterator[S]:
        for rows in self.shown(name, most=SMALL, **variables):
            for node in rows.nodes:
                try:
                    yield msgspec.json.decode(node, type=kind)
                except msgspec.DecodeError as trouble:
                    text = f"{self._client.name}: an entry of {name} has another shape than expected and was left out ({trouble})"
                    self.problems.append(Problem(code="bad_row", message=text, where=name, partial=True))

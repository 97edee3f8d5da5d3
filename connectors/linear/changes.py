"""An issue's history as changes in our words.

Linear's entries name both ends of what changed (states, cycles, dates), but of labels only what came and went, and of the
parent two things (issue and project) where we have one: those are replayed backwards from how the issue is now. The old text
of a description is not kept by Linear. Entries made shortly after one another may be one entry: counts are a lower bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from okrbot.model import Change
from okrbot.words import state_of

from ..text import instant_millis
from . import shapes
from .rows import Tables, label_names

_PRIORITIES = {0: "", 1: "Urgent", 2: "High", 3: "Medium", 4: "Low"}
# The two letters of a relation change: a(dded) or r(emoved), then how the issue stands to the other one.
_RELATIONS = {"b": "blocked_by", "x": "blocks", "d": "duplicates", "r": "relates", "s": "relates"}


def changes(issue: shapes.Issue, entries: Iterable[shapes.History], tables: Tables, keys: Mapping[str, str]) -> list[Change]:
    """Return the changes of one issue, oldest first; `keys` gives identifiers of parent issues by id where known."""
    ordered = sorted(entries, key=lambda one: (instant_millis(one.created_at), one.id))
    found: list[Change] = []
    labels = set(issue.label_ids or ())
    parent, project = (issue.parent.id if issue.parent else ""), (issue.project.id if issue.project else "")
    for entry in reversed(ordered):
        row = _Rows(issue.id, entry, tables)
        row.plain()
        row.relations()
        labels = row.labels(labels)
        parent, project = row.parents(parent, project, keys)
        found += reversed(row.found)
    found.reverse()
    return found + _keys(issue, ordered, tables)


class _Rows:
    """The changes of one entry."""

    def __init__(self, item: str, entry: shapes.History, tables: Tables) -> None:
        self.entry, self.tables = entry, tables
        self.found: list[Change] = []
        bot = entry.bot_actor
        author = entry.actor_id or (bot.id or "" if bot else "")
        machine = bool(entry.auto_archived or entry.auto_closed)
        kind = "bot" if machine else tables.author_kind(author, bot)
        self._item, self._at, self._author, self._kind = item, instant_millis(entry.created_at), author, kind

    def add(self, field: str, before: str, after: str, before_text: str = "", after_text: str = "", part: str = "") -> None:
        if before != after:
            id_ = f"{self.entry.id}:{part or field}"
            self.found.append(Change(self._item, id_, self._at, field, before, after, before_text, after_text, self._author, self._kind))

    def plain(self) -> None:
        """Add what the entry tells whole."""
        entry, tables = self.entry, self.tables
        if entry.from_state_id or entry.to_state_id:
            one, other = _state(tables.states, entry.from_state_id), _state(tables.states, entry.to_state_id)
            if entry.from_state_id != entry.to_state_id:
                self._states(one, other)
        self.add("assignee", entry.from_assignee_id or "", entry.to_assignee_id or "")
        if entry.from_cycle_id or entry.to_cycle_id:
            one_id, other_id = entry.from_cycle_id or "", entry.to_cycle_id or ""
            self.add("sprint", one_id, other_id, tables.cycles.get(one_id, ""), tables.cycles.get(other_id, ""))
        if entry.from_team_id or entry.to_team_id:
            one_team, other_team = (tables.teams.get(id_ or "") for id_ in (entry.from_team_id, entry.to_team_id))
            self.add(
                "backlog",
                entry.from_team_id or "",
                entry.to_team_id or "",
                one_team.key if one_team else "",
                other_team.key if other_team else "",
            )
            self.add("team", _team_name(one_team), _team_name(other_team))
        if entry.from_priority is not None or entry.to_priority is not None:
            self.add("priority", _priority(entry.from_priority), _priority(entry.to_priority))
        self.add("estimate", _figure(entry.from_estimate), _figure(entry.to_estimate))
        self.add("due", (entry.from_due_date or "")[:10], (entry.to_due_date or "")[:10])
        if entry.from_title is not None or entry.to_title is not None:
            self.add("title", entry.from_title or "", entry.to_title or "")
        if entry.updated_description:
            self.add("body", "", "changed")
        self._archiving()

    def _states(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        """Add a change of state even within one of our states: the tracker's own words differ."""
        self.found.append(
            Change(self._item, f"{self.entry.id}:state", self._at, "state", one[0], other[0], one[1], other[1], self._author, self._kind)
        )

    def _archiving(self) -> None:
        entry = self.entry
        gone = entry.archived if entry.archived is not None else entry.trashed
        if entry.auto_archived and gone is None:
            gone = True
        if gone is not None:
            self.add("archived", str(not gone).lower(), str(gone).lower())
        if entry.to_converted_project_id:
            key, name = self.tables.projects.get(entry.to_converted_project_id, ("", ""))
            self.add("field:Converted to project", "", entry.to_converted_project_id, "", key or name)

    def relations(self) -> None:
        for number, change in enumerate(self.entry.relation_changes or ()):
            sign, kind = change.type[:1], _RELATIONS.get(change.type[1:])
            known = kind is not None and sign in ("a", "r")
            text = f"{kind} {change.identifier}" if known else f"{change.type} {change.identifier}"
            before, after = (text, "") if known and sign == "r" else ("", text)
            self.add("link", before, after, part=f"link:{number}")

    def labels(self, after: set[str]) -> set[str]:
        """Add the change of labels, given those after it; return those before it."""
        added, removed = set(self.entry.added_label_ids or ()), set(self.entry.removed_label_ids or ())
        if not added and not removed:
            return after
        before = (after - added) | removed
        table = self.tables.labels
        self.add("labels", label_names(before, table), label_names((after | added) - removed, table))
        return before

    def parents(self, parent: str, project: str, keys: Mapping[str, str]) -> tuple[str, str]:
        """Add the change of what the issue hangs under, given how it is after the entry; return how it was before."""
        entry, projects = self.entry, self.tables.projects
        was_parent, was_project = parent, project
        if entry.from_parent_id or entry.to_parent_id:
            was_parent, parent = entry.from_parent_id or "", entry.to_parent_id or ""
        if entry.from_project_id or entry.to_project_id:
            was_project, project = entry.from_project_id or "", entry.to_project_id or ""
            self.add("field:Project", was_project, project, projects.get(was_project, ("", ""))[1], projects.get(project, ("", ""))[1])
        one, other = was_parent or was_project, parent or project
        self.add("parent", one, other, keys.get(one) or projects.get(one, ("", ""))[0], keys.get(other) or projects.get(other, ("", ""))[0])
        return was_parent, was_project


def parent_ids(entries: Iterable[shapes.History]) -> Iterator[str]:
    """Yield the ids of issues that were parents."""
    for entry in entries:
        yield from (one for one in (entry.from_parent_id, entry.to_parent_id) if one)


def _keys(issue: shapes.Issue, ordered: Sequence[shapes.History], tables: Tables) -> list[Change]:
    """Return the changes of identifier that moves between teams brought, where the earlier identifiers tell them apart."""
    moves = [entry for entry in ordered if entry.from_team_id and entry.to_team_id and entry.from_team_id != entry.to_team_id]
    earlier = list(issue.previous_identifiers or ())
    names: list[str] = []
    for entry in moves:
        team = tables.teams.get(entry.from_team_id or "")
        fitting = [key for key in earlier if team and key.rsplit("-", 1)[0] == team.key]
        if len(fitting) != 1:
            return []
        names.append(fitting[0])
    names.append(issue.identifier)
    found = []
    for entry, before, after in zip(moves, names, names[1:], strict=False):
        row = _Rows(issue.id, entry, tables)
        row.add("key", before, after)
        found += row.found
    return found


def _state(states: Mapping[str, shapes.State], id_: str | None) -> tuple[str, str]:
    state = states.get(id_ or "")
    return (state_of(state.name, state.type), state.name) if state else ("", "")


def _team_name(team: shapes.Team | None) -> str:
    return (team.name or team.key) if team else ""


def _priority(value: float | None) -> str:
    number = value or 0
    return _PRIORITIES.get(round(number), f"{number:g}")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:g}"

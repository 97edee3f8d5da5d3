"""Turns decoded Linear GraphQL answers (issues, projects, initiatives) into okrbot's rows, for saved files."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

from okrbot.model import Change, Day, Item, Link, Millis, Note, Objective, Sprint, clean
from okrbot.words import fold, is_bot, kind_of, level_of, state_of

from .text import instant_millis, markdown_text

_PRIORITIES = ("No priority", "Urgent", "High", "Medium", "Low")
_RELATIONS = {
    "blocks": ("blocks", "blocked_by"),
    "duplicate": ("duplicates", "duplicated_by"),
    "related": ("relates", "relates"),
    "similar": ("relates", "relates"),
}
_LABEL_KINDS = frozenset({"bug", "spike", "incident", "hypothesis", "task", "epic", "story"})
_TYPE_GROUPS = frozenset({"type", "kind", "issue type", "typ", "tipo", "work type", "category", "t"})
_HEALTH = {"ontrack": "on_track", "atrisk": "at_risk", "offtrack": "off_track"}
_LONGEST = 4000


class ShapeError(ValueError):
    """A record that is no issue; the message says what is missing."""


@dataclasses.dataclass(slots=True)
class LinearRows:
    """What one issue or project gives."""

    item: Item
    backlog_name: str = ""
    private: bool = False
    links: list[Link] = dataclasses.field(default_factory=list)
    notes: list[Note] = dataclasses.field(default_factory=list)
    changes: list[Change] = dataclasses.field(default_factory=list)
    sprints: list[Sprint] = dataclasses.field(default_factory=list)
    bad: list[str] = dataclasses.field(default_factory=list)
    history_cut: bool = False
    earlier: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True)
class LinearLore:
    """States, labels and cycles by id, gathered over a whole file: histories often name ids alone."""

    states: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)  # id -> (name, type)
    labels: dict[str, str] = dataclasses.field(default_factory=dict)
    projects: dict[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    initiatives: dict[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    teams: dict[str, str] = dataclasses.field(default_factory=dict)  # id of a project -> key of a team

    def learn_issue(self, issue: Mapping[str, Any]) -> None:
        """Take what an issue tells about its neighbours."""
        self._state(issue.get("state"))
        for label in nodes(issue.get("labels")):
            self.labels[_text(label.get("id"))] = _text(label.get("name"))
        for entry in nodes(issue.get("history")):
            self._state(entry.get("fromState"))
            self._state(entry.get("toState"))
        project = _mapping(issue.get("project"))
        if project.get("id"):
            self.learn_project(project)
            team = _text(_mapping(issue.get("team")).get("key")) or _text(issue.get("identifier")).rpartition("-")[0]
            self.teams.setdefault(_text(project.get("id")), team)

    def learn_project(self, project: Mapping[str, Any]) -> None:
        """Take a project, keeping the telling of it that says most, and its initiatives."""
        number = _text(project.get("id"))
        if number and len(project) >= len(self.projects.get(number, {})):
            self.projects[number] = project
        for initiative in nodes(project.get("initiatives")):
            self.learn_initiative(initiative)
        for team in nodes(project.get("teams"))[:1]:
            if team.get("key"):
                self.teams[number] = _text(team.get("key"))

    def learn_initiative(self, initiative: Mapping[str, Any]) -> None:
        """Take an initiative, its projects and those below it."""
        number = _text(initiative.get("id")) or _text(initiative.get("name"))
        if number and len(initiative) >= len(self.initiatives.get(number, {})):
            self.initiatives[number] = initiative

    def _state(self, state: Any) -> None:
        known = _mapping(state)
        if known.get("id"):
            self.states[_text(known.get("id"))] = (_text(known.get("name")), _text(known.get("type")))


def nodes(connection: Any) -> list[Mapping[str, Any]]:
    """Return the members of a connection: of its nodes, its edges, or of a plain list."""
    if isinstance(connection, list):
        return [member for member in connection if isinstance(member, dict)]
    known = _mapping(connection)
    if isinstance(known.get("nodes"), list):
        return [member for member in known["nodes"] if isinstance(member, dict)]
    edges = known.get("edges")
    if isinstance(edges, list):
        return [edge["node"] for edge in edges if isinstance(edge, dict) and isinstance(edge.get("node"), dict)]
    return []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return clean(value.strip())
    if value is None or isinstance(value, (bool, list, dict)):
        return ""
    return str(value)


def _millis(value: Any, name: str, bad: list[str]) -> Millis:
    try:
        return instant_millis(value if isinstance(value, (str, int, float)) else None)
    except (ValueError, OverflowError):
        bad.append(f"{name}: {str(value)[:40]!r} is no date")
        return 0


def _day(value: Any) -> Day:
    found = re.match(r"^\d{4}-\d{2}-\d{2}", _text(value))
    return found[0] if found else ""


def _number(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def person(user: Any) -> str:
    """Return a user's opaque id."""
    known = _mapping(user)
    return _text(known.get("id")) or _text(user if isinstance(user, str) else "")


def _author(entry: Mapping[str, Any]) -> tuple[str, str]:
    bot = _mapping(entry.get("botActor"))
    if bot:
        return _text(bot.get("id")) or _text(bot.get("name")) or _text(bot.get("type")), "bot"
    actor = _mapping(entry.get("actor")) or _mapping(entry.get("user"))
    number = person(actor) or _text(entry.get("actorId"))
    if not number:
        return "", ""
    return number, "bot" if actor.get("app") is True or is_bot(_text(actor.get("name")) or _text(actor.get("displayName"))) else "human"


def issue_rows(issue: Mapping[str, Any], lore: LinearLore) -> LinearRows:
    """Return the rows of one issue. Raises ShapeError when it has neither id nor identifier."""
    key = _text(issue.get("identifier"))
    number = _text(issue.get("id")) or key
    if not number:
        raise ShapeError("neither id nor identifier")
    bad: list[str] = []
    team, state = _mapping(issue.get("team")), _mapping(issue.get("state"))
    project, parent = _mapping(issue.get("project")), _mapping(issue.get("parent"))
    labels = _labels(issue, lore)
    above = _text(parent.get("id")) or _text(parent.get("identifier")) or _text(issue.get("parentId"))
    kind, level = _kind(labels, bool(above))
    sprint = _cycle(issue, bad)
    their_state = _text(state.get("name")) or _text(issue.get("state"))
    completed, canceled = _millis(issue.get("completedAt"), "completedAt", bad), _millis(issue.get("canceledAt"), "canceledAt", bad)
    category = _text(state.get("type")) or ("canceled" if canceled else "completed" if completed else "")
    ours = state_of(their_state, category)
    changes, complete, cut = _changes(number, issue, labels, lore)
    milestone = _text(_mapping(issue.get("projectMilestone")).get("name"))
    item = Item(
        id=number,
        key=key or number,
        title=" ".join(_text(issue.get("title")).split()),
        kind=kind,
        level=level,
        state=ours,
        their_state=their_state,
        backlog=_text(team.get("key")) or key.rpartition("-")[0],
        parent=above or _text(project.get("id")),
        created=_millis(issue.get("createdAt"), "createdAt", bad),
        updated=_millis(issue.get("updatedAt"), "updatedAt", bad),
        started=_millis(issue.get("startedAt"), "startedAt", bad),
        finished=(canceled or completed) if ours == "cancelled" else completed if ours == "done" else 0,
        due=_day(issue.get("dueDate")),
        body=markdown_text(_text(issue.get("description"))),
        labels=labels,
        versions=(milestone,) if milestone else (),
        sprints=(sprint.id,) if sprint else (),
        estimate=_number(issue.get("estimate")),
        priority=_priority(issue),
        rank=_rank(issue.get("sortOrder")),
        project=_text(project.get("name")),
        assignee=person(issue.get("assignee")) or _text(issue.get("assigneeId")),
        reporter=person(issue.get("creator")),
        url=_text(issue.get("url")) if _text(issue.get("url")).startswith(("https://", "http://")) else "",
        restricted=team.get("private") is True,
        archived=bool(issue.get("archivedAt")) or issue.get("trashed") is True,
        history=complete,
    )
    earlier = (
        tuple(_text(old) for old in issue.get("previousIdentifiers") or () if _text(old))
        if isinstance(issue.get("previousIdentifiers"), list)
        else ()
    )
    return LinearRows(
        item, _text(team.get("name")), team.get("private") is True, _links(number, issue), _notes(number, issue, bad), changes,
        [sprint] if sprint else [], bad, cut, earlier,
    )  # fmt: skip


def project_rows(project: Mapping[str, Any], lore: LinearLore) -> LinearRows:
    """Return a project as an item of epic height: issues without a parent stand below it, its initiatives above."""
    number = _text(project.get("id"))
    bad: list[str] = []
    status = _mapping(project.get("status"))
    word = _text(status.get("name")) or _text(project.get("state"))
    completed, canceled = _millis(project.get("completedAt"), "completedAt", bad), _millis(project.get("canceledAt"), "canceledAt", bad)
    category = _text(status.get("type")) or _text(project.get("state")) or ("canceled" if canceled else "completed" if completed else "")
    ours = state_of(word, category)
    item = Item(
        id=number,
        key=_text(project.get("identifier")) or _text(project.get("slugId")) or _text(project.get("slug")) or number,
        title=" ".join(_text(project.get("name")).split()),
        kind="epic",
        their_kind="Project",
        level=1,
        state=ours,
        their_state=word,
        backlog=lore.teams.get(number, ""),
        created=_millis(project.get("createdAt"), "createdAt", bad),
        updated=_millis(project.get("updatedAt"), "updatedAt", bad),
        started=_millis(project.get("startedAt"), "startedAt", bad),
        finished=(canceled or completed) if ours in {"done", "cancelled"} else 0,
        due=_day(project.get("targetDate")),
        start=_day(project.get("startDate")),
        body=markdown_text(_text(project.get("content")) or _text(project.get("description"))),
        goals=tuple(_text(above.get("id")) or _text(above.get("name")) for above in nodes(project.get("initiatives"))),
        priority=_priority(project),
        assignee=person(project.get("lead")),
        url=_text(project.get("url")) if _text(project.get("url")).startswith(("https://", "http://")) else "",
        archived=bool(project.get("archivedAt")) or project.get("trashed") is True,
    )
    notes = []
    for update in nodes(project.get("projectUpdates")) or nodes([project.get("lastUpdate")]):
        author, kind = _author(update)
        health = _HEALTH.get(_text(update.get("health")).lower(), "")
        at = _millis(update.get("createdAt"), "createdAt", bad)
        notes.append(
            Note(number, _text(update.get("id")) or str(at), at, "update", author, kind, markdown_text(_text(update.get("body"))), health)
        )
    return LinearRows(item, notes=notes, bad=bad)


def initiative_objective(initiative: Mapping[str, Any]) -> Objective:
    """Return an initiative as an objective; Linear knows no metric, so it has no key result."""
    number = _text(initiative.get("id")) or _text(initiative.get("name"))
    status = _text(initiative.get("status")).lower()
    said = (
        "done"
        if status == "completed"
        else "dropped"
        if status in {"canceled", "cancelled"}
        else _HEALTH.get(_text(initiative.get("health")).lower(), "")
    )
    above = _mapping(initiative.get("parentInitiative")) or next(iter(nodes(initiative.get("parentInitiatives"))), {})
    return Objective(
        id=number,
        title=" ".join(_text(initiative.get("name")).split()),
        parent=_text(above.get("id")),
        owner=person(initiative.get("owner")),
        status=said,
        body=markdown_text(_text(initiative.get("content")) or _text(initiative.get("description"))),
        created=_millis(initiative.get("createdAt"), "createdAt", []),
        archived=bool(initiative.get("archivedAt")) or initiative.get("trashed") is True,
        url=_text(initiative.get("url")),
    )


def _labels(issue: Mapping[str, Any], lore: LinearLore) -> tuple[str, ...]:
    names = [_text(label.get("name")) for label in nodes(issue.get("labels"))]
    if not names and isinstance(issue.get("labels"), list):
        names = [_text(label) for label in issue["labels"]]
    if not names and isinstance(issue.get("labelIds"), list):
        names = [lore.labels.get(_text(label), "") for label in issue["labelIds"]]
    return tuple(dict.fromkeys(name for name in names if name))


def label_kind(label: str) -> str:
    """Return the kind a label names, alone ("Bug") or in a group of types ("type:chore"), "" when it names none.

    A plain label is never taken for a task: "security" or "docs" say what work is about, not what it is.
    """
    group, _, word = label.rpartition(":" if ":" in label else "/")
    if group and fold(group) not in _TYPE_GROUPS:
        return ""
    kind = kind_of(word) if word and len(word.split()) <= 2 else ""
    return kind if kind in _LABEL_KINDS and (group or kind != "task") else ""


def _kind(labels: tuple[str, ...], has_parent: bool) -> tuple[str, int]:
    for label in labels:
        kind = label_kind(label)
        if kind:
            return kind, level_of(kind)
    return ("subtask", -1) if has_parent else ("story", 0)


def _priority(thing: Mapping[str, Any]) -> str:
    word = _text(thing.get("priorityLabel"))
    number = thing.get("priority")
    if not word and isinstance(number, int) and 0 <= number < len(_PRIORITIES):
        word = _PRIORITIES[number]
    return word


def _rank(order: Any) -> str:
    """Return a sort order as text that sorts the same way, "" without one."""
    value = _number(order)
    return f"{value + 1e15:020.4f}" if value is not None and abs(value) < 1e14 else ""


def _cycle(issue: Mapping[str, Any], bad: list[str]) -> Sprint | None:
    cycle = _mapping(issue.get("cycle"))
    number = _text(cycle.get("id")) or (_text(cycle.get("number")) and f"cycle-{_text(cycle.get('number'))}")
    if not number:
        return None
    completed = _millis(cycle.get("completedAt"), "cycle", bad)
    team = _text(_mapping(issue.get("team")).get("key")) or _text(issue.get("identifier")).rpartition("-")[0]
    start, end = _millis(cycle.get("startsAt"), "cycle", bad), _millis(cycle.get("endsAt"), "cycle", bad)
    name = _text(cycle.get("name")) or f"Cycle {_text(cycle.get('number'))}"
    return Sprint(number, name, "closed" if completed else "", start, end, completed, backlog=team)


def _links(number: str, issue: Mapping[str, Any]) -> list[Link]:
    found: list[Link] = []
    for side, other, inward in (("relations", "relatedIssue", False), ("inverseRelations", "issue", True)):
        for relation in nodes(issue.get(side)):
            target = _mapping(relation.get(other))
            name = _text(target.get("id")) or _text(target.get("identifier"))
            word = _text(relation.get("type"))
            if name:
                kind = _RELATIONS.get(word, (word or "relates", word or "relates"))[inward]
                found.append(Link(number, kind, name, word, _text(target.get("identifier"))))
    return list(dict.fromkeys(found))


def _notes(number: str, issue: Mapping[str, Any], bad: list[str]) -> list[Note]:
    found: dict[str, Note] = {}
    for comment in nodes(issue.get("comments")):
        author, kind = _author(comment)
        at = _millis(comment.get("createdAt"), "comment", bad)
        name = _text(comment.get("id")) or str(at)
        found[name] = Note(number, name, at, author=author, author_kind=kind, body=markdown_text(_text(comment.get("body"))))
    return list(found.values())


def _changes(number: str, issue: Mapping[str, Any], labels: tuple[str, ...], lore: LinearLore) -> tuple[list[Change], bool, bool]:
    """Return the changes, whether they are all, and whether the file says that some are missing."""
    history = issue.get("history")
    if not isinstance(history, (dict, list)):
        return [], False, False
    entries = sorted(nodes(history), key=lambda entry: _millis(entry.get("createdAt"), "", []))
    cut = _mapping(_mapping(history).get("pageInfo")).get("hasNextPage") is True
    found: list[Change] = []
    held = set(labels)
    for entry in reversed(entries):
        found.extend(reversed(_entry(number, entry, held, lore)))
    found.reverse()
    return found, not cut, cut


def _entry(number: str, entry: Mapping[str, Any], held: set[str], lore: LinearLore) -> list[Change]:
    """Return the changes of one history entry; `held` are the labels after it, and are set to those before it."""
    at = _millis(entry.get("createdAt"), "", [])
    name = _text(entry.get("id")) or str(at)
    author, kind = _author(entry)
    steps: list[tuple[str, str, str, str, str]] = []
    for field, stem, reading in _PAIRS:
        before, after = (reading(entry, f"{side}{stem}", lore) for side in ("from", "to"))
        if before[0] != after[0] or before[1] != after[1]:
            steps.append((field, before[0], after[0], before[1], after[1]))
    added, removed = _label_names(entry, "added", lore), _label_names(entry, "removed", lore)
    if added or removed:
        after_labels = ",".join(sorted(held))
        held.difference_update(added)
        held.update(removed)
        before_labels = ",".join(sorted(held))
        steps.append(("labels", before_labels, after_labels, before_labels, after_labels))
    if entry.get("updatedDescription") is True:
        steps.append(("body", "", "", "", ""))
    if isinstance(entry.get("archived"), bool):
        steps.append(("archived", str(not entry["archived"]).lower(), str(entry["archived"]).lower(), "", ""))
    for change in nodes(entry.get("relationChanges")):
        word, target = _text(_mapping(change).get("type")), _text(_mapping(change).get("identifier"))
        if target:
            steps.append(("link", "", f"{_RELATIONS.get(word, (word or 'relates',))[0]} {target}", "", target))
    return [
        Change(
            number,
            f"{name}-{field}-{place}",
            at,
            field,
            before[:_LONGEST],
            after[:_LONGEST],
            before_text[:_LONGEST],
            after_text[:_LONGEST],
            author,
            kind,
        )
        for place, (field, before, after, before_text, after_text) in enumerate(steps)
    ]


def _label_names(entry: Mapping[str, Any], side: str, lore: LinearLore) -> list[str]:
    names = [_text(label.get("name")) for label in nodes(entry.get(f"{side}Labels"))]
    if not names and isinstance(entry.get(f"{side}LabelIds"), list):
        names = [lore.labels.get(_text(label), _text(label)) for label in entry[f"{side}LabelIds"]]
    return [name for name in names if name]


Told = tuple[str, str]  # id or value, and as text


def _state_told(entry: Mapping[str, Any], field: str, lore: LinearLore) -> Told:
    state = _mapping(entry.get(field))
    known = lore.states.get(_text(state.get("id")) or _text(entry.get(f"{field}Id")), ("", ""))
    name = _text(state.get("name")) or known[0]
    category = _text(state.get("type")) or known[1]
    return (state_of(name, category), name) if name or category else ("", "")


def _thing_told(entry: Mapping[str, Any], field: str, lore: LinearLore) -> Told:  # noqa: ARG001 - one signature for all
    thing = _mapping(entry.get(field))
    number = _text(thing.get("id")) or _text(entry.get(f"{field}Id"))
    text = _text(thing.get("identifier")) or _text(thing.get("key")) or _text(thing.get("name")) or _text(thing.get("number"))
    return number or text, text


def _team_told(entry: Mapping[str, Any], field: str, lore: LinearLore) -> Told:
    number, text = _thing_told(entry, field, lore)
    return text or number, text


def _person_told(entry: Mapping[str, Any], field: str, lore: LinearLore) -> Told:  # noqa: ARG001 - one signature for all
    number = person(entry.get(field)) or _text(entry.get(f"{field}Id"))
    return number, number


def _value_told(entry: Mapping[str, Any], field: str, lore: LinearLore) -> Told:  # noqa: ARG001 - one signature for all
    text = _text(entry.get(field))
    return text, text


_PAIRS = (
    ("state", "State", _state_told), ("assignee", "Assignee", _person_told), ("sprint", "Cycle", _thing_told), ("field:Project", "Project", _thing_told),
    ("version", "ProjectMilestone", _thing_told), ("parent", "Parent", _thing_told), ("backlog", "Team", _team_told), ("title", "Title", _value_told),
    ("due", "DueDate", _value_told), ("estimate", "Estimate", _value_told), ("priority", "Priority", _value_told),
)  # fmt: skip

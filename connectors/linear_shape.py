"""Turns decoded Linear GraphQL answers (issues, projects, initiatives) into okrbot's rows, for saved files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from okrbot.model import Change, Item, Link, Note, Objective, Sprint
from okrbot.words import fold, kind_of, level_of, state_of

from .linear_history import issue_changes
from .linear_lore import RELATIONS, LinearLore, amount, author_of, day, mapping, moment, nodes, person, plain
from .text import markdown_text

_PRIORITIES = ("No priority", "Urgent", "High", "Medium", "Low")
_LABEL_KINDS = frozenset({"bug", "spike", "incident", "hypothesis", "task", "epic", "story"})
_TYPE_GROUPS = frozenset({"type", "kind", "issue type", "typ", "tipo", "work type", "category", "t"})
_HEALTH = {"ontrack": "on_track", "atrisk": "at_risk", "offtrack": "off_track"}


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


def issue_rows(issue: Mapping[str, Any], lore: LinearLore) -> LinearRows:
    """Return the rows of one issue. Raises ShapeError when it has neither id nor identifier."""
    key = plain(issue.get("identifier"))
    number = plain(issue.get("id")) or key
    if not number:
        raise ShapeError("neither id nor identifier")
    bad: list[str] = []
    team, state = mapping(issue.get("team")), mapping(issue.get("state"))
    project, parent = mapping(issue.get("project")), mapping(issue.get("parent"))
    labels = _labels(issue, lore)
    above = plain(parent.get("id")) or plain(parent.get("identifier")) or plain(issue.get("parentId"))
    kind, level = _kind(labels, bool(above))
    sprint = _cycle(issue, bad)
    their_state = plain(state.get("name")) or plain(issue.get("state"))
    completed, canceled = moment(issue.get("completedAt"), "completedAt", bad), moment(issue.get("canceledAt"), "canceledAt", bad)
    category = plain(state.get("type")) or ("canceled" if canceled else "completed" if completed else "")
    ours = state_of(their_state, category)
    changes, complete, cut = issue_changes(number, issue, labels, lore)
    milestone = plain(mapping(issue.get("projectMilestone")).get("name"))
    item = Item(
        id=number,
        key=key or number,
        title=" ".join(plain(issue.get("title")).split()),
        kind=kind,
        their_kind="Sub-issue" if above else "Issue",
        level=level,
        state=ours,
        their_state=their_state,
        backlog=plain(team.get("key")) or key.rpartition("-")[0],
        parent=above or plain(project.get("id")),
        created=moment(issue.get("createdAt"), "createdAt", bad),
        updated=moment(issue.get("updatedAt"), "updatedAt", bad),
        started=moment(issue.get("startedAt"), "startedAt", bad),
        finished=(canceled or completed) if ours == "cancelled" else completed if ours == "done" else 0,
        due=day(issue.get("dueDate")),
        body=markdown_text(plain(issue.get("description"))),
        labels=labels,
        versions=(milestone,) if milestone else (),
        sprints=(sprint.id,) if sprint else (),
        estimate=amount(issue.get("estimate")),
        priority=_priority(issue),
        rank=_rank(issue.get("sortOrder")),
        project=plain(project.get("name")),
        assignee=person(issue.get("assignee")) or plain(issue.get("assigneeId")),
        reporter=person(issue.get("creator")),
        url=plain(issue.get("url")) if plain(issue.get("url")).startswith(("https://", "http://")) else "",
        restricted=team.get("private") is True,
        archived=bool(issue.get("archivedAt")) or issue.get("trashed") is True,
        history=complete,
    )
    earlier = (
        tuple(plain(old) for old in issue.get("previousIdentifiers") or () if plain(old))
        if isinstance(issue.get("previousIdentifiers"), list)
        else ()
    )
    return LinearRows(
        item, plain(team.get("name")), team.get("private") is True, _links(number, issue), _notes(number, issue, bad), changes,
        [sprint] if sprint else [], bad, cut, earlier,
    )  # fmt: skip


def project_rows(project: Mapping[str, Any], lore: LinearLore) -> LinearRows:
    """Return a project as an item of epic height: issues without a parent stand below it, its initiatives above."""
    number = plain(project.get("id"))
    bad: list[str] = []
    status = mapping(project.get("status"))
    word = plain(status.get("name")) or plain(project.get("state"))
    completed, canceled = moment(project.get("completedAt"), "completedAt", bad), moment(project.get("canceledAt"), "canceledAt", bad)
    category = plain(status.get("type")) or plain(project.get("state")) or ("canceled" if canceled else "completed" if completed else "")
    ours = state_of(word, category)
    item = Item(
        id=number,
        key=plain(project.get("identifier")) or plain(project.get("slugId")) or plain(project.get("slug")) or number,
        title=" ".join(plain(project.get("name")).split()),
        kind="epic",
        their_kind="Project",
        level=1,
        state=ours,
        their_state=word,
        backlog=lore.teams.get(number, ""),
        created=moment(project.get("createdAt"), "createdAt", bad),
        updated=moment(project.get("updatedAt"), "updatedAt", bad),
        started=moment(project.get("startedAt"), "startedAt", bad),
        finished=(canceled or completed) if ours in {"done", "cancelled"} else 0,
        due=day(project.get("targetDate")),
        start=day(project.get("startDate")),
        body=markdown_text(plain(project.get("content")) or plain(project.get("description"))),
        goals=tuple(plain(above.get("id")) or plain(above.get("name")) for above in nodes(project.get("initiatives"))),
        priority=_priority(project),
        assignee=person(project.get("lead")),
        url=plain(project.get("url")) if plain(project.get("url")).startswith(("https://", "http://")) else "",
        archived=bool(project.get("archivedAt")) or project.get("trashed") is True,
    )
    notes = []
    for update in nodes(project.get("projectUpdates")) or nodes([project.get("lastUpdate")]):
        author, kind = author_of(update)
        health = _HEALTH.get(plain(update.get("health")).lower(), "")
        at = moment(update.get("createdAt"), "createdAt", bad)
        notes.append(
            Note(number, plain(update.get("id")) or str(at), at, "update", author, kind, markdown_text(plain(update.get("body"))), health)
        )
    return LinearRows(item, notes=notes, bad=bad)


def initiative_objective(initiative: Mapping[str, Any]) -> Objective:
    """Return an initiative as an objective; Linear knows no metric, so it has no key result."""
    number = plain(initiative.get("id")) or plain(initiative.get("name"))
    status = plain(initiative.get("status")).lower()
    said = (
        "done"
        if status == "completed"
        else "dropped"
        if status in {"canceled", "cancelled"}
        else _HEALTH.get(plain(initiative.get("health")).lower(), "")
    )
    above = mapping(initiative.get("parentInitiative")) or next(iter(nodes(initiative.get("parentInitiatives"))), {})
    return Objective(
        id=number,
        title=" ".join(plain(initiative.get("name")).split()),
        parent=plain(above.get("id")),
        owner=person(initiative.get("owner")),
        status=said,
        body=markdown_text(plain(initiative.get("content")) or plain(initiative.get("description"))),
        created=moment(initiative.get("createdAt"), "createdAt", []),
        archived=bool(initiative.get("archivedAt")) or initiative.get("trashed") is True,
        url=plain(initiative.get("url")),
    )


def _labels(issue: Mapping[str, Any], lore: LinearLore) -> tuple[str, ...]:
    names = [plain(label.get("name")) for label in nodes(issue.get("labels"))]
    if not names and isinstance(issue.get("labels"), list):
        names = [plain(label) for label in issue["labels"]]
    if not names and isinstance(issue.get("labelIds"), list):
        names = [lore.labels.get(plain(label), "") for label in issue["labelIds"]]
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
    word = plain(thing.get("priorityLabel"))
    number = thing.get("priority")
    if not word and isinstance(number, int) and 0 <= number < len(_PRIORITIES):
        word = _PRIORITIES[number]
    return word


def _rank(order: Any) -> str:
    """Return a sort order as text that sorts the same way, "" without one."""
    value = amount(order)
    return f"{value + 1e15:020.4f}" if value is not None and abs(value) < 1e14 else ""


def _cycle(issue: Mapping[str, Any], bad: list[str]) -> Sprint | None:
    cycle = mapping(issue.get("cycle"))
    number = plain(cycle.get("id")) or (plain(cycle.get("number")) and f"cycle-{plain(cycle.get('number'))}")
    if not number:
        return None
    completed = moment(cycle.get("completedAt"), "cycle", bad)
    team = plain(mapping(issue.get("team")).get("key")) or plain(issue.get("identifier")).rpartition("-")[0]
    start, end = moment(cycle.get("startsAt"), "cycle", bad), moment(cycle.get("endsAt"), "cycle", bad)
    name = plain(cycle.get("name")) or f"Cycle {plain(cycle.get('number'))}"
    return Sprint(number, name, "closed" if completed else "", start, end, completed, backlog=team)


def _links(number: str, issue: Mapping[str, Any]) -> list[Link]:
    found: list[Link] = []
    for side, other, inward in (("relations", "relatedIssue", False), ("inverseRelations", "issue", True)):
        for relation in nodes(issue.get(side)):
            target = mapping(relation.get(other))
            name = plain(target.get("id")) or plain(target.get("identifier"))
            word = plain(relation.get("type"))
            if name:
                kind = RELATIONS.get(word, (word or "relates", word or "relates"))[inward]
                found.append(Link(number, kind, name, word, plain(target.get("identifier"))))
    return list(dict.fromkeys(found))


def _notes(number: str, issue: Mapping[str, Any], bad: list[str]) -> list[Note]:
    found: dict[str, Note] = {}
    for comment in nodes(issue.get("comments")):
        author, kind = author_of(comment)
        at = moment(comment.get("createdAt"), "comment", bad)
        name = plain(comment.get("id")) or str(at)
        found[name] = Note(number, name, at, author=author, author_kind=kind, body=markdown_text(plain(comment.get("body"))))
    return list(found.values())

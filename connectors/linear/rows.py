"""Linear's issues, projects, teams and cycles as rows of the model.

A Linear project is what other trackers call an epic (level 1) and the parent of its issues; initiatives are objectives.
Linear has no issue types: a label that names one ("Bug", "Epic", "Type: Spike") gives the kind. An issue is of level 0 (1 if
a label calls it an epic); a sub-issue is of level -1, but of level 0 below an epic.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from okrbot.model import Backlog, Item, Link, Millis, Note, Sprint
from okrbot.words import state_of

from ..linear_shape import label_kind
from ..text import instant_millis, markdown_text
from . import shapes
from .calendar import last_day

_KINDS_BY_LABEL = ("epic", "bug", "incident", "spike", "hypothesis", "task", "story")
_HEALTH = {"ontrack": "on_track", "atrisk": "at_risk", "offtrack": "off_track"}
_LINKS = {
    "blocks": ("blocks", "blocked_by"),
    "duplicate": ("duplicates", "duplicated_by"),
    "related": ("relates", "relates"),
    "similar": ("relates", "relates"),
}


@dataclass(slots=True)
class Tables:
    """The small tables of a workspace, read in full on every run; ids lead to what stands in them."""

    url_key: str = ""
    fiscal_start: int = 0  # month, 0 = January
    teams: dict[str, shapes.Team] = field(default_factory=dict)
    states: dict[str, shapes.State] = field(default_factory=dict)
    labels: dict[str, shapes.Label] = field(default_factory=dict)
    project_labels: dict[str, shapes.Label] = field(default_factory=dict)
    apps: frozenset[str] = frozenset()  # users that are programs
    cycles: dict[str, str] = field(default_factory=dict)  # id -> name
    projects: dict[str, tuple[str, str]] = field(default_factory=dict)  # id -> (key, name)
    goals: dict[str, tuple[str, ...]] = field(default_factory=dict)  # project -> initiatives
    milestones: dict[str, tuple[str, ...]] = field(default_factory=dict)  # project -> names, in order
    relations: dict[str, list[Link]] = field(default_factory=dict)  # issue -> its links

    def author_kind(self, user: str, bot: shapes.Bot | None = None) -> str:
        """Tell whether a person or a program acted; "" where Linear names nobody."""
        if bot is not None or user in self.apps:
            return "bot"
        return "human" if user else ""


def rank(order: float | None) -> str:
    """Return a text that sorts as the number does, lowest first: the bits of a double, turned so that text order holds."""
    if order is None:
        return ""
    bits: int = struct.unpack(">Q", struct.pack(">d", order + 0.0))[0]
    return f"{bits ^ (0xFFFF_FFFF_FFFF_FFFF if bits >> 63 else 1 << 63):016x}"


def issue_item(issue: shapes.Issue, tables: Tables, *, history: bool) -> Item:
    """Return an issue as an item; `history` says that its changes were read whole."""
    team = tables.teams.get(_id(issue.team))
    labels = [tables.labels[one] for one in issue.label_ids or () if one in tables.labels]
    status = issue.state or shapes.Status()
    state = state_of(status.name, status.type)
    kind, level = _kind_and_level(issue, labels, tables)
    finished = issue.completed_at if state == "done" else issue.canceled_at if state == "cancelled" else None
    return Item(
        id=issue.id,
        key=issue.identifier,
        title=issue.title or "",
        kind=kind,
        their_kind="Sub-issue" if issue.parent else "Issue",
        level=level,
        state=state,
        their_state=status.name,
        backlog=_id(issue.team),
        parent=_id(issue.parent) or _id(issue.project),
        created=instant_millis(issue.created_at),
        updated=instant_millis(issue.updated_at),
        started=instant_millis(issue.started_at),
        finished=instant_millis(finished),
        due=(issue.due_date or "")[:10],
        body=markdown_text(issue.description or ""),
        labels=tuple(sorted(label.name for label in labels)),
        versions=(issue.project_milestone.name,) if issue.project_milestone else (),
        sprints=(issue.cycle.id,) if issue.cycle else (),
        fields=tuple(sorted(_issue_fields(issue, labels))),
        estimate=issue.estimate,
        priority=_priority(issue.priority_label),
        rank=rank(issue.sort_order),
        team=(team.name or team.key) if team else "",
        project=issue.project.name if issue.project else "",
        assignee=_id(issue.assignee),
        reporter=_id(issue.creator),
        resolution=status.name if state == "cancelled" else "",
        url=issue.url or "",
        restricted=team.closed if team else False,
        archived=bool(issue.archived_at) or bool(issue.trashed),
        history=history,
    )


def _kind_and_level(issue: shapes.Issue, labels: Sequence[shapes.Label], tables: Tables) -> tuple[str, int]:
    kinds = {_label_kind(label) for label in labels}
    if "epic" in kinds:
        return "epic", 1
    above = [tables.labels[one] for one in (issue.parent and issue.parent.label_ids) or () if one in tables.labels]
    below = issue.parent is not None and "epic" not in {_label_kind(label) for label in above}
    named = next((kind for kind in _KINDS_BY_LABEL if kind in kinds), "")
    if below:
        return (named if named not in ("", "task", "story") else "subtask"), -1
    return named or "story", 0


def _label_kind(label: shapes.Label) -> str:
    """Return the kind a label names, in a group of types or alone; "" when it names none."""
    return (label_kind(f"{label.parent.name}:{label.name}") if label.parent else "") or label_kind(label.name)


def _issue_fields(issue: shapes.Issue, labels: Iterable[shapes.Label]) -> Iterable[tuple[str, str]]:
    """Yield what has no column of its own: the delegate, and each label group as if it were a field of that name."""
    if issue.delegate is not None:
        yield "Delegate", issue.delegate.id
    yield from _group_fields(labels)


def _group_fields(labels: Iterable[shapes.Label]) -> Iterable[tuple[str, str]]:
    groups: dict[str, list[str]] = {}
    for label in labels:
        if label.parent is not None:
            groups.setdefault(label.parent.name, []).append(label.name)
    return [(group, ", ".join(sorted(names))) for group, names in groups.items()]


def issue_links(issue: shapes.Issue, tables: Tables) -> list[Link]:
    """Return an issue's relations in both directions, and its twins in other services as `mirrors`."""
    links = list(tables.relations.get(issue.id, ()))
    for twin in issue.synced_with or ():
        if twin.service not in ("jira", "github"):  # a Slack thread is no second piece of work
            continue
        target = (twin.metadata and twin.metadata.issue_key) or twin.id
        links.append(Link(item=issue.id, kind="mirrors", target=target, their_kind=twin.service or "", target_key=target))
    return links


def relation_links(relation: shapes.Relation) -> tuple[Link, Link]:
    """Return one relation as seen from either end."""
    there, back = _LINKS.get(relation.type, (relation.type, relation.type))
    one, other = relation.issue, relation.related_issue
    return (
        Link(item=one.id, kind=there, target=other.id, their_kind=relation.type, target_key=other.identifier or ""),
        Link(item=other.id, kind=back, target=one.id, their_kind=relation.type, target_key=one.identifier or ""),
    )


def project_link(relation: shapes.ProjectRelation, tables: Tables) -> tuple[Link, Link]:
    """Return a dependency between projects from either end; Linear's `dependency` means that the first blocks the second."""
    there, back = ("blocks", "blocked_by") if relation.type in ("blocks", "dependency") else (relation.type, relation.type)
    one, other = relation.project.id, relation.related_project.id
    keys = {id_: tables.projects.get(id_, ("", ""))[0] for id_ in (one, other)}
    return (
        Link(item=one, kind=there, target=other, their_kind=relation.type, target_key=keys[other]),
        Link(item=other, kind=back, target=one, their_kind=relation.type, target_key=keys[one]),
    )


def project_key(project: shapes.Project) -> str:
    """Return what names a project for good: the end of its address, which a new name does not change."""
    return project.slug_id or project.id


def project_item(project: shapes.Project, tables: Tables) -> Item:
    """Return a Linear project as an item of level 1; its backlog is the first team it names."""
    ids = [team.id for team in project.teams.nodes] if project.teams else []
    teams = [tables.teams[id_] for id_ in ids if id_ in tables.teams]
    status = project.status or shapes.Status()
    state = state_of(status.name, status.type)
    finished = project.completed_at if state == "done" else project.canceled_at if state == "cancelled" else None
    labels = [tables.project_labels[one] for one in project.label_ids or () if one in tables.project_labels]
    texts = [markdown_text(text) for text in (project.description, project.content) if text]
    return Item(
        id=project.id,
        key=project_key(project),
        title=project.name or "",
        kind="epic",
        their_kind="Project",
        level=1,
        state=state,
        their_state=status.name,
        backlog=teams[0].id if teams else "",
        created=instant_millis(project.created_at),
        updated=instant_millis(project.updated_at),
        started=instant_millis(project.started_at),
        finished=instant_millis(finished),
        due=last_day(project.target_date, project.target_date_resolution, tables.fiscal_start),
        start=(project.start_date or "")[:10],
        body="\n\n".join(texts),
        labels=tuple(sorted(label.name for label in labels)),
        versions=tables.milestones.get(project.id, ()),
        goals=tables.goals.get(project.id, ()),
        fields=tuple(sorted([*_group_fields(labels), *([("Health", project.health)] if project.health else [])])),
        priority=_priority(project.priority_label),
        rank=rank(project.sort_order),
        team=(teams[0].name or teams[0].key) if teams else "",
        assignee=_id(project.lead),
        reporter=_id(project.creator),
        resolution=status.name if state == "cancelled" else "",
        url=project.url or "",
        restricted=any(team.closed for team in teams),
        archived=bool(project.archived_at) or bool(project.trashed),
    )


def backlog(team: shapes.Team, tables: Tables) -> Backlog:
    """Return a team as a backlog."""
    return Backlog(
        id=team.id,
        key=team.key,
        name=team.name or team.key,
        kind="team",
        parent=_id(team.parent),
        url=f"https://linear.app/{tables.url_key}/team/{team.key}" if tables.url_key else "",
        private=team.closed,
        archived=bool(team.archived_at) or bool(team.retired_at),
        timezone=team.timezone or "",
    )


def cycle_name(cycle: shapes.Cycle) -> str:
    """Return a cycle's name, or its number as Linear shows it."""
    return cycle.name or f"Cycle {cycle.number or 0:g}"


def sprint(cycle: shapes.Cycle, now: Millis) -> Sprint:
    """Return a cycle as a sprint; `now` (UTC) decides whether it lies ahead where it has no end yet."""
    start, end, completed = (instant_millis(text) for text in (cycle.starts_at, cycle.ends_at, cycle.completed_at))
    state = "closed" if completed else "future" if start > now else "active" if now < end or not end else "closed"
    return Sprint(
        id=cycle.id,
        name=cycle_name(cycle),
        state=state,
        start=start,
        end=end,
        completed=completed,
        goal=markdown_text(cycle.description or ""),
        backlog=_id(cycle.team),
    )


def comment_note(comment: shapes.Comment, tables: Tables) -> Note:
    """Return a comment on an issue."""
    author = _id(comment.user) or (comment.bot_actor.id or "" if comment.bot_actor else "")
    return Note(
        subject=comment.issue_id or "",
        id=comment.id,
        at=instant_millis(comment.created_at),
        author=author,
        author_kind=tables.author_kind(author, comment.bot_actor),
        body=markdown_text(comment.body or ""),
    )


def update_note(update: shapes.Update, tables: Tables) -> Note:
    """Return a status update of a project or initiative, with the health it claims."""
    author = _id(update.user)
    return Note(
        subject=_id(update.project) or _id(update.initiative),
        id=update.id,
        at=instant_millis(update.created_at),
        kind="update",
        author=author,
        author_kind=tables.author_kind(author),
        body=markdown_text(update.body or ""),
        health=health(update.health),
    )


def health(word: str | None) -> str:
    """Return Linear's health in our words: on_track, at_risk, off_track or ""."""
    return _HEALTH.get((word or "").replace("_", "").replace(" ", "").lower(), "")


def aliases(issues: Iterable[shapes.Issue]) -> tuple[tuple[str, str], ...]:
    """Return (id, earlier identifier) of issues that moved between teams."""
    return tuple((issue.id, key) for issue in issues for key in issue.previous_identifiers or () if key != issue.identifier)


def label_names(ids: Iterable[str], labels: Mapping[str, shapes.Label]) -> str:
    """Return the names of labels, sorted and comma-joined."""
    return ",".join(sorted(labels[one].name for one in ids if one in labels))


def _priority(label: str | None) -> str:
    return "" if label is None or label == "No priority" else label


def _id(ref: shapes.Ref | shapes.Named | shapes.Parent | None) -> str:
    return ref.id if ref is not None else ""

"""Turns decoded Jira JSON (search answers of Cloud and Data Center, any API version) into okrbot's rows, for saved files."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

from okrbot.model import Change, Day, Item, Link, Note, Sprint, clean
from okrbot.words import kind_of, level_of, state_of

from .jira_history import issue_changes
from .jira_lore import LINK_PHRASES, LONGEST_FIELD, JiraLore, account, account_kind, entries, label, mapping, moment, plain
from .text import body_text, sprint_blob, sprint_state

_TYPES = {
    "blocks": ("blocks", "blocked_by"), "duplicate": ("duplicates", "duplicated_by"), "cloners": ("clones", "cloned_by"),
    "relates": ("relates", "relates"), "validates": ("validates", "validated_by"), "measures": ("measures", "measured_by"),
}  # fmt: skip


class ShapeError(ValueError):
    """A record that is no issue; the message says what is missing."""


@dataclasses.dataclass(slots=True)
class JiraRows:
    """What one issue gives."""

    item: Item
    backlog_name: str = ""
    links: list[Link] = dataclasses.field(default_factory=list)
    notes: list[Note] = dataclasses.field(default_factory=list)
    changes: list[Change] = dataclasses.field(default_factory=list)
    sprints: list[Sprint] = dataclasses.field(default_factory=list)
    bad: list[str] = dataclasses.field(default_factory=list)  # values that could not be read
    history_cut: bool = False  # the file holds a part of the change log


def field_text(value: Any) -> str:
    """Return any field's value as text: options by name, documents by their words, lists joined by commas."""
    if isinstance(value, list):
        return ", ".join(text for text in (field_text(member) for member in value) if text)[:LONGEST_FIELD]
    if isinstance(value, dict):
        return (body_text(value) if value.get("type") == "doc" else label(value))[:LONGEST_FIELD]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(value)[:LONGEST_FIELD]


def issue_rows(issue: Mapping[str, Any], lore: JiraLore, *, site: str = "") -> JiraRows:
    """Return the rows of one issue of a search answer. Raises ShapeError when it has neither id nor key."""
    fields = mapping(issue.get("fields"))
    key = plain(issue.get("key"))
    number = plain(issue.get("id")) or key
    if not number:
        raise ShapeError("neither id nor key")
    bad: list[str] = []
    project = mapping(fields.get("project"))
    status = mapping(fields.get("status"))
    kind, level, their_kind = _kind(fields)
    custom = _Custom(fields, lore)
    backlog = plain(project.get("key")) or (key.rsplit("-", 1)[0] if "-" in key else "")
    resolution = label(fields.get("resolution"))
    category = plain(mapping(status.get("statusCategory")).get("key")) or lore.categories.get(label(status).casefold(), "")
    if not status and fields.get("resolutiondate"):
        category = "done"
    state = state_of(label(status), category, resolution)
    changes, complete, cut = issue_changes(number, issue, lore)
    sprints = custom.sprints(backlog, bad)
    finished = moment(fields.get("resolutiondate"), "resolutiondate", bad)
    moved = moment(fields.get("statuscategorychangedate"), "statuscategorychangedate", bad)
    item = Item(
        id=number,
        key=key or number,
        title=" ".join(plain(fields.get("summary")).split()),
        kind=kind,
        their_kind=their_kind,
        level=level,
        state=state,
        their_state=label(status),
        backlog=backlog,
        parent=_parent(fields, custom),
        created=moment(fields.get("created"), "created", bad),
        updated=moment(fields.get("updated"), "updated", bad),
        started=moved if state == "doing" and not complete else 0,
        finished=(finished or moved) if state in {"done", "cancelled"} else 0,
        due=_day(fields.get("duedate"), bad),
        start=_day(custom.value("start"), bad),
        body=body_text(fields.get("description")),
        labels=tuple(plain(label) for label in entries(fields.get("labels")) if plain(label)),
        components=tuple(label(member) for member in entries(fields.get("components")) if label(member)),
        versions=tuple(label(member) for member in entries(fields.get("fixVersions")) if label(member)),
        sprints=tuple(sprint.id for sprint in sprints),
        goals=custom.goals(),
        fields=custom.further(),
        estimate=custom.estimate(),
        priority=label(fields.get("priority")),
        rank=plain(custom.value("rank")),
        team=label(custom.value("team")),
        assignee=account(fields.get("assignee")),
        reporter=account(fields.get("reporter")) or account(fields.get("creator")),
        resolution=resolution,
        url=issue_url(issue, key, site),
        restricted=bool(fields.get("security")),
        archived=bool(fields.get("archiveddate") or issue.get("archived")),
        history=complete,
    )
    return JiraRows(item, plain(project.get("name")), _links(number, fields), _notes(number, fields, bad), changes, sprints, bad, cut)


def issue_url(issue: Mapping[str, Any], key: str, site: str) -> str:
    """Return the page of an issue: on `site`, else on the site its own address names."""
    base = site.rstrip("/")
    if not base:
        found = re.match(r"^(https?://[^/]+(?:/[^/]+)??)/rest/", plain(issue.get("self")))
        base = found[1] if found and "api.atlassian.com" not in found[1] else ""
    return f"{base}/browse/{key}" if base and key else ""


def _day(value: Any, bad: list[str]) -> Day:
    text = plain(value)
    if not text:
        return ""
    found = re.match(r"^\d{4}-\d{2}-\d{2}(?=$|T)", text)
    if found is None:
        bad.append(f"date: {text[:40]!r} is no day")
        return ""
    return found[0]


def _kind(fields: Mapping[str, Any]) -> tuple[str, int, str]:
    issuetype = mapping(fields.get("issuetype"))
    their_kind = label(issuetype)
    level = issuetype.get("hierarchyLevel")
    if not isinstance(level, int) or isinstance(level, bool):
        level = -1 if issuetype.get("subtask") is True else None
    kind = kind_of(their_kind, level)
    return kind, level_of(kind) if level is None else level, their_kind


def _parent(fields: Mapping[str, Any], custom: _Custom) -> str:
    parent = mapping(fields.get("parent"))
    if parent:
        return plain(parent.get("id")) or plain(parent.get("key"))
    link = custom.value("epic_link")
    if link:
        return label(link)
    epic = mapping(fields.get("epic"))  # answers of boards
    if epic:
        return plain(epic.get("key")) or plain(epic.get("id"))
    above = custom.value("parent_link")
    data = mapping(mapping(above).get("data"))
    return plain(data.get("key")) or label(above)


class _Custom:
    """The custom fields of one issue, by what they are."""

    def __init__(self, fields: Mapping[str, Any], lore: JiraLore) -> None:
        self._fields = fields
        self._lore = lore
        self._roles: dict[str, Any] = {}
        self._others: list[tuple[str, Any]] = []
        for field, value in fields.items():
            if field.startswith("customfield_") and value is not None and value != [] and value != "":
                role = lore.role(field, value)
                if role:
                    self._roles.setdefault(role, value)
                else:
                    self._others.append((lore.names.get(field, field), value))

    def value(self, role: str) -> Any:
        return self._roles.get(role)

    def estimate(self) -> float | None:
        value = self._roles.get("estimate")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        return None

    def goals(self) -> tuple[str, ...]:
        value = self._roles.get("goals")
        return tuple(label(goal) if isinstance(goal, str) else plain(mapping(goal).get("id")) for goal in entries(value) if goal)

    def further(self) -> tuple[tuple[str, str], ...]:
        pairs = ((clean(name), field_text(value)) for name, value in self._others)
        environment = body_text(self._fields.get("environment"))
        found = [(name, text) for name, text in pairs if text]
        return (*found, ("Environment", environment[:LONGEST_FIELD])) if environment else tuple(found)

    def sprints(self, backlog: str, bad: list[str]) -> list[Sprint]:
        """Return the issue's sprints, oldest first, of the field, of text blobs, or of a board's answer."""
        members = [*entries(self._fields.get("closedSprints")), *entries(self._roles.get("sprint")), self._fields.get("sprint")]
        found: dict[str, Sprint] = {}
        for member in members:
            if isinstance(member, str):
                sprint = sprint_blob(member)
            elif isinstance(member, dict) and member.get("id") is not None:
                sprint = Sprint(
                    plain(member.get("id")),
                    plain(member.get("name")),
                    sprint_state(plain(member.get("state"))),
                    moment(member.get("startDate"), "sprint", bad),
                    moment(member.get("endDate"), "sprint", bad),
                    moment(member.get("completeDate"), "sprint", bad),
                    plain(member.get("goal")),
                )
            else:
                sprint = None
            if sprint is not None:
                found[sprint.id] = dataclasses.replace(sprint, backlog=backlog)
        return sorted(found.values(), key=lambda sprint: (sprint.start == 0, sprint.start))


def link_word(type_name: str, phrase: str, *, inward: bool) -> str:
    """Return our word for a link, by its phrase or its type's name, else the phrase itself."""
    known = LINK_PHRASES.get(phrase.casefold())
    if known:
        return known
    pair = _TYPES.get(type_name.casefold())
    return pair[inward] if pair else (phrase or type_name or "relates").casefold()


def _links(number: str, fields: Mapping[str, Any]) -> list[Link]:
    found = []
    for link in entries(fields.get("issuelinks")):
        known = mapping(link)
        kind = mapping(known.get("type"))
        for side, inward in (("outwardIssue", False), ("inwardIssue", True)):
            other = mapping(known.get(side))
            target = plain(other.get("id")) or plain(other.get("key"))
            if target:
                phrase = plain(kind.get("inward" if inward else "outward"))
                word = link_word(plain(kind.get("name")), phrase, inward=inward)
                found.append(Link(number, word, target, phrase or plain(kind.get("name")), plain(other.get("key"))))
    return list(dict.fromkeys(found))


def _notes(number: str, fields: Mapping[str, Any], bad: list[str]) -> list[Note]:
    found: dict[str, Note] = {}
    comments = fields.get("comment")
    for place, member in enumerate(entries(mapping(comments).get("comments")) or entries(comments)):
        comment = mapping(member)
        if not comment:
            continue
        name = plain(comment.get("id")) or f"#{place}"
        author = comment.get("author")
        at = moment(comment.get("created"), "comment", bad)
        found[name] = Note(number, name, at, author=account(author), author_kind=account_kind(author), body=body_text(comment.get("body")))
    return list(found.values())

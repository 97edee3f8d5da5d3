"""Turns decoded Jira JSON (search answers of Cloud and Data Center, any API version) into okrbot's rows, for saved files."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

from okrbot.model import Change, Day, Item, Link, Millis, Note, Sprint, clean
from okrbot.words import is_bot, kind_of, level_of, state_of

from .text import body_text, instant_millis, sprint_blob, sprint_state

KEY = re.compile(r"^[A-Z][A-Z0-9_]*-\d+$")
_RANK = re.compile(r"^\d\|[0-9a-z]{4,}:[0-9a-z]*$")
_LONGEST_FIELD = 4000
_LINK_TEXT = re.compile(r"^This (?:issue|work item|ticket) (.+?) (\S+)$")
_ESTIMATES = frozenset({"story points", "story point estimate", "storypoints", "story point", "points", "estimate"})

_PHRASES = {
    "blocks": "blocks", "is blocked by": "blocked_by", "duplicates": "duplicates", "is duplicated by": "duplicated_by", "clones": "clones",
    "is cloned by": "cloned_by", "relates to": "relates", "validates": "validates", "is validated by": "validated_by", "measures": "measures",
    "is measured by": "measured_by", "blocker": "blocks", "relates": "relates",
}  # fmt: skip
_TYPES = {
    "blocks": ("blocks", "blocked_by"), "duplicate": ("duplicates", "duplicated_by"), "cloners": ("clones", "cloned_by"),
    "relates": ("relates", "relates"), "validates": ("validates", "validated_by"), "measures": ("measures", "measured_by"),
}  # fmt: skip
_CHANGE_FIELDS = {
    "status": "state", "assignee": "assignee", "summary": "title", "description": "body", "duedate": "due", "sprint": "sprint", "link": "link",
    "issuelinks": "link", "parent": "parent", "epic link": "parent", "issueparentassociation": "parent", "parent link": "parent", "key": "key",
    "project": "backlog", "fix version": "version", "fixversions": "version", "labels": "labels", "priority": "priority", "rank": "rank",
    "issuetype": "type", "resolution": "resolution", "story points": "estimate", "story point estimate": "estimate", "team": "team",
    "start date": "start", "target start": "start", "goals": "goal", "archived": "archived",
}  # fmt: skip
_SCHEMA_ROLES = {
    "com.pyxis.greenhopper.jira:gh-sprint": "sprint",
    "com.pyxis.greenhopper.jira:gh-epic-link": "epic_link",
    "com.pyxis.greenhopper.jira:gh-lexo-rank": "rank",
    "com.pyxis.greenhopper.jira:jsw-story-points": "estimate",
    "com.atlassian.teams:rm-teams-custom-field-team": "team",
    "com.atlassian.jira.plugin.system.customfieldtypes:goals": "goals",
    "com.atlassian.jpo:jpo-custom-field-parent": "parent_link",
    "com.atlassian.jpo:jpo-custom-field-baseline-start": "start",
}
_NAME_ROLES = {
    "sprint": "sprint",
    "epic link": "epic_link",
    "rank": "rank",
    "team": "team",
    "parent link": "parent_link",
    "start date": "start",
    "goals": "goals",
}


class ShapeError(ValueError):
    """A record that is no issue; the message says what is missing."""


@dataclasses.dataclass(slots=True)
class JiraLore:
    """What a whole file tells about its fields and states, gathered before any issue is read."""

    names: dict[str, str] = dataclasses.field(default_factory=dict)  # field id -> display name
    customs: dict[str, str] = dataclasses.field(default_factory=dict)  # field id -> schema.custom
    categories: dict[str, str] = dataclasses.field(default_factory=dict)  # status name and id -> category key
    key_shaped: dict[str, bool] = dataclasses.field(default_factory=dict)  # field id -> every value is an issue key
    projects: dict[str, str] = dataclasses.field(default_factory=dict)  # project id and name -> key

    def learn_envelope(self, values: Mapping[str, Any]) -> None:
        """Take field names and types from `names` and `schema` of an answer."""
        for field, name in _mapping(values.get("names")).items():
            if isinstance(name, str):
                self.names[field] = name
        for field, schema in _mapping(values.get("schema")).items():
            custom = _mapping(schema).get("custom")
            if isinstance(custom, str):
                self.customs[field] = custom

    def learn_issue(self, issue: Mapping[str, Any]) -> None:
        """Take states, projects and the shapes of custom fields from an issue."""
        self.learn_envelope(issue)
        fields = _mapping(issue.get("fields"))
        status = _mapping(fields.get("status"))
        category = _text(_mapping(status.get("statusCategory")).get("key"))
        if category:
            self.categories[_text(status.get("name")).casefold()] = category
            self.categories[_text(status.get("id"))] = category
        project = _mapping(fields.get("project"))
        if project.get("key"):
            for name in (project.get("id"), project.get("name")):
                self.projects[_text(name)] = _text(project.get("key"))
        for field, value in fields.items():
            if field.startswith("customfield_") and value is not None:
                shaped = isinstance(value, str) and bool(KEY.match(value))
                self.key_shaped[field] = self.key_shaped.get(field, True) and shaped

    def role(self, field: str, value: Any) -> str:
        """Return what a custom field is: by its schema, else its name, else the shape of its value."""
        known = _SCHEMA_ROLES.get(self.customs.get(field, ""))
        if known:
            return known
        name = self.names.get(field, "").casefold()
        if name in _NAME_ROLES:
            return _NAME_ROLES[name]
        if name in _ESTIMATES:
            return "estimate"
        if name:
            return ""
        return self._role_by_shape(field, value)

    def _role_by_shape(self, field: str, value: Any) -> str:
        if isinstance(value, str):
            if _RANK.match(value):
                return "rank"
            return "epic_link" if self.key_shaped.get(field) else ""
        if isinstance(value, list) and value:
            if all(isinstance(member, str) and "greenhopper" in member for member in value):
                return "sprint"
            if all(
                isinstance(member, dict) and "state" in member and ("boardId" in member or "startDate" in member or "goal" in member)
                for member in value
            ):
                return "sprint"
            if all(isinstance(member, dict) and ":goal/" in _text(member.get("id")) for member in value):
                return "goals"
        return ""


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


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """Return a scalar as clean text, "" for None, lists and objects."""
    if isinstance(value, str):
        return clean(value.strip())
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        return ""
    return str(value)


def _name(value: Any) -> str:
    """Return the display name of an option, version, person or plain text."""
    if isinstance(value, Mapping):
        for key in ("name", "value", "displayName", "title", "key", "text"):
            if isinstance(value.get(key), str):
                child = _name(value.get("child")) if isinstance(value.get("child"), dict) else ""
                return clean(value[key].strip()) + (f" - {child}" if child else "")
        return _text(value.get("id"))
    return _text(value)


def field_text(value: Any) -> str:
    """Return any field's value as text: options by name, documents by their words, lists joined by commas."""
    if isinstance(value, list):
        return ", ".join(text for text in (field_text(member) for member in value) if text)[:_LONGEST_FIELD]
    if isinstance(value, dict):
        return (body_text(value) if value.get("type") == "doc" else _name(value))[:_LONGEST_FIELD]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _text(value)[:_LONGEST_FIELD]


def account(person: Any) -> str:
    """Return a person's opaque id: the account id on Cloud, the key or name on Data Center."""
    known = _mapping(person)
    return _text(known.get("accountId")) or _text(known.get("key")) or _text(known.get("name"))


def account_kind(person: Any) -> str:
    """Return human, bot, or "" for nobody."""
    known = _mapping(person)
    if not account(known):
        return ""
    name = _text(known.get("displayName")) or _text(known.get("name"))
    return "bot" if is_bot(name, _text(known.get("accountType"))) else "human"


def issue_rows(issue: Mapping[str, Any], lore: JiraLore, *, site: str = "") -> JiraRows:
    """Return the rows of one issue of a search answer. Raises ShapeError when it has neither id nor key."""
    fields = _mapping(issue.get("fields"))
    key = _text(issue.get("key"))
    number = _text(issue.get("id")) or key
    if not number:
        raise ShapeError("neither id nor key")
    bad: list[str] = []
    project = _mapping(fields.get("project"))
    status = _mapping(fields.get("status"))
    kind, level, their_kind = _kind(fields)
    custom = _Custom(fields, lore)
    backlog = _text(project.get("key")) or (key.rsplit("-", 1)[0] if "-" in key else "")
    resolution = _name(fields.get("resolution"))
    category = _text(_mapping(status.get("statusCategory")).get("key")) or lore.categories.get(_name(status).casefold(), "")
    if not status and fields.get("resolutiondate"):
        category = "done"
    state = state_of(_name(status), category, resolution)
    changes, complete, cut = _changes(number, issue, lore)
    sprints = custom.sprints(backlog, bad)
    finished = _millis(fields.get("resolutiondate"), "resolutiondate", bad)
    moved = _millis(fields.get("statuscategorychangedate"), "statuscategorychangedate", bad)
    item = Item(
        id=number,
        key=key or number,
        title=" ".join(_text(fields.get("summary")).split()),
        kind=kind,
        their_kind=their_kind,
        level=level,
        state=state,
        their_state=_name(status),
        backlog=backlog,
        parent=_parent(fields, custom),
        created=_millis(fields.get("created"), "created", bad),
        updated=_millis(fields.get("updated"), "updated", bad),
        started=moved if state == "doing" and not complete else 0,
        finished=(finished or moved) if state in {"done", "cancelled"} else 0,
        due=_day(fields.get("duedate"), bad),
        start=_day(custom.value("start"), bad),
        body=body_text(fields.get("description")),
        labels=tuple(_text(label) for label in _list(fields.get("labels")) if _text(label)),
        components=tuple(_name(member) for member in _list(fields.get("components")) if _name(member)),
        versions=tuple(_name(member) for member in _list(fields.get("fixVersions")) if _name(member)),
        sprints=tuple(sprint.id for sprint in sprints),
        goals=custom.goals(),
        fields=custom.further(),
        estimate=custom.estimate(),
        priority=_name(fields.get("priority")),
        rank=_text(custom.value("rank")),
        team=_name(custom.value("team")),
        assignee=account(fields.get("assignee")),
        reporter=account(fields.get("reporter")) or account(fields.get("creator")),
        resolution=resolution,
        url=issue_url(issue, key, site),
        restricted=bool(fields.get("security")),
        archived=bool(fields.get("archiveddate") or issue.get("archived")),
        history=complete,
    )
    return JiraRows(item, _text(project.get("name")), _links(number, fields), _notes(number, fields, bad), changes, sprints, bad, cut)


def issue_url(issue: Mapping[str, Any], key: str, site: str) -> str:
    """Return the page of an issue: on `site`, else on the site its own address names."""
    base = site.rstrip("/")
    if not base:
        found = re.match(r"^(https?://[^/]+(?:/[^/]+)??)/rest/", _text(issue.get("self")))
        base = found[1] if found and "api.atlassian.com" not in found[1] else ""
    return f"{base}/browse/{key}" if base and key else ""


def _millis(value: Any, name: str, bad: list[str]) -> Millis:
    try:
        return instant_millis(value if isinstance(value, (str, int, float)) else None)
    except (ValueError, OverflowError):
        bad.append(f"{name}: {str(value)[:40]!r} is no date")
        return 0


def _day(value: Any, bad: list[str]) -> Day:
    text = _text(value)
    if not text:
        return ""
    found = re.match(r"^\d{4}-\d{2}-\d{2}(?=$|T)", text)
    if found is None:
        bad.append(f"date: {text[:40]!r} is no day")
        return ""
    return found[0]


def _kind(fields: Mapping[str, Any]) -> tuple[str, int, str]:
    issuetype = _mapping(fields.get("issuetype"))
    their_kind = _name(issuetype)
    level = issuetype.get("hierarchyLevel")
    if not isinstance(level, int) or isinstance(level, bool):
        level = -1 if issuetype.get("subtask") is True else None
    kind = kind_of(their_kind, level)
    return kind, level_of(kind) if level is None else level, their_kind


def _parent(fields: Mapping[str, Any], custom: _Custom) -> str:
    parent = _mapping(fields.get("parent"))
    if parent:
        return _text(parent.get("id")) or _text(parent.get("key"))
    link = custom.value("epic_link")
    if link:
        return _name(link)
    epic = _mapping(fields.get("epic"))  # answers of boards
    if epic:
        return _text(epic.get("key")) or _text(epic.get("id"))
    above = custom.value("parent_link")
    data = _mapping(_mapping(above).get("data"))
    return _text(data.get("key")) or _name(above)


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
        return tuple(_name(goal) if isinstance(goal, str) else _text(_mapping(goal).get("id")) for goal in _list(value) if goal)

    def further(self) -> tuple[tuple[str, str], ...]:
        pairs = ((clean(name), field_text(value)) for name, value in self._others)
        environment = body_text(self._fields.get("environment"))
        found = [(name, text) for name, text in pairs if text]
        return (*found, ("Environment", environment[:_LONGEST_FIELD])) if environment else tuple(found)

    def sprints(self, backlog: str, bad: list[str]) -> list[Sprint]:
        """Return the issue's sprints, oldest first, of the field, of text blobs, or of a board's answer."""
        members = [*_list(self._fields.get("closedSprints")), *_list(self._roles.get("sprint")), self._fields.get("sprint")]
        found: dict[str, Sprint] = {}
        for member in members:
            if isinstance(member, str):
                sprint = sprint_blob(member)
            elif isinstance(member, dict) and member.get("id") is not None:
                sprint = Sprint(
                    _text(member.get("id")),
                    _text(member.get("name")),
                    sprint_state(_text(member.get("state"))),
                    _millis(member.get("startDate"), "sprint", bad),
                    _millis(member.get("endDate"), "sprint", bad),
                    _millis(member.get("completeDate"), "sprint", bad),
                    _text(member.get("goal")),
                )
            else:
                sprint = None
            if sprint is not None:
                found[sprint.id] = dataclasses.replace(sprint, backlog=backlog)
        return sorted(found.values(), key=lambda sprint: (sprint.start == 0, sprint.start))


def link_word(type_name: str, phrase: str, *, inward: bool) -> str:
    """Return our word for a link, by its phrase or its type's name, else the phrase itself."""
    known = _PHRASES.get(phrase.casefold())
    if known:
        return known
    pair = _TYPES.get(type_name.casefold())
    return pair[inward] if pair else (phrase or type_name or "relates").casefold()


def _links(number: str, fields: Mapping[str, Any]) -> list[Link]:
    found = []
    for link in _list(fields.get("issuelinks")):
        known = _mapping(link)
        kind = _mapping(known.get("type"))
        for side, inward in (("outwardIssue", False), ("inwardIssue", True)):
            other = _mapping(known.get(side))
            target = _text(other.get("id")) or _text(other.get("key"))
            if target:
                phrase = _text(kind.get("inward" if inward else "outward"))
                word = link_word(_text(kind.get("name")), phrase, inward=inward)
                found.append(Link(number, word, target, phrase or _text(kind.get("name")), _text(other.get("key"))))
    return list(dict.fromkeys(found))


def _notes(number: str, fields: Mapping[str, Any], bad: list[str]) -> list[Note]:
    found: dict[str, Note] = {}
    comments = fields.get("comment")
    for place, member in enumerate(_list(_mapping(comments).get("comments")) or _list(comments)):
        comment = _mapping(member)
        if not comment:
            continue
        name = _text(comment.get("id")) or f"#{place}"
        author = comment.get("author")
        at = _millis(comment.get("created"), "comment", bad)
        found[name] = Note(number, name, at, author=account(author), author_kind=account_kind(author), body=body_text(comment.get("body")))
    return list(found.values())


def _changes(number: str, issue: Mapping[str, Any], lore: JiraLore) -> tuple[list[Change], bool, bool]:
    """Return the changes, whether they are all, and whether the file says that some are missing."""
    log = issue.get("changelog")
    if not isinstance(log, dict) or not isinstance(log.get("histories", log.get("values")), list):
        return [], False, False
    histories = _list(log.get("histories", log.get("values")))
    total, start = log.get("total"), log.get("startAt")
    cut = (isinstance(total, int) and total > len(histories)) or (isinstance(start, int) and start > 0) or log.get("isLast") is False
    return history_changes(number, histories, lore), not cut, cut


def history_changes(number: str, histories: list[Any], lore: JiraLore) -> list[Change]:
    """Return the changes of an issue's histories, of `expand=changelog` or of the bulk change log, oldest first."""
    found: dict[tuple[str, str], Change] = {}
    for place, member in enumerate(histories):
        entry = _mapping(member)
        at = _millis(entry.get("created"), "created", [])
        name = _text(entry.get("id")) or f"{at}.{place}"
        for number_of, step in enumerate(_list(entry.get("items"))):
            if isinstance(step, dict):
                change = _change(number, f"{name}-{number_of}", at, entry, step, lore)
                found[change.item, change.id] = change
    return sorted(found.values(), key=lambda change: change.at)


def _change(number: str, name: str, at: Millis, entry: Mapping[str, Any], step: Mapping[str, Any], lore: JiraLore) -> Change:
    label = _text(step.get("field"))
    field = _CHANGE_FIELDS.get(_text(step.get("fieldId")).casefold()) or _CHANGE_FIELDS.get(label.casefold()) or _role_field(step, lore)
    before, after = _text(step.get("from")), _text(step.get("to"))
    before_text, after_text = _text(step.get("fromString"))[:_LONGEST_FIELD], _text(step.get("toString"))[:_LONGEST_FIELD]
    if field == "state":
        ending = next(
            (_text(_mapping(other).get("toString")) for other in _list(entry.get("items")) if _mapping(other).get("field") == "resolution"),
            "",
        )
        categories = lore.categories
        before_category = categories.get(before_text.casefold()) or categories.get(before, "")
        after_category = categories.get(after_text.casefold()) or categories.get(after, "")
        before = state_of(before_text, before_category) if before_text else ""
        after = state_of(after_text, after_category, ending) if after_text else ""
    elif field == "labels":
        before, after = (",".join(sorted(text.split())) for text in (before_text, after_text))
    elif field == "link":
        before, after = _linked(before, before_text), _linked(after, after_text)
    elif field == "backlog":
        before, after = (lore.projects.get(a) or lore.projects.get(b) or _moved(entry, side) or b for a, b, side in
                         ((before, before_text, "fromString"), (after, after_text, "toString")))  # fmt: skip
        before_text, after_text = before, after
    elif field in {"due", "start"}:
        before, after = before[:10], after[:10]
    elif field in {"title", "body", "estimate", "priority", "key", "resolution", "type", "version", "rank"}:
        before, after = before_text, after_text
    author = entry.get("author")
    return Change(
        number,
        name,
        at,
        field or f"field:{label}",
        before[:_LONGEST_FIELD],
        after[:_LONGEST_FIELD],
        before_text,
        after_text,
        account(author),
        account_kind(author),
    )


def _role_field(step: Mapping[str, Any], lore: JiraLore) -> str:
    role = _SCHEMA_ROLES.get(lore.customs.get(_text(step.get("fieldId")), ""), "")
    return {"epic_link": "parent", "parent_link": "parent", "goals": "goal"}.get(role, role)


def _linked(key: str, text: str) -> str:
    """Return "kind target" of a link in a history: `This issue is blocked by SHOP-3`."""
    found = _LINK_TEXT.match(text)
    if not found:
        return f"relates {key}" if key else ""
    phrase = found[1].casefold()
    return f"{_PHRASES.get(phrase, phrase)} {key or found[2]}"


def _moved(entry: Mapping[str, Any], side: str) -> str:
    """Return the project key before or after a move, as the key changed with it."""
    for member in _list(entry.get("items")):
        step = _mapping(member)
        if _text(step.get("field")).casefold() == "key":
            return _text(step.get(side)).rpartition("-")[0]
    return ""


def earlier_keys(changes: list[Change], key: str) -> list[str]:
    """Return the keys an issue had before this one, from its changes."""
    return list(dict.fromkeys(change.before for change in changes if change.field == "key" and change.before and change.before != key))

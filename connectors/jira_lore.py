"""What saved Jira answers tell about their fields, states and people, and the careful readings the other Jira shapes share."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from okrbot.model import Millis, clean
from okrbot.words import is_bot

from .text import instant_millis

KEY = re.compile(r"^[A-Z][A-Z0-9_]*-\d+$")
_RANK = re.compile(r"^\d\|[0-9a-z]{4,}:[0-9a-z]*$")
LONGEST_FIELD = 4000
_ESTIMATES = frozenset({"story points", "story point estimate", "storypoints", "story point", "points", "estimate"})

LINK_PHRASES = {
    "blocks": "blocks", "is blocked by": "blocked_by", "duplicates": "duplicates", "is duplicated by": "duplicated_by", "clones": "clones",
    "is cloned by": "cloned_by", "relates to": "relates", "validates": "validates", "is validated by": "validated_by", "measures": "measures",
    "is measured by": "measured_by", "blocker": "blocks", "relates": "relates",
}  # fmt: skip
SCHEMA_ROLES = {
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
        for field, name in mapping(values.get("names")).items():
            if isinstance(name, str):
                self.names[field] = name
        for field, schema in mapping(values.get("schema")).items():
            custom = mapping(schema).get("custom")
            if isinstance(custom, str):
                self.customs[field] = custom

    def learn_issue(self, issue: Mapping[str, Any]) -> None:
        """Take states, projects and the shapes of custom fields from an issue."""
        self.learn_envelope(issue)
        fields = mapping(issue.get("fields"))
        status = mapping(fields.get("status"))
        category = plain(mapping(status.get("statusCategory")).get("key"))
        if category:
            self.categories[plain(status.get("name")).casefold()] = category
            self.categories[plain(status.get("id"))] = category
        project = mapping(fields.get("project"))
        if project.get("key"):
            for name in (project.get("id"), project.get("name")):
                self.projects[plain(name)] = plain(project.get("key"))
        for field, value in fields.items():
            if field.startswith("customfield_") and value is not None:
                shaped = isinstance(value, str) and bool(KEY.match(value))
                self.key_shaped[field] = self.key_shaped.get(field, True) and shaped

    def role(self, field: str, value: Any) -> str:
        """Return what a custom field is: by its schema, else its name, else the shape of its value."""
        known = SCHEMA_ROLES.get(self.customs.get(field, ""))
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
            if all(isinstance(member, dict) and ":goal/" in plain(member.get("id")) for member in value):
                return "goals"
        return ""


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def entries(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def plain(value: Any) -> str:
    """Return a scalar as clean text, "" for None, lists and objects."""
    if isinstance(value, str):
        return clean(value.strip())
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        return ""
    return str(value)


def label(value: Any) -> str:
    """Return the display name of an option, version, person or plain text."""
    if isinstance(value, Mapping):
        for key in ("name", "value", "displayName", "title", "key", "text"):
            if isinstance(value.get(key), str):
                child = label(value.get("child")) if isinstance(value.get("child"), dict) else ""
                return clean(value[key].strip()) + (f" - {child}" if child else "")
        return plain(value.get("id"))
    return plain(value)


def account(person: Any) -> str:
    """Return a person's opaque id: the account id on Cloud, the key or name on Data Center."""
    known = mapping(person)
    return plain(known.get("accountId")) or plain(known.get("key")) or plain(known.get("name"))


def account_kind(person: Any) -> str:
    """Return human, bot, or "" for nobody."""
    known = mapping(person)
    if not account(known):
        return ""
    name = plain(known.get("displayName")) or plain(known.get("name"))
    return "bot" if is_bot(name, plain(known.get("accountType"))) else "human"


def moment(value: Any, name: str, bad: list[str]) -> Millis:
    try:
        return instant_millis(value if isinstance(value, (str, int, float)) else None)
    except (ValueError, OverflowError):
        bad.append(f"{name}: {str(value)[:40]!r} is no date")
        return 0

"""What saved Linear answers tell about states, labels, projects and initiatives, and the careful readings Linear's shapes share."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

from okrbot.model import Day, Millis, clean
from okrbot.words import is_bot

from .text import instant_millis

RELATIONS = {
    "blocks": ("blocks", "blocked_by"),
    "duplicate": ("duplicates", "duplicated_by"),
    "related": ("relates", "relates"),
    "similar": ("relates", "relates"),
}


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
            self.labels[plain(label.get("id"))] = plain(label.get("name"))
        for entry in nodes(issue.get("history")):
            self._state(entry.get("fromState"))
            self._state(entry.get("toState"))
        project = mapping(issue.get("project"))
        if project.get("id"):
            self.learn_project(project)
            team = plain(mapping(issue.get("team")).get("key")) or plain(issue.get("identifier")).rpartition("-")[0]
            self.teams.setdefault(plain(project.get("id")), team)

    def learn_project(self, project: Mapping[str, Any]) -> None:
        """Take a project, keeping the telling of it that says most, and its initiatives."""
        number = plain(project.get("id"))
        if number and len(project) >= len(self.projects.get(number, {})):
            self.projects[number] = project
        for initiative in nodes(project.get("initiatives")):
            self.learn_initiative(initiative)
        for team in nodes(project.get("teams"))[:1]:
            if team.get("key"):
                self.teams[number] = plain(team.get("key"))

    def learn_initiative(self, initiative: Mapping[str, Any]) -> None:
        """Take an initiative, its projects and those below it."""
        number = plain(initiative.get("id")) or plain(initiative.get("name"))
        if number and len(initiative) >= len(self.initiatives.get(number, {})):
            self.initiatives[number] = initiative

    def _state(self, state: Any) -> None:
        known = mapping(state)
        if known.get("id"):
            self.states[plain(known.get("id"))] = (plain(known.get("name")), plain(known.get("type")))


def nodes(connection: Any) -> list[Mapping[str, Any]]:
    """Return the members of a connection: of its nodes, its edges, or of a plain list."""
    if isinstance(connection, list):
        return [member for member in connection if isinstance(member, dict)]
    known = mapping(connection)
    if isinstance(known.get("nodes"), list):
        return [member for member in known["nodes"] if isinstance(member, dict)]
    edges = known.get("edges")
    if isinstance(edges, list):
        return [edge["node"] for edge in edges if isinstance(edge, dict) and isinstance(edge.get("node"), dict)]
    return []


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def plain(value: Any) -> str:
    if isinstance(value, str):
        return clean(value.strip())
    if value is None or isinstance(value, (bool, list, dict)):
        return ""
    return str(value)


def moment(value: Any, name: str, bad: list[str]) -> Millis:
    try:
        return instant_millis(value if isinstance(value, (str, int, float)) else None)
    except (ValueError, OverflowError):
        bad.append(f"{name}: {str(value)[:40]!r} is no date")
        return 0


def day(value: Any) -> Day:
    found = re.match(r"^\d{4}-\d{2}-\d{2}", plain(value))
    return found[0] if found else ""


def amount(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def person(user: Any) -> str:
    """Return a user's opaque id."""
    known = mapping(user)
    return plain(known.get("id")) or plain(user if isinstance(user, str) else "")


def author_of(entry: Mapping[str, Any]) -> tuple[str, str]:
    bot = mapping(entry.get("botActor"))
    if bot:
        return plain(bot.get("id")) or plain(bot.get("name")) or plain(bot.get("type")), "bot"
    actor = mapping(entry.get("actor")) or mapping(entry.get("user"))
    number = person(actor) or plain(entry.get("actorId"))
    if not number:
        return "", ""
    return number, "bot" if actor.get("app") is True or is_bot(plain(actor.get("name")) or plain(actor.get("displayName"))) else "human"

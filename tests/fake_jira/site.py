"""The state of a made-up Jira site: issues with history, edits, moves, deletes, restrictions, and an index that lags behind."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import re
from collections.abc import Callable, Iterable
from typing import Any

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
CATEGORIES = {"new": ("To Do", 2), "indeterminate": ("In Progress", 4), "done": ("Done", 3)}
STATUSES = {"To Do": "new", "In Progress": "indeterminate", "In Review": "indeterminate", "Done": "done"}
ACCOUNT = {"accountId": "557058:bot", "displayName": "Okr Bot", "timeZone": "Europe/Amsterdam"}


class Clock:
    """A clock that moves only when it is told to, or when somebody sleeps."""

    def __init__(self, start: str = "2026-11-02T09:00:00+00:00") -> None:
        self.now = dt.datetime.fromisoformat(start)
        self.slept: list[float] = []

    def __call__(self) -> dt.datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += dt.timedelta(seconds=seconds)

    def forward(self, **span: float) -> None:
        self.now += dt.timedelta(**span)


def ms(moment: dt.datetime | str) -> int:
    """Return milliseconds since the epoch of a datetime or Jira's own text."""
    if isinstance(moment, str):
        moment = dt.datetime.fromisoformat(moment)
    return (moment - EPOCH) // dt.timedelta(milliseconds=1)


def jira_time(moment: dt.datetime | int) -> str:
    """Return an instant as Jira writes it: the offset without a colon."""
    if isinstance(moment, int):
        moment = EPOCH + dt.timedelta(milliseconds=moment)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def adf(text: str) -> dict[str, Any]:
    """Return a document of one paragraph a line."""
    lines = [{"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []} for line in text.split("\n")]
    return {"type": "doc", "version": 1, "content": lines}


def words_of(node: Any) -> str:
    """Return the text of a document, a line a block."""
    if isinstance(node, str) or node is None:
        return node or ""
    if node.get("type") == "text":
        return str(node["text"])
    parts = [words_of(child) for child in node.get("content", [])]
    return ("\n" if node.get("type") in ("doc", "bulletList", "orderedList") else "").join(parts)


class Site:
    """Issues as Jira's own answers show them (`fields`, `changelog`), and what search can find of them at any moment."""

    def __init__(self, described: dict[str, Any], clock: Callable[[], dt.datetime]) -> None:
        self.clock = clock
        self.lag: Callable[[], float] = lambda: 0.0  # seconds until the index knows of an edit
        self.account = dict(described.get("account", ACCOUNT))
        self.issues: dict[str, dict[str, Any]] = {}
        self._largest = 10_000
        self._numbers: dict[str, int] = {}
        self.indexed: dict[str, dict[str, Any]] = {}  # id → row as search knows it
        self._due: list[tuple[int, int, str, dict[str, Any] | None]] = []
        self._order = itertools.count()
        self._entry = itertools.count(90_000)
        self.restricted: set[str] = set()
        self.old_keys: dict[str, str] = {}
        self.fields: list[dict[str, Any]] = list(described.get("fields", ()))
        names, schemas = described.get("names", {}), described.get("schema", {})
        self.fields += [
            {"id": id_, "name": name, "custom": id_.startswith("customfield_"), "schema": schemas.get(id_)} for id_, name in names.items()
        ]
        self.projects: dict[str, dict[str, Any]] = {p["key"]: dict(p) for p in described.get("projects", ())}
        self.sprints: dict[str, dict[str, Any]] = {str(s["id"]): dict(s) for s in described.get("sprints", ())}
        self.boards: list[dict[str, Any]] = [dict(board) for board in described.get("boards", ())]
        self.types: dict[str, dict[str, Any]] = {}
        self.statuses: dict[str, dict[str, Any]] = {}
        self.goals: list[dict[str, Any]] = list(described.get("goals", ()))
        self.properties: dict[tuple[str, str], Any] = {}
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.remote_links: dict[str, dict[str, dict[str, Any]]] = {}
        for name in STATUSES:
            self.status(name)
        for issue in described.get("issues", ()):
            self._load(issue)
        if not self.boards:
            self.boards = [
                {"id": 500 + number, "name": f"{key} board", "type": "scrum", "location": {"projectId": int(p["id"]), "projectKey": key}}
                for number, (key, p) in enumerate(self.projects.items())
            ]
        for sprint in self.sprints.values():
            sprint.setdefault("originBoardId", self.boards[0]["id"] if self.boards else None)

    # --- building -------------------------------------------------------------------------------------------------

    def sprint_field(self) -> str:
        return next((f["id"] for f in self.fields if (f.get("schema") or {}).get("custom", "").endswith("gh-sprint")), "")

    def _load(self, issue: dict[str, Any]) -> None:
        fields = dict(issue["fields"])
        project = fields["project"]
        self.projects.setdefault(
            project["key"], {"id": str(project["id"]), "key": project["key"], "name": project.get("name", project["key"])}
        )
        if fields.get("issuetype"):
            self.types.setdefault(fields["issuetype"]["name"], fields["issuetype"])
        if fields.get("status"):
            self.statuses.setdefault(fields["status"]["name"], fields["status"])
        for sprint in fields.get(self.sprint_field()) or ():
            self.sprints.setdefault(
                str(sprint["id"]),
                {key: value for key, value in sprint.items() if key != "boardId"} | {"originBoardId": sprint.get("boardId")},
            )
        prefix, _, number = issue["key"].rpartition("-")
        self._numbers[prefix] = max(self._numbers.get(prefix, 0), int(number))
        self._largest = max(self._largest, int(issue["id"]))
        histories = sorted((issue.get("changelog") or {}).get("histories", ()), key=lambda entry: ms(entry["created"]))
        self.issues[str(issue["id"])] = {"id": str(issue["id"]), "key": issue["key"], "fields": fields, "histories": histories}
        self._index(str(issue["id"]), 0)

    def status(self, name: str) -> dict[str, Any]:
        """Return a status, made up when it is new."""
        if name not in self.statuses:
            category = STATUSES.get(name, "indeterminate")
            label, id_ = CATEGORIES[category]
            self.statuses[name] = {
                "id": str(10_100 + len(self.statuses)),
                "name": name,
                "statusCategory": {"id": id_, "key": category, "name": label},
            }
        return self.statuses[name]

    def type(self, name: str, level: int = 0) -> dict[str, Any]:
        """Return an issue type, made up when it is new."""
        if name not in self.types:
            self.types[name] = {"id": str(10_000 + len(self.types)), "name": name, "subtask": level < 0, "hierarchyLevel": level}
        return self.types[name]

    def project(self, key: str) -> dict[str, Any]:
        """Return a project, made up when it is new."""
        if key not in self.projects:
            self.projects[key] = {"id": str(20_000 + len(self.projects)), "key": key, "name": key.title()}
        return self.projects[key]

    # --- edits ----------------------------------------------------------------------------------------------------

    def _number(self, project: str) -> int:
        """Return the next number of a project's keys; like an id, it is never used twice."""
        self._numbers[project] = self._numbers.get(project, 0) + 1
        return self._numbers[project]

    def create(
        self,
        project: str,
        summary: str,
        *,
        type_: str = "Story",
        level: int = 0,
        status: str = "To Do",
        created: int | None = None,
        **fields: Any,
    ) -> str:
        """Add an issue and return its id; `created` in epoch ms defaults to now."""
        place = self.project(project)
        number = self._number(project)
        self._largest += 1
        id_ = str(self._largest)
        moment = jira_time(self.clock() if created is None else created)
        kind = self.type(type_, level)
        self.issues[id_] = {
            "id": id_,
            "key": f"{project}-{number}",
            "histories": [],
            "fields": {
                "summary": summary, "issuetype": kind, "status": self.status(status), "project": {key: place[key] for key in ("id", "key", "name")},
                "created": moment, "updated": moment, "labels": [], "components": [], "fixVersions": [], "issuelinks": [], "priority": {"id": "3", "name": "Medium"},
                "assignee": None, "reporter": {"accountId": "557058:ann", "displayName": "Ann", "accountType": "atlassian"}, "resolution": None,
                "resolutiondate": None, "duedate": None, "description": adf(f"About {summary}."), "security": None, **fields,
            },
        }  # fmt: skip
        self._index(id_, self.lag() if created is None else 0)
        return id_

    def edit(self, id_: str, *, author: dict[str, Any] | None = None, silent: bool = False, **fields: Any) -> None:
        """Change fields of an issue now; `silent` as for a comment or link: `updated` moves, no history."""
        issue = self.issues[id_]
        items = []
        for name, value in fields.items():
            before = issue["fields"].get(name)
            items.append(_item(name, before, value))
        if items and not silent:
            issue["histories"] = [*issue["histories"], self._history(items, author)]
        issue["fields"] = issue["fields"] | fields | {"updated": jira_time(self.clock())}
        self._index(id_, self.lag())

    def transition(self, id_: str, status: str) -> None:
        """Move an issue to a status."""
        fields: dict[str, Any] = {"status": self.status(status)}
        if fields["status"]["statusCategory"]["key"] == "done":
            fields["resolutiondate"] = jira_time(self.clock())
            fields["resolution"] = {"id": "1", "name": "Done"}
        self.edit(id_, **fields)

    def move(self, id_: str, project: str) -> None:
        """Move an issue to another project: a new key, the same id."""
        issue, place = self.issues[id_], self.project(project)
        old, old_place = issue["key"], issue["fields"]["project"]
        number = self._number(project)
        issue["key"] = f"{project}-{number}"
        self.old_keys[old] = id_
        items = [
            {"field": "Key", "fieldtype": "jira", "from": None, "fromString": old, "to": None, "toString": issue["key"]},
            {"field": "project", "fieldtype": "jira", "fieldId": "project", "from": old_place["id"], "fromString": old_place["key"], "to": place["id"], "toString": place["key"]},
        ]  # fmt: skip
        issue["histories"] = [*issue["histories"], self._history(items, None)]
        issue["fields"] = issue["fields"] | {
            "project": {key: place[key] for key in ("id", "key", "name")},
            "updated": jira_time(self.clock()),
        }
        self._index(id_, self.lag())

    def delete(self, id_: str) -> None:
        """Take an issue away for good."""
        del self.issues[id_]
        heapq.heappush(self._due, (ms(self.clock()) + int(self.lag() * 1000), next(self._order), id_, None))

    def restrict(self, id_: str) -> None:
        """Hide an issue behind a security level that the account may not see."""
        self.restricted.add(id_)
        self.edit(id_, security={"id": "10001", "name": "Board only"})

    def release(self, id_: str) -> None:
        """Show a hidden issue again."""
        self.restricted.discard(id_)
        self.edit(id_, security=None)

    def _history(self, items: list[dict[str, Any]], author: dict[str, Any] | None) -> dict[str, Any]:
        who = author or {"accountId": "557058:ann", "displayName": "Ann", "accountType": "atlassian"}
        return {"id": str(next(self._entry)), "author": who, "created": jira_time(self.clock()), "items": items}

    # --- index ----------------------------------------------------------------------------------------------------

    def _index(self, id_: str, lag: float) -> None:
        issue = self.issues[id_]
        row = _row(issue)
        if lag <= 0 and not self._due:
            self.indexed[id_] = row
        else:
            heapq.heappush(self._due, (ms(self.clock()) + int(lag * 1000), next(self._order), id_, row))

    def rows(self) -> Iterable[dict[str, Any]]:
        """Return what search can find now."""
        now = ms(self.clock())
        while self._due and self._due[0][0] <= now:
            _, order, id_, row = heapq.heappop(self._due)
            if row is None:
                self.indexed.pop(id_, None)
            elif id_ in self.issues and order >= self.indexed.get(id_, {}).get("order", -1):
                self.indexed[id_] = row | {"order": order}
        return [row for id_, row in self.indexed.items() if id_ not in self.restricted]

    def truth(self, projects: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
        """Return what an account that waits long enough may see: id → issue."""
        keys = set(projects) if projects is not None else None
        return {
            id_: issue
            for id_, issue in self.issues.items()
            if id_ not in self.restricted and (keys is None or issue["fields"]["project"]["key"] in keys)
        }


def _row(issue: dict[str, Any]) -> dict[str, Any]:
    """Return what the index holds of an issue: sortable, searchable, and the fields as they are shown."""
    fields = issue["fields"]
    kind, status = fields.get("issuetype") or {}, fields.get("status") or {}
    return {
        "id": {issue["id"]},
        "key": {issue["key"].casefold()},
        "issue": issue["id"],
        "shown": issue["key"],
        "sort": (issue["key"].split("-")[0], int(issue["key"].split("-")[1])),
        "fields": fields,
        "histories": issue["histories"],
        "summary": fields.get("summary") or "",
        "created": ms(fields["created"]),
        "updated": ms(fields["updated"]) if fields.get("updated") else 0,
        "project": {fields["project"]["key"].casefold(), str(fields["project"]["id"])},
        "status": {str(status.get("name", "")).casefold(), str(status.get("id", ""))},
        "issuetype": {str(kind.get("name", "")).casefold(), str(kind.get("id", ""))},
        "labels": {label.casefold() for label in fields.get("labels") or ()},
    }


def _item(name: str, before: Any, after: Any) -> dict[str, Any]:
    """Return the history item of one changed field."""
    shown = {"duedate": "duedate", "fixVersions": "Fix Version"}.get(name, name)
    return {
        "field": shown, "fieldtype": "jira", "fieldId": name,
        "from": _id(before), "fromString": _text(before), "to": _id(after), "toString": _text(after),
    }  # fmt: skip


def _id(value: Any) -> str | None:
    if isinstance(value, dict):
        return str(value.get("id") or value.get("accountId") or "")
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ", ".join(str(one["id"]) for one in value)
    return value if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) else None


def _text(value: Any) -> str | None:
    if isinstance(value, dict):
        return (
            words_of(value) if value.get("type") == "doc" else str(value.get("name") or value.get("key") or value.get("displayName") or "")
        )
    if isinstance(value, list):
        return " ".join(str(one["name"]) if isinstance(one, dict) else str(one) for one in value)
    return None if value is None else str(value)

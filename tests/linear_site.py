"""A Linear workspace in memory for the tests: rows as plain dicts, edits that write history and move the right clocks.

References are kept as ids under the field's name plus `Id` (`teamId`), lists of ids as Linear spells them (`labelIds`).
`Site.from_answer` loads what a GraphQL client would have saved: `{"data": {"teams": {"nodes": […]}, "cycles": …,
"initiatives": …, "projects": …, "issues": …}}` with states, users, labels, comments, relations, updates and history nested
in the rows, as the bundled sample organisation has them.
"""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from typing import Any

Row = dict[str, Any]

STATES = (
    ("Triage", "triage"),
    ("Backlog", "backlog"),
    ("Todo", "unstarted"),
    ("In Progress", "started"),
    ("Done", "completed"),
    ("Canceled", "canceled"),
    ("Duplicate", "duplicate"),
)
TABLES = [
    "users",
    "teams",
    "states",
    "labels",
    "project_labels",
    "cycles",
    "milestones",
    "projects",
    "project_relations",
    "project_updates",
    "initiatives",
    "initiative_projects",
    "initiative_updates",
    "issues",
    "relations",
    "comments",
    "attachments",
    "history",
]
START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
# what of a nested object is a row of which table
_NESTED = {
    "state": "states", "team": "teams", "assignee": "users", "creator": "users", "user": "users", "actor": "users", "lead": "users",
    "owner": "users", "cycle": "cycles", "fromState": "states", "toState": "states", "fromAssignee": "users", "toAssignee": "users",
    "fromCycle": "cycles", "toCycle": "cycles", "project": "", "parent": "", "status": None,
}  # fmt: skip


class Site:
    """One workspace. `now` moves a second with every edit; `tick` moves it further."""

    def __init__(self, *, seed: int = 0, start: dt.datetime = START) -> None:
        self.now = start
        self._numbers = itertools.count(1)
        self._seed = seed
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in TABLES}
        self.organization: Row = {"id": self.made("org"), "name": "Acme", "urlKey": "acme", "fiscalYearStartMonth": 0}
        self.bot = self.add(
            "users", name="okrbot", app=False, guest=False, admin=False, canAccessAnyPublicTeam=True, timezone="Europe/Paris"
        )

    # --- making

    def made(self, word: str) -> str:
        """Return a fresh id."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._seed} {word} {next(self._numbers)}"))

    @property
    def stamp(self) -> str:
        return iso(self.now)

    def tick(self, **more: float) -> None:
        self.now += dt.timedelta(**(more or {"seconds": 1}))

    def add(self, table: str, **fields: Any) -> Row:
        """Add a row; it is created and updated now unless told otherwise."""
        self.tick()
        row = {"id": self.made(table), "createdAt": self.stamp, "updatedAt": self.stamp, "archivedAt": None, **fields}
        self.tables[table][row["id"]] = row
        return row

    def team(self, key: str, *, private: bool = False, members: tuple[str, ...] = (), **fields: Any) -> Row:
        """Add a team with the usual states."""
        visibility = "private" if private else "public"
        row = self.add("teams", key=key, name=f"Team {key}", private=private, visibility=visibility, timezone="Europe/Paris", **fields)
        row["members"], row["count"] = set(members), 0
        for name, kind in STATES:
            self.add("states", name=name, type=kind, teamId=row["id"])
        return row

    def state(self, team: Row, name: str) -> str:
        return next(row["id"] for row in self.tables["states"].values() if row["teamId"] == team["id"] and row["name"] == name)

    def label(self, name: str, *, parent: Row | None = None, group: bool = False) -> Row:
        return self.add("labels", name=name, isGroup=group, parentId=parent["id"] if parent else None, teamId=None)

    def project(self, name: str, *teams: Row, **fields: Any) -> Row:
        status = fields.pop("status", {"name": "In Progress", "type": "started"})
        slug = self.made("slug")[:12].replace("-", "")
        usual: Row = {
            "name": name, "slugId": slug, "description": "", "content": None, "url": f"https://linear.app/acme/project/{slug}", "status": status,
            "teamIds": [team["id"] for team in teams], "priorityLabel": "No priority", "sortOrder": 0.0, "labelIds": [], "health": None,
        }  # fmt: skip
        return self.add("projects", **{**usual, **fields})

    def initiative(self, name: str, *projects: Row, parent: Row | None = None, **fields: Any) -> Row:
        row = self.add(
            "initiatives", **{"name": name, "status": "Active", "parentInitiativeId": parent["id"] if parent else None, "url": "", **fields}
        )
        for project in projects:
            self.add("initiative_projects", initiativeId=row["id"], projectId=project["id"])
        return row

    def issue(self, team: Row, title: str, *, state: str = "Todo", **fields: Any) -> Row:
        team["count"] += 1
        key = f"{team['key']}-{team['count']}"
        usual: Row = {
            "identifier": key, "title": title, "description": "", "url": f"https://linear.app/acme/issue/{key}", "teamId": team["id"],
            "stateId": self.state(team, state), "priorityLabel": "No priority", "priority": 0.0, "estimate": None,
            "sortOrder": float(-team["count"]), "labelIds": [], "previousIdentifiers": [], "trashed": None, "syncedWith": [],
            "creatorId": self.bot["id"],
        }  # fmt: skip
        return self.add("issues", **{**usual, **fields})

    # --- editing

    def edit(self, issue: Row, *, by: str | None = None, quiet: bool = False, **fields: Any) -> Row | None:
        """Change fields of an issue with one entry of history, None if nothing changes; `quiet` moves no clock and logs nothing."""
        fields = {field: value for field, value in fields.items() if issue.get(field) != value}
        if not fields:
            return None
        self.tick()
        entry: Row = {"id": self.made("history"), "createdAt": self.stamp, "issueId": issue["id"], "actorId": by or self.bot["id"]}
        for field, value in fields.items():
            before = issue.get(field)
            if field == "labelIds":
                entry["addedLabelIds"] = [one for one in value if one not in before]
                entry["removedLabelIds"] = [one for one in before if one not in value]
            elif field == "description":
                entry["updatedDescription"] = True
            elif field in (
                "stateId",
                "assigneeId",
                "cycleId",
                "projectId",
                "parentId",
                "teamId",
                "priority",
                "estimate",
                "dueDate",
                "title",
            ):
                name = field[0].upper() + field[1:]
                entry[f"from{name}"], entry[f"to{name}"] = before, value
            issue[field] = value
        if not quiet:
            issue["wasUpdatedAt"], issue["updatedAt"] = issue["updatedAt"], self.stamp
            self.tables["history"][entry["id"]] = entry
            return entry
        return None

    def move_to_state(self, issue: Row, name: str, **more: Any) -> None:
        team = self.tables["teams"][issue["teamId"]]
        self.edit(issue, stateId=self.state(team, name), **more)
        kind = dict(STATES)[name]
        if kind == "started" and not issue.get("startedAt"):
            issue["startedAt"] = self.stamp
        issue["completedAt"] = self.stamp if kind == "completed" else None
        issue["canceledAt"] = self.stamp if kind in ("canceled", "duplicate") else None

    def move_to_team(self, issue: Row, team: Row) -> None:
        """Move an issue to another team: its id stays, its identifier changes, the old one is remembered."""
        name = self.tables["states"][issue["stateId"]]["name"]
        team["count"] += 1
        issue["previousIdentifiers"] = [*issue["previousIdentifiers"], issue["identifier"]]
        issue["identifier"] = f"{team['key']}-{team['count']}"
        self.edit(issue, teamId=team["id"], stateId=self.state(team, name))

    def archive(self, issue: Row, *, trashed: bool = False) -> None:
        entry = self.edit(issue, archivedAt=self.stamp, trashed=trashed or None)
        assert entry is not None
        entry["archived"], entry["trashed"] = True, trashed or None

    def restore(self, issue: Row) -> None:
        entry = self.edit(issue, archivedAt=None, trashed=None)
        if entry is not None:
            entry["archived"] = False

    def delete(self, issue: Row) -> None:
        """Remove an issue for good, with what hangs on it; its sub-issues lose their parent."""
        id_ = issue["id"]
        self.tick()
        del self.tables["issues"][id_]
        for table in ("relations", "comments", "attachments", "history"):
            rows = self.tables[table]
            for key in [key for key, row in rows.items() if id_ in (row.get("issueId"), row.get("relatedIssueId"))]:
                del rows[key]
        for other in self.tables["issues"].values():
            if other.get("parentId") == id_:
                self.edit(other, parentId=None)

    def comment(self, issue: Row, body: str, **fields: Any) -> Row:
        """Comment without moving the issue's own clock."""
        return self.add("comments", **{"issueId": issue["id"], "body": body, "userId": self.bot["id"], **fields})

    def relate(self, one: Row, other: Row, kind: str = "blocks") -> Row:
        """Relate two issues without moving their clocks."""
        return self.add("relations", type=kind, issueId=one["id"], relatedIssueId=other["id"])

    # --- loading

    @classmethod
    def from_answer(cls, answer: Row, *, now: dt.datetime) -> Site:
        """Return the workspace that a saved GraphQL answer shows (its shape is told at the top of this module)."""
        site = cls(start=now)
        data = answer["data"]
        for team in _nodes(data, "teams"):
            site.tables["teams"][team["id"]] = {**site._blank(now), "visibility": "public", "members": set(), "count": 0, **team}
        for cycle in _nodes(data, "cycles"):
            site._take("cycles", cycle)
        for initiative in _nodes(data, "initiatives"):
            site._take("initiatives", {key: value for key, value in initiative.items() if key != "projects"})
            for project in _nodes(initiative, "projects"):
                site.add("initiative_projects", initiativeId=initiative["id"], projectId=project["id"])
        for project in _nodes(data, "projects"):
            site._load_project(project)
        relations: dict[str, Row] = {}
        for issue in _nodes(data, "issues"):
            site._load_issue(issue, relations)
        site.tables["relations"] = relations
        site.now = now
        return site

    def _blank(self, now: dt.datetime) -> Row:
        return {"createdAt": iso(now), "updatedAt": iso(now), "archivedAt": None}

    def _take(self, table: str, row: Row) -> str:
        """Store a row without its lists; objects in it become references, and rows of their own where they have a table."""
        flat = {**self._blank(self.now), **self.tables[table].get(row["id"], {})}
        for field, value in row.items():
            target = _NESTED.get(field)
            if isinstance(value, dict) and "nodes" in value:
                continue
            if isinstance(value, dict) and field in _NESTED and target is not None:
                flat[f"{field}Id"] = value["id"]
                if target:
                    self._take(target, {"app": False, **value} if target == "users" else value)
            else:
                flat[field] = value
        self.tables[table][row["id"]] = flat
        return str(row["id"])

    def _load_project(self, project: Row) -> None:
        id_ = self._take("projects", project)
        row = self.tables["projects"][id_]
        row.setdefault("slugId", project["url"].rsplit("/", 1)[-1])
        row.update(teamIds=[team["id"] for team in _nodes(project, "teams")], labelIds=row.get("labelIds", []))
        for update in _nodes(project, "projectUpdates"):
            self._take("project_updates", {**update, "updatedAt": update["createdAt"], "projectId": id_})

    def _load_issue(self, issue: Row, relations: dict[str, Row]) -> None:
        id_ = self._take("issues", issue)
        row = self.tables["issues"][id_]
        row.setdefault("syncedWith", [])
        row["labelIds"] = [self._take("labels", {"isGroup": False, **label}) for label in _nodes(issue, "labels")]
        self.tables["states"][row["stateId"]]["teamId"] = row["teamId"]
        for comment in _nodes(issue, "comments"):
            self._take("comments", {**comment, "updatedAt": comment["createdAt"], "issueId": id_})
        for entry in _nodes(issue, "history"):
            self._take("history", {**entry, "issueId": id_})
            for state in (entry.get("fromState"), entry.get("toState")):
                if state:
                    self.tables["states"][state["id"]]["teamId"] = row["teamId"]
            for label in entry.get("addedLabels") or ():
                self._take("labels", {"isGroup": False, **label})
        for relation in _nodes(issue, "relations"):
            relations[relation["id"]] = {
                **self._blank(self.now), "id": relation["id"], "type": relation["type"], "issueId": id_, "relatedIssueId": relation["relatedIssue"]["id"],
            }  # fmt: skip


def _nodes(row: Row, name: str) -> list[Row]:
    return list(row.get(name, {}).get("nodes", ()))


def iso(moment: dt.datetime) -> str:
    """Return an instant as Linear spells it."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""What a made-up Jira answers: routes, rights and paging of Cloud and Data Center, refusing what the real ones refuse."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import jql
from .site import Site, ms, words_of

TOKEN_LIFE = 7 * 86_400_000
CLOUD_FIELDS = {"jql", "nextPageToken", "maxResults", "fields", "expand", "properties", "fieldsByKeys", "failFast", "reconcileIssues"}
CENTER_FIELDS = {"jql", "startAt", "maxResults", "validateQuery", "fields", "expand"}
WINDOW = 10_000
FRIENDLY = {"labels", "summary", "duedate", "priority", "fixVersions", "components", "description"}


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


@dataclass
class Said:
    """One answer before it is put on the wire."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class RefuseError(Exception):
    """Answer with a status and Jira's form of an error."""

    def __init__(self, status: int, *messages: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, messages)
        self.said = Said(status, {"errorMessages": list(messages), "errors": {}}, headers or {})


class Api:
    """Routes of one site. `cap` is the most issues a page holds, `cloud` decides which Jira this is."""

    def __init__(self, site: Site, *, cloud: bool, cap: int, credentials: set[str], blobs: bool) -> None:
        self.site, self.cloud, self.cap, self.blobs = site, cloud, cap, blobs
        self.credentials = credentials
        self.silent = False  # a wrong token is treated as nobody, with 200
        self.denied: dict[str, int] = {}  # part of a path → status
        self.fewer = False  # pages shorter than asked
        self.bulk_cut = 1000  # history entries a page of the bulk call holds at most
        self.inline_cut = 10**9  # history entries inside a search answer

    def answer(self, asked: Asked) -> Said:
        """Answer one request."""
        for part, status in self.denied.items():
            if part in asked.path:
                return Said(status, {"errorMessages": ["You do not have permission."], "errors": {}})
        known = asked.headers.get("authorization", "") in self.credentials
        headers = {"X-Seraph-LoginReason": "OK" if known else "AUTHENTICATED_FAILED"}
        if not known and not self.silent:
            return Said(401, "Client must be authenticated to access this resource.", headers)
        try:
            said = self._route(asked, known)
        except RefuseError as no:
            said = no.said
        except jql.BadJqlError as no:
            said = RefuseError(400, str(no)).said
        said.headers = {**headers, **said.headers}
        return said

    def _route(self, asked: Asked, known: bool) -> Said:
        api = "/rest/api/3" if self.cloud else "/rest/api/2"
        path, method = asked.path, asked.method
        if path == "/rest/api/2/serverInfo" or path == f"{api}/serverInfo":
            return Said(
                body={
                    "baseUrl": "https://jira.example",
                    "version": "1001.0.0" if self.cloud else "10.3.2",
                    "deploymentType": "Cloud" if self.cloud else "Server",
                }
            )
        if path == "/gateway/api/graphql" and self.cloud and method == "POST":
            return Said(body=self._graphql(asked.body, asked.headers))
        if path == "/_edge/tenant_info" and self.cloud:
            return Said(body={"cloudId": "11111111-2222-3333-4444-555555555555"})
        if path.startswith("/rest/agile/1.0/"):
            return self._agile(path.removeprefix("/rest/agile/1.0"), asked.query)
        if not path.startswith(api + "/"):
            raise RefuseError(404, "null for uri")
        route = (method, re.sub(r"/(issue|project)/(?!search$)[^/]+", r"/\1/*", path.removeprefix(api)))
        if route == ("GET", "/myself"):
            if not known:
                raise RefuseError(401, "Client must be authenticated")
            account = dict(self.site.account)
            if not self.cloud:
                account = {
                    "key": account["accountId"],
                    "name": "bot",
                    "displayName": account["displayName"],
                    "timeZone": account["timeZone"],
                }
            return Said(body=account)
        if route == ("GET", "/field"):
            return Said(body=self._fields() if known else [])
        if route == ("GET", "/status"):
            return Said(body=list(self.site.statuses.values()))
        if route == ("GET", "/issuetype"):
            return Said(body=[self._type(kind) for kind in self.site.types.values()])
        if route[1] in ("/search/jql", "/search") and method in ("GET", "POST"):
            return self._search(asked, route[1], known)
        if route == ("POST", "/search/approximate-count") and self.cloud:
            test, _ = self._parse(asked.body["jql"])
            return Said(body={"count": sum(map(test, self.site.rows())) if known else 0})
        if route == ("POST", "/changelog/bulkfetch") and self.cloud:
            return self._bulk(asked.body, known)
        if route == ("GET", "/issue/*/changelog") and self.cloud:
            entries = self._issue(path)["histories"]
            start, size = int(asked.query.get("startAt", 0)), min(int(asked.query.get("maxResults", 100)), 100)
            values = entries[start : start + size]
            return Said(
                body={"values": values, "startAt": start, "maxResults": size, "total": len(entries), "isLast": start + size >= len(entries)}
            )
        if route == ("GET", "/project/search") and self.cloud:
            return Said(body=self._table(list(self.site.projects.values()), asked.query, most=100))
        if route == ("GET", "/project") and not self.cloud:
            return Said(body=list(self.site.projects.values()))
        if route == ("GET", "/project/*"):
            key = path.rsplit("/", 1)[1]
            place = next((p for p in self.site.projects.values() if key in (p["key"], p["id"], *p.get("old_keys", ()))), None)
            if place is None:
                raise RefuseError(404, f"No project could be found with key '{key}'.")
            return Said(body=place)
        return self._write(method, route[1], path, asked)

    # --- search ---------------------------------------------------------------------------------------------------

    def _known(self, field_: str, value: str) -> bool:
        folded = value.casefold()
        if field_ == "project":
            return any(folded in (p["key"].casefold(), str(p["id"])) for p in self.site.projects.values())
        if field_ == "id":
            return value in self.site.indexed and value not in self.site.restricted
        if field_ == "issuetype":
            return any(folded in (name.casefold(), str(kind["id"])) for name, kind in self.site.types.items())
        if field_ == "status":
            return any(folded in (name.casefold(), str(status["id"])) for name, status in self.site.statuses.items())
        if field_ in ("key", "labels", "summary", "sprint", "assignee", "reporter"):
            return True
        raise jql.BadJqlError(f"Field '{field_}' does not exist or you do not have permission to view it.")

    def _parse(self, text: str) -> tuple[Callable[[dict[str, Any]], bool], list[tuple[str, bool]]]:
        test, order = jql.parse(text or "", zone=self.site.account["timeZone"], known=self._known)
        if test is None:
            if self.cloud:
                raise RefuseError(400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
            return (lambda _: True), order
        return test, order

    def _search(self, asked: Asked, route: str, known: bool) -> Said:
        if self.cloud and route == "/search":
            raise RefuseError(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")
        if not self.cloud and route == "/search/jql":
            raise RefuseError(404, "null for uri")
        given: dict[str, Any] = dict(asked.query) if asked.method == "GET" else dict(asked.body)
        if strange := set(given) - (CLOUD_FIELDS if self.cloud else CENTER_FIELDS):
            raise RefuseError(400, f"Unrecognized field {sorted(strange)}")
        test, order = self._parse(given.get("jql", ""))
        rows = sorted((row for row in self.site.rows() if test(row)), key=lambda row: row["sort"]) if known else []
        for name, descending in reversed(order):
            rows.sort(key=lambda row: row["sort"] if name == "key" else row[name], reverse=descending)
        fields = given.get("fields", [])
        fields = fields.split(",") if isinstance(fields, str) else list(fields)
        size = int(given.get("maxResults", 50))
        expand = given.get("expand", "")
        changelog = "changelog" in (expand.split(",") if isinstance(expand, str) else expand)
        if self.cloud:
            return self._page_by_token(given, rows, order, fields, size, changelog)
        start = int(given.get("startAt", 0))
        if start + size > WINDOW and start >= WINDOW:
            raise RefuseError(400, "Search limit exceeded: startAt is beyond the result window")
        page = rows[start : start + min(size, self.cap)]
        shown = [self._issue_shown(row, fields or ["*navigable"], changelog) for row in page]
        return Said(body={"startAt": start, "maxResults": min(size, self.cap), "total": len(rows), "issues": shown})

    def _page_by_token(
        self,
        given: dict[str, Any],
        rows: list[dict[str, Any]],
        order: list[tuple[str, bool]],
        fields: list[str],
        size: int,
        changelog: bool,
    ) -> Said:
        narrow = set(fields or ["id"]) <= {"id", "key"}
        size = max(1, min(size, 5000 if narrow else self.cap))
        if self.fewer:
            size = max(1, size // 2)
        mark = hashlib.md5(given.get("jql", "").encode(), usedforsecurity=False).hexdigest()

        def place(row: dict[str, Any]) -> list[Any]:
            return [list(row["sort"]) if name == "key" else row[name] for name, _ in order] + [list(row["sort"])]

        if given.get("nextPageToken"):
            try:
                token = json.loads(base64.urlsafe_b64decode(given["nextPageToken"]))
            except ValueError:
                raise RefuseError(400, "The provided next page token is invalid.") from None
            if token["query"] != mark or ms(self.site.clock()) - token["at"] > TOKEN_LIFE:
                raise RefuseError(400, "The provided next page token is invalid or expired.")
            rows = [row for row in rows if place(row) > token["after"]]
        page, rest = rows[:size], rows[size:]
        body: dict[str, Any] = {"issues": [self._issue_shown(row, fields or ["id"], changelog) for row in page], "isLast": not rest}
        if rest:
            token = {"query": mark, "after": place(page[-1]), "at": ms(self.site.clock())}
            body["nextPageToken"] = base64.urlsafe_b64encode(json.dumps(token).encode()).decode()
        return Said(body=body)

    def _issue_shown(self, row: dict[str, Any], wanted: list[str], changelog: bool) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": row["issue"], "key": row["shown"], "self": f"https://jira.example/rest/api/issue/{row['issue']}"}
        if wanted == ["id"] and self.cloud:
            return {"id": row["issue"]}
        fields = row["fields"] if self.cloud else self._center(row)
        everything = "*all" in wanted or "*navigable" in wanted
        shown["fields"] = {name: value for name, value in fields.items() if everything or name in wanted}
        if changelog:
            entries = row["histories"]
            cut = entries[-min(self.inline_cut, 40 if self.cloud else 10**9) :] if entries else []
            if not self.cloud:
                cut = [
                    {key: value for key, value in entry.items() if key != "author"} | {"author": _center_person(entry.get("author"))}
                    for entry in cut
                ]
                cut = [entry | {"items": [{k: v for k, v in item.items() if k != "fieldId"} for item in entry["items"]]} for entry in cut]
            shown["changelog"] = {"startAt": 0, "maxResults": len(cut), "total": len(entries), "histories": cut}
        return shown

    def _bulk(self, body: dict[str, Any], known: bool) -> Said:
        ids = body["issueIdsOrKeys"]
        if not 1 <= len(ids) <= 1000 or set(body) - {"issueIdsOrKeys", "maxResults", "nextPageToken", "fieldIds"}:
            raise RefuseError(400, "issueIdsOrKeys must hold 1 to 1000 issues")
        size = min(int(body.get("maxResults", 1000)), 10_000, self.bulk_cut)
        start = int(body.get("nextPageToken") or 0)
        visible = {row["issue"] for row in self.site.rows()} if known else set()
        issues = [self.site.issues[id_] for id_ in ids if id_ in self.site.issues and id_ in visible]
        flat = [(issue["id"], entry) for issue in issues for entry in issue["histories"]]
        found: dict[str, list[dict[str, Any]]] = {}
        for id_, entry in flat[start : start + size]:
            found.setdefault(id_, []).append(entry | {"created": ms(entry["created"])})
        more = {"nextPageToken": str(start + size)} if start + size < len(flat) else {}
        return Said(body={"issueChangeLogs": [{"issueId": id_, "changeHistories": entries} for id_, entries in found.items()], **more})

    # --- tables ---------------------------------------------------------------------------------------------------

    def _fields(self) -> list[dict[str, Any]]:
        system = [
            {"id": name, "key": name, "name": name.title(), "custom": False, "schema": {"type": "string", "system": name}}
            for name in sorted(FRIENDLY)
        ]
        rows = system + [row for row in self.site.fields if row.get("custom", True)]
        if not self.cloud:
            rows += [
                {
                    "id": "customfield_10101",
                    "name": "Epic Link",
                    "custom": True,
                    "schema": {"custom": "com.pyxis.greenhopper.jira:gh-epic-link"},
                },
                {
                    "id": "customfield_10102",
                    "name": "Parent Link",
                    "custom": True,
                    "schema": {"custom": "com.atlassian.jpo:jpo-custom-field-parent"},
                },
                {
                    "id": "customfield_10103",
                    "name": "Epic Name",
                    "custom": True,
                    "schema": {"custom": "com.pyxis.greenhopper.jira:gh-epic-label"},
                },
            ]
        return rows

    def _type(self, kind: dict[str, Any]) -> dict[str, Any]:
        return kind if self.cloud else {key: value for key, value in kind.items() if key != "hierarchyLevel"}

    def _center(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return fields as Data Center shows them: wiki text, names for people, sprint texts, epic and parent links."""
        fields = {key: value for key, value in row["fields"].items() if key not in ("parent", "statuscategorychangedate")}
        if isinstance(fields.get("description"), dict):
            fields["description"] = words_of(fields["description"])
        for name in ("assignee", "reporter"):
            fields[name] = _center_person(fields.get(name))
        kind = fields.get("issuetype") or {}
        if kind:
            fields["issuetype"] = self._type(kind)
        parent = self.site.issues.get(str((row["fields"].get("parent") or {}).get("id", "")))
        if parent is not None:
            if kind.get("subtask"):
                fields["parent"] = {"id": parent["id"], "key": parent["key"]}
            elif (parent["fields"].get("issuetype") or {}).get("hierarchyLevel") == 1:
                fields["customfield_10101"] = parent["key"]
            else:
                fields["customfield_10102"] = {"data": {"id": parent["id"], "key": parent["key"]}, "hasEpicLinkFieldDependency": False}
        if kind.get("hierarchyLevel") == 1:
            fields["customfield_10103"] = fields.get("summary")
        sprint = self.site.sprint_field()
        if self.blobs and fields.get(sprint):
            fields[sprint] = [_blob(one) for one in fields[sprint]]
        return fields

    def _table(self, rows: list[dict[str, Any]], query: dict[str, str], *, most: int) -> dict[str, Any]:
        start, size = int(query.get("startAt", 0)), min(int(query.get("maxResults", 50)), most)
        return {
            "startAt": start,
            "maxResults": size,
            "total": len(rows),
            "isLast": start + size >= len(rows),
            "values": rows[start : start + size],
        }

    def _agile(self, path: str, query: dict[str, str]) -> Said:
        if path == "/board":
            wanted = query.get("projectKeyOrId")
            boards = [
                b for b in self.site.boards if not wanted or wanted in (str(b["location"]["projectId"]), b["location"].get("projectKey"))
            ]
            return Said(body=self._table(boards, query, most=50))
        match = re.fullmatch(r"/board/(\d+)/sprint", path)
        board = next((b for b in self.site.boards if match and str(b["id"]) == match[1]), None)
        if board is None:
            raise RefuseError(404, "Board does not exist or you do not have permission to view it.")
        if board["type"] == "kanban":
            raise RefuseError(400, "The board does not support sprints")
        sprints = [sprint for sprint in self.site.sprints.values() if str(sprint.get("originBoardId")) == str(board["id"])]
        body = self._table(sprints, query, most=50)
        body.pop("total")
        return Said(body=body)

    def _graphql(self, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        if "x-experimentalapi" not in headers and "optIn" not in body["query"]:
            return {"errors": [{"message": "This field is experimental and needs an opt-in"}]}
        start, size = int(body["variables"].get("after") or 0), int(body["variables"].get("first") or 50)
        edges = [{"node": goal} for goal in self.site.goals[start : start + size]]
        more = start + size < len(self.site.goals)
        return {"data": {"goals_search": {"edges": edges, "pageInfo": {"hasNextPage": more, "endCursor": str(start + size)}}}}

    # --- one issue ------------------------------------------------------------------------------------------------

    def _issue(self, path: str) -> dict[str, Any]:
        name = path.split("/issue/", 1)[1].split("/", 1)[0]
        issue = next((i for i in self.site.issues.values() if name in (i["id"], i["key"]) or self.site.old_keys.get(name) == i["id"]), None)
        if issue is None or issue["id"] in self.site.restricted:
            raise RefuseError(404, "Issue does not exist or you do not have permission to see it.")
        return issue

    def _write(self, method: str, route: str, path: str, asked: Asked) -> Said:
        issue = self._issue(path) if "/issue/" in path else {}
        id_ = issue.get("id", "")
        body = asked.body
        if (method, route) == ("GET", "/issue/*"):
            shown = self._issue_shown(_shown(issue), asked.query.get("fields", "*all").split(","), changelog=False)
            return Said(body=shown)
        if (method, route) == ("PUT", "/issue/*"):
            labels = set(issue["fields"].get("labels") or ())
            for change in body.get("update", {}).get("labels", ()):
                labels = labels | {change["add"]} if "add" in change else labels - {change["remove"]}
            changed = dict(body.get("fields", {}))
            if "labels" in body.get("update", {}):
                changed["labels"] = sorted(labels)
            self.site.edit(id_, author={key: self.site.account[key] for key in ("accountId", "displayName")}, **changed)
            return Said(204)
        if route == "/issue/*/comment":
            comments = self.site.comments.setdefault(id_, [])
            if method == "GET":
                start, size = int(asked.query.get("startAt", 0)), int(asked.query.get("maxResults", 50))
                return Said(body={"comments": comments[start : start + size], "startAt": start, "maxResults": size, "total": len(comments)})
            if isinstance(body["body"], dict) != self.cloud:
                raise RefuseError(400, "Comment body is not valid!")
            comments.append(
                {"id": str(70_000 + len(comments)), "author": {"accountId": self.site.account["accountId"]}, "body": body["body"]}
            )
            self.site.edit(id_, silent=True)
            return Said(201, comments[-1])
        if re.fullmatch(r"/issue/\*/comment/\d+", route) and method == "DELETE":
            gone = path.rsplit("/", 1)[1]
            self.site.comments[id_] = [comment for comment in self.site.comments.get(id_, []) if comment["id"] != gone]
            return Said(204)
        if route == "/issue/*/remotelink":
            links = self.site.remote_links.setdefault(id_, {})
            if method == "GET":
                wanted = asked.query.get("globalId")
                if wanted and wanted not in links:
                    raise RefuseError(404, "No remote issue link")
                return Said(body=links[wanted] if wanted else list(links.values()))
            if method == "DELETE":
                links.pop(asked.query["globalId"], None)
                return Said(204)
            old = links.get(body.get("globalId", ""))
            links[body["globalId"]] = {
                "id": old["id"] if old else 80_000 + len(links),
                "globalId": body["globalId"],
                "object": body["object"],
            }
            return Said(200 if old else 201, {"id": links[body["globalId"]]["id"]})
        if route.startswith("/issue/*/properties/"):
            key = (id_, path.rsplit("/", 1)[1])
            if method == "PUT":
                created = key not in self.site.properties
                self.site.properties[key] = body
                return Said(201 if created else 200)
            if key not in self.site.properties:
                raise RefuseError(404, "The property does not exist")
            if method == "DELETE":
                del self.site.properties[key]
                return Said(204)
            return Said(body={"key": key[1], "value": self.site.properties[key]})
        raise RefuseError(404, "null for uri")


def _shown(issue: dict[str, Any]) -> dict[str, Any]:
    return {"issue": issue["id"], "shown": issue["key"], "fields": issue["fields"], "histories": issue["histories"]}


def _center_person(person: dict[str, Any] | None) -> dict[str, Any] | None:
    if not person:
        return None
    return {"name": person["accountId"], "key": person["accountId"], "displayName": person.get("displayName", ""), "active": True}


def _blob(sprint: dict[str, Any]) -> str:
    parts = {
        "id": sprint["id"],
        "rapidViewId": sprint.get("boardId", 1),
        "state": str(sprint.get("state", "")).upper(),
        "name": sprint.get("name", ""),
        "goal": sprint.get("goal", ""),
    }
    return f"com.atlassian.greenhopper.service.sprint.Sprint@1f[{','.join(f'{key}={value}' for key, value in parts.items())}]"

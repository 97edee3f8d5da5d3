"""Linear's GraphQL endpoint on loopback for the tests: it executes the real queries, bills them, limits them, and can fail.

Built on graphql-core over `linear_slice.graphql`. Real: cursors, filters, archived rows left out unless asked for, private and
granted teams, the price rule and its cap, leaky buckets with their headers, the shapes of all errors. `faults` are given
requests to spoil; `between` is called before each request, so that data changes during a pull.
"""

from __future__ import annotations

import base64
import datetime as dt
import email.utils
import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import graphql
from linear_site import Row, Site, iso

SLICE = Path(__file__).parent / "linear_slice.graphql"
ROOTS = {
    "issues": "issues", "comments": "comments", "cycles": "cycles", "initiatives": "initiatives", "teams": "teams", "users": "users",
    "workflowStates": "states", "issueLabels": "labels", "projectLabels": "project_labels", "projectMilestones": "milestones",
    "projects": "projects", "projectRelations": "project_relations", "projectUpdates": "project_updates", "issueRelations": "relations",
    "initiativeToProjects": "initiative_projects", "initiativeUpdates": "initiative_updates",
}  # fmt: skip
OBJECTS = {
    "Issue": "issues", "Team": "teams", "User": "users", "WorkflowState": "states", "IssueLabel": "labels", "ProjectLabel": "project_labels",
    "Cycle": "cycles", "ProjectMilestone": "milestones", "Project": "projects", "Initiative": "initiatives",
}  # fmt: skip


@dataclass
class Reply:
    """What goes over the line; `cut` sends fewer bytes than promised, `drop` closes without a word, `wait` holds back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    drop: bool = False
    wait: threading.Event | None = None


Fault = Callable[[str, Reply], Reply]  # (name of the operation, the true reply) -> what is sent instead


class Refusal(Exception):  # noqa: N818
    """A refusal with its GraphQL shape."""

    def __init__(
        self, status: int, code: str, message: str, *, kind: str = "", said: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers or {}
        extensions = {"code": code, "type": kind or code.lower(), "userError": True, "userPresentableMessage": said or message}
        self.body = {"errors": [{"message": message, "extensions": extensions}], "data": None}


@cache
def schema() -> graphql.GraphQLSchema:
    return graphql.build_schema(SLICE.read_text(encoding="utf-8"))


@cache
def parsed(text: str) -> tuple[graphql.DocumentNode, tuple[str, ...]]:
    document = graphql.parse(text)
    return document, tuple(error.message for error in graphql.validate(schema(), document))


def price(document: graphql.DocumentNode, variables: dict[str, Any]) -> int:
    """Return what a query costs: a scalar 0.1, an object 1, a connection times its `first` (50 by default), rounded up."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, graphql.FragmentDefinitionNode)}
    operation = next(node for node in document.definitions if isinstance(node, graphql.OperationDefinitionNode))

    def fields(selections: graphql.SelectionSetNode) -> Iterator[graphql.FieldNode]:
        for node in selections.selections:
            if isinstance(node, graphql.FieldNode):
                yield node
            elif isinstance(node, graphql.InlineFragmentNode):
                yield from fields(node.selection_set)
            else:
                yield from fields(fragments[node.name.value].selection_set)

    def points(node: graphql.FieldNode) -> float:
        if node.selection_set is None:
            return 0.1
        below = list(fields(node.selection_set))
        if not any(part.name.value in ("nodes", "edges") for part in below):
            return 1 + sum(points(part) for part in below)
        first = next((argument.value for argument in node.arguments or () if argument.name.value == "first"), None)
        times = (
            50 if first is None else variables.get(first.name.value, 50) if isinstance(first, graphql.VariableNode) else int(first.value)
        )
        rows = sum(points(part) for part in below if part.name.value in ("nodes", "edges"))
        return times * rows + sum(points(part) for part in below if part.name.value not in ("nodes", "edges"))

    return math.ceil(round(sum(points(node) for node in fields(operation.selection_set)), 6))


class Bucket:
    """A leaky bucket: what is taken comes back at a steady rate, all of it in an hour."""

    def __init__(self, limit: float) -> None:
        self.limit, self.left, self.at = limit, limit, None

    def take(self, amount: float, now: dt.datetime) -> bool:
        if self.at is not None:
            self.left = min(self.limit, self.left + self.limit * max(0.0, (now - self.at).total_seconds()) / 3600)
        self.at = now
        if amount > self.left:
            return False
        self.left -= amount
        return True

    def headers(self, name: str, now: dt.datetime) -> dict[str, str]:
        reset = now + dt.timedelta(seconds=3600 * (1 - self.left / self.limit))
        return {
            f"X-RateLimit-{name}-Limit": f"{self.limit:g}",
            f"X-RateLimit-{name}-Remaining": str(int(self.left)),
            f"X-RateLimit-{name}-Reset": str(int(reset.timestamp() * 1000)),
        }


class FakeLinear:
    """The endpoint over a Site. Tokens: `lin_api_…` as they are, `lin_oauth_…` as Bearer."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.tokens: dict[str, str] = {"lin_api_good": site.bot["id"]}  # token -> user
        self.granted: dict[str, set[str]] = {}  # user -> ids of the only teams it sees
        self.cap = 10_000
        self.charge = 1.0  # how the price differs from the published rule
        self.points, self.requests = Bucket(3_000_000), Bucket(2_500)
        self.skew = dt.timedelta()  # of the Date header
        self.lag = dt.timedelta()  # until filters on updatedAt notice a change
        self.limits_clock: Callable[[], dt.datetime] | None = None
        self.faults: list[Fault | None] = []  # one a request, from the next one on; None = answer well
        self.always: Fault | None = None
        self.between: Callable[[], None] | None = None
        self.asked: list[tuple[str, dict[str, Any], int]] = []  # operation, variables, price
        self.refused: list[str] = []
        self._lock = threading.Lock()

    # --- one request

    def answer(self, headers: Any, body: bytes) -> Reply:
        """Return the reply to one POST, spoiled if a fault is due."""
        with self._lock:
            if self.between is not None:
                self.between()
            operation, reply = self._true_answer(headers, body)
            fault = self.faults.pop(0) if self.faults else self.always
            return fault(operation, reply) if fault is not None else reply

    def _true_answer(self, headers: Any, body: bytes) -> tuple[str, Reply]:
        now = self.limits_clock() if self.limits_clock else self.site.now
        stamps = {
            "Date": email.utils.format_datetime(self.site.now + self.skew, usegmt=True),
            "Content-Type": "application/json; charset=utf-8",
        }
        operation = ""
        try:
            user = self._user(headers.get("Authorization", ""))
            request = json.loads(body)
            document, errors = parsed(request["query"])
            variables = request.get("variables") or {}
            definition = next(node for node in document.definitions if isinstance(node, graphql.OperationDefinitionNode))
            operation = definition.name.value if definition.name else ""
            if errors:
                self.refused.append(f"{operation}: {errors[0]}")
                raise Refusal(400, "GRAPHQL_VALIDATION_FAILED", errors[0])
            cost = price(document, variables)
            charged = math.ceil(cost * self.charge)
            self.asked.append((operation, variables, cost))
            if charged > self.cap:
                said = f"Complexity: {charged}. Maximum allowed complexity: {self.cap}."
                raise Refusal(400, "INPUT_ERROR", "Query too complex", kind="invalid input", said=said)
            fits = self.requests.take(1, now) and self.points.take(charged, now)
            stamps |= {**self.requests.headers("Requests", now), **self.points.headers("Complexity", now), "X-Complexity": str(charged)}
            if not fits:
                raise Refusal(400, "RATELIMITED", "Rate limit exceeded", kind="ratelimited")
            result = graphql.execute(schema(), document, variable_values=variables, field_resolver=_Resolver(self, user))
            assert isinstance(result, graphql.ExecutionResult)
            if result.errors:
                refusal = result.errors[0].original_error
                if isinstance(refusal, Refusal):
                    raise refusal
                raise result.errors[0].original_error or result.errors[0]
            reply = Reply(200, json.dumps({"data": result.data}).encode())
        except Refusal as refusal:
            reply = Reply(refusal.status, json.dumps(refusal.body).encode())
            stamps |= refusal.headers
        reply.headers = {**stamps, **reply.headers}
        return operation, reply

    def _user(self, value: str) -> str:
        token = value.removeprefix("Bearer ")
        right = token in self.tokens and value.startswith("Bearer ") == token.startswith("lin_oauth_")
        if not right:
            raise Refusal(401, "AUTHENTICATION_ERROR", "Authentication required, not authenticated", kind="authentication error")
        return self.tokens[token]

    def sees_team(self, user: str, team: str | None) -> bool:
        row = self.site.tables["teams"].get(team or "")
        if row is None:
            return False
        if user in self.granted:
            return team in self.granted[user]
        return not row["private"] or user in row["members"]

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on loopback; give the address."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                assert self.path == "/graphql"
                assert self.headers["Content-Type"] == "application/json"
                self._send(fake.answer(self.headers, body))

            def _send(self, reply: Reply) -> None:
                if reply.wait is not None:
                    reply.wait.wait(5)
                if reply.drop or reply.wait is not None:
                    self.close_connection = True
                    return
                self.send_response_only(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body) + (100 if reply.cut else 0)))
                self.end_headers()
                self.wfile.write(reply.body)
                if reply.cut:
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                """Stay quiet."""

        Handler.wbufsize = 1 << 16
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/graphql"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Resolver:
    """Resolve fields for one user."""

    def __init__(self, fake: FakeLinear, user: str) -> None:
        self.fake, self.user, self.tables = fake, user, fake.site.tables

    def __call__(self, source: Any, info: graphql.GraphQLResolveInfo, **args: Any) -> Any:
        name, parent = info.field_name, info.parent_type.name
        if parent == "Query":
            return self._root(name, args)
        if parent == "Mutation":
            return _Mutations(self.fake, self).run(name, args)
        if parent == "Issue" and name in ("history", "attachments"):
            rows = [row for row in self.tables[name].values() if row["issueId"] == source["id"]]
            return self._connection([row for row in rows if _matches(args.get("filter") or {}, row, self.tables)], args)
        if parent == "Project" and name == "teams":
            return self._connection([self.tables["teams"][id_] for id_ in source["teamIds"]], args)
        if parent == "Team" and name == "issueCount":
            rows = (row for row in self.tables["issues"].values() if row["teamId"] == source["id"])
            return sum(1 for row in rows if args.get("includeArchived") or not row["archivedAt"])
        if isinstance(source, dict):
            if name in source:
                return source[name]
            named = graphql.get_named_type(info.return_type).name
            if f"{name}Id" in source and named in OBJECTS:
                return self.tables[OBJECTS[named]].get(source[f"{name}Id"] or "")
            if f"{name.removesuffix('Id')}Id" in source:
                return source[f"{name.removesuffix('Id')}Id"]
        return _blank(info.return_type)

    def _root(self, name: str, args: Row) -> Any:
        if name == "viewer":
            return self.tables["users"][self.user]
        if name == "organization":
            return self.fake.site.organization
        if name == "issue":
            return self.issue(args["id"])
        if name == "rateLimitStatus":
            return {"kind": "api", "limits": []}
        rows = [row for row in self.tables[ROOTS[name]].values() if self.visible(name, row)]
        if not args.get("includeArchived"):
            rows = [row for row in rows if not row.get("archivedAt")]
        wanted = args.get("filter") or {}
        return self._connection([row for row in rows if _matches(wanted, self._indexed(row, wanted), self.tables)], args)

    def _indexed(self, row: Row, wanted: Row) -> Row:
        """Return a row as the index has it: a late one still tells the clock before the last change."""
        if not self.fake.lag or "updatedAt" not in wanted or row["updatedAt"] <= iso(self.fake.site.now - self.fake.lag):
            return row
        return {**row, "updatedAt": row.get("wasUpdatedAt", "")}

    def issue(self, id_: str) -> Row:
        """Return an issue by id or identifier; refuse as Linear does."""
        for row in self.tables["issues"].values():
            if id_ in (row["id"], row["identifier"]) and self.visible("issues", row):
                return row
        raise Refusal(200, "INPUT_ERROR", "Entity not found: Issue", kind="invalid input", said="Could not find referenced Issue.")

    def visible(self, name: str, row: Row) -> bool:
        fake = self.fake
        if name in ("issues", "cycles"):
            return fake.sees_team(self.user, row["teamId"])
        if name == "teams":
            return fake.sees_team(self.user, row["id"])
        if name == "workflowStates":
            return fake.sees_team(self.user, row.get("teamId"))
        if name == "projects":
            return any(fake.sees_team(self.user, team) for team in row["teamIds"])
        if name in ("comments", "issueRelations"):
            ends = [row.get("issueId"), *([row["relatedIssueId"]] if "relatedIssueId" in row else [])]
            issues = [self.tables["issues"].get(end or "") for end in ends]
            return all(issue is not None and fake.sees_team(self.user, issue["teamId"]) for issue in issues)
        return True

    def _connection(self, rows: list[Row], args: Row) -> Row:
        """Return a page: newest first by creation (or update), from after the cursor on."""
        order = args.get("orderBy") or "createdAt"
        rows.sort(key=lambda row: (row.get(order, ""), row["id"]), reverse=True)
        first = args.get("first", 50)
        if not 0 <= first <= 250:
            raise Refusal(400, "INPUT_ERROR", "Argument Validation Error - first must not be greater than 250", kind="invalid input")
        if args.get("after"):
            try:
                mark = tuple(json.loads(base64.b64decode(args["after"])))
            except ValueError:
                raise Refusal(400, "INPUT_ERROR", "Argument Validation Error - after is not a cursor", kind="invalid input") from None
            rows = [row for row in rows if (row.get(order, ""), row["id"]) < mark]
        part = rows[:first]
        cursor = base64.b64encode(json.dumps([part[-1].get(order, ""), part[-1]["id"]]).encode()).decode() if part else None
        return {"nodes": part, "pageInfo": {"hasNextPage": len(rows) > first, "endCursor": cursor}}


def _blank(kind: Any) -> Any:
    """Return what a row that says nothing of a field has there: null, or the empty value where null is not allowed."""
    if not isinstance(kind, graphql.GraphQLNonNull):
        return None
    if isinstance(kind.of_type, graphql.GraphQLList):
        return []
    return {"String": "", "ID": "", "Float": 0.0, "Int": 0, "Boolean": False, "ProjectMilestoneStatus": "unstarted"}.get(str(kind.of_type))


def _matches(wanted: Row, row: Row, tables: dict[str, dict[str, Row]]) -> bool:
    """Tell whether a row passes a filter."""
    for name, test in wanted.items():
        if name == "and":
            right = all(_matches(one, row, tables) for one in test)
        elif name == "or":
            right = any(_matches(one, row, tables) for one in test)
        elif name in ("team", "issue", "project"):
            table = {"team": "teams", "issue": "issues", "project": "projects"}[name]
            other = tables[table].get(row.get(f"{name}Id") or "")
            right = other is not None and _matches(test, other, tables)
        else:
            right = all(_compares(kind, row.get(name), value) for kind, value in test.items())
        if not right:
            return False
    return True


def _compares(kind: str, value: Any, wanted: Any) -> bool:
    return {
        "eq": lambda: value == wanted,
        "in": lambda: value in wanted,
        "eqIgnoreCase": lambda: str(value).lower() == wanted.lower(),
        "gte": lambda: value >= wanted,
        "gt": lambda: value > wanted,
        "lte": lambda: value <= wanted,
        "lt": lambda: value < wanted,
    }[kind]()


class _Mutations:
    """Writes: an id that exists is refused, a card of the same issue and address is updated, labels are a set."""

    def __init__(self, fake: FakeLinear, resolver: _Resolver) -> None:
        self.site, self.resolver = fake.site, resolver

    def run(self, name: str, args: Row) -> Row:
        return {"success": True, **getattr(self, f"_{name}")(**args)}

    def _new(self, table: str, given: Row) -> Row:
        if given.get("id") in self.site.tables[table]:
            raise Refusal(400, "INPUT_ERROR", f"{table[:-1]} with this id already exists", kind="invalid input")
        return self.site.add(table, **given)

    def _commentCreate(self, input: Row) -> Row:  # noqa: A002, N802 - Linear's own spelling
        issue = self.resolver.issue(input["issueId"])
        return {"comment": self._new("comments", {**input, "issueId": issue["id"], "userId": self.resolver.user})}

    def _attachmentCreate(self, input: Row) -> Row:  # noqa: A002, N802
        issue = self.resolver.issue(input["issueId"])
        for row in self.site.tables["attachments"].values():
            if (row["issueId"], row["url"]) == (issue["id"], input["url"]):
                row.update({key: value for key, value in input.items() if key not in ("id", "issueId")}, updatedAt=self.site.stamp)
                return {"attachment": row}
        return {"attachment": self._new("attachments", {**input, "issueId": issue["id"]})}

    def _issueLabelCreate(self, input: Row) -> Row:  # noqa: A002, N802
        return {"issueLabel": self._new("labels", {"isGroup": False, "parentId": None, "teamId": None, **input})}

    def _issueAddLabel(self, id: str, labelId: str) -> Row:  # noqa: A002, N802, N803
        issue = self.resolver.issue(id)
        if labelId not in issue["labelIds"]:
            self.site.edit(issue, labelIds=[*issue["labelIds"], labelId])
        return {"issue": issue}

    def _issueRemoveLabel(self, id: str, labelId: str) -> Row:  # noqa: A002, N802, N803
        issue = self.resolver.issue(id)
        self.site.edit(issue, labelIds=[one for one in issue["labelIds"] if one != labelId])
        return {"issue": issue}

    def _commentDelete(self, id: str) -> Row:  # noqa: A002, N802
        self.site.tables["comments"].pop(id, None)
        return {}

    def _attachmentDelete(self, id: str) -> Row:  # noqa: A002, N802
        self.site.tables["attachments"].pop(id, None)
        return {}

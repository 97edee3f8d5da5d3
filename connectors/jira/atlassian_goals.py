"""Goals of Atlassian Home, by its GraphQL gateway: the only way to them, still marked experimental."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Any

import msgspec

from okrbot.model import Day, Goals, KeyResult, Objective, SourceError, clean
from okrbot.words import fold

from ..http import Sender

# A narrow query first fails nowhere; the wide one is asked for and given up when the gateway does not know a field.
_WIDE = "id key name description isArchived creationDate startDate url targetDate { label } status { value score } owner { ... on AtlassianAccountUser { accountId } } parentGoal { id } goalType { key }"
_NARROW = "id key name targetDate { label } status { value score } owner { ... on AtlassianAccountUser { accountId } }"
_QUERY = """query Goals($container: ID!, $first: Int, $after: String) {
  goals_search(containerId: $container, searchString: "", first: $first, after: $after, sort: [HIERARCHY_ASC]) @optIn(to: "Townsquare") {
    edges { node { FIELDS } }
    pageInfo { hasNextPage endCursor }
  }
}"""
_PATH = "/gateway/api/graphql"
_PAGE = 50
_STATES = {
    "on track": "on_track",
    "at risk": "at_risk",
    "off track": "off_track",
    "done": "done",
    "completed": "done",
    "cancelled": "dropped",
    "canceled": "dropped",
}


class _Tenant(msgspec.Struct):
    id: str = msgspec.field(name="cloudId")


class _Connection(msgspec.Struct):
    edges: list[dict[str, Any]] | None = None
    page: dict[str, Any] | None = msgspec.field(name="pageInfo", default=None)


class _Data(msgspec.Struct):
    goals: _Connection | None = msgspec.field(name="goals_search", default=None)


class _Reply(msgspec.Struct):
    data: _Data | None = None
    errors: list[dict[str, Any]] | None = None


class _UnknownFieldError(Exception):
    """The gateway does not know a field that was asked for."""


def read(sender: Sender) -> Goals:
    """Return all goals, those whose type says so as key results, the others as objectives. Raises SourceError."""
    if "/ex/jira/" in sender.base:
        raise SourceError("goals are not behind the cloud-id address; use an unscoped token for them", code="token")
    container = f"ari:cloud:townsquare::site/{sender.read('/_edge/tenant_info', msgspec.json.Decoder(_Tenant).decode)[0].id}"
    try:
        nodes = _all(sender, container, _WIDE)
    except _UnknownFieldError:
        nodes = _all(sender, container, _NARROW)
    objectives: list[Objective] = []
    key_results: list[KeyResult] = []
    for node in nodes:
        if re.search(r"key.?result|\bkr\b", str((node.get("goalType") or {}).get("key", "")).casefold()):
            key_results.append(_key_result(node))
        else:
            objectives.append(_objective(node))
    return Goals(objectives=tuple(objectives), key_results=tuple(key_results))


def _all(sender: Sender, container: str, fields: str) -> list[dict[str, Any]]:
    decode = msgspec.json.Decoder(_Reply).decode
    nodes: list[dict[str, Any]] = []
    after, seen = None, set[str]()
    while True:
        body = {"query": _QUERY.replace("FIELDS", fields), "variables": {"container": container, "first": _PAGE, "after": after}}
        reply = sender.read(_PATH, decode, method="POST", body=body)[0]
        if reply.errors or reply.data is None or reply.data.goals is None:
            said = "; ".join(str(error.get("message", "")) for error in reply.errors or ())[:200] or "nothing came back"
            if fields == _WIDE and re.search(r"field|undefined|validation", said, re.IGNORECASE):
                raise _UnknownFieldError(said)
            raise SourceError(f"the gateway says: {said}", code="token")
        nodes += [edge["node"] for edge in reply.data.goals.edges or () if isinstance(edge.get("node"), dict)]
        page = reply.data.goals.page or {}
        after = page.get("endCursor")
        if not page.get("hasNextPage"):
            return nodes
        if not after or after in seen:
            raise SourceError("the gateway repeats a page of goals", code="protocol")
        seen.add(after)


def _objective(node: dict[str, Any]) -> Objective:
    due = _label(node)
    return Objective(
        id=str(node.get("id", "")),
        title=clean(str(node.get("name") or "")),
        cycle=due,
        parent=str((node.get("parentGoal") or {}).get("id", "")),
        owner=str((node.get("owner") or {}).get("accountId", "")),
        status=_status(node),
        body=clean(str(node.get("description") or "")),
        archived=bool(node.get("isArchived")),
        url=str(node.get("url") or ""),
        where=str(node.get("key") or ""),
    )


def _key_result(node: dict[str, Any]) -> KeyResult:
    return KeyResult(
        id=str(node.get("id", "")),
        objective=str((node.get("parentGoal") or {}).get("id", "")),
        title=clean(str(node.get("name") or "")),
        start=str(node.get("startDate") or "")[:10],
        due=last_day(_label(node)),
        owner=str((node.get("owner") or {}).get("accountId", "")),
        status=_status(node),
        archived=bool(node.get("isArchived")),
        url=str(node.get("url") or ""),
        where=str(node.get("key") or ""),
    )


def _label(node: dict[str, Any]) -> str:
    return str((node.get("targetDate") or {}).get("label") or "")


def _status(node: dict[str, Any]) -> str:
    """Return our word for a state; labels and enums differ by place, so case, blanks and underscores do not count."""
    return _STATES.get(fold(str((node.get("status") or {}).get("value") or "")), "")


def last_day(label: str) -> Day:
    """Return the last day a target label means ("Oct-Dec 2026", "December 2026", "31 Dec 2026", "2026"), "" when it says none."""
    months = {name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name}
    text = label.strip()
    if found := re.fullmatch(r"(\d{4}-\d\d-\d\d).*", text):
        return found[1]
    year = re.search(r"\b(20\d\d)\b", text)
    if not year:
        return ""
    named = [months[word[:3].casefold()] for word in re.findall(r"[A-Za-z]{3,}", text) if word[:3].casefold() in months]
    month = named[-1] if named else 12
    if quarter := re.search(r"\bQ([1-4])\b", text):
        month = int(quarter[1]) * 3
    day = re.search(r"\b([0-2]?\d|3[01])\b(?!\d)", text.replace(year[1], "", 1)) if named else None
    last = calendar.monthrange(int(year[1]), month)[1]
    return dt.date(int(year[1]), month, min(int(day[1]), last) if day and int(day[1]) > 0 else last).isoformat()

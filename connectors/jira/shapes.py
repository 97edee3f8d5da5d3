"""What Jira answers, as typed structures with only the fields that are needed; the decoder skips all others.

None of them can point back to itself, so the garbage collector need not look at them (`gc=False`): with a hundred thousand
issues that is a tenth of the time.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

Moment = Annotated[dt.datetime, Meta(tz=True)]


class Named(Struct, gc=False):
    name: str | None = None
    id: str | int | None = None


class IssueType(Struct, gc=False):
    name: str | None = None
    id: str | int | None = None
    subtask: bool | None = None
    level: int | None = msgspec.field(name="hierarchyLevel", default=None)


class Category(Struct, gc=False):
    key: str | None = None
    name: str | None = None


class Status(Struct, gc=False):
    name: str | None = None
    id: str | int | None = None
    category: Category | None = msgspec.field(name="statusCategory", default=None)


class Ref(Struct, gc=False):
    id: str | int | None = None
    key: str | None = None


class Person(Struct, gc=False):
    account_id: str | None = msgspec.field(name="accountId", default=None)
    key: str | None = None
    name: str | None = None
    shown: str | None = msgspec.field(name="displayName", default=None)
    kind: str | None = msgspec.field(name="accountType", default=None)


class LinkType(Struct, gc=False):
    name: str | None = None
    inward: str | None = None
    outward: str | None = None


class IssueLink(Struct, gc=False):
    id: str | int | None = None
    type: LinkType | None = None
    inward: Ref | None = msgspec.field(name="inwardIssue", default=None)
    outward: Ref | None = msgspec.field(name="outwardIssue", default=None)


class Node(Struct, gc=False):
    """A node of an Atlassian document."""

    type: str | None = None
    text: str | None = None
    content: list[Node] | None = None
    attrs: dict[str, Any] | None = None


class Comment(Struct, gc=False):
    id: str | int
    author: Person | None = None
    body: str | Node | None = None
    created: Moment | None = None


class Comments(Struct, gc=False):
    """The comments inside an issue; where there are many, Jira gives the first of them and how many there are."""

    comments: list[Comment] | None = None
    total: int | None = None


class SprintRef(Struct, gc=False):
    """A sprint as an issue shows it; beyond the id nothing is asked of its shape."""

    id: str | int | None = None
    name: Any = None
    state: Any = None
    start: Any = msgspec.field(name="startDate", default=None)
    end: Any = msgspec.field(name="endDate", default=None)
    completed: Any = msgspec.field(name="completeDate", default=None)
    goal: Any = None


class SprintTable(Struct, gc=False):
    id: str | int
    name: str | None = None
    state: str | None = None
    start: str | None = msgspec.field(name="startDate", default=None)
    end: str | None = msgspec.field(name="endDate", default=None)
    completed: str | None = msgspec.field(name="completeDate", default=None)
    goal: str | None = None
    board: str | int | None = msgspec.field(name="originBoardId", default=None)


class Fields(Struct, gc=False):
    """The fields every Jira has; `reader` adds the site's custom ones."""

    summary: str | None = None
    issuetype: IssueType | None = None
    status: Status | None = None
    project: Ref | None = None
    parent: Ref | None = None
    created: Moment | None = None
    updated: Moment | None = None
    duedate: str | None = None
    resolutiondate: Moment | None = None
    moved: Moment | None = msgspec.field(name="statuscategorychangedate", default=None)
    description: str | Node | None = None
    labels: list[str] | None = None
    components: list[Named] | None = None
    versions: list[Named] | None = msgspec.field(name="fixVersions", default=None)
    links: list[IssueLink] | None = msgspec.field(name="issuelinks", default=None)
    priority: Named | None = None
    assignee: Person | None = None
    reporter: Person | None = None
    resolution: Named | None = None
    security: Named | None = None
    comment: Comments | None = None


class HistoryItem(Struct, gc=False):
    field: str | None = None
    field_id: str | None = msgspec.field(name="fieldId", default=None)
    before: str | None = msgspec.field(name="from", default=None)
    before_text: str | None = msgspec.field(name="fromString", default=None)
    after: str | None = msgspec.field(name="to", default=None)
    after_text: str | None = msgspec.field(name="toString", default=None)


class History(Struct, gc=False):
    id: str | int
    created: str | int | float | None = None
    author: Person | None = None
    items: list[HistoryItem] | None = None


class Changelog(Struct, gc=False):
    """The history that comes inside an issue; Cloud cuts it, so `total` is compared with what came."""

    histories: list[History] | None = None
    total: int | None = None


class ChangelogPage(Struct, gc=False):
    """`GET /issue/{id}/changelog`, oldest first."""

    values: list[History] | None = None
    total: int | None = None
    is_last: bool | None = msgspec.field(name="isLast", default=None)


class IssueHistory(Struct, gc=False):
    issue: str | int = msgspec.field(name="issueId")
    histories: list[History] | None = msgspec.field(name="changeHistories", default=None)


class BulkChangelog(Struct, gc=False):
    issues: list[IssueHistory] | None = msgspec.field(name="issueChangeLogs", default=None)
    token: str | None = msgspec.field(name="nextPageToken", default=None)


class Count(Struct, gc=False):
    count: int


class Bare(Struct, gc=False):
    """An issue of which only the id was asked."""

    id: str | int


class Dated(Struct, gc=False):
    created: Moment | None = None


class BareDated(Struct, gc=False):
    id: str | int
    fields: Dated | None = None


class Table(Struct, gc=False):
    """A page of one of the small tables that Jira offers by offset."""

    values: list[Raw] | None = None
    is_last: bool | None = msgspec.field(name="isLast", default=None)
    total: int | None = None
    start: int | None = msgspec.field(name="startAt", default=None)


def envelope(issue: Any) -> type[Any]:
    """Return the structure of one page of search results whose issues are `issue`, for Cloud and Data Center alike."""
    return msgspec.defstruct(
        "Found",
        [
            ("issues", list[issue]),
            ("token", str | None, None),
            ("is_last", bool | None, None),
            ("total", int | None, None),
            ("warnings", Any, None),
        ],
        rename={"token": "nextPageToken", "is_last": "isLast"},
        gc=False,
    )


BARE = msgspec.json.Decoder(envelope(Bare))
BARE_DATED = msgspec.json.Decoder(envelope(BareDated))
RAW = msgspec.json.Decoder(envelope(Raw))

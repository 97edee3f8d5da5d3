"""Reads issues whole: with all their history, comments and relations, so that one page replaces all that was stored of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from okrbot.model import Change, Link, Note, Page, Problem, SourceError

from . import shapes
from .changes import changes, parent_ids
from .client import Client
from .rows import aliases, comment_note, issue_item, issue_links
from .workspace import Workspace

S = TypeVar("S", bound=msgspec.Struct)

ENTRIES = 16  # of history asked for with an issue; longer histories are read on
MORE_ENTRIES = 120  # of history asked for when reading on
BATCH = 40  # ids in one filter


class Reader:
    """Turns undecoded issues into pages. `problems` and `bad` name the rows that could not be read."""

    def __init__(self, client: Client, space: Workspace, *, history: bool) -> None:
        self._client, self._space, self._history = client, space, history
        self.problems: list[Problem] = []
        self.bad: set[str] = set()  # ids

    @property
    def query(self) -> str:
        """Return the document that asks for what `whole` reads."""
        return "details" if self._history else "issues"

    @property
    def variables(self) -> dict[str, Any]:
        """Return the variables of that document beside filter and page."""
        return {"entries": ENTRIES} if self._history else {}

    def light(self, nodes: Sequence[msgspec.Raw]) -> Page:
        """Return issues as they are now, without history and comments."""
        issues = self.decoded(nodes, shapes.Issue)
        self._space.know(issues, ())
        items = [issue_item(issue, self._space.tables, history=False) for issue in issues]
        return Page(items=items, links=self._links(issues), aliases=aliases(issues))

    def whole(self, nodes: Sequence[msgspec.Raw]) -> Page:
        """Return issues with all their history, comments and relations. Sends queries for what one answer did not hold."""
        issues = self.decoded(nodes, shapes.Issue)
        histories = {issue.id: self._entries(issue) for issue in issues} if self._history else {}
        self._space.know(issues, [entry for entries in histories.values() for entry in entries])
        keys = self._parent_keys(issues, histories.values())
        tables = self._space.tables
        found: list[Change] = []
        for issue in issues:
            found += changes(issue, histories.get(issue.id, ()), tables, keys)
        notes = self._comments([issue.id for issue in issues])
        items = [issue_item(issue, tables, history=self._history) for issue in issues]
        return Page(
            items=items,
            changes=found,
            links=self._links(issues),
            notes=notes,
            notes_complete="comments" not in self._space.closed,
            aliases=aliases(issues),
        )

    def decoded(self, nodes: Sequence[msgspec.Raw], kind: type[S], where: str = "") -> list[S]:
        """Return rows decoded; one that cannot be is named as a problem and makes the pull partial."""
        rows = []
        for node in nodes:
            try:
                rows.append(msgspec.json.decode(node, type=kind))
            except msgspec.DecodeError as trouble:
                id_, name = _naming(node)
                if id_ in self.bad:
                    continue
                self.bad.add(id_)
                key = where or name
                text = f"{self._client.name}: {key or kind.__name__} has another shape than expected and was left out ({trouble})"
                self.problems.append(Problem(code="bad_row", message=text, where=key, partial=True))
        return rows

    def _entries(self, issue: shapes.Issue) -> list[shapes.History]:
        """Return the whole history of an issue, read on where the first page was cut."""
        page = issue.history
        if page is None:
            raise SourceError(f"{self._client.name}: Linear left out the history of {issue.identifier}", code="protocol")
        entries = {entry.id: entry for entry in page.nodes}
        if page.page_info.has_next_page:
            after = page.page_info.end_cursor
            if not after:
                raise SourceError(f"{self._client.name}: Linear cut the history of {issue.identifier} and gave no cursor", code="protocol")
            for rows in self._client.pages("history", after=after, most=MORE_ENTRIES, issue=issue.id):
                entries.update((entry.id, entry) for entry in self.decoded(rows.nodes, shapes.History, issue.identifier))
        return list(entries.values())

    def _comments(self, ids: Sequence[str]) -> list[Note]:
        notes: dict[str, Note] = {}
        if ids:
            for rows in self._space.shown("comments", partial=True, filter={"issue": {"id": {"in": list(ids)}}}):
                for comment in self.decoded(rows.nodes, shapes.Comment):
                    notes[comment.id] = comment_note(comment, self._space.tables)
        return list(notes.values())

    def _parent_keys(self, issues: Sequence[shapes.Issue], histories: Iterable[Iterable[shapes.History]]) -> dict[str, str]:
        """Return the identifiers of the issues that were parents, asking for those not on the page."""
        keys = {issue.id: issue.identifier for issue in issues}
        missing = sorted({id_ for entries in histories for id_ in parent_ids(entries)} - keys.keys())
        for start in range(0, len(missing), BATCH):
            for rows in self._client.pages("identifiers", filter={"id": {"in": missing[start : start + BATCH]}}):
                keys.update((end.id, end.identifier or "") for end in self.decoded(rows.nodes, shapes.IssueEnd))
        return keys

    def _links(self, issues: Sequence[shapes.Issue]) -> list[Link]:
        return [link for issue in issues for link in issue_links(issue, self._space.tables)]


class _Names(msgspec.Struct):
    id: Any = ""
    identifier: Any = ""


def _naming(node: msgspec.Raw) -> tuple[str, str]:
    """Return the id and the identifier of a row that cannot be decoded, as far as it has them."""
    try:
        names = msgspec.json.decode(node, type=_Names)
    except msgspec.DecodeError:
        return "", ""
    return str(names.id), str(names.identifier or names.id)[:80]

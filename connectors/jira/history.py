"""The change history of issues: in bulk on Cloud, inside the search answer on Data Center, topped up where it was cut."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from okrbot.model import Change, Item, Millis, Problem, SourceError, clean
from okrbot.words import fold, state_of

from ..http import RefusedError, Sender
from ..text import instant_millis
from . import shapes
from .links import kind_in_sentence
from .mend import forgiving
from .rows import account, author_kind
from .site import Who

BATCH = 500  # issues in one call; Jira takes 1,000, half keeps memory flat with eight calls in flight
ENTRIES = 2000  # history entries an answer
EMPTY_PAGES = 2  # in a row, that claim not to be the last
LONGEST = 4000  # letters kept of a text before and after
NO_BULK = (403, 404, 405)
MOST_LOOKS = 200  # issues a pull asks for one by one because the bulk call left them out
SOON: Millis = 5_000  # an issue that was edited later than this after its creation should have a history

# fieldId or, where Jira gives none, the folded display name → our word.
_BY_FIELD = {
    "status": "state", "parent": "parent", "issueparentassociation": "parent", "epic link": "parent", "parent link": "parent",
    "project": "backlog", "assignee": "assignee", "summary": "title", "description": "body", "duedate": "due", "due date": "due",
    "labels": "labels", "sprint": "sprint", "priority": "priority", "rank": "rank", "link": "link", "issuelinks": "link", "key": "key",
    "issuetype": "type", "issue type": "type", "fixversions": "version", "fix version": "version", "fix version s": "version",
    "resolution": "resolution", "story points": "estimate", "story point estimate": "estimate", "timeoriginalestimate": "estimate",
    "start date": "start", "target start": "start", "team": "team", "goals": "goal", "issuearchived": "archived", "archived": "archived",
}  # fmt: skip


def edited(items: Iterable[Item]) -> list[str]:
    """Return the ids of issues that were edited after they were made."""
    return [item.id for item in items if item.updated > item.created + SOON]


@dataclass(slots=True)
class Told:
    """History of some issues: `of` names those whose history is complete."""

    changes: list[Change] = field(default_factory=list)
    aliases: list[tuple[str, str]] = field(default_factory=list)
    of: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class Historian:
    """Reads and understands histories of one site."""

    def __init__(self, sender: Sender, who: Who, *, statuses: Mapping[str, tuple[str, str]], fields: Mapping[str, str]) -> None:
        self._sender = sender
        self._who = who
        self._statuses = statuses
        self._fields = fields
        self._bulk = True
        self._lock = threading.Lock()
        self._looks = 0
        self._leaves_out = False  # whether the bulk call was caught leaving out an issue that has a history
        self._decode = forgiving(msgspec.json.Decoder(shapes.BulkChangelog).decode)
        self._decode_page = forgiving(msgspec.json.Decoder(shapes.ChangelogPage).decode)

    def of(self, ids: list[str], edited: Collection[str] = ()) -> Told:
        """Return the whole history of issues by id. Raises SourceError.

        The bulk call may leave out issues without history; those of `edited` that it leaves out are looked up.
        """
        told = Told()
        for start in range(0, len(ids), BATCH):
            part = ids[start : start + BATCH]
            histories = self._in_bulk(part) if self._bulk else None
            for id_ in part:
                if histories is None:
                    one = self._one_by_one(id_, told)
                elif id_ in histories or id_ not in edited:
                    one = histories.get(id_, [])
                else:
                    one = self._looked_up(id_, told)
                if one is not None:
                    told.of.append(id_)
                    self.add(told, id_, one)
        return told

    def inside(self, changelogs: Iterable[tuple[str, shapes.Changelog]]) -> Told:
        """Return the history that came inside issues; one that Jira cut is named, and topped up where Jira can."""
        told = Told()
        for id_, changelog in changelogs:
            histories: list[shapes.History] | None = changelog.histories or []
            if changelog.total is not None and histories is not None and len(histories) < changelog.total:
                histories = self._one_by_one(id_, told)
            if histories is not None:
                told.of.append(id_)
                self.add(told, id_, histories)
        return told

    def _in_bulk(self, ids: list[str]) -> dict[str, list[shapes.History]] | None:
        """Return id → entries, merged over pages; None when this Jira has no bulk call for us."""
        found: dict[str, list[shapes.History]] = {}
        token, seen, empty = "", set[str](), 0
        while True:
            body: dict[str, object] = {"issueIdsOrKeys": ids, "maxResults": ENTRIES}
            if token:
                body["nextPageToken"] = token
            try:
                path = f"{self._who.api}/changelog/bulkfetch"
                page = self._sender.read(path, self._decode, method="POST", body=body)[0]
            except RefusedError as no:
                if no.status in NO_BULK and not token:
                    self._bulk = False
                    return None
                raise
            known = len(found)
            for issue in page.issues or ():
                found.setdefault(str(issue.issue), []).extend(issue.histories or ())
            if not page.token:
                return found
            if page.token in seen:
                raise self._endless("repeats a page token")
            empty = 0 if len(found) > known or any(issue.histories for issue in page.issues or ()) else empty + 1
            if empty > EMPTY_PAGES:
                raise self._endless("gives empty pages without end")
            seen.add(page.token)
            token = page.token

    def _looked_up(self, id_: str, told: Told) -> list[shapes.History] | None:
        """Return the entries of an issue that the bulk call left out, None with a problem when too many were.

        A comment edits an issue without a trace in its history, so most are left out rightly: as long as every look
        proves that, the bulk call is believed beyond MOST_LOOKS.
        """
        with self._lock:
            self._looks += 1
            spent, believed = self._looks > MOST_LOOKS, not self._leaves_out
        if spent and believed:
            return []
        if spent:
            told.problems.append(Problem("history_missing", "Jira's bulk call left out the change history of some issues", where=id_))
            return None
        found = self._one_by_one(id_, told)
        if found:
            self._leaves_out = True
        return found

    def _one_by_one(self, id_: str, told: Told) -> list[shapes.History] | None:
        """Return one issue's entries by offset, None with a problem when they cannot be had: Data Center has no such call."""
        missing = Problem("history_missing", "the change history of some issues cannot be read whole", where=id_)
        if not self._who.cloud:
            told.problems.append(missing)
            return None
        path = f"{self._who.api}/issue/{id_}/changelog"
        found: list[shapes.History] = []
        before: list[str] = []
        while True:
            try:
                params = {"startAt": len(found), "maxResults": 100}
                page = self._sender.read(path, self._decode_page, params=params, endpoint="GET changelog")[0]
            except RefusedError as no:
                if no.status not in (403, 404, 405):
                    raise
                told.problems.append(missing)
                return None
            ids = [str(entry.id) for entry in page.values or ()]
            if ids and ids == before:
                raise self._endless(f"gives the same page of issue {id_} again and again")
            before = ids
            found += page.values or ()
            if not page.values or page.is_last or (page.total is not None and len(found) >= page.total):
                return found

    def _endless(self, what: str) -> SourceError:
        return SourceError(f"{self._sender.name}: Jira's change history {what}; what was read is kept, try again later", code="protocol")

    def add(self, told: Told, issue: str, histories: Iterable[shapes.History]) -> None:
        """Add one issue's entries as changes; an entry met twice counts once."""
        met: set[str] = set()
        for entry in histories:
            entry_id = str(entry.id)
            if entry_id in met:
                continue
            met.add(entry_id)
            at, author = _moment(entry.created), entry.author
            kind = author_kind(author, self._who.own)
            items = entry.items or ()
            resolution = next((item.after_text or "" for item in items if (item.field_id or item.field) == "resolution"), "")
            for place, item in enumerate(items):
                told.changes.append(self._change(issue, f"{entry_id}.{place}", at, item, account(author), kind, resolution))
                if told.changes[-1].field == "key" and item.before_text:
                    told.aliases.append((issue, item.before_text))

    def _change(self, issue: str, id_: str, at: Millis, item: shapes.HistoryItem, author: str, author_kind: str, resolution: str) -> Change:
        word = self._word(item)
        before, after = item.before or "", item.after or ""
        before_text, after_text = item.before_text or "", item.after_text or ""
        match word:
            case "state":
                before, after = self._state(before, before_text, ""), self._state(after, after_text, resolution)
            case "assignee":
                before_text = after_text = ""  # people by opaque id only
            case "labels":
                before, after = (",".join(sorted(text.split())) for text in (before_text, after_text))
            case "sprint" | "goal":
                before, after = (",".join(part.strip() for part in text.split(",") if part.strip()) for text in (before, after))
            case "link":
                before, after = (
                    f"{kind_in_sentence(text)} {target}" if target else "" for target, text in ((before, before_text), (after, after_text))
                )
            case "title" | "body" | "estimate" | "priority" | "key" | "resolution" | "type" | "version" | "rank":
                before, after = before_text or before, after_text or after
            case "due" | "start":
                before, after = (before or before_text)[:10], (after or after_text)[:10]
                before_text = after_text = ""
            case _:
                pass
        return Change(
            issue,
            id_,
            at,
            word,
            clean(before[:LONGEST]),
            clean(after[:LONGEST]),
            clean(before_text[:LONGEST]),
            clean(after_text[:LONGEST]),
            author,
            author_kind,
        )

    def _word(self, item: shapes.HistoryItem) -> str:
        if item.field_id and (word := self._fields.get(item.field_id) or _BY_FIELD.get(item.field_id.lower())):
            return word
        name = item.field or item.field_id or ""
        return _BY_FIELD.get(fold(name)) or f"field:{name}"

    def _state(self, id_: str, name: str, resolution: str) -> str:
        if not id_ and not name:
            return ""
        known, category = self._statuses.get(id_, ("", ""))
        return state_of(name or known, category, resolution)


def _moment(value: str | float | None) -> Millis:
    try:
        return instant_millis(value)
    except ValueError:
        return 0

"""Asks Jira for issues page by page: by token on Cloud, by a moving lower bound on Data Center; stops when pages do not end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from okrbot.model import EPOCH, MILLISECOND, Millis, SourceError

from ..http import RefusedError, Sender
from . import jql, shapes
from .rows import Found
from .site import Who

LONGEST_ADDRESS = 1800  # letters of a query that still go into the address; longer ones are posted
EMPTY_PAGES = 2  # in a row, that claim not to be the last
DEPTH = 10_000  # rows that Data Center's search engine lets us skip
CENSUS_PAGE = {True: 5000, False: 1000}

Into = Callable[[bytes], Found]


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted of each issue: fields by id, how many a page, with the history inside or not."""

    fields: tuple[str, ...]
    size: int
    into: Into
    changelog: bool = False
    complete: Callable[[Found], None] | None = None  # fetches what an answer only holds in part


class Search:
    """Searches of one site with one account."""

    def __init__(self, sender: Sender, who: Who) -> None:
        self.sender = sender
        self.who = who

    def pages(self, clauses: str, field: str, ask: Ask, *, low: Millis, high: Millis = 0, enough: Millis = 0) -> Iterator[Found]:
        """Yield the pages of all issues with `low` <= `field` (< `high`), oldest first.

        `field` is created or updated. With `enough`, pages whose issues are all younger than that are not waited for.
        Raises SourceError when pages repeat, stay empty or never end.
        """
        walk = self._by_token if self.who.cloud else self._by_bound
        for found in walk(clauses, field, ask, low, high):
            yield found
            if enough and found.read and min(stamps(found, field), default=0) > enough:
                return

    def _by_token(self, clauses: str, field: str, ask: Ask, low: Millis, high: Millis) -> Iterator[Found]:
        query = jql.ordered(jql.both(clauses, jql.since(field, low), jql.before(field, high) if high else ""), field)
        token, empty = "", 0
        ids: tuple[str, ...] = ()
        seen: set[str] = set()
        while True:
            found = self._ask(query, ask, {"nextPageToken": token} if token else {})
            if ask.complete:
                ask.complete(found)
            if found.ids and found.ids == ids:
                raise self._broken("gives the same page again and again")
            ids = found.ids
            yield found
            if found.is_last or (not found.token and found.is_last is None):
                return
            if not found.token:
                raise self._broken("says that there is more and not where")
            if found.token in seen:
                raise self._broken("repeats a page token, so its pages would never end")
            empty = 0 if found.read else empty + 1
            if empty > EMPTY_PAGES:
                raise self._broken("gives empty pages without end")
            seen.add(found.token)
            token = found.token

    def _by_bound(self, clauses: str, field: str, ask: Ask, low: Millis, high: Millis) -> Iterator[Found]:
        """Move the lower bound to the last row's second and skip what was seen there, so that no row can shift past us."""
        skip, strikes = 0, 0
        seen: set[tuple[str, Millis]] = set()
        while True:
            query = jql.ordered(jql.both(clauses, jql.since(field, low), jql.before(field, high) if high else ""), field)
            found = self._ask(query, ask, {"startAt": skip})
            marks = list(zip(found.ids, stamps(found, field), strict=True))
            total, read = found.total, found.read
            without(found, {id_ for id_, stamp in marks if (id_, stamp) in seen})
            if ask.complete:
                ask.complete(found)
            if read == 0 and skip == 0 and total:
                raise self._broken(f"counts {total} issues and shows none")
            if read == 0 and total is not None and skip < total:
                strikes += 1  # rows went away in front of us: count again from the bound
                if strikes > EMPTY_PAGES:
                    raise self._broken("counts more issues than it shows")
                skip = 0
                continue
            yield found
            if read == 0 or (total is not None and skip + read >= total):
                return
            bound = max((stamp for _, stamp in marks), default=low) // 1000 * 1000
            if bound > low:
                low, skip = bound, 0
                seen = {mark for mark in marks if mark[1] >= bound}
            else:
                seen.update(marks)
                skip += read
                if skip >= DEPTH:
                    raise SourceError(
                        f"{self.sender.name}: more than {DEPTH} issues were {field} in the same second; read them in two sources, split by `jql`",
                        code="filter",
                    )

    def _ask(self, query: str, ask: Ask, place: dict[str, Any]) -> Found:
        path = f"{self.who.api}/search/jql" if self.who.cloud else f"{self.who.api}/search"
        params: dict[str, Any] = {"jql": query, "maxResults": ask.size, "fields": ",".join(ask.fields), **place}
        if ask.changelog:
            params["expand"] = "changelog"
        try:
            if sum(map(len, map(str, params.values()))) <= LONGEST_ADDRESS:
                return self.sender.read(path, ask.into, params=params, endpoint="GET search")[0]
            body = params | {"fields": list(ask.fields)}
            if ask.changelog and not self.who.cloud:
                body["expand"] = ["changelog"]
            return self.sender.read(path, ask.into, method="POST", body=body, endpoint="POST search")[0]
        except RefusedError as no:
            raise self._no(no) from None

    def count(self, clauses: str) -> int | None:
        """Return about how many issues a filter finds, None where Jira does not count. Raises SourceError."""
        try:
            if self.who.cloud:
                path = f"{self.who.api}/search/approximate-count"
                return self.sender.read(path, msgspec.json.Decoder(shapes.Count).decode, method="POST", body={"jql": clauses})[0].count
            ask = Ask(("id",), 0, bare)
            return self._ask(clauses, ask, {"startAt": 0}).total
        except RefusedError as no:
            if no.status in (403, 404, 405, 501):
                return None
            raise self._no(no) from None

    def any(self, clauses: str) -> bool:
        """Tell whether a filter finds anything. Raises SourceError."""
        return self._ask(clauses, Ask(("id",), 1, bare), {}).read > 0

    def newest(self, clauses: str) -> Millis:
        """Return when the youngest issue of a filter was created, 0 when there is none to see."""
        query = f"{jql.both(clauses, jql.since('created', 0))} ORDER BY created DESC"
        found = self._ask(query, Ask(("created",), 1, dated), {})
        return found.times[0] if found.times else 0

    def census(self, clauses: str) -> Iterator[Found]:
        """Yield pages of bare ids of all issues of a filter."""
        fields = ("id",) if self.who.cloud else ("created",)
        yield from self.pages(clauses, "created", Ask(fields, CENSUS_PAGE[self.who.cloud], bare if self.who.cloud else dated), low=0)

    def _broken(self, what: str) -> SourceError:
        return SourceError(f"{self.sender.name}: Jira's search {what}; what was read is kept, try again later", code="protocol")

    def _no(self, no: RefusedError) -> SourceError:
        if no.status == 400:
            return SourceError(f"{no} Check `jql` and `projects` of the source.", code="filter")
        if no.status == 410:
            return SourceError(f"{self.sender.name}: Jira removed this search (410); update okrbot", code="gone")
        return no


def bare(body: bytes) -> Found:
    """Read a page of issues of which only ids were asked."""
    page = shapes.BARE.decode(body)
    ids = tuple(str(issue.id) for issue in page.issues)
    return Found(ids=ids, read=len(ids), token=page.token or "", is_last=page.is_last, total=page.total)


def dated(body: bytes) -> Found:
    """Read a page of issues of which only the time of creation was asked."""
    try:
        page = shapes.BARE_DATED.decode(body)
    except msgspec.ValidationError:  # one odd time must not stop the pull; whoever reads that issue whole will name it
        found = bare(body)
        found.times = [0] * len(found.ids)
        return found
    ids = tuple(str(issue.id) for issue in page.issues)
    created = [issue.fields.created if issue.fields else None for issue in page.issues]
    times = [(moment - EPOCH) // MILLISECOND if moment else 0 for moment in created]
    return Found(ids=ids, read=len(ids), token=page.token or "", is_last=page.is_last, total=page.total, times=times)


def stamps(found: Found, field: str) -> list[Millis]:
    """Return when each issue of a page was created or updated, in the order of its ids; 0 where unknown."""
    if found.times:
        return found.times
    if field == "created":
        return [item.created for item in found.items]
    return [item.updated for item in found.items]


def without(found: Found, ids: Iterable[str]) -> None:
    """Take issues off a page."""
    gone = set(ids)
    if gone:
        found.items = [item for item in found.items if item.id not in gone]
        found.links = [link for link in found.links if link.item not in gone]
        found.notes = [note for note in found.notes if note.subject not in gone]
        found.talkative = [id_ for id_ in found.talkative if id_ not in gone]
        found.changelogs = [pair for pair in found.changelogs if pair[0] not in gone]
        keep = [place for place, id_ in enumerate(found.ids) if id_ not in gone]
        found.times = [found.times[place] for place in keep] if found.times else []
        found.ids = tuple(found.ids[place] for place in keep)

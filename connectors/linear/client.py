"""One credential's conversation with Linear: prices a query, keeps to the limits, understands refusals, walks pages."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from okrbot.model import Secret, SourceError, Surroundings

from ..addresses import credential
from ..http import Again, Answer, RefusedError, Sender
from . import documents
from .shapes import Connection, Failed, IssueEnd, Problem

T = TypeVar("T")

MOST_ROWS = 250  # Linear's page limit
QUERY_CAP = 10_000.0  # points of one query until the service names another limit
FILLED = 0.8  # share of the cap we plan for: our price follows the published rule, theirs may differ a little
RESERVE = 0.1  # share of the hourly allowance left to the other users of the key
REFILLED = 0.6  # share of the allowance waited for before going on after a stop
SHORT_WAIT = 30.0  # seconds waited for the allowance to refill; a longer pause is the scheduler's
EMPTY_PAGES = 3  # empty pages that promise more, in a row

_HEADERS = {"points": "X-RateLimit-Complexity", "requests": "X-RateLimit-Requests", "endpoint": "X-RateLimit-Endpoint-Requests"}
# Half of a two-part letter (an emoji cut in the middle): some JSON writers send it, no JSON reader takes it.
_HALVES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_TRANSIENT = ("internal", "lock timeout", "locktimeout", "network", "timeout", "bad_gateway", "service_unavailable")
_HIDDEN = ("forbidden", "feature not accessible", "featurenotaccessible", "feature_not_accessible")


class TooComplexError(SourceError):
    """A query the service finds too big to answer; a smaller page may pass."""


class HiddenError(SourceError):
    """Something this account or plan may not see."""


@dataclass(slots=True)
class Allowance:
    """What the service said we may still use of one kind, and when it said so."""

    limit: float
    left: float
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of a list: undecoded rows, and the cursor of the next page (None after the last)."""

    nodes: list[msgspec.Raw]
    cursor: str | None


def authorization(token: str) -> str:
    """Return the header's value: a personal API key is sent as it is, an OAuth token as Bearer."""
    return f"Bearer {token}" if token.startswith("lin_oauth_") else token


class Client:
    """Sends the documents of this folder. `points_spent` is the service's own count where it tells, else ours."""

    def __init__(
        self, url: str, token: Secret | None, surroundings: Surroundings, *, name: str, rows: int = MOST_ROWS, parallel: int = 2
    ) -> None:
        value = authorization(credential(token))
        secrets = (value, value.removeprefix("Bearer "))
        self._sender = Sender(
            url, surroundings, name=name, headers={"Authorization": value}, secrets=secrets, judge=self._judge, parallel=parallel
        )
        self.name = name
        self.cap = QUERY_CAP
        self.points_spent = 0
        self.queries = 0
        self.allowances: dict[str, Allowance] = {}
        self._clock, self._sleep = surroundings.clock, surroundings.sleep
        self._parallel = parallel
        self._rows = max(1, min(rows, MOST_ROWS))
        self._most: dict[str, int] = {}  # page sizes learned from refusals, by document
        self._dearer = 1.0  # how much more than our price the service charged at worst
        self._lock = threading.Lock()

    @property
    def server_clock(self) -> dt.datetime | None:
        """The service's own time of its latest answer."""
        return self._sender.server_clock

    def ask(self, name: str, into: Callable[[msgspec.Raw], T], **variables: Any) -> T:
        """Send a query that reads and return its `data` through `into`. Raises SourceError and its kinds above."""
        price = documents.cost(name, variables)
        self._wait_for(name, price)
        body = {"query": documents.document(name), "variables": variables}
        data, answer = self._sender.read("", _data, method="POST", body=body, endpoint="graphql")
        self._note(name, answer, price)
        try:
            return into(data)
        except msgspec.DecodeError as trouble:
            raise SourceError(
                f"{self.name}: Linear's answer to {name} has another shape than expected ({trouble})", code="protocol"
            ) from None

    def change(self, name: str, **variables: Any) -> msgspec.Raw:
        """Send a mutation, once. Raises UnsureError after a lost answer, SourceError when refused."""
        answer = self._sender.write("POST", "", body={"query": documents.document(name), "variables": variables}, endpoint="graphql")
        try:
            return _data(answer.body)
        except msgspec.DecodeError:
            raise SourceError(f"{self.name}: the answer to {name} could not be read; look before writing again", code="protocol") from None

    def pages(self, name: str, *, after: str | None = None, most: int = MOST_ROWS, ahead: bool = False, **variables: Any) -> Iterator[Rows]:
        """Yield the pages of a list document from cursor `after` on; with `ahead` the next one is fetched while this one is stored.

        Raises SourceError when the list does not end properly.
        """
        seen = {after} if after else set()
        empty = 0
        with ThreadPoolExecutor(1, "linear") if ahead and self._parallel > 1 else nullcontext() as pool:
            rows = self.page(name, after=after, most=most, **variables)
            while True:
                empty = 0 if rows.nodes else empty + 1
                sound = rows.cursor is not None and rows.cursor not in seen and empty < EMPTY_PAGES
                coming = pool.submit(self.page, name, after=rows.cursor, most=most, **variables) if pool and sound else None
                yield rows
                if rows.cursor is None:
                    return
                if rows.cursor in seen:
                    raise SourceError(f"{self.name}: Linear gave the same page of {name} twice; the pull stopped there", code="protocol")
                if empty >= EMPTY_PAGES:
                    raise SourceError(f"{self.name}: Linear sent {empty} empty pages of {name} that promise more", code="protocol")
                seen.add(rows.cursor)
                rows = coming.result() if coming else self.page(name, after=rows.cursor, most=most, **variables)

    def page(self, name: str, *, after: str | None, most: int = MOST_ROWS, **variables: Any) -> Rows:
        """Return one page, as many rows as the price allows; after a refusal for size half as many, down to one."""
        while True:
            first = self._first(name, most, variables)
            try:
                connection = self.ask(name, _connection, first=first, after=after, **variables)
            except TooComplexError:
                if first <= 1:
                    raise
                with self._lock:
                    self._most[name] = first // 2
                continue
            if not connection.page_info.has_next_page:
                return Rows(connection.nodes, None)
            if not connection.page_info.end_cursor:
                raise SourceError(f"{self.name}: Linear promised more of {name} but gave no cursor", code="protocol")
            return Rows(connection.nodes, connection.page_info.end_cursor)

    def rows(self, name: str, variables: Mapping[str, Any]) -> list[msgspec.Raw]:
        """Return the rows of a list document that names its own small page."""
        return self.ask(name, _connection, **variables).nodes

    def samples(self, filter_: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the identifiers of three issues that a filter lets through."""
        rows = self.page("identifiers", after=None, most=3, filter=dict(filter_))
        return tuple(msgspec.json.decode(node, type=IssueEnd).identifier or "" for node in rows.nodes)

    def _first(self, name: str, most: int, variables: Mapping[str, Any]) -> int:
        points = FILLED * self.cap / self._dearer
        return documents.fitting(name, variables, points=points, most=min(most, self._rows, self._most.get(name, MOST_ROWS)))

    def _wait_for(self, name: str, price: float) -> None:
        """Wait until the allowance covers `price`, at most half a minute. Raises SourceError with the time when it will."""
        now = self._clock()
        for kind, needed in (("points", price * self._dearer), ("requests", 1.0), (f"requests of {name}", 1.0)):
            known = self.allowances.get(kind)
            if known is None or known.limit <= 0:
                continue
            reserve = min(RESERVE * known.limit, max(known.limit - needed, 0.0))
            refilled = known.left + known.limit * (now - known.at).total_seconds() / 3600.0
            seconds = (needed + reserve - refilled) * 3600.0 / known.limit
            if seconds <= 0:
                continue
            if seconds > SHORT_WAIT:
                enough = max(needed + reserve, REFILLED * known.limit)  # going on one query later would stop again at once
                retry_at = now + dt.timedelta(seconds=(enough - refilled) * 3600.0 / known.limit)
                text = f"{self.name}: the hourly allowance of {kind} is nearly used up; the pull goes on where it stopped at {retry_at:%H:%M} UTC"
                raise SourceError(text, code="quota", retry_at=retry_at)
            self._sleep(seconds)

    def _note(self, name: str, answer: Answer, price: int) -> None:
        charged = _number(answer.headers.get("X-Complexity", ""))
        with self._lock:
            self.queries += 1
            self.points_spent += price if charged is None else round(charged)
            if charged is not None and price > 0:
                self._dearer = max(self._dearer, charged / price if price > 50 else 1.0)
            for kind, header in _HEADERS.items():
                limit, left = _number(answer.headers.get(f"{header}-Limit", "")), _number(answer.headers.get(f"{header}-Remaining", ""))
                if limit is not None and left is not None:
                    self.allowances[f"requests of {name}" if kind == "endpoint" else kind] = Allowance(limit, left, self._clock())

    def _judge(self, answer: Answer) -> Again | None:
        """Say what an answer with `errors` means, whatever its status. Raises SourceError where trying again is vain."""
        if b'"errors"' not in answer.body:
            return None
        try:
            failed = msgspec.json.decode(answer.body, type=Failed)
        except msgspec.DecodeError:
            return None
        if not failed.errors:
            return None
        first = failed.errors[0]
        code = ((first.extensions and first.extensions.code) or "").upper()
        word = ((first.extensions and first.extensions.type) or "").lower()
        said = self._said(first)
        if any(_limited(error) for error in failed.errors):
            return Again("RATELIMITED", self._reset(answer), code="quota")
        if "complex" in said.lower():
            self._learn_cap(said)
            raise TooComplexError(f"{self.name}: Linear finds even the smallest query too big: {said}", code="protocol")
        if answer.status == 401 or code == "AUTHENTICATION_ERROR" or word.startswith("authentication"):
            raise RefusedError(
                f"{self.name}: Linear does not accept the token: it is wrong, expired or revoked; make a new API key and put it in `token`",
                code="token",
                answer=answer,
            )
        if word in _HIDDEN or code in ("FORBIDDEN", "FEATURE_NOT_ACCESSIBLE") or answer.status == 403:
            raise HiddenError(f"{self.name}: this account may not see it: {said}", code="token")
        if answer.status >= 500 or word in _TRANSIENT or any(sign in f"{code.lower()} {word}" for sign in ("internal", "lock", "timeout")):
            return Again(f"Linear answered {said or code}")
        if bytes(failed.data) != b"null":
            return Again(f"Linear answered only a part: {said}", code="protocol")
        remedy = "; update okrbot" if "VALIDATION" in code else ""
        raise RefusedError(f"{self.name}: Linear refuses the query: {said}{remedy}", code="protocol", answer=answer)

    def _said(self, problem: Problem) -> str:
        text = (problem.extensions and problem.extensions.user_presentable_message) or problem.message
        if "complex" in problem.message.lower() and text != problem.message:
            text = f"{problem.message} ({text})"
        return self._sender.redact(" ".join(text.split()))[:200]

    def _learn_cap(self, said: str) -> None:
        found = re.search(r"maximum[^0-9]*([0-9][0-9,._ ]*)", said, re.IGNORECASE)
        digits = re.sub(r"\D", "", found.group(1)) if found else ""
        if digits:
            self.cap = max(100.0, float(digits))

    def _reset(self, answer: Answer) -> float | None:
        """Return the seconds until a limit gives way: Retry-After, or the latest reset of a limit that is used up."""
        now = answer.at or self._clock()
        after = _number(answer.headers.get("Retry-After", ""))
        waits = [after] if after is not None else []
        for header in _HEADERS.values():
            left, reset = _number(answer.headers.get(f"{header}-Remaining", "")), _number(answer.headers.get(f"{header}-Reset", ""))
            if reset is not None and (left is None or left < 1):
                waits.append(reset / 1000.0 - now.timestamp())  # milliseconds since the epoch
        return max(0.0, *waits) if waits else None


def _limited(problem: Problem) -> bool:
    extensions = problem.extensions
    return extensions is not None and ("RATELIMITED" in (extensions.code or "").upper() or (extensions.type or "").lower() == "ratelimited")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _data(body: bytes) -> msgspec.Raw:
    """Return the `data` of an answer. Raises ValidationError where there is none."""
    if b"\\ud" in body or b"\\uD" in body:
        body = _HALVES.sub(rb"\\ufffd", body)
    failed = msgspec.json.decode(body, type=Failed)
    if bytes(failed.data) == b"null":
        raise msgspec.ValidationError("no data")
    return failed.data


class _Inner(msgspec.Struct):
    rows: Connection


class _List(msgspec.Struct):
    rows: Connection | None = None
    issue: _Inner | None = None


def _connection(data: msgspec.Raw) -> Connection:
    """Return the list of a document, at its root or under an issue."""
    found = msgspec.json.decode(data, type=_List)
    rows = found.issue.rows if found.issue is not None else found.rows
    if rows is None:
        raise msgspec.ValidationError("no list")
    return rows

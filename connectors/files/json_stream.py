"""Walks JSON of any size record by record: pages, arrays, lines and single issues alike, and past damaged places.

A record is an object that is an issue, a project, an initiative or a bulk change log by its shape. What stands around
records (names, totals, page marks) is given as an envelope when its object ends.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

_CHUNK = 1 << 20
_LARGEST_RECORD = 1 << 26
_BLANK = re.compile(r"[\s,\x1e\ufeff]*")
_MAYBE_RECORD = re.compile(r'\{\s*"(?:expand|id|self|key|identifier|node|issueId|fields|cursor|number|title|createdAt)"\s*:')
_ISSUE_KEY = re.compile(r"^[A-Z][A-Z0-9_]*-\d+$")
_STUB = frozenset({"summary", "status", "priority", "issuetype"})  # what an issue tells of its sub-tasks
_LISTS = frozenset(
    {
        "issues",
        "issuesearch",
        "searchissues",
        "issuechangelogs",
        "projects",
        "initiatives",
        "nodes",
        "edges",
        "values",
        "results",
        "items",
        "records",
        "pages",
    }
)
_INSIDE_DATA = frozenset({"team", "teams", "viewer", "organization", "project", "cycle", "user", "initiative", "workspace", "activecycle"})
_DEEPEST = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """A decoded record, what it is (jira, linear, log, project, initiative, bare), and the line it starts on."""

    line: int
    shape: str
    value: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """What stood beside a list of records, and how many issues were in it."""

    values: dict[str, Any]
    issues: int


@dataclasses.dataclass(frozen=True, slots=True)
class Broken:
    """A place that is no JSON or no record."""

    line: int
    reason: str
    record: bool = True  # whether a record is lost by it


Event = Record | Envelope | Broken


def shape_of(value: Any, hint: str = "") -> str:
    """Return what an object is: jira, linear, log, project, initiative, bare (an issue's id alone), or ""."""
    if not isinstance(value, dict):
        return ""
    if isinstance(value.get("fields"), dict) and (isinstance(value.get("key"), str) or isinstance(value.get("id"), (str, int))):
        return "jira"
    if "issueId" in value and isinstance(value.get("changeHistories"), list):
        return "log"
    if hint.startswith("initiative") and "name" in value:
        return "initiative"
    if hint.startswith("project") and "name" in value:
        return "project"
    if isinstance(value.get("identifier"), str) and ("title" in value or "state" in value):
        return "linear"
    if value.get("fields") is None and not {"node", "data", "title", "identifier"} & value.keys():
        key = value.get("key")
        if (isinstance(key, str) and _ISSUE_KEY.match(key)) or (hint == "issues" and isinstance(value.get("id"), (str, int))):
            return "bare"
    return ""


def walk(stream: TextIO) -> Iterator[Event]:
    """Yield every record, envelope and broken place of a stream, in order."""
    scanner = _Scanner(stream)
    while scanner.skip_blank():
        yield from scanner.next_value()


def walk_value(value: Any, line: int, hint: str = "", depth: int = 0) -> Iterator[Event]:
    """Yield the records inside a value that is already decoded."""
    if isinstance(value, list):
        for member in value:
            yield from walk_value(member, line, hint, depth + 1)
        return
    if not isinstance(value, dict) or depth > _DEEPEST:
        return
    shape = shape_of(value, hint)
    if shape:
        yield Record(line, shape, value)
        return
    if isinstance(value.get("node"), dict):
        yield from walk_value(value["node"], line, hint, depth + 1)
        return
    rest: dict[str, Any] = {}
    issues = 0
    for key, member in value.items():
        if isinstance(member, (dict, list)) and _descends(key, member, hint) and not _is_empty(key, member):
            for event in walk_value(member, line, _hint(key, hint), depth + 1):
                issues += isinstance(event, Record) and event.shape in {"jira", "linear"}
                yield event
        else:
            rest[key] = member
    if rest:
        yield Envelope(rest, issues)


def _descends(key: str, member: Any, hint: str) -> bool:
    folded = key.lower()
    if folded in _LISTS or folded in {"data", "issue"}:
        return True
    return folded in _INSIDE_DATA and isinstance(member, dict) and hint in {"data", "viewer", "team", "organization", "workspace"}


def _is_empty(key: str, member: Any) -> bool:
    """Whether this is an answer's list that holds nothing: its envelope must say so."""
    return member == [] and key.lower() in {"issues", "nodes"}


def _hint(key: str, hint: str) -> str:
    """Carry what a list is about into its nodes and edges."""
    folded = key.lower()
    return hint if folded in {"nodes", "edges", "values", "results", "items", "records", "pages"} else folded


class _Scanner:
    """A window over the stream that moves forward; lines are counted as they leave it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text = ""
        self._at = 0
        self._line = 1
        self._counted = 0  # signs of the window whose lines are counted
        self._ended = False
        self._adrift: str | None = None  # what the broken place was about, None while nothing is broken
        self._end_told = False
        self._found_at = 0  # where the value decoded last begins
        self._decoder = json.JSONDecoder()
        self._lenient = json.JSONDecoder(strict=False)

    def _fill(self, size: int = _CHUNK) -> bool:
        if self._ended:
            return False
        more = self._stream.read(size)
        if not more:
            self._ended = True
            return False
        _ = self.line
        self._text = self._text[self._at :] + more
        self._at = self._counted = 0
        return True

    @property
    def line(self) -> int:
        """The line of the next sign, from 1."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def skip_blank(self) -> bool:
        """Move to the next sign; False at the end."""
        while True:
            found = _BLANK.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return True
            if not self._fill():
                return False

    def _peek(self) -> str:
        return self._text[self._at] if self.skip_blank() else ""

    def next_value(self) -> Iterator[Event]:
        """Walk the next value of the file's own level; behind a broken place that may be a member of a lost list."""
        if self._adrift is not None and self._peek() in {"}", "]", ":"}:
            self._at += 1
        elif self._adrift and self._peek() == "{":
            yield from self._whole(self._adrift)
        else:
            yield from self.value("", 0)

    def _end(self, line: int, place: str, *, record: bool = False) -> Iterator[Event]:
        if not self._end_told and (record or self._adrift is None):
            yield Broken(line, f"the file ends inside {place}", record=record)
        self._end_told = True

    def value(self, hint: str, depth: int) -> Iterator[Event]:
        """Walk the value that starts here."""
        sign = self._peek()
        if sign == "[" and depth < _DEEPEST:
            self._at += 1
            yield from self._members(hint, depth)
        elif sign == "{" and depth < _DEEPEST:
            yield from self._object(hint, depth)
        else:
            yield from self._whole(hint)

    def _members(self, hint: str, depth: int) -> Iterator[Event]:
        while True:
            sign = self._peek()
            if sign in {"]", ""}:
                if sign:
                    self._at += 1
                else:
                    yield from self._end(self.line, "a list")
                return
            if sign in "}:":
                self._at += 1
                continue
            if sign == "[":
                yield from self.value(hint, depth + 1)
            else:
                yield from self._whole(hint)

    def _object(self, hint: str, depth: int) -> Iterator[Event]:
        """Walk an object key by key, so that a list of a million issues is never held."""
        start = self.line
        self._at += 1
        rest: dict[str, Any] = {}
        issues = 0
        while True:
            sign = self._peek()
            if sign == "}":
                self._at += 1
                break
            if sign == "":
                cut_record = bool({"id", "key", "identifier"} & rest.keys())
                yield from self._end(start, "a record" if cut_record else "an object", record=cut_record)
                if cut_record:
                    return
                break
            ok, key = self._decode() if sign == '"' else (False, "")
            if not ok or self._peek() != ":":
                yield from self._resume("no JSON", hint, line=start if {"id", "key", "identifier"} & rest.keys() else 0)
                return
            self._at += 1
            named_on = self.line
            sign = self._peek()
            below = self.line > named_on
            if sign in {"{", "["} and _descends(key, {} if sign == "{" else [], hint) and (depth == 0 or hint or key == "data"):
                nothing = True
                for event in self.value(_hint(key, hint), depth + 1):
                    nothing = False
                    issues += isinstance(event, Record) and event.shape in {"jira", "linear"}
                    yield event
                if nothing and sign == "[" and _is_empty(key, []):
                    rest[key] = []
                continue
            ok, member = self._decode()
            if not ok:
                yield from self._resume(str(member), hint)
                return
            if below and depth == 0 and shape_of(member) in {"jira", "linear"}:
                yield Broken(named_on, "the line ends inside a record")  # and the next line is a record of its own
                self._adrift, self._at = hint, self._found_at
                return
            rest[key] = member
        yield from self._close(rest, issues, start, hint)

    @staticmethod
    def _close(rest: dict[str, Any], issues: int, line: int, hint: str) -> Iterator[Event]:
        shape = shape_of(rest, hint)
        if shape:
            yield Record(line, shape, rest)
        elif rest:
            yield Envelope(rest, issues)

    def _whole(self, hint: str) -> Iterator[Event]:
        """Decode one member of a list as a whole and walk into it."""
        line = self.line
        ok, found = self._decode()
        if not ok:
            yield from self._resume(str(found), hint)
            return
        before = 0
        for event in walk_value(found, line, hint):
            before += hint != "issues" or not isinstance(event, Envelope)
            yield event
        if not before and found not in ({}, [], None):
            yield Broken(line, "a record that is no issue")

    def _decode(self) -> tuple[bool, Any]:
        """Decode the value here and move past it; (False, reason) leaves the place."""
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                near_end = len(self._text) - error.pos < 200 or error.msg.startswith("Unterminated string")
                if near_end and len(self._text) - self._at < _LARGEST_RECORD and self._fill(max(_CHUNK, len(self._text) - self._at)):
                    continue
                if error.msg.startswith("Invalid control character"):
                    return self._decode_lenient()
                at_end = error.msg.startswith("Unterminated string") or not self._text[error.pos :].strip()
                reason = "the file ends inside a record" if at_end and self._ended else f"no JSON ({error.msg.lower()})"
                return False, reason
            except (ValueError, RecursionError) as error:
                return False, "nested too deeply" if isinstance(error, RecursionError) else "a number of too many digits"
            if end == len(self._text) and self._fill():
                continue  # a number may go on
            self._found_at, self._at = self._at, end
            return True, found

    def _decode_lenient(self) -> tuple[bool, Any]:
        try:
            found, end = self._lenient.raw_decode(self._text, self._at)
        except (ValueError, RecursionError):
            return False, "no JSON (a string is not closed on its line)"
        if not isinstance(found, dict):
            return False, "no JSON (a string is not closed on its line)"
        self._found_at, self._at = self._at, end
        return True, found

    def _resume(self, reason: str, hint: str, *, line: int = 0) -> Iterator[Event]:
        """Say what is broken here, and move to the next whole record; what stands inside the broken one is none."""
        yield Broken(line or self.line, reason)
        self._adrift = hint
        among_subtasks = False
        while True:
            found = _MAYBE_RECORD.search(self._text, self._at)
            to = found.start() if found else max(self._at, len(self._text) - 200)  # a record's first sign may be cut in two
            among_subtasks = among_subtasks or '"subtasks"' in self._text[self._at : to]
            if found is None:
                self._at = to
                if not self._fill():
                    self._at = len(self._text)
                    return
                continue
            self._at = to
            inside = self._sign_before(to) == ":"
            ok, value = self._decode()
            if not ok:
                self._at += 1
                continue
            end, self._at = self._at, self._found_at
            if isinstance(value, dict) and isinstance(value.get("node"), dict):
                value = value["node"]
            stub = among_subtasks and isinstance(value.get("fields"), dict) and value["fields"].keys() <= _STUB
            if shape_of(value, hint) and not inside and not stub:
                return
            self._at = end

    def _sign_before(self, place: int) -> str:
        place -= 1
        while place >= 0 and self._text[place].isspace():
            place -= 1
        return self._text[place] if place >= 0 else ""

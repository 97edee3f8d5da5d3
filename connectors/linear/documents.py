"""The queries we send, read from the folder beside this file, and what each costs before it is sent.

The price of a query is Linear's published rule (linear.app/developers/rate-limiting): a plain field 0.1 points, an object
1 point, and a connection multiplies what is under it by its `first` (50 where it is left out); the sum is rounded up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "queries"
DEFAULT_FIRST = 50
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\.\.\.|[A-Za-z_][A-Za-z0-9_]*|-?\d+(?:\.\d+)?|[{}()\[\]:$!@=|&]')
_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True, slots=True)
class Field:
    """One selected field: `first` is its page size as written (a number, a $variable or None), `below` what it selects."""

    name: str
    first: int | str | None
    below: tuple[Field, ...]


def names() -> tuple[str, ...]:
    """Return the names of all documents, sorted."""
    return tuple(sorted(path.name.split(".")[0] for path in FOLDER.glob("*.graphql") if not path.name.endswith(".fragment.graphql")))


@cache
def document(name: str) -> str:
    """Return the text of a document with the fragments it uses. Raises FileNotFoundError for a name there is none of."""
    text = (FOLDER / f"{name}.graphql").read_text(encoding="utf-8")
    for path in sorted(FOLDER.glob("*.fragment.graphql")):
        fragment = path.read_text(encoding="utf-8")
        title = fragment.split(None, 2)[1]
        if f"...{title}" in text:
            text += fragment
    return text


@cache
def _tree(name: str) -> Field:
    return parse(document(name))


def cost(name: str, variables: Mapping[str, Any]) -> int:
    """Return the points document `name` costs with `variables`, by the published rule."""
    return cost_of(_tree(name), variables)


def cost_of(root: Field, variables: Mapping[str, Any]) -> int:
    """Return the points of a parsed document."""
    return math.ceil(round(sum(_points(field, variables) for field in root.below), 6))


def _points(field: Field, variables: Mapping[str, Any]) -> float:
    if not field.below:
        return 0.1
    parts = {part.name: part for part in field.below}
    if "nodes" not in parts and "edges" not in parts:
        return 1.0 + sum(_points(part, variables) for part in field.below)
    first = variables.get(field.first[1:], DEFAULT_FIRST) if isinstance(field.first, str) else field.first
    times = DEFAULT_FIRST if first is None else int(first)
    rows = sum(_points(part, variables) for name, part in parts.items() if name in ("nodes", "edges"))
    return times * rows + sum(_points(part, variables) for name, part in parts.items() if name not in ("nodes", "edges"))


def fitting(name: str, variables: Mapping[str, Any], *, points: float, most: int) -> int:
    """Return the largest `first` from 1 to `most` with which the document costs at most `points` (1 if none does)."""
    empty = cost(name, {**variables, "first": 0})
    row = (cost(name, {**variables, "first": 1000}) - empty) / 1000
    size = max(1, min(most, int((points - empty) / row) + 1)) if row > 0 else most
    while size > 1 and cost(name, {**variables, "first": size}) > points:
        size -= 1
    return size


def parse(text: str) -> Field:
    """Return the selections of the first operation in `text`, fragments put in place. Raises ValueError when it has none."""
    tokens = _TOKEN.findall(_COMMENT.sub("", text))
    fragments: dict[str, tuple[Field, ...]] = {}
    operation: tuple[Field, ...] | None = None
    stream = _Stream(tokens)
    while not stream.done:
        word = stream.take()
        if word == "fragment":
            title = stream.take()
            stream.skip_to("{")
            fragments[title] = tuple(_selections(stream))
        elif word == "{":
            operation = tuple(_selections(stream, opened=True))
        elif word in ("query", "mutation"):
            stream.skip_to("{")
            operation = tuple(_selections(stream))
    if operation is None:
        raise ValueError("the document holds no query")
    return Field("", None, _expanded(operation, fragments))


class _Stream:
    """Tokens, one after the other."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._tokens)

    @property
    def next(self) -> str:
        return "" if self.done else self._tokens[self._at]

    def take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def skip_to(self, sign: str) -> None:
        """Stand before the next `sign` outside round brackets (default values of variables may hold braces)."""
        depth = 0
        while depth or self.next != sign:
            depth += {"(": 1, ")": -1}.get(self.take(), 0)

    def arguments(self) -> int | str | None:
        """Pass over `( … )` and return the value of `first` at its top level."""
        first: int | str | None = None
        depth = 0
        while True:
            word = self.take()
            depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(word, 0)
            if depth == 0:
                return first
            if depth == 1 and word == "first" and self.next == ":":
                self.take()
                value = self.take()
                first = f"${self.take()}" if value == "$" else int(value)


def _selections(stream: _Stream, *, opened: bool = False) -> Iterator[Field]:
    if not opened:
        stream.take()
    while stream.next != "}":
        word = stream.take()
        if word == "...":
            title = ""
            if stream.next == "on":
                stream.take(), stream.take()
            elif stream.next != "{":
                title = stream.take()
            yield Field(f"...{title}", None, () if title else tuple(_selections(stream)))
            continue
        if stream.next == ":":
            stream.take()
            word = stream.take()
        first = stream.arguments() if stream.next == "(" else None
        yield Field(word, first, tuple(_selections(stream)) if stream.next == "{" else ())
    stream.take()


def _expanded(fields: tuple[Field, ...], fragments: Mapping[str, tuple[Field, ...]]) -> tuple[Field, ...]:
    whole: list[Field] = []
    for field in fields:
        if field.name.startswith("..."):
            whole += _expanded(field.below or fragments[field.name[3:]], fragments)
        else:
            whole.append(Field(field.name, field.first, _expanded(field.below, fragments)))
    return tuple(whole)

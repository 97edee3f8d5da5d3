"""The part of JQL that the stand-in understands; anything else is refused as Jira refuses it, with 400 and a sentence."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable
from typing import Any

TOKEN = re.compile(r'\s*("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|>=|<=|!=|[=<>~(),]|[^\s=<>!~(),"\']+)')
RESERVED = {"and", "or", "not", "in", "order", "by", "is", "empty", "null", "asc", "desc"}


class BadJqlError(Exception):
    """A query that Jira would refuse."""


def parse(
    jql: str, *, zone: str, known: Callable[[str, str], bool]
) -> tuple[Callable[[dict[str, Any]], bool] | None, list[tuple[str, bool]]]:
    """Return (test of an indexed row, None without a restriction; sort fields with True for descending)."""
    tokens, place = [], 0
    text = jql.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if not match:
            raise BadJqlError(f"Error in the JQL Query: unexpected '{text[place : place + 10]}'")
        tokens.append(match[1])
        place = match.end()
    parser = _Parser(tokens, zone, known)
    test = None if parser.peek() in ("", "order") else parser.either()
    order: list[tuple[str, bool]] = []
    if parser.peek() == "order":
        parser.take("order")
        parser.take("by")
        while True:
            field = parser.next().lower()
            descending = parser.peek() == "desc"
            if parser.peek() in ("asc", "desc"):
                parser.next()
            order.append((field, descending))
            if parser.peek() != ",":
                break
            parser.next()
    if parser.peek():
        raise BadJqlError(f"Error in the JQL Query: unexpected '{parser.peek()}'")
    if len(order) > 7:
        raise BadJqlError("At most 7 sort fields")
    return test, order


class _Parser:
    def __init__(self, tokens: list[str], zone: str, known: Callable[[str, str], bool]) -> None:
        self.tokens, self.place, self.zone, self.known = tokens, 0, zone, known

    def peek(self) -> str:
        return self.tokens[self.place].lower() if self.place < len(self.tokens) else ""

    def next(self) -> str:
        if self.place >= len(self.tokens):
            raise BadJqlError("Error in the JQL Query: it ends too early")
        self.place += 1
        return self.tokens[self.place - 1]

    def take(self, word: str) -> None:
        if self.peek() != word:
            raise BadJqlError(f"Error in the JQL Query: expected '{word}'")
        self.next()

    def either(self) -> Callable[[dict[str, Any]], bool]:
        tests = [self.all()]
        while self.peek() == "or":
            self.next()
            tests.append(self.all())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def all(self) -> Callable[[dict[str, Any]], bool]:
        tests = [self.one()]
        while self.peek() == "and":
            self.next()
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def one(self) -> Callable[[dict[str, Any]], bool]:
        if self.peek() == "not":
            self.next()
            test = self.one()
            return lambda row: not test(row)
        if self.peek() == "(":
            self.next()
            test = self.either()
            self.take(")")
            return test
        return self.clause()

    def value(self) -> str:
        word = self.next()
        if word[0] in "\"'":
            return re.sub(r"\\(.)", r"\1", word[1:-1])
        if word.lower() in RESERVED:
            raise BadJqlError(f"Error in the JQL Query: '{word}' is a reserved word")
        return word

    def clause(self) -> Callable[[dict[str, Any]], bool]:
        field = self.value().lower()
        field = {"issuekey": "key", "type": "issuetype", "issue": "key", "fixversion": "fixversions", "due": "duedate"}.get(field, field)
        operator = self.next().lower()
        if operator == "not":
            self.take("in")
            operator = "not in"
        if operator == "is":
            negate = self.peek() == "not" and bool(self.next())
            if self.next().lower() not in ("empty", "null"):
                raise BadJqlError("Error in the JQL Query: expected EMPTY")
            return lambda row: bool(row.get(field)) == negate
        if field in ("updated", "created"):
            quoted = self.tokens[self.place][:1] in "\"'" if self.place < len(self.tokens) else False
            moment = self.moment(field, self.value(), quoted)
            compare = {">=": int.__ge__, ">": int.__gt__, "<": int.__lt__, "<=": int.__le__}.get(operator)
            if compare is None:
                raise BadJqlError(f"The operator '{operator}' is not supported by the '{field}' field.")
            return lambda row: bool(compare(row[field], moment))
        values = []
        if operator in ("in", "not in"):
            self.take("(")
            while True:
                values.append(self.value())
                if self.next() == ")":
                    break
        elif operator in ("=", "!=", "~"):
            values.append(self.value())
        else:
            raise BadJqlError(f"The operator '{operator}' is not supported by the '{field}' field.")
        for value in values:
            if not self.known(field, value):
                raise BadJqlError(f"The value '{value}' does not exist for the field '{field}'.")
        wanted = {value.casefold() for value in values}
        if operator == "~":
            return lambda row: next(iter(wanted)) in row["summary"].casefold()
        negate = operator in ("!=", "not in")
        return lambda row: bool(wanted & row.get(field, set())) != negate

    def moment(self, field: str, value: str, quoted: bool) -> int:
        if re.fullmatch(r"-?\d+", value):
            return int(value)
        if quoted or re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            for layout in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d"):
                try:
                    naive = dt.datetime.strptime(value, layout)  # noqa: DTZ007 - read in the account's zone, as Jira does
                except ValueError:
                    continue
                return int(naive.replace(tzinfo=zoneinfo.ZoneInfo(self.zone)).timestamp() * 1000)
        raise BadJqlError(f"Date value '{value}' for field '{field}' is invalid.")

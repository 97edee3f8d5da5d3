"""Reads `okrs.toml`: cycles, objectives, key results and check-ins, every key checked."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from okrbot.model import CheckIn, Cycle, KeyResult, Objective, clean

from .checks import Collected, OkrFileError, confidence, finite, known_word, nearest
from .locate import Lines, Path

_MISPLACED = {"key_results": "objectives.key_results", "check_ins": "objectives.key_results.check_ins"}
_TOP = ("cycles", "objectives")
_CYCLE = ("name", "start", "end")
_OBJECTIVE = (
    "id", "title", "cycle", "level", "parent", "product", "team", "owner", "status", "body", "created", "archived", "url", "key_results",
)  # fmt: skip
_KEY_RESULT = (
    "id", "title", "metric", "unit", "baseline", "target", "current", "start", "due", "owner", "kind", "cadence", "progress", "status", "lag_days",
    "items", "created", "archived", "closing_note", "url", "check_ins",
)  # fmt: skip
_CHECK_IN = ("on", "value", "confidence", "status", "note", "author")
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)")
_TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", list: "a list", dict: "a table"}


def read_toml(data: bytes, name: str, into: Collected) -> None:
    """Enter everything a TOML file says. Raises OkrFileError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OkrFileError(name, "is not UTF-8; save it as UTF-8") from None
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = found[1] if found else str(max(1, len(text.splitlines())))
        if day := _no_day(text.split("\n")[int(line) - 1]):
            raise OkrFileError(f"{name}:{line}", f"{day} is a day that does not exist; write one that does, like 2026-12-31") from None
        raise OkrFileError(
            f"{name}:{line}", f"no TOML: {_AT_LINE.sub('', str(error))[:160]}; check quotes, dates and brackets there"
        ) from None
    except (RecursionError, ValueError) as error:
        raise OkrFileError(name, f"no TOML that can be read ({str(error)[:80]})") from None
    top = _Table(told, name, Lines(text), (), "this file", _TOP)
    for table in top.tables("cycles", "a cycle", _CYCLE):
        into.add_cycle(Cycle(table.need("name"), table.need_day("start"), table.need_day("end")), table.where())
    for table in top.tables("objectives", "an objective", _OBJECTIVE):
        _objective(table, into)


def _objective(table: _Table, into: Collected) -> None:
    objective = Objective(
        id=table.need("id"),
        title=table.need("title"),
        cycle=table.need("cycle"),
        level=table.word("level"),
        parent=table.text("parent"),
        product=table.text("product"),
        team=table.text("team"),
        owner=table.text("owner"),
        status=table.word("status"),
        body=table.text("body"),
        created=table.instant("created"),
        archived=table.flag("archived"),
        url=table.text("url"),
        where=table.where(),
    )
    into.add_objective(objective)
    into.lines.update({(objective.id, key): table.where(key) for key in ("cycle", "parent")})
    for inner in table.tables("key_results", "a key result", _KEY_RESULT):
        into.add_key_result(
            KeyResult(
                id=inner.need("id"),
                objective=objective.id,
                title=inner.need("title"),
                metric=inner.text("metric"),
                unit=inner.text("unit"),
                baseline=inner.number("baseline"),
                target=inner.number("target"),
                current=inner.number("current"),
                start=inner.day("start"),
                due=inner.day("due"),
                owner=inner.text("owner"),
                kind=inner.word("kind"),
                cadence=inner.word("cadence"),
                progress=inner.word("progress"),
                status=inner.word("status"),
                lag_days=inner.whole("lag_days"),
                items=inner.texts("items"),
                created=inner.instant("created"),
                archived=inner.flag("archived"),
                closing_note=inner.text("closing_note"),
                url=inner.text("url"),
                where=inner.where(),
            )
        )
        for said in inner.tables("check_ins", "a check-in", _CHECK_IN):
            value, sure = said.number("value"), confidence(said.number("confidence"), said.where("confidence"))
            check_in = CheckIn(
                inner.need("id"), said.need_day("on"), value, sure, said.word("status"), said.text("note"), said.text("author")
            )
            into.check_ins.append((check_in, said.where()))


class _Table:
    """One table of the file, which knows the keys it takes and the lines they are on."""

    def __init__(self, values: Mapping[str, Any], name: str, lines: Lines, path: Path, what: str, known: tuple[str, ...]) -> None:
        self._values = values
        self._name = name
        self._lines = lines
        self._path = path
        self._what = what
        for key in values:
            if key in _MISPLACED and key not in known:
                raise OkrFileError(self.where(key), f"{key!r} stands outside its objective; write [[{_MISPLACED[key]}]] under it")
            if key not in known:
                raise OkrFileError(self.where(key), f"unknown key {key!r} in {what}{nearest(key, known)}; it takes {', '.join(known)}")

    def where(self, key: str = "") -> str:
        """Return file:line of a key, or of the table."""
        return f"{self._name}:{self._lines.of(self._path, key)}"

    def _wrong(self, key: str, value: Any, wanted: str) -> OkrFileError:
        got = _TYPES.get(type(value), "a date" if isinstance(value, (dt.date, dt.time)) else "something else")
        return OkrFileError(self.where(key), f"{key} = {_shown(value)} is {got}; write {wanted}")

    def tables(self, key: str, what: str, known: tuple[str, ...]) -> list[_Table]:
        """Return the tables of a list of tables."""
        found = self._values.get(key, [])
        if not isinstance(found, list) or not all(isinstance(member, dict) for member in found):
            header = ".".join(str(part) for part in (*self._path, key) if isinstance(part, str))
            raise self._wrong(key, found, f"tables under [[{header}]]")
        return [_Table(member, self._name, self._lines, (*self._path, key, place), what, known) for place, member in enumerate(found)]

    def text(self, key: str) -> str:
        """Return a text, "" without one."""
        value = self._values.get(key, "")
        if not isinstance(value, str):
            raise self._wrong(key, value, f'a text: {key} = "{value}"')
        return clean(value.strip())

    def need(self, key: str) -> str:
        """Return a text that must be there."""
        found = self.text(key)
        if not found:
            told = self.text("id") if key != "id" and "id" in self._values else ""
            shown = f"{self._what} {told!r}" if told else self._what
            raise OkrFileError(self.where(key if key in self._values else ""), f'{shown} has no {key}; write {key} = "…"')
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
            raise self._wrong(key, value, f'a list of keys: {key} = ["SHOP-12"]')
        return tuple(clean(member.strip()) for member in value if member.strip())

    def number(self, key: str) -> float | None:
        """Return a number, None without one."""
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            bare = re.search(r"-?\d+(?:[.,]\d+)?", value) if isinstance(value, str) else None
            example = bare[0].replace(",", ".") if bare else "62.0"
            raise self._wrong(key, value, f"a bare number ({key} = {example}) and put what it counts into unit")
        try:
            return finite(key, float(value), self.where(key))
        except OverflowError:
            raise self._wrong(key, "a number of too many digits", "a smaller one") from None

    def whole(self, key: str) -> int | None:
        """Return a whole number, None without one."""
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(key, value, f"a whole number: {key} = 14")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, value, "true or false")
        return value

    def word(self, key: str) -> str:
        """Return one of the words the key takes."""
        return known_word(key, self.text(key), self.where(key))

    def day(self, key: str) -> str:
        """Return a day as ISO text, "" without one; texts like "2026-12-31" are taken too."""
        value = self._values.get(key)
        if value is None or value == "":
            return ""
        if isinstance(value, dt.datetime):
            return value.date().isoformat()
        if isinstance(value, dt.date):
            return value.isoformat()
        if isinstance(value, str):
            try:
                return dt.date.fromisoformat(value.strip()).isoformat()
            except ValueError:
                raise self._wrong(key, value, f"a day that exists: {key} = 2026-12-31") from None
        raise self._wrong(key, value, f"a day: {key} = 2026-12-31")

    def need_day(self, key: str) -> str:
        """Return a day that must be there."""
        found = self.day(key)
        if not found:
            raise OkrFileError(self.where(), f"{self._what} has no {key}; write {key} = 2026-12-31")
        return found

    def instant(self, key: str) -> int:
        """Return the start of a day as UTC milliseconds, 0 without one."""
        found = self.day(key)
        return (dt.date.fromisoformat(found).toordinal() - 719_163) * 86_400_000 if found else 0


def _no_day(line: str) -> str:
    """Return what a line gives as a day that no calendar has, "" when its days exist."""
    for found in re.finditer(r"=\s*(\d{4}-\d{1,2}-\d{1,2})\b", line):
        try:
            dt.date.fromisoformat(found[1])
        except ValueError:
            return found[1]
    return ""


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"

"""Finds the line of a key in TOML text, which the standard parser does not tell."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[|\[)\s*([^\[\]]+?)\s*(\]\]|\])\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+(?:\s*\.\s*[A-Za-z0-9_-]+)*))\s*=""")


class Lines:
    """Where tables and keys of a TOML text are; lists of tables are counted from 0."""

    def __init__(self, text: str) -> None:
        self._places: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._read(text)

    def of(self, path: Path, key: str = "") -> int:
        """Return the line of a key, else of its table, else of the nearest table around it, else 1."""
        wanted: Path = (*path, key) if key else path
        while wanted:
            for place in (wanted, (*wanted, 0)):
                if place in self._places:
                    return self._places[place]
            wanted = wanted[:-1]
        return 1

    def _read(self, text: str) -> None:
        table: Path = ()
        closing = ""
        for number, line in enumerate(text.splitlines(), 1):
            if closing:
                closing = "" if closing in line else closing
                continue
            header = _HEADER.match(line)
            if header and not _KEY.match(line):
                table = self._enter([part.strip().strip("\"'") for part in header[2].split(".")], is_list=header[1] == "[[")
                self._places.setdefault(table, number)
                continue
            key = _KEY.match(line)
            if key:
                name = (key[1] or key[2] or key[3]).split(".")[0].strip()
                self._places.setdefault((*table, name), number)
            for quotes in ('"""', "'''"):
                if line.count(quotes) % 2:
                    closing = quotes

    def _enter(self, parts: list[str], *, is_list: bool) -> Path:
        path: Path = ()
        for place, part in enumerate(parts):
            path = (*path, part)
            last = place == len(parts) - 1
            if last and is_list:
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
        return path

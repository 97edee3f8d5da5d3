"""Keeps what is wrong with a file: the first few of a kind one by one, how many more there are at the end."""

from __future__ import annotations

from collections import Counter

from okrbot.model import Problem

_SHOWN = 20  # problems of one kind and file that are listed one by one; the rest is counted
_SHOWN_OF = {"no_key": 1}


class Complaints:
    """The problems of the file `name`, whose records are called `things`."""

    def __init__(self, name: str, *, things: str) -> None:
        self.found: list[Problem] = []
        self.lost = 0  # records that gave nothing
        self._name = name
        self._things = things
        self._counts: Counter[str] = Counter()

    def leave_out(self, line: int, reason: str, *, ending: str) -> None:
        """Say that what stands at `line` is no item."""
        self.lost += 1
        if self.lost <= _SHOWN:
            where = f"{self._name}:{line}"
            self.found.append(Problem("bad_row", f"{where}: {reason}{ending}", where=where, partial=True))

    def remark(self, code: str, line: int, reason: str, *, partial: bool = False) -> None:
        """Say what was odd at `line` and how it was taken."""
        self._counts[code] += 1
        if self._counts[code] <= _SHOWN_OF.get(code, _SHOWN):
            where = f"{self._name}:{line}"
            self.found.append(Problem(code, f"{where}: {reason}", where=where, partial=partial))

    def say(self, code: str, message: str, count: int = 1, *, partial: bool = False) -> None:
        """Say something of the whole file."""
        self.found.append(Problem(code, message, where=self._name, count=count, partial=partial))

    def strange_words(self, strange: Counter[str], *, remedy: str) -> None:
        """Say which status words nobody knows, with how often each stands there."""
        if not strange:
            return
        shown = ", ".join(f"{word[:40]!r} ({count})" for word, count in strange.most_common(10))
        more = f" and {len(strange) - 10} more" if len(strange) > 10 else ""
        message = f"{self._name}: status words nobody knows were read as todo: {shown}{more}; {remedy}"
        self.say("unknown_status", message, strange.total())

    def close(self) -> None:
        """Say how many more there are of what was not listed."""
        if self.lost > _SHOWN:
            more = self.lost - _SHOWN
            self.say("bad_row", f"{self._name}: {more} more {self._things} were left out", more, partial=True)
        for code, count in self._counts.items():
            if (more := count - _SHOWN_OF.get(code, _SHOWN)) > 0:
                self.say(code, f"{self._name}: {more} more {self._things} like it", more)

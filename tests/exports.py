"""Writes exports into a folder and pulls them through the front door of the files source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connectors import files
from okrbot.model import Item, Page, PullRequest, Surroundings

NOW = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)


class Pulled:
    """A whole pull, flattened."""

    def __init__(self, pages: list[Page]) -> None:
        self.pages = pages
        self.items: list[Item] = [item for page in pages for item in page.items]
        self.by_key = {item.key: item for item in self.items}
        self.links = [link for page in pages for link in page.links]
        self.notes = [note for page in pages for note in page.notes]
        self.changes = [change for page in pages for change in page.changes]
        self.last = pages[-1]
        assert self.last.coverage is not None
        self.coverage = self.last.coverage

    def problems(self, code: str) -> list[str]:
        """Return the problems of a code as people see them, the place before the message."""
        return [f"{problem.where}: {problem.message}" for problem in self.coverage.problems if problem.code == code]


Pull = Callable[..., Pulled]


def puller(tmp_path: Path) -> Pull:
    """Return a function that writes files and pulls them as one source."""

    def run(contents: dict[str, str | bytes], *, request: PullRequest | None = None, **settings: Any) -> Pulled:
        for name, content in contents.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        settings.setdefault("paths", tuple(contents))
        source = files.connect(files.Settings(name="exports", **settings), surroundings(tmp_path))
        return Pulled(list(source.pull(request or PullRequest(now=NOW))))

    return run


def surroundings(folder: Path) -> Surroundings:
    return Surroundings(folder=folder, clock=lambda: NOW, sleep=lambda seconds: None)


def millis(text: str) -> int:
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)

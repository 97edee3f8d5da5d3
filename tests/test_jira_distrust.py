"""Jira: an answer that has no end, leaves something out or is of no use is told from one that may be believed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fake_jira import Clock, FakeJira
from fake_jira.api import Asked, Said
from paper_store import PaperStore
from test_jira import pull, site_of

from okrbot.model import SourceError

Answer = Callable[[Asked, Said], Said]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jira(clock: Clock) -> Iterator[FakeJira]:
    """Open a stand-in of six issues, two of them with a history."""
    with FakeJira(site_of(6, clock), clock=clock) as fake:
        yield fake


def twist(fake: FakeJira, part: str, change: Answer) -> None:
    """Have every answer of an address that holds `part` pass through `change`."""
    true = fake.api.answer

    def answer(asked: Asked) -> Said:
        said = true(asked)
        return change(asked, said) if part in asked.path else said

    fake.api.answer = answer  # type: ignore[method-assign]


def codes(store: PaperStore) -> dict[str, bool]:
    """Return the codes of a pull's problems, and whether they make it partial."""
    assert store.coverage is not None
    return {problem.code: problem.partial for problem in store.coverage.problems}


def test_a_bulk_history_of_ever_new_tokens_and_nothing_else_stops_the_pull(jira: FakeJira) -> None:
    tokens = itertools.count(1)
    twist(jira, "bulkfetch", lambda asked, said: Said(200, {"issueChangeLogs": [], "nextPageToken": str(next(tokens))}))
    with pytest.raises(SourceError, match="empty pages without end") as caught:
        pull(jira, PaperStore())
    assert caught.value.code == "protocol"


def test_a_history_whose_place_is_ignored_stops_the_pull(jira: FakeJira) -> None:
    jira.api.denied["bulkfetch"] = 403
    entry = {"id": "1", "created": "2026-11-01T09:00:00.000+0000", "items": []}
    twist(jira, "/changelog", lambda asked, said: said if "bulk" in asked.path else Said(200, {"values": [entry], "total": 500}))
    with pytest.raises(SourceError, match="same page of issue"):
        pull(jira, PaperStore())


def test_comments_whose_place_is_ignored_stop_the_pull(jira: FakeJira) -> None:
    one: dict[str, Any] = {"id": "1", "created": "2026-11-01T09:00:00.000+0000", "body": "x"}

    def talkative(asked: Asked, said: Said) -> Said:
        for issue in said.body["issues"]:
            issue.setdefault("fields", {})["comment"] = {"comments": [one], "total": 500}
        return said

    twist(jira, "/search/jql", talkative)
    twist(jira, "/comment", lambda asked, said: Said(200, {"comments": [one], "total": 500}))
    with pytest.raises(SourceError, match="same comments of issue"):
        pull(jira, PaperStore())

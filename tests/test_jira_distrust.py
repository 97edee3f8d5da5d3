"""Jira: an answer that has no end, leaves something out or is of no use is told from one that may be believed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fake_jira import Clock, FakeJira
from fake_jira.api import Asked, Said
from shelf import Shelf
from test_jira import connector, pull, site_of

from connectors.jira import history
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


def codes(store: Shelf) -> dict[str, bool]:
    """Return the codes of a pull's problems, and whether they make it partial."""
    assert store.coverage is not None
    return {problem.code: problem.partial for problem in store.coverage.problems}


def test_a_bulk_history_of_ever_new_tokens_and_nothing_else_stops_the_pull(jira: FakeJira) -> None:
    tokens = itertools.count(1)
    twist(jira, "bulkfetch", lambda asked, said: Said(200, {"issueChangeLogs": [], "nextPageToken": str(next(tokens))}))
    with pytest.raises(SourceError, match="empty pages without end") as caught:
        pull(jira, Shelf())
    assert caught.value.code == "protocol"


def test_a_history_whose_place_is_ignored_stops_the_pull(jira: FakeJira) -> None:
    jira.api.denied["bulkfetch"] = 403
    entry = {"id": "1", "created": "2026-11-01T09:00:00.000+0000", "items": []}
    twist(jira, "/changelog", lambda asked, said: said if "bulk" in asked.path else Said(200, {"values": [entry], "total": 500}))
    with pytest.raises(SourceError, match="same page of issue"):
        pull(jira, Shelf())


def test_comments_whose_place_is_ignored_stop_the_pull(jira: FakeJira) -> None:
    one: dict[str, Any] = {"id": "1", "created": "2026-11-01T09:00:00.000+0000", "body": "x"}

    def talkative(asked: Asked, said: Said) -> Said:
        for issue in said.body["issues"]:
            issue.setdefault("fields", {})["comment"] = {"comments": [one], "total": 500}
        return said

    twist(jira, "/search/jql", talkative)
    twist(jira, "/comment", lambda asked, said: Said(200, {"comments": [one], "total": 500}))
    with pytest.raises(SourceError, match="same comments of issue"):
        pull(jira, Shelf())


def with_sprint(fake: FakeJira, clock: Clock) -> None:
    sprint = {
        "id": 7,
        "name": "Sprint 7",
        "state": "active",
        "startDate": "2026-10-01T09:00:00.000Z",
        "endDate": "2026-10-15T09:00:00.000Z",
    }
    for id_ in list(fake.site.issues)[:2]:
        fake.site.issues[id_]["fields"]["customfield_10020"] = [sprint]
        fake.site.indexed[id_]["fields"]["customfield_10020"] = [sprint]
    fake.site.boards.append({"id": 1, "name": "Ours", "type": "scrum", "location": {"projectId": 1}})


def refuse(status: int) -> Answer:
    return lambda asked, said: Said(status, {"errorMessages": ["no"]})


@pytest.mark.parametrize(
    ("part", "status"), [("/board/1/sprint", 403), ("/board/1/sprint", 404), ("/board", 403), ("/sprint", 500), ("/board", 503)]
)
def test_boards_that_are_closed_or_broken_are_named_and_issues_tell_of_their_sprints(
    jira: FakeJira, clock: Clock, part: str, status: int
) -> None:
    with_sprint(jira, clock)
    twist(jira, part, refuse(status))
    store = Shelf()
    for _ in range(2):  # the second time nothing moved, so no issue says anything
        pull(jira, store)
        assert codes(store) == {"sprints": False}
        assert [(sprint.id, sprint.name, sprint.state) for sprint in store.sprints.values()] == [("7", "Sprint 7", "active")]
        assert store.sprints["7"].end > store.sprints["7"].start > 0
        clock.forward(hours=1)


def test_projects_without_a_single_issue_are_no_clean_backlog(clock: Clock) -> None:
    with FakeJira(site_of(2, clock), clock=clock) as fake:
        for id_ in list(fake.site.issues):
            fake.site.delete(id_)
        store = pull(fake, Shelf())
        assert codes(store) == {"hidden": True}
        assert store.coverage is not None
        assert "2 projects and no issue" in store.coverage.problems[0].message
        assert any("2 projects and no issue" in problem.message for problem in connector(fake).probe().problems)


@pytest.mark.parametrize(("name", "partial"), [("status", True), ("created", True), ("updated", True), ("parent", True), ("labels", False)])
def test_a_row_without_what_it_is_judged_by_makes_a_pull_partial(jira: FakeJira, name: str, partial: bool) -> None:
    def spoil(asked: Asked, said: Said) -> Said:
        for issue in said.body["issues"][:1]:
            if "fields" in issue:
                issue["fields"] = issue["fields"] | {name: 17}
        return said

    twist(jira, "/search/jql", spoil)
    assert codes(pull(jira, Shelf())) == {"bad_field": partial}


def test_a_history_that_the_bulk_call_leaves_out_is_looked_up(jira: FakeJira, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pull(jira, Shelf())
    told = [id_ for id_, row in jira.site.issues.items() if row["histories"]]
    monkeypatch.setattr(history, "SOON", -1)
    twist(jira, "bulkfetch", lambda asked, said: Said(200, {"issueChangeLogs": []}))
    left = pull(jira, Shelf())
    assert left.changes.keys() == whole.changes.keys()
    assert any(left.changes_of(id_) for id_ in told)


def test_beyond_a_bound_a_history_that_was_left_out_stays_unread_and_is_named(jira: FakeJira, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_LOOKS", 2)
    monkeypatch.setattr(history, "SOON", -1)
    twist(jira, "bulkfetch", lambda asked, said: Said(200, {"issueChangeLogs": []}))
    store = pull(jira, Shelf())
    assert codes(store) == {"history_missing": False}
    assert sum(item.history for item in store.items.values()) == 2

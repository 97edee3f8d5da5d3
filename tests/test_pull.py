"""A pull keeps what it read, goes on where it was stopped, and never takes a shrunken answer for tidying up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from okrbot.model import Coverage, Cycle, Goals, Item, Objective, Page, Problem, PullRequest, SourceError
from okrbot.pull import pull
from okrbot.store import Store, open_store
from okrbot.store import tables as t
from okrbot.store.ledger import last_pulls

NOW = dt.datetime(2026, 11, 16, 7, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


class Script:
    """A connector that yields what it was told, and remembers what it was asked."""

    def __init__(self, *steps: Page | Exception, name: str = "acme") -> None:
        self.name = name
        self.steps = steps
        self.asked: list[PullRequest] = []

    def probe(self):
        raise NotImplementedError

    def pull(self, request: PullRequest) -> Iterator[Page]:
        self.asked.append(request)
        for step in self.steps:
            if isinstance(step, BaseException):
                raise step
            yield step


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/okrbot.db")
    yield opened
    opened.close()


def items(count: int, start: int = 0) -> list[Item]:
    return [Item(str(i), f"A-{i}", f"title {i}") for i in range(start, start + count)]


def ids(store: Store, *, visible: bool = True) -> set[str]:
    with store.connect() as db:
        chosen = sa.select(t.items.c.id).where((t.items.c.hidden_since == 0) if visible else sa.true())
        return set(db.execute(chosen).scalars())


def last(checkpoint: str, count: int, census: frozenset[str] | None = None) -> Page:
    return Page(coverage=Coverage(expected=count, read=count), checkpoint=checkpoint, census=census)


def test_a_complete_pull_hands_its_checkpoint_to_the_next(store: Store) -> None:
    assert pull(store, Script(Page(items=items(3)), last("c1", 3)), now=NOW).verdict == "complete"
    second = Script(last("c2", 0))
    pull(store, second, now=NOW + HOUR)
    assert (second.asked[0].checkpoint, second.asked[0].resume, second.asked[0].known) == ("c1", None, 3)


def test_a_killed_pull_keeps_its_pages_and_is_resumed(store: Store) -> None:
    class Killed(BaseException):
        pass

    with pytest.raises(Killed):
        pull(store, Script(Page(items=items(2), resume="after page 1"), Killed()), now=NOW)  # type: ignore[arg-type]
    assert ids(store) == {"0", "1"}
    second = Script(Page(items=items(2, 2)), last("c1", 4))
    pull(store, second, now=NOW + HOUR)
    assert (second.asked[0].checkpoint, second.asked[0].resume) == (None, "after page 1")
    assert ids(store) == {"0", "1", "2", "3"}
    third = Script(last("c2", 0))
    pull(store, third, now=NOW + 2 * HOUR)
    assert third.asked[0].resume is None, "a complete pull leaves nothing to resume"


def test_a_pull_that_came_to_its_end_leaves_nothing_to_resume_even_if_rows_are_missing(store: Store) -> None:
    end = Page(coverage=Coverage(read=1, problems=(Problem("bad_row", "line 7", partial=True),)))
    assert pull(store, Script(Page(items=items(1), resume="half way"), end), now=NOW).verdict == "partial"
    again = Script(last("c", 1))
    pull(store, again, now=NOW + HOUR)
    assert again.asked[0].resume is None


def test_a_census_that_shrank_is_believed_when_a_full_pull_was_asked_for(store: Store) -> None:
    pull(store, Script(Page(items=items(100)), last("c1", 100)), now=NOW)
    few = frozenset(str(i) for i in range(40))
    assert pull(store, Script(Page(items=items(40)), last("c2", 40, few)), now=NOW + HOUR, full=True).hidden == 60
    nothing = pull(store, Script(last("c3", 0, frozenset())), now=NOW + 2 * HOUR, full=True)
    assert nothing.verdict == "partial"
    assert len(ids(store)) == 40


def test_a_full_pull_does_not_resume(store: Store) -> None:
    pull(store, Script(Page(items=items(1), resume="r"), SourceError("gone", code="unreachable", resume="r2")), now=NOW)
    again = Script(last("c", 1))
    pull(store, again, now=NOW + HOUR, full=True)
    assert (again.asked[0].full, again.asked[0].resume) == (True, None)


def test_a_source_that_stops_half_way_is_partial_and_one_that_never_began_is_refused(store: Store) -> None:
    until = NOW + HOUR
    half = pull(store, Script(Page(items=items(2)), SourceError("quota used up", code="quota", retry_at=until, resume="here")), now=NOW)
    assert (half.verdict, half.retry_at, half.coverage.complete) == ("partial", until, False)
    assert half.coverage.problems[-1].message == "quota used up"
    never = pull(store, Script(SourceError("token expired", code="token")), now=NOW + HOUR)
    assert never.verdict == "refused"
    verdict, coverage, _ = last_pulls(store)["acme"]
    assert (verdict, coverage.problems[-1].code) == ("refused", "token")
    assert ids(store) == {"0", "1"}


def test_problems_that_miss_rows_make_a_pull_partial_without_a_checkpoint(store: Store) -> None:
    end = Page(coverage=Coverage(read=1, problems=(Problem("bad_row", "line 7 has no key", partial=True),)), checkpoint="c1")
    assert pull(store, Script(Page(items=items(1)), end), now=NOW).verdict == "partial"
    again = Script(last("c2", 1))
    pull(store, again, now=NOW + HOUR)
    assert again.asked[0].checkpoint is None


def test_items_that_are_gone_from_the_census_are_set_aside_and_kept(store: Store) -> None:
    pull(store, Script(Page(items=items(100)), last("c1", 100)), now=NOW)
    result = pull(store, Script(last("c2", 0, frozenset(str(i) for i in range(90)))), now=NOW + HOUR)
    assert (result.verdict, result.hidden) == ("complete", 10)
    assert len(ids(store)) == 90
    assert len(ids(store, visible=False)) == 100


@pytest.mark.parametrize("left", [0, 1, 79])
def test_a_census_that_shrank_at_once_sets_nothing_aside_and_says_so(store: Store, left: int) -> None:
    pull(store, Script(Page(items=items(100)), last("c1", 100)), now=NOW)
    result = pull(store, Script(last("c2", 0, frozenset(str(i) for i in range(left)))), now=NOW + HOUR)
    assert result.verdict == "partial"
    assert "check the account's rights" in result.coverage.problems[-1].message
    assert len(ids(store)) == 100


def test_a_connector_that_ends_without_a_word_is_not_complete(store: Store) -> None:
    assert pull(store, Script(Page(items=items(1))), now=NOW).verdict == "partial"


def test_goals_of_a_tracker_are_stored_with_their_problems(store: Store) -> None:
    goals = Goals(
        (Cycle("Q4", "2026-10-01", "2026-12-31"),), (Objective("G1", "Trust", "Q4"),), problems=(Problem("goal", "G2 has no title"),)
    )
    result = pull(store, Script(Page(goals=goals), last("c", 0)), now=NOW)
    assert [p.message for p in result.coverage.problems] == ["G2 has no title"]
    with store.connect() as db:
        assert db.execute(sa.select(t.objectives.c.source, t.objectives.c.id)).all() == [("acme", "G1")]


def test_progress_is_told_page_by_page(store: Store) -> None:
    told: list[tuple[int, int | None]] = []
    pull(
        store, Script(Page(items=items(2), expected=5), Page(items=items(3, 2)), last("c", 5)), now=NOW, progress=lambda *a: told.append(a)
    )
    assert told == [(2, 5), (5, 5), (5, 5)]


@pytest.mark.parametrize(("known", "left", "hidden"), [(24, 6, 0), (10, 7, 0), (5, 3, 2), (20, 16, 4)])
def test_a_small_source_is_guarded_like_a_large_one(store: Store, known: int, left: int, hidden: int) -> None:
    pull(store, Script(Page(items=items(known)), last("c1", known)), now=NOW)
    census = frozenset(str(i) for i in range(left))
    done = pull(store, Script(last("c2", 0, census)), now=NOW + HOUR)
    assert (done.hidden, done.verdict) == (hidden, "complete" if hidden else "partial")


def test_a_pull_that_was_stopped_says_how_many_histories_it_has(store: Store) -> None:
    read = [item._replace(history=item.id == "0") for item in items(3)]
    done = pull(store, Script(Page(items=read), Page(history_of=("1",)), SourceError("gone", code="unreachable")), now=NOW)
    assert (done.coverage.read, done.coverage.with_history) == (3, 2)

"""Killed at any step, okrbot keeps every answer that Slack saw acknowledged, once. The whole matrix: bench/crash_answers.py."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from crash.answers import AnswerHarness, plan
from crash.gestures import GESTURES
from crash.shelves import SERVER

PER_GESTURE = 2  # cases of each, at other places for each
STAGES = [("sqlite", "http"), ("sqlite", "socket"), ("postgres", "http")]


@pytest.fixture(scope="module", params=STAGES, ids="-".join)
def harness(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnswerHarness]:
    kind, transport = request.param
    if kind == "postgres" and not os.environ.get(SERVER):
        pytest.skip(f"no PostgreSQL: ${SERVER} is not set (.ci/run starts one)")
    with AnswerHarness(tmp_path_factory.mktemp("crash"), kind, transport, gestures=GESTURES) as made:
        yield made


def test_no_acknowledgement_comes_before_the_commit(harness: AnswerHarness) -> None:
    names = harness.steps(GESTURES[0])
    assert names.index("before ack") > names.index("after do_commit") > names.index("before 'INSERT INTO answers (id,'")


@pytest.mark.parametrize("number", range(len(GESTURES)), ids=lambda number: GESTURES[number].name.replace(" ", "_"))
def test_killed_anywhere_an_acknowledged_answer_is_kept_once_and_shown(harness: AnswerHarness, number: int) -> None:
    gesture = GESTURES[number]
    cases = plan(harness, gesture, faults=("reset_after",))
    verdicts = [harness.case(gesture, *case) for case in cases[number % 3 :: max(1, len(cases) // PER_GESTURE)]]
    assert verdicts
    assert [v for v in verdicts if v.wrong or v.unstored] == []
    assert all(v.killed for v in verdicts), "every case really died"

"""Killed at any step and started again, okrbot sends each digest once: doubled 0, lost 0. The whole matrix: bench/crash.py."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash.harness import FAULTS, Harness, SlotHarness
from crash.shelves import SERVER

STRIDE = 15 * len(FAULTS)  # every so many steps, at another offset for each fault


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def harness(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    if request.param == "postgres" and not os.environ.get(SERVER):
        pytest.skip(f"no PostgreSQL: ${SERVER} is not set (.ci/run starts one)")
    with Harness(tmp_path_factory.mktemp("crash"), request.param) as made:
        yield made


def test_the_seams_see_the_claim_before_the_first_byte(harness: Harness) -> None:
    names = harness.steps(None)
    posts = [n for n, name in enumerate(names) if name == "before request chat.postMessage"]
    assert len(posts) == 2, "the digest and its reply"
    first_post = posts[0]
    before = names[:first_post]
    assert "after do_commit" in before
    last_write = max(n for n, name in enumerate(before) if "UPDATE deliveries" in name)
    assert "after do_commit" in before[last_write:], "the claim is committed before the first byte"


@pytest.mark.parametrize("fault", FAULTS)
def test_killed_anywhere_the_digest_comes_once(harness: Harness, fault: str | None) -> None:
    total = len(harness.steps(fault))
    verdicts = [harness.case(fault, [step]) for step in range(1 + 9 * FAULTS.index(fault), total + 1, STRIDE)]
    assert [v for v in verdicts if v.wrong] == []
    assert sum(v.killed for v in verdicts) == len(verdicts), "every case really died"


def test_killed_again_while_recovering_the_digest_comes_once(harness: Harness) -> None:
    total = len(harness.steps("reset_after"))
    verdicts = [harness.case("reset_after", [step, step // 2 + 3, 7]) for step in range(40, total, 60)]
    assert [v for v in verdicts if v.wrong] == []


def test_a_server_killed_anywhere_in_its_slot_comes_back_and_sends_the_digest_once(tmp_path: Path) -> None:
    with SlotHarness(tmp_path) as harness:
        names = harness.steps(None)
        claimed = max(n for n, name in enumerate(names[: names.index("before request chat.postMessage")]) if "insert into firings" in name)
        verdicts = [harness.case(None, [step]) for step in [*range(claimed, claimed + 30, 6), *range(7, len(names), 45)]]
        verdicts += [harness.case("reset_after", [step]) for step in range(9, len(harness.steps("reset_after")), 60)]
    assert [v for v in verdicts if v.wrong] == []
    assert all(v.killed for v in verdicts)

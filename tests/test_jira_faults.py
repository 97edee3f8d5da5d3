"""Jira: whatever goes wrong on the way, a pull ends with the right data or says loudly that it did not."""

from __future__ import annotations

import collections

import pytest
from fake_jira import Clock, FakeJira
from shelf import Shelf
from spec_check import every_request_is_described  # noqa: F401 - autouse
from test_jira import connector, same, site_of

from connectors import http
from okrbot.model import PullRequest, SourceError

# kind, value, what must come of one such answer: "right" (healed by itself), "loud" (error or problem), "either"
WIRE = [
    ("reset", "", "right"),
    ("reset_after", "", "right"),
    ("hang", "", "right"),
    ("500", "", "right"),
    ("500_after", "", "right"),
    ("502", "", "right"),
    ("503", "", "right"),
    ("503", "20", "right"),
    ("504", "", "right"),
    ("429", "", "right"),
    ("429", "0", "right"),
    ("429", "1.5", "right"),
    ("429", "17", "right"),
    ("429", "Mon, 02 Nov 2026 09:00:20 GMT", "right"),
    ("429", "soon", "right"),
    ("429", "99999999999999999999", "loud"),
    ("429_burst", "3", "right"),
    ("429_burst", "1847", "loud"),
    ("429_quota", "1847", "loud"),
    ("429_quota", "", "loud"),
    ("429_tenant", "30", "loud"),
    ("login_page", "", "right"),
    ("empty_200", "", "right"),
    ("truncated", "", "right"),
    ("cut_short", "", "right"),
    ("gzip_damage", "", "right"),
    ("bom", "", "right"),
    ("latin1", "", "right"),
    ("brotli", "", "right"),
    ("drip", "", "right"),
    ("401", "", "loud"),
    ("redirect", "", "loud"),
    ("anonymous", "", "loud"),
]
MEANING = [
    ("403", "", "loud"),
    ("410", "", "loud"),
    ("huge", "", "either"),
    ("silent", "", "loud"),
    ("issues_null", "", "either"),
    ("none_shown", "", "either"),
    ("repeat", "", "loud"),
    ("same_page", "", "either"),
    ("empty_page", "", "either"),
    ("endless_empty", "", "either"),
    ("no_token", "", "loud"),
    ("odd_issue", "", "loud"),
    ("odd_field", "", "loud"),
]
CLOUD = ["/myself", "/field", "/status", "/project", "/approximate-count", "/search/jql", "/bulkfetch", "/agile"]
CENTER = ["/myself", "/field", "/status", "/project", "/api/2/search", "/agile"]
ONLY_CLOUD = {"repeat", "no_token", "same_page", "empty_page", "endless_empty"}  # Data Center has no tokens
TALLY: collections.Counter[str] = collections.Counter()


def outcome(kind: str, value: str, path: str, *, cloud: bool, times: int, after: int) -> str:
    """Pull once with a fault and once without; return right, loud or silent, the last with what was wrong."""
    clock = Clock()
    site = site_of(24, clock)
    with FakeJira(site, cloud=cloud, clock=clock, cap=7) as fake:
        accepted = set(fake.api.credentials)
        store = Shelf()
        fake.fault(kind, path, times=times, after=after, value=value)
        source = connector(fake, page_size=7)
        try:
            store.take_all(source.pull(PullRequest(now=clock())))
        except SourceError as trouble:
            told = trouble
            store.resume = trouble.resume
            assert fake.token not in str(told)
            assert store.checkpoint is None
        else:
            told = None
        assert fake.fired or after, f"{kind} on {path} never happened"
        assert len(fake.requests) < 200
        wrong = same(store, fake)
        assert store.coverage is not None or told is not None
        problems = store.coverage.problems if store.coverage else ()
        result = "loud" if told or problems else "right" if not wrong else f"silent: {wrong[:3]}"
        fake.faults.clear()
        fake.api.silent, fake.api.credentials = False, accepted
        clock.forward(minutes=5)
        for _ in range(2):  # the second for what a resumed pull says is still missing
            request = PullRequest(
                now=clock(), checkpoint=store.checkpoint, resume=store.resume, full=kind == "odd_field", known=len(store.visible)
            )
            store.take_all(source.pull(request))
            if store.coverage is not None and store.coverage.complete:
                break
        assert same(store, fake) == [], f"{kind} on {path} left its mark"
        return result


def expect(result: str, wanted: str, what: str) -> None:
    """Count an outcome; only a silent one, or a loud one where a retry heals, is wrong."""
    TALLY[result.split(":")[0]] += 1
    assert not result.startswith("silent"), f"{what}: {result}"
    assert wanted in (result, "either"), f"{what}: {result} instead of {wanted}"


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", (1.0, 0.15))


@pytest.mark.parametrize("cloud", [True, False], ids=["cloud", "datacenter"])
@pytest.mark.parametrize(("kind", "value", "wanted"), WIRE, ids=[f"{kind}-{value}" for kind, value, _ in WIRE])
def test_one_bad_answer_anywhere_is_healed_or_said(kind: str, value: str, wanted: str, cloud: bool) -> None:
    paths = CLOUD if cloud else CENTER
    place = WIRE.index((kind, value, wanted))
    chosen = {paths[5] if cloud else paths[4], paths[place % len(paths)]}  # search always, the others in turn
    if kind == "hang":
        chosen = {paths[0]}
    for path in sorted(chosen):
        after = 3 if "search" in path and kind != "hang" else 0
        optional = path == "/agile" and kind in ("401", "403")
        expect(outcome(kind, value, path, cloud=cloud, times=1, after=after), "either" if optional else wanted, f"{kind} {value} on {path}")


@pytest.mark.parametrize("cloud", [True, False], ids=["cloud", "datacenter"])
@pytest.mark.parametrize(
    "kind", ["reset", "502", "429", "429_burst", "login_page", "truncated", "cut_short", "gzip_damage", "empty_200", "504"]
)
def test_a_fault_that_stays_stops_the_pull_aloud(kind: str, cloud: bool) -> None:
    path = "/search/jql" if cloud else "/api/2/search"
    expect(outcome(kind, "", path, cloud=cloud, times=999, after=3), "loud", f"{kind} always on {path}")


@pytest.mark.parametrize("cloud", [True, False], ids=["cloud", "datacenter"])
@pytest.mark.parametrize(("kind", "value", "wanted"), MEANING, ids=[kind for kind, _, _ in MEANING])
def test_answers_that_mean_trouble_are_understood(kind: str, value: str, wanted: str, cloud: bool) -> None:
    if kind in ONLY_CLOUD and not cloud:
        pytest.skip("Data Center pages by offset")
    path = "/search/jql" if cloud else "/api/2/search"
    for times in (1, 999):
        if kind == "huge" and times > 1:
            continue
        lasting = "loud" if kind in ("issues_null", "same_page", "endless_empty") and times > 1 else wanted
        after = 5 if kind in ("silent", "repeat") else 4 if not cloud else 3  # past the trial searches and the count
        expect(outcome(kind, value, path, cloud=cloud, times=times, after=after), lasting, f"{kind} x{times}")


def test_no_fault_was_silent(capsys: pytest.CaptureFixture[str]) -> None:
    assert TALLY["silent"] == 0
    with capsys.disabled():
        print(f" {sum(TALLY.values())} faults: {TALLY['right']} healed, {TALLY['loud']} said, 0 silent")

"""Each fault of the line or the service, at any request, ends in the right data or in a loud stop: never in a quiet gap."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_linear import FakeLinear, Reply
from linear_faults import FAULTS
from linear_site import Site
from shelf import Shelf
from test_linear_converges import differences, stored, truth

import connectors.http
from connectors.linear import Linear, Settings, connect
from okrbot.model import Secret, SourceError, Surroundings

TOKEN = "lin_api_good"
LIVED_THROUGH = {  # once, these are mended by trying again; all others stop the pull
    "ratelimited briefly", "429 with seconds", "429 with a date", "429 without a word", "partial data", "errors without data",
    "lock timeout", "500 as GraphQL", "500 without a word", "502 page", "503 with Retry-After", "504", "a web page with 200", "an empty body",
    "truncated, right length", "truncated, wrong length", "null for data", "a damaged zip", "a byte order mark", "another encoding", "line dropped",
}  # fmt: skip


@pytest.fixture
def fake() -> FakeLinear:
    site = Site()
    team, other = site.team("WEB"), site.team("PAY")
    bug, project = site.label("Bug"), site.project("Checkout", team)
    site.initiative("Trust", project, createdAt=site.stamp)
    site.add("project_updates", projectId=project["id"], body="Fine", health="onTrack", userId=site.bot["id"])
    issues = [site.issue(team if number % 2 else other, f"Issue {number}", projectId=project["id"]) for number in range(9)]
    for issue in issues:
        site.move_to_state(issue, "In Progress")
        site.edit(issue, labelIds=[bug["id"]])
    site.comment(issues[0], "So it is")
    site.relate(issues[1], issues[2])
    return FakeLinear(site)


def linear(fake: FakeLinear, url: str, **more: Any) -> Linear:
    site = fake.site
    around = Surroundings(folder=Path(), clock=lambda: site.now, sleep=lambda seconds: site.tick(seconds=seconds))
    return connect(Settings(name="acme", token=Secret(TOKEN), url=url, **{"page_size": 4, **more}), around)


def refusal(act: Callable[[], object]) -> SourceError | None:
    """Return what a pull was stopped by, None if it was not."""
    try:
        act()
    except SourceError as trouble:
        return trouble
    return None


def requests_of_a_pull(fake: FakeLinear) -> int:
    with fake.serving() as url:
        assert Shelf().pull(linear(fake, url), fake.site.now)
    return len(fake.asked)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_at_any_request_ends_in_the_right_data_or_a_loud_stop(name: str, fake: FakeLinear) -> None:
    step = 1 if os.environ.get("OKRBOT_THOROUGH") else 11  # every request in the nightly run, a few here
    for place in range(list(FAULTS).index(name) % step, requests_of_a_pull(fake), step):
        shelf = Shelf()
        fake.faults = [None] * place + [FAULTS[name]]
        with fake.serving() as url:
            trouble = refusal(lambda: shelf.pull(linear(fake, url), fake.site.now))  # noqa: B023 - called at once
            if trouble is not None:
                assert name not in LIVED_THROUGH, f"{name} at request {place}: {trouble}"
                assert shelf.checkpoint is None
                assert str(trouble).startswith("acme: ")
                assert TOKEN not in f"{trouble!r} {trouble.__cause__!r} {trouble.__context__!r}"
                fake.faults = []
                shelf.resume = trouble.resume or shelf.resume
                assert shelf.pull(linear(fake, url), fake.site.now)
            assert shelf.coverage
            if shelf.coverage.complete:
                assert differences(stored(shelf), truth(fake.site)) == []
                assert {item.title for item in shelf.visible.values() if item.level == 1} == {"Checkout"}
                assert shelf.goals or shelf.coverage.problems
            else:
                assert shelf.coverage.problems
                assert shelf.checkpoint is None


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_stays_stops_the_pull_and_says_what_to_do(name: str, fake: FakeLinear) -> None:
    fake.always = FAULTS[name]
    shelf = Shelf()
    with fake.serving() as url:
        if name == "a byte order mark":
            assert shelf.pull(linear(fake, url), fake.site.now)
            return
        with pytest.raises(SourceError) as caught:
            shelf.pull(linear(fake, url), fake.site.now)
    assert len(fake.asked) < 60
    assert not shelf.items
    assert len(str(caught.value).splitlines()) <= 3
    assert TOKEN not in str(caught.value)


def test_a_service_that_hangs_is_given_up(fake: FakeLinear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connectors.http, "TIMEOUT", (0.2, 0.2))
    released = threading.Event()
    fake.always = lambda _, true: Reply(wait=released)
    try:
        with fake.serving() as url, pytest.raises(SourceError, match="no answer"):
            Shelf().pull(linear(fake, url), fake.site.now)
    finally:
        released.set()
    assert len(fake.asked) == 4


def test_a_limit_that_lasts_hands_the_source_back_with_the_time_and_the_place(fake: FakeLinear) -> None:
    shelf, site = Shelf(), fake.site
    fake.faults = [None] * 19 + [FAULTS["ratelimited for half an hour"]]
    with fake.serving() as url:
        with pytest.raises(SourceError) as caught:
            shelf.pull(linear(fake, url), site.now)
        assert caught.value.code == "quota"
        assert caught.value.retry_at is not None
        assert dt.timedelta(minutes=30) < caught.value.retry_at - site.now < dt.timedelta(minutes=32)
        pages, asked = shelf.pages, len(fake.asked)
        assert pages > 2
        site.tick(minutes=31)
        shelf.resume = caught.value.resume
        assert shelf.pull(linear(fake, url), site.now)
    names = [name for name, _, _ in fake.asked[asked:]]
    assert names.count("Issues") + names.count("Details") < 6  # what was stored is not read again
    assert differences(stored(shelf), truth(site)) == []


def test_too_complex_halves_the_page_and_goes_on_and_the_new_cap_is_learned(fake: FakeLinear) -> None:
    fake.cap = 900
    shelf = Shelf()
    with fake.serving() as url:
        connector = linear(fake, url, page_size=250)
        assert shelf.pull(connector, fake.site.now)
    assert connector.client.cap == 900
    assert differences(stored(shelf), truth(fake.site)) == []
    over = [cost for _, _, cost in fake.asked if cost > 900]
    assert len(over) <= 2  # the first one tells the cap


def test_a_query_that_is_too_big_even_with_one_row_stops_loudly(fake: FakeLinear) -> None:
    fake.always = FAULTS["too complex"]
    with fake.serving() as url, pytest.raises(SourceError, match="even the smallest"):
        Shelf().pull(linear(fake, url), fake.site.now)


def test_a_service_that_charges_more_than_it_says_is_asked_for_less(fake: FakeLinear) -> None:
    for number in range(120):
        fake.site.issue(next(iter(fake.site.tables["teams"].values())), f"More {number}")
    fake.charge = 1.6
    with fake.serving() as url:
        assert Shelf().pull(linear(fake, url, page_size=250), fake.site.now)
    refused = [name for name, _, cost in fake.asked if cost * 1.6 > fake.cap]
    assert len(refused) <= 1


def test_the_hourly_allowance_is_kept_by_waiting_or_by_coming_back_later(fake: FakeLinear) -> None:
    site, shelf = fake.site, Shelf()
    for number in range(300):
        site.issue(next(iter(site.tables["teams"].values())), f"More {number}")
    fake.points.limit = fake.points.left = 40_000
    came_back = 0
    with fake.serving() as url:
        while trouble := refusal(lambda: shelf.pull(linear(fake, url, page_size=250), site.now)):
            assert trouble.code == "quota"
            assert trouble.retry_at
            came_back += 1
            assert came_back < 20
            shelf.resume = trouble.resume
            site.now = trouble.retry_at
    assert came_back >= 1
    assert differences(stored(shelf), truth(site)) == []


def test_a_list_that_promises_more_for_ever_is_stopped(fake: FakeLinear) -> None:
    turns = iter(range(10_000))

    def endless(operation: str, true: Reply) -> Reply:
        if operation == "Who":
            return true
        rows = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": f"c{next(turns)}"}}
        return Reply(200, json.dumps({"data": {"rows": rows}}).encode(), true.headers)

    fake.always = endless
    with fake.serving() as url, pytest.raises(SourceError, match="empty pages"):
        Shelf().pull(linear(fake, url), fake.site.now)
    assert len(fake.asked) < 10


def test_one_empty_page_in_the_middle_does_not_end_the_pull(fake: FakeLinear) -> None:
    def hollow(operation: str, true: Reply) -> Reply:
        body = json.loads(true.body)
        body["data"]["rows"] = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "WyI5OTk5IiwgIiJd"}}  # before all rows
        return Reply(200, json.dumps(body).encode(), true.headers) if operation == "Issues" else true

    first = next(place for place in range(40) if place >= 16)
    shelf = Shelf()
    fake.faults = [None] * first + [hollow]
    with fake.serving() as url:
        assert shelf.pull(linear(fake, url), fake.site.now)
    assert differences(stored(shelf), truth(fake.site)) == []

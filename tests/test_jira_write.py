"""Jira: a write happens once however often it is asked for, is read back, and is not repeated after a lost answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_jira import Clock, FakeJira
from spec_check import every_request_is_described, specs  # noqa: F401 - autouse
from test_jira import connector

from connectors.jira import Action, JiraConnector
from okrbot.model import SourceError


@pytest.fixture(params=[True, False], ids=["cloud", "datacenter"])
def fake(request: pytest.FixtureRequest) -> Iterator[FakeJira]:
    with FakeJira({}, cloud=request.param, clock=Clock()) as running:
        running.site.create("SHOP", "One", labels=["mine"])
        yield running


@pytest.fixture
def source(fake: FakeJira) -> JiraConnector:
    return connector(fake)


COMMENT = Action("comment", "SHOP-1", "F-1", "Which key result does this serve?\n\nSee https://a.example")
LABEL = Action("label", "SHOP-1", "F-1", "no-key-result")
LINK = Action("remote_link", "SHOP-1", "F-1", "Audit", "https://okrbot.example/F-1")
PROPERTY = Action("property", "SHOP-1", "F-1", value={"hash": "ab"})
FIELD = Action("field", "SHOP-1", "F-1", "duedate", value="2026-12-01")
ALL = [COMMENT, LABEL, LINK, PROPERTY, FIELD]


def effects(fake: FakeJira) -> tuple[int, list[str], int, int, str | None]:
    """Return what is on the issue: comments, labels, links, properties, due date."""
    (issue,) = fake.site.issues.values()
    links = fake.site.remote_links.get(issue["id"], {})
    return (
        len(fake.site.comments.get(issue["id"], [])),
        issue["fields"]["labels"],
        len(links),
        len(fake.site.properties),
        issue["fields"]["duedate"],
    )


DONE = (1, ["mine", "no-key-result"], 1, 1, "2026-12-01")


def test_asking_twice_writes_once(fake: FakeJira, source: JiraConnector) -> None:
    for _ in range(2):
        for action in ALL:
            receipt = source.apply(action)
            assert receipt.ok, receipt
            assert receipt.ref
    assert effects(fake) == DONE
    posts = [asked for asked in fake.requests if asked.method == "POST" and asked.path.endswith("/comment")]
    assert len(posts) == 1


@pytest.mark.parametrize("kind", ["reset_after", "500_after", "cut_short", "reset", "429_issue", "503"])
@pytest.mark.parametrize("action", ALL, ids=[action.kind for action in ALL])
def test_a_fault_on_the_write_never_doubles_it(fake: FakeJira, source: JiraConnector, action: Action, kind: str) -> None:
    source.apply(Action("label", "SHOP-1", "F-0", "first"))
    before = len(fake.requests)
    reads = {"comment": 1, "label": 1, "remote_link": 0, "property": 0, "field": 1}[action.kind]
    fake.fault(kind, "/issue/SHOP-1", after=reads, value="2" if kind == "429_issue" else "")
    first = source.apply(action)
    assert fake.fired == 1
    assert len(fake.requests) > before
    second = source.apply(action)
    assert second.ok, (first, second)
    comments, labels, links, properties, due = effects(fake)
    assert (comments, links, properties) == (action.kind == "comment", action.kind == "remote_link", action.kind == "property")
    assert labels.count("no-key-result") == (action.kind == "label")
    assert (due == "2026-12-01") == (action.kind == "field")


def test_a_label_is_added_to_the_others_and_taken_off_again(fake: FakeJira, source: JiraConnector) -> None:
    source.apply(LABEL)
    assert effects(fake)[1] == ["mine", "no-key-result"]
    assert source.apply(Action("label", "SHOP-1", "F-1", "no-key-result", remove=True)).ok
    assert effects(fake)[1] == ["mine"]
    assert not source.apply(Action("label", "SHOP-1", "F-1", "two words")).ok


def test_a_refusal_is_a_receipt_and_a_dead_token_an_error(fake: FakeJira, source: JiraConnector) -> None:
    receipt = source.apply(Action("label", "SHOP-99", "F-1", "x"))
    assert not receipt.ok
    assert "404" in receipt.message
    fake.api.credentials = set()
    with pytest.raises(SourceError) as told:
        source.apply(LABEL)
    assert told.value.code == "token"


def test_an_oversized_property_is_refused_before_it_is_sent(fake: FakeJira, source: JiraConnector) -> None:
    receipt = source.apply(Action("property", "SHOP-1", "F-1", value="x" * 40_000))
    assert not receipt.ok
    assert not any(asked.method == "PUT" for asked in fake.requests)


def test_every_request_so_far_matched_its_description(capsys: pytest.CaptureFixture[str]) -> None:
    known = specs()
    if known is None:
        pytest.skip("the folder of API descriptions is not beside this checkout")
    assert known.cloud[0].operation("GET", "/rest/api/3/search/jql") is not None
    assert list(known.cloud[0].complaints("POST", "/rest/api/3/changelog/bulkfetch", {}, {"issueIdsOrKeys": []})) != []
    with capsys.disabled():
        print(f" {known.checked} requests held against the descriptions, 0 did not match")

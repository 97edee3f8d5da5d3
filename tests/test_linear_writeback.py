"""What is written to Linear is written once, read back, and can be taken back."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import graphql
import pytest
from fake_linear import FakeLinear, Reply, schema
from linear_faults import FAULTS
from linear_site import Row, Site

from connectors.linear import Action, Linear, Settings, connect
from okrbot.model import Secret, SourceError, Surroundings

COMMENT = Action(kind="comment", key="WEB-1", marker="no_key_result:WEB-1", text="No key result is named.")
LABEL = Action(kind="label", key="WEB-1", marker="no_key_result:WEB-1", text="okr-missing")
CARD = Action(
    kind="attachment",
    key="WEB-1",
    marker="no_key_result:WEB-1",
    text="No key result",
    url="https://okrbot.example/f/1",
    value="since 3 May",
)
WRITES = ("WriteComment", "WriteLabel", "MakeLabel", "WriteAttachment")


@dataclasses.dataclass
class Desk:
    site: Site
    fake: FakeLinear
    linear: Linear
    issue: Row

    def written(self) -> dict[str, int]:
        tables = self.site.tables
        return {"comments": len(tables["comments"]), "attachments": len(tables["attachments"]), "labels": len(self.issue["labelIds"])}


@pytest.fixture
def desk() -> Iterator[Desk]:
    site = Site()
    issue = site.issue(site.team("WEB"), "x")
    fake = FakeLinear(site)
    around = Surroundings(folder=Path(), clock=lambda: site.now, sleep=lambda seconds: site.tick(seconds=seconds))
    with fake.serving() as url:
        yield Desk(site, fake, connect(Settings(name="acme", token=Secret("lin_api_good"), url=url), around), issue)


@pytest.mark.parametrize(("action", "table"), [(COMMENT, "comments"), (LABEL, "labels"), (CARD, "attachments")])
def test_an_action_is_done_once_however_often_it_is_asked_for(action: Action, table: str, desk: Desk) -> None:
    receipts = [desk.linear.apply(action) for _ in range(3)]
    assert all(receipt.ok for receipt in receipts), receipts
    assert len({receipt.ref for receipt in receipts}) == 1
    assert desk.written() == {**dict.fromkeys(("comments", "attachments", "labels"), 0), table: 1}


@pytest.mark.parametrize("action", [COMMENT, LABEL, CARD])
def test_an_action_can_be_taken_back_and_taking_back_twice_is_no_harm(action: Action, desk: Desk) -> None:
    desk.linear.apply(action)
    for _ in range(2):
        assert desk.linear.apply(dataclasses.replace(action, remove=True)).ok
    assert desk.written() == {"comments": 0, "attachments": 0, "labels": 0}


def lost(_: str, true: Reply) -> Reply:
    return Reply(drop=True)


@pytest.mark.parametrize("action", [COMMENT, LABEL, CARD])
@pytest.mark.parametrize("fault", ["done and the answer lost", *FAULTS])
def test_a_fault_while_writing_never_writes_twice(fault: str, action: Action, desk: Desk) -> None:
    spoil = lost if fault == "done and the answer lost" else FAULTS[fault]
    turns = {"left": 1}

    def once(operation: str, true: Reply) -> Reply:
        if operation in WRITES and turns["left"]:
            turns["left"] = 0
            return spoil(operation, true)
        return true

    desk.fake.always = once
    try:
        first = desk.linear.apply(action)
    except SourceError as trouble:
        assert "lin_api_good" not in str(trouble)  # noqa: PT017 - it may or may not be refused
    else:
        assert first.ok or first.message
    assert desk.linear.apply(action).ok
    assert sum(desk.written().values()) == 1


def test_a_success_without_effect_is_not_believed(desk: Desk) -> None:
    def empty_words(operation: str, true: Reply) -> Reply:
        if operation in WRITES:
            desk.site.tables["comments"].clear()
            desk.site.tables["attachments"].clear()
            desk.issue["labelIds"] = []
        return true

    desk.fake.always = empty_words
    for action in (COMMENT, LABEL, CARD):
        receipt = desk.linear.apply(action)
        assert not receipt.ok
        assert "did not arrive" in receipt.message


def test_other_labels_stay(desk: Desk) -> None:
    own = desk.site.label("Bug")
    desk.issue["labelIds"] = [own["id"]]
    ref = desk.linear.apply(LABEL).ref
    assert desk.issue["labelIds"] == [own["id"], ref]
    assert desk.linear.apply(dataclasses.replace(LABEL, remove=True)).ok
    assert desk.issue["labelIds"] == [own["id"]]


def test_a_label_that_exists_is_used_whatever_its_case_and_a_group_is_refused(desk: Desk) -> None:
    label = desk.site.label("OKR-Missing")
    assert desk.linear.apply(LABEL).ref == label["id"]
    desk.site.label("kinds", group=True)
    receipt = desk.linear.apply(dataclasses.replace(LABEL, text="kinds"))
    assert not receipt.ok
    assert "group" in receipt.message


def test_the_same_card_with_new_words_is_one_card(desk: Desk) -> None:
    desk.linear.apply(CARD)
    assert desk.linear.apply(dataclasses.replace(CARD, text="Still no key result")).ok
    [card] = desk.site.tables["attachments"].values()
    assert card["title"] == "Still no key result"


def test_an_issue_that_is_not_visible_is_a_refusal_not_a_crash(desk: Desk) -> None:
    receipt = desk.linear.apply(dataclasses.replace(COMMENT, key="WEB-99"))
    assert not receipt.ok
    assert "WEB-99 is not visible" in receipt.message


@pytest.mark.parametrize("action", [COMMENT, LABEL, CARD])
def test_a_dry_run_shows_the_request_and_sends_nothing(action: Action, desk: Desk) -> None:
    document, variables = desk.linear.writer.request(action)
    assert desk.fake.asked == []
    assert graphql.validate(schema(), graphql.parse(document)) == []
    given: dict[str, Any] = variables.get("input", variables)
    assert "WEB-1" in given.values()
    if "id" in given:
        assert uuid.UUID(given["id"]).version == 4


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (dataclasses.replace(COMMENT, text=""), "a comment needs text"),
        (dataclasses.replace(CARD, url=""), "an attachment needs url"),
        (dataclasses.replace(LABEL, marker=""), "a label needs marker"),
        (dataclasses.replace(LABEL, kind="delete"), "is no kind of change"),  # type: ignore[arg-type]
    ],
)
def test_an_action_that_says_too_little_is_refused(action: Action, text: str, desk: Desk) -> None:
    with pytest.raises(ValueError, match=text):
        desk.linear.apply(action)
    assert desk.fake.asked == []

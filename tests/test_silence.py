"""Silence is never success: what has not arrived, and a Slack that takes nothing any more, are said where people look."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_slack import FakeSlack
from fake_slack.fixtures import slack  # noqa: F401
from slack_office import MONDAY, Town, town

from okrbot.serve.health import metrics
from okrbot.slack.directory import NotThereError, look_up

SLOT = MONDAY + dt.timedelta(days=7, hours=-1)  # Monday 09:00 in Amsterdam


@pytest.fixture
def place(slack: FakeSlack, audited: Path, tmp_path: Path) -> Iterator[Town]:  # noqa: F811
    yield from town(slack, audited, tmp_path, "http")


def ready(place: Town) -> tuple[bool, dict[str, object]]:
    return place.serving.vitals.ready(place.store)


def measured(place: Town, name: str) -> str:
    text = metrics(place.serving.vitals, place.store)
    return next(line.rsplit(" ", 1)[1] for line in text.splitlines() if line.startswith(f"okrbot_{name}"))


def test_a_digest_that_an_archived_channel_keeps_out_is_said_everywhere(place: Town, caplog: pytest.LogCaptureFixture) -> None:
    channel = place.slack.space.find_channel("#shop")
    assert channel is not None
    channel.archived = True
    place.slack.clock.set(SLOT + dt.timedelta(seconds=50))
    place.serving.work.light()
    assert "is archived" in caplog.text
    assert ready(place)[1]["overdue"] == 0, "an hour is given"
    place.slack.clock.advance(3700)
    place.serving.work.light()
    fine, said = ready(place)
    assert fine, "one bad channel does not take the others' clicks away"
    assert said["overdue"] == 1
    assert measured(place, 'deliveries_overdue{kind="digest"}') == "1"
    place.ada.open_home()
    place.waits(lambda: "The digest of Shop has not arrived in #shop: the channel #shop is archived" in place.ada.reads(place.ada.home))
    place.noor.open_home()
    place.waits(lambda: "The digest that was due has not arrived: the channel #shop is archived" in place.noor.reads(place.noor.home))
    channel.archived = False
    place.slack.clock.advance(3700)
    place.serving.work.light()
    assert len(place.slack.top("#shop")) == 1
    assert ready(place)[1]["overdue"] == 0


def test_a_revoked_token_is_noticed_without_a_message_to_send(place: Town, caplog: pytest.LogCaptureFixture) -> None:
    assert ready(place)[0]
    place.slack.revoke()
    place.slack.clock.advance(601)
    place.serving._light()
    fine, said = ready(place)
    assert not fine
    assert "revoked" in str(said["refused"])
    assert measured(place, "slack_connected") == "0"
    assert "the bot's token was revoked" in caplog.text
    assert json.dumps(said)
    place.slack.revoke("")
    place.slack.clock.advance(601)
    place.serving._light()
    assert ready(place)[0]


def test_a_channel_is_found_however_it_is_written_and_a_person_is_none(place: Town) -> None:
    client, channel = place.serving.work.sender, place.slack.space.find_channel("#shop")
    assert client is not None
    assert channel is not None
    for written in ("#Shop", "SHOP", channel.id, f"<#{channel.id}|shop>", f"<#{channel.id}>"):
        assert look_up(client, frozenset(), written).id == channel.id
    for written in ("@noor", f"<@{place.noor.id}>"):
        with pytest.raises(NotThereError, match="is a person"):
            look_up(client, frozenset(), written)

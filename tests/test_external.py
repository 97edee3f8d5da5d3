"""What is said inside the company stays there: channels shared with other companies, their people, and guests."""

# ruff: noqa: F811 -- fixtures are imported by name

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fake_slack import FakeSlack
from fake_slack.fixtures import slack  # noqa: F401
from slack_digests import MONDAY, app_for, digest
from slack_office import Town, answers_of, town

from okrbot.app import App, open_app
from okrbot.slack import send_digests
from okrbot.store import tables as t

LINKED = ("no_key_result", "item:jira/20060")


def changed(app: App, slack: FakeSlack, old: str, new: str) -> App:
    """Return `app` with a configuration in which `old` reads `new`."""
    text = app.config.path.read_text(encoding="utf-8")
    assert old in text
    app.config.path.write_text(text.replace(old, new), encoding="utf-8")
    return dataclasses.replace(open_app(app.config.path, environment=slack.environment, clock=slack.clock), sleep=slack.clock.sleep)


def allowing(app: App, slack: FakeSlack) -> App:
    return changed(app, slack, "\n[slack]\n", "\n[slack]\nallow_external = true\n")


def send(app: App, products: Sequence[str] = ("Shop",)) -> tuple[int, list[str]]:
    told: list[str] = []
    made = [digest(name, at=app.clock()) for name in products]
    with app.store() as store:
        return send_digests(store, app.config, made, clock=app.clock, sleep=app.sleep, tell=told.append, patience=30), told


@pytest.fixture
def app(slack: FakeSlack, tmp_path: Path) -> App:
    slack.clock.set(MONDAY)
    return app_for(slack, tmp_path, products=("Shop", "Depot"))


@pytest.fixture
def place(slack: FakeSlack, audited: Path, tmp_path: Path) -> Iterator[Town]:
    yield from town(slack, audited, tmp_path, "http")


# --- channels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("private", [False, True])
def test_a_channel_shared_with_another_company_gets_no_digest_and_the_others_do(slack: FakeSlack, app: App, private: bool) -> None:
    shop = slack.channel("#shop", shared=True, private=private)
    slack.channel("#depot")
    code, told = send(app, ("Shop", "Depot"))
    assert code == 4
    assert (len(slack.top("#shop")), len(slack.top("#depot"))) == (0, 1)
    assert "#shop is shared with another company (Slack Connect)" in told[0]
    assert "[slack] allow_external" in told[0]
    shop.shared = False
    slack.clock.advance(3601)
    assert send(app, ("Shop", "Depot"))[0] == 0
    assert (len(slack.top("#shop")), len(slack.top("#depot"))) == (1, 1)


def test_a_channel_that_was_shared_since_the_last_digest_is_noticed(slack: FakeSlack, app: App) -> None:
    shop = slack.channel("#shop")
    assert send(app)[0] == 0
    shop.shared = True
    slack.clock.advance(7 * 86400)
    assert send(app)[0] == 4
    assert len(slack.top("#shop")) == 1


def test_a_shared_channel_gets_its_digest_where_the_configuration_allows_it(slack: FakeSlack, app: App) -> None:
    slack.channel("#shop", shared=True)
    assert send(allowing(app, slack))[0] == 0
    assert len(slack.top("#shop")) == 1


def test_where_nobody_can_see_whether_a_channel_is_shared_nothing_is_posted(slack: FakeSlack, app: App) -> None:
    shop = slack.channel("#shop")
    slack.scopes.discard("channels:read")
    slack.scopes.discard("groups:read")
    by_id = changed(app, slack, '"#shop"', f'"{shop.id}"')
    made = dataclasses.replace(digest(), channel=shop.id)
    told: list[str] = []
    with by_id.store() as store:
        code = send_digests(store, by_id.config, [made], clock=app.clock, sleep=app.sleep, tell=told.append, patience=1)
    assert code == 4
    assert "channels:read" in told[0]
    assert "conversations.info" not in [method for method, _ in slack.requests], "what may not be asked is not asked"
    free = allowing(by_id, slack)
    with free.store() as store:
        slack.clock.advance(3601)
        assert send_digests(store, free.config, [made], clock=app.clock, sleep=app.sleep, patience=30) == 0


def test_two_hundred_channels_are_looked_at_in_one_call(slack: FakeSlack, tmp_path: Path) -> None:
    slack.clock.set(MONDAY)
    names = [f"P{number}" for number in range(60)]
    for name in names:
        slack.channel(f"#{name.lower()}")
    assert send(app_for(slack, tmp_path, products=names), names)[0] == 0
    assert len(slack.calls("conversations.info")) == 0
    assert len(slack.calls("users.conversations")) <= len(names) + 1, (
        "by name each is looked up once; whether it is shared is one call more"
    )


# --- people -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "allowed"), [("guest", False), ("partner", False), ("guest", True), ("partner", True)])
def test_guests_and_people_of_other_companies_are_not_asked(
    slack: FakeSlack, audited: Path, tmp_path: Path, kind: str, allowed: bool
) -> None:
    for found in town(slack, audited, tmp_path, "http", more="allow_external = true" if allowed else "", kind=kind):
        asked = found.ask()
        assert bool(asked) == (allowed and kind == "partner")
        standing = {row[0]: json.loads(str(row[1])).get("standing") for row in found.rows(t.people, "person", "settings")}
        assert standing[found.noor.id] == (None if allowed and kind == "partner" else "guest" if kind == "guest" else "elsewhere")


def test_a_member_of_another_company_in_a_shared_channel_cannot_answer(place: Town) -> None:
    place.question(*LINKED)
    message = place.noor.messages()[-1]
    user = place.slack.space.users[place.noor.id]
    user.kind, user.team = "partner", "T0OTHER"
    place.slack.clock.advance(120)
    place.noor.click(message, "It is maintenance")
    place.waits(lambda: place.noor.notices())
    assert answers_of(place)[-1][2] == "refused"
    assert "other companies" in place.noor.notices()[-1].text


@pytest.mark.parametrize("kind", ["guest", "partner"])
def test_home_shows_nothing_of_the_work_to_guests_and_other_companies(place: Town, kind: str) -> None:
    place.question(*LINKED)
    place.noor.open_home()
    place.waits(lambda: "Waiting for you (1)" in place.noor.reads(place.noor.home))
    user = place.slack.space.users[place.noor.id]
    user.kind, user.team = kind, "T0OTHER" if kind == "partner" else user.team
    place.slack.clock.advance(120)
    place.noor.open_home()
    place.waits(lambda: "Waiting for you" not in place.noor.reads(place.noor.home))
    shown = place.noor.reads(place.noor.home)
    assert "cannot answer for a product" in shown
    for hidden in ("SHOP-", "#shop", "Mute 4 weeks", "Answered lately"):
        assert hidden not in shown


# --- okrbot check -----------------------------------------------------------------------------------------------------


def test_check_names_shared_channels_guests_and_people_of_other_companies(slack: FakeSlack, app: App) -> None:
    slack.channel("#shop", shared=True)
    slack.channel("#depot")
    slack.person("gil@acme.example", kind="guest")
    slack.person("pat@other.example", kind="partner", team="T0OTHER")
    slack.person("ann@acme.example")
    owners = 'owners = ["ann@acme.example", "gil@acme.example", "pat@other.example", "nobody@acme.example", "slack:U0NOBODY"]\n'
    asked = changed(app, slack, 'name = "Shop"\n', f'name = "Shop"\n{owners}')
    fine, lines = asked.check_slack()
    words = "\n".join(lines)
    assert not fine
    assert "! Shop: #shop is shared with another company" in words
    assert "! gil@acme.example: is a guest in Slack" in words
    assert "! pat@other.example: is a member of another company's Slack" in words
    assert "· nobody@acme.example: Slack shows nobody of that address" in words
    assert "· slack:U0NOBODY: Slack shows nobody of that id" in words
    assert "ann@acme.example" not in words
    fine, lines = allowing(asked, slack).check_slack()
    words = "\n".join(lines)
    assert "· Shop: #shop is shared with another company; [slack] allow_external lets its digest go there" in words
    assert "pat@other.example" not in words
    assert "gil@acme.example: is a guest" in words
    assert {method for method, _ in slack.requests} <= {
        "auth.test", "users.conversations", "conversations.info", "users.lookupByEmail", "users.info"
    }, "a check changes nothing"  # fmt: skip

"""The message of a question follows the store, whatever became of the call that should have rewritten it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from fake_slack import FakeSlack, Message
from fake_slack.fixtures import slack  # noqa: F401
from slack_digests import MONDAY, app_for, office_for

from okrbot import prompts
from okrbot.answers import Answer, take, undo
from okrbot.app import App
from okrbot.blocks.prompt import question
from okrbot.slack import Office, Outgoing, deliver, listed, put
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.people import remember

SAID = {"key": "SHOP-1", "title": "Rewrite the basket", "url": "", "note": "no path", "question": "Which?", "rule_title": "No key result"}


@dataclasses.dataclass
class Asked:
    """One question that has reached its owner, and a way to answer it without a word to Slack: as if the process had died after it."""

    slack: FakeSlack
    app: App
    store: Store
    office: Office
    person: str

    @property
    def message(self) -> Message:
        (found,) = self.slack.top(self.person)
        return found

    def answer(self, stamp: str = "1.0") -> None:
        given = Answer("T0ACME", "p1", self.person, "class", stamp, {"work_class": "ktlo"})
        with self.store.begin() as db:
            assert take(db, self.app.config, given, now=self.app.clock()).outcome == "accepted"

    def undo(self, stamp: str = "2.0") -> None:
        with self.store.begin() as db:
            assert (
                undo(db, self.app.config, f"T0ACME:p1:{self.person}:1.0", person=self.person, stamp=stamp, now=self.app.clock()).outcome
                == "undone"
            )

    def rounds(self, *seconds: float) -> None:
        for number in seconds:
            self.slack.clock.advance(number)
            deliver(self.office)

    def noted(self) -> list[tuple[str, str]]:
        with self.store.connect() as db:
            return [(row.state, row.error) for row in listed(db) if row.kind == "rewrite"]


@pytest.fixture
def asked(slack: FakeSlack, store_url: str, tmp_path: Path) -> Iterator[Asked]:  # noqa: F811
    slack.clock.set(MONDAY)
    ann = slack.person("ann@acme.example", tz="UTC")
    app = app_for(slack, tmp_path)
    config = tmp_path / "okrbot.toml"
    text = config.read_text(encoding="utf-8").replace("sqlite:///okrbot.db", store_url)
    config.write_text(
        text.replace('backlogs = ["files/Shop"]', f'backlogs = ["files/Shop"]\nowners = ["slack:{ann.id}"]'), encoding="utf-8"
    )
    from okrbot.app import open_app

    app = dataclasses.replace(open_app(config, environment=slack.environment, clock=slack.clock), sleep=slack.clock.sleep)
    now = app.clock()
    prompt = prompts.Prompt(
        "p1", "no_key_result", "item:files/1", "Shop", ann.id, "question", "planned", now, None, None, "", "", 1, SAID
    )  # fmt: skip
    with app.store() as store:
        with store.begin() as db:
            remember(db, ann.id, timezone="UTC", now=now)
            prompts.rows.insert(db, prompt)
            message = Outgoing(
                prompts.delivery_key("p1"), "prompt", ann.id, "A question", question(prompt), due=now, product="Shop", period="p1"
            )  # fmt: skip
            put(db, message, now=now)
        office = office_for(app, store)
        deliver(office)
        with store.begin() as db:
            prompts.arrived(db)
        yield Asked(slack, app, store, office, ann.id)


def test_an_answer_whose_process_died_before_it_was_shown_is_shown_soon(asked: Asked) -> None:
    asked.answer()
    asked.rounds(1)
    assert "It is maintenance" in str(asked.message.blocks), "whoever took the answer may be rewriting it at this moment"
    asked.rounds(20)
    assert f"<@{asked.person}> said it is maintenance" in str(asked.message.blocks)
    asked.rounds(200, 200)
    assert asked.noted() == [("sent", "")]
    calls = len(asked.slack.requests)
    asked.rounds(20, 200)
    assert len(asked.slack.requests) == calls, "then it is left in peace"


def test_an_undo_is_shown_too_and_a_question_nobody_touched_is_not_rewritten(asked: Asked) -> None:
    asked.rounds(20, 200)
    assert asked.noted() == []
    assert asked.message.updates == 0
    asked.answer()
    asked.rounds(1, 20, 200)
    asked.undo()
    asked.rounds(1, 20, 200)
    assert "Link a key result" in str(asked.message.blocks)
    assert asked.noted() == [("sent", "")]


def test_a_question_that_closed_itself_says_so(asked: Asked) -> None:
    with asked.store.begin() as db:
        assert [prompt.id for prompt in prompts.supersede(db, now=asked.app.clock())] == ["p1"]
    asked.rounds(1, 20)
    assert "settled itself" in str(asked.message.blocks)


def test_an_older_rewriting_that_slack_files_late_does_not_stay(asked: Asked) -> None:
    asked.slack.fault("late_effect", "chat.update")
    asked.answer()
    asked.rounds(1, 20)  # Slack files this one a minute later
    asked.undo()
    asked.rounds(1, 20)
    assert "Link a key result" in str(asked.message.blocks)
    asked.slack.clock.advance(60)
    assert "said it is maintenance" in str(asked.message.blocks), "the late one has come, and is wrong"
    asked.rounds(150)
    assert "Link a key result" in str(asked.message.blocks)


@pytest.mark.parametrize("fault", ["reset_before", "hang", "500_before", "502_html", "429", "internal_error", "truncated"])
def test_a_rewriting_that_fails_is_tried_again(asked: Asked, fault: str) -> None:
    asked.slack.fault(fault, "chat.update", times=2)
    asked.answer()
    asked.rounds(1, 20, 100, 200, 400, 400)
    assert "said it is maintenance" in str(asked.message.blocks)
    assert asked.noted() == [("sent", "")]


def test_a_message_that_is_gone_is_given_up_quietly(asked: Asked) -> None:
    asked.slack.space.messages.clear()
    asked.answer()
    asked.rounds(1, 20, 200)
    ((state, error),) = asked.noted()
    assert state == "skipped"
    assert "message_not_found" in error


def test_a_message_still_on_its_way_when_its_question_is_answered_is_brought_up_to_date(asked: Asked) -> None:
    sent = sa.update(t.deliveries).where(t.deliveries.c.key == prompts.delivery_key("p1"))
    with asked.store.begin() as db:  # posted, but not known to have arrived
        db.execute(sent.values(state="doubt", ts="", started=int(asked.app.clock().timestamp() * 1000)))
    asked.answer()
    asked.rounds(1, 20)
    assert "It is maintenance" in str(asked.message.blocks)
    asked.rounds(200, 1, 20)
    assert "said it is maintenance" in str(asked.message.blocks)


def test_many_that_are_behind_do_not_run_into_slacks_limit(asked: Asked) -> None:
    with asked.store.begin() as db:
        for table, key in ((t.prompts, "id"), (t.deliveries, "key")):
            (row,) = db.execute(sa.select(table)).mappings().all()
            for n in range(100):
                db.execute(sa.insert(table).values(dict(row) | {key: f"{row[key]}{n}"}))
        db.execute(sa.update(t.prompts).values(state="expired", version=2))
    asked.slack.api.tiers = True
    begun = asked.app.clock()
    asked.rounds(1, *[15] * 40)
    assert asked.slack.api.throttled == []
    assert len(asked.slack.calls("chat.update")) >= 101
    assert asked.app.clock() - begun < dt.timedelta(minutes=15)

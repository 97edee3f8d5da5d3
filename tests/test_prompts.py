"""Product owners are asked little, at their own hours, about what matters, and are left alone when they do not answer."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from fake_slack import mentions
from fake_slack.blocks import wrong_message, wrong_view

from okrbot import prompts
from okrbot.answers import Answer, Given, take
from okrbot.app import App
from okrbot.blocks import modals
from okrbot.blocks.escape import fit
from okrbot.blocks.home import Card, Home, home_view
from okrbot.blocks.prompt import answered, named, question
from okrbot.blocks.prompt import text as text_of
from okrbot.config import Config
from okrbot.model import millis
from okrbot.prompts import Prompt, may_write, next_time, plan
from okrbot.prompts.choosing import delivery_key
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.people import not_found, products_of, remember

MONDAY = dt.datetime(2026, 11, 16, 9, 0, tzinfo=dt.UTC)  # 10:00 in Amsterdam
DAY = dt.timedelta(days=1)
OWNERS = {"noor@veldmand.example": "UNOOR", "bas@veldmand.example": "UBAS"}


@pytest.fixture
def store(organisation: App) -> Iterator[Store]:
    with organisation.store() as opened:
        with opened.begin() as db:
            for name, person in OWNERS.items():
                remember(db, person, name=name, timezone="Europe/Amsterdam", now=MONDAY)
        yield opened


def ask(app: App, store: Store, now: dt.datetime, *, deliver: bool = True, **questions: Any) -> list[Prompt]:
    """Plan as `okrbot serve` does, and let Slack take the messages at once."""
    config = with_questions(app.config, **questions)
    with store.begin() as db:
        prompts.arrived(db)
        prompts.supersede(db, now=now)
        prompts.expire(db, now=now)
        planned = plan(db, config, app.pages(), now=now)
        for prompt in planned:
            state = (
                {"state": "sent", "sent": millis(now), "channel_id": f"D{prompt.person}", "ts": "1.2"} if deliver else {"state": "planned"}
            )
            db.execute(sa.insert(t.deliveries).values(key=delivery_key(prompt.id), kind="prompt", due=millis(now), **state))
        prompts.arrived(db)
    return planned


def with_questions(config: Config, **values: Any) -> Config:
    return dataclasses.replace(config, questions=dataclasses.replace(config.questions, **values))


def test_the_weightiest_finding_is_asked_about_first_and_restricted_work_never(organisation: App, store: Store) -> None:
    (first, second) = ask(organisation, store, MONDAY)
    assert {first.person, second.person} == {"UNOOR", "UBAS"}
    assert first.said["severity"] == second.said["severity"] == "high"
    assert first.said["family"] == "outcome"
    assert first.said["question"].endswith("?")
    asked = [first, second]
    for days in range(1, 60):
        asked += ask(organisation, store, MONDAY + days * DAY, unanswered=20, per_week=20)
    assert len(asked) > 30
    assert not [prompt for prompt in asked if prompt.said["key"] == "SHOP-124"], "its security level says it is not for everyone"
    assert len({(prompt.rule, prompt.subject) for prompt in asked}) == len(asked), "nothing is asked twice"


def test_nobody_gets_more_than_their_number_in_any_seven_days(organisation: App, store: Store) -> None:
    sent: dict[str, list[dt.datetime]] = {"UNOOR": [], "UBAS": []}
    moment = MONDAY
    while moment < MONDAY + 23 * DAY:
        for prompt in ask(organisation, store, moment, unanswered=20):
            sent[prompt.person].append(moment)
        moment += dt.timedelta(hours=5)
    for times in sent.values():
        assert len(times) >= 6
        assert all(sum(1 for at in times if start <= at < start + 7 * DAY) <= 2 for start in times)
        assert len({at.date() for at in times}) == len(times), "one a day at most"


def test_two_unanswered_questions_end_the_asking_until_the_person_says_something(organisation: App, store: Store) -> None:
    asked = []
    for days in range(25):
        asked += ask(organisation, store, MONDAY + days * DAY)
    assert sorted(prompt.person for prompt in asked) == ["UBAS", "UBAS", "UNOOR", "UNOOR"]
    mine = next(prompt for prompt in asked if prompt.person == "UNOOR")
    with store.begin() as db:
        take(db, organisation.config, Answer("T1", mine.id, "UNOOR", "stop", "1.1"), now=MONDAY + 25 * DAY)
    later = []
    for days in range(26, 30):
        later += ask(organisation, store, MONDAY + days * DAY)
    assert {prompt.person for prompt in later} == {"UNOOR"}


def test_after_an_outage_the_late_and_the_new_do_not_come_together(organisation: App, store: Store) -> None:
    for days in range(10):
        planned = ask(organisation, store, MONDAY + days * DAY, deliver=False, unanswered=20)
        assert len(planned) == (2 if days == 0 else 0), "what waits for Slack counts as asked today"
    with store.connect() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(t.prompts)).scalar() == 2


HOURS = [
    ("Europe/Amsterdam", "2026-11-16T09:30+01:00", True),
    ("Europe/Amsterdam", "2026-11-16T08:59+01:00", False),
    ("Europe/Amsterdam", "2026-11-16T17:00+01:00", False),
    ("Europe/Amsterdam", "2026-11-20T11:59+01:00", True),
    ("Europe/Amsterdam", "2026-11-20T12:00+01:00", False),  # Friday afternoon
    ("Europe/Amsterdam", "2026-11-21T11:00+01:00", False),  # Saturday
    ("America/Los_Angeles", "2026-11-16T11:00+01:00", False),  # it is two in the morning there
    ("America/Los_Angeles", "2026-11-16T11:00-08:00", True),
    ("Asia/Tokyo", "2026-11-16T09:30+09:00", True),
    ("Not/AZone", "2026-11-16T10:00+01:00", True),  # then the company's clock
    ("", "2026-12-25T10:00+01:00", False),  # a holiday
]


@pytest.mark.parametrize(("zone", "moment", "expected"), HOURS)
def test_the_bot_writes_in_the_persons_own_working_hours(organisation: App, zone: str, moment: str, expected: bool) -> None:
    config = dataclasses.replace(organisation.config, okrbot=dataclasses.replace(organisation.config.okrbot, holidays=("2026-12-25",)))
    assert may_write(config, zone, "UNOOR", dt.datetime.fromisoformat(moment)) is expected


def test_outside_their_hours_a_person_is_written_to_at_the_next_start_of_work(organisation: App) -> None:
    friday = dt.datetime(2026, 11, 20, 14, 0, tzinfo=dt.UTC)
    at = next_time(organisation.config, "Europe/Amsterdam", "UNOOR", friday)
    assert dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC) <= at < dt.datetime(2026, 11, 23, 8, 25, tzinfo=dt.UTC)
    assert may_write(organisation.config, "Europe/Amsterdam", "UNOOR", at)
    assert not may_write(organisation.config, "Europe/Amsterdam", "UNOOR", at - dt.timedelta(minutes=1))


def test_a_question_that_slack_could_not_take_waits_for_the_morning(organisation: App, store: Store) -> None:
    ask(organisation, store, MONDAY, deliver=False)
    night = MONDAY + dt.timedelta(hours=12)
    with store.begin() as db:
        assert prompts.hold_outside_hours(db, organisation.config, now=night) == 2
        assert prompts.hold_outside_hours(db, organisation.config, now=night) == 0
        (earliest,) = db.execute(sa.select(sa.func.min(t.deliveries.c.not_before))).scalars()
    assert earliest >= millis(MONDAY + dt.timedelta(hours=23))


def test_a_question_that_settled_itself_is_closed_and_not_sent(organisation: App, store: Store) -> None:
    planned = ask(organisation, store, MONDAY, deliver=False)
    with store.begin() as db:
        db.execute(sa.update(t.findings).where(t.findings.c.subject == planned[0].subject).values(state="resolved"))
        closed = prompts.supersede(db, now=MONDAY + DAY)
        assert [prompt.id for prompt in closed] == [planned[0].id]
        states = dict(db.execute(sa.select(t.deliveries.c.key, t.deliveries.c.state)).all())
    assert states == {delivery_key(planned[0].id): "skipped", delivery_key(planned[1].id): "planned"}


def test_a_question_that_settled_itself_still_counts_into_the_week_and_as_unanswered(organisation: App, store: Store) -> None:
    (mine,) = [prompt for prompt in ask(organisation, store, MONDAY, deliver=False) if prompt.person == "UNOOR"]
    with store.begin() as db:  # it settles itself while its message is on its way, which then arrives
        db.execute(sa.update(t.findings).where(t.findings.c.subject == mine.subject).values(state="resolved"))
        db.execute(sa.update(t.deliveries).values(state="sent", sent=millis(MONDAY), channel_id="D1", ts="1.2"))
        assert mine.id in {prompt.id for prompt in prompts.supersede(db, now=MONDAY)}
    later = [prompt for days in range(1, 7) for prompt in ask(organisation, store, MONDAY + days * DAY, unanswered=20)]
    assert len([prompt for prompt in later if prompt.person == "UNOOR"]) == 1, "two in seven days, the one that settled itself among them"
    later = [prompt for days in range(7, 25) for prompt in ask(organisation, store, MONDAY + days * DAY)]
    assert not [prompt for prompt in later if prompt.person == "UNOOR"], "two without an answer"


def test_a_question_answered_before_its_message_left_keeps_nobody_from_the_next(organisation: App, store: Store) -> None:
    (mine,) = [prompt for prompt in ask(organisation, store, MONDAY, deliver=False) if prompt.person == "UNOOR"]
    with store.begin() as db:
        take(db, organisation.config, Answer("T1", mine.id, "UNOOR", "stop", "1.1"), now=MONDAY)
    assert [prompt for prompt in ask(organisation, store, MONDAY + DAY) if prompt.person == "UNOOR"]


def test_a_finding_that_was_answered_is_asked_about_again_only_when_it_came_back(organisation: App, store: Store) -> None:
    (first, *_) = ask(organisation, store, MONDAY)
    with store.begin() as db:
        take(db, organisation.config, Answer("T1", first.id, first.person, "class", "1.1", {"work_class": "ktlo"}), now=MONDAY)
    finding = sa.and_(t.findings.c.rule == first.rule, t.findings.c.subject == first.subject)
    with store.begin() as db:  # only this finding is left, and it is still flagged, as it was
        db.execute(sa.delete(t.findings).where(~finding))
    assert ask(organisation, store, MONDAY + 20 * DAY) == []
    with store.begin() as db:
        db.execute(sa.update(t.findings).where(finding).values(state="returned", state_since=millis(MONDAY + 21 * DAY)))
    (again,) = ask(organisation, store, MONDAY + 22 * DAY)
    assert again.id != first.id
    assert (again.rule, again.subject) == (first.rule, first.subject)


def test_muted_people_products_without_owners_and_a_switch_that_is_off_keep_the_bot_silent(organisation: App, store: Store) -> None:
    assert ask(organisation, store, MONDAY, enabled=False) == []
    assert ask(organisation, store, MONDAY, per_week=0) == []
    with store.begin() as db:
        remember(db, "UNOOR", now=MONDAY, muted_until=millis(MONDAY + 28 * DAY))
        remember(db, "UBAS", now=MONDAY, standing="deactivated")
    assert ask(organisation, store, MONDAY + DAY) == []
    (only,) = ask(organisation, store, MONDAY + 29 * DAY)
    assert only.person == "UNOOR"


def test_an_owner_whom_slack_has_not_told_us_about_is_not_asked(organisation: App, store: Store) -> None:
    shop = next(p for p in organisation.config.products if p.name == "Shop")
    config = dataclasses.replace(organisation.config, products=(dataclasses.replace(shop, owners=("slack:U0GHOST",)),))
    app = dataclasses.replace(organisation, config=config)
    assert ask(app, store, MONDAY) == [], "a guest perhaps, or somebody of another company"
    with store.begin() as db:
        remember(db, "U0GHOST", timezone="Europe/Amsterdam", now=MONDAY)
    assert [prompt.person for prompt in ask(app, store, MONDAY)] == ["U0GHOST"]


def test_owners_are_found_by_name_or_slack_id_and_the_others_are_named(organisation: App, store: Store) -> None:
    with store.connect() as db:
        assert products_of(db, organisation.config, "UNOOR") == ("Shop",)
        assert products_of(db, organisation.config, "USTRANGER") == ()
        assert not_found(db, organisation.config) == ("ilse@veldmand.example", "tom@veldmand.example")


def test_a_month_after_a_flagged_epic_shipped_its_owner_is_asked_what_happened(organisation: App, store: Store) -> None:
    asked: list[Prompt] = []
    for days in range(40):
        ask(organisation, store, MONDAY + days * DAY - dt.timedelta(hours=21), unanswered=20)
        with store.begin() as db:
            planned = prompts.plan_follow_ups(db, with_questions(organisation.config, unanswered=20), now=MONDAY + days * DAY)
            for prompt in planned:
                db.execute(
                    sa.insert(t.deliveries).values(
                        key=delivery_key(prompt.id), kind="prompt", state="sent", sent=millis(MONDAY + days * DAY), channel_id="D", ts="1"
                    )
                )
            prompts.arrived(db)
        asked += planned
    assert asked
    assert len({prompt.subject for prompt in asked}) == len(asked), "each is asked about once"
    assert all(prompt.kind == "followup" and "shipped" in prompt.said["note"] for prompt in asked)
    one = asked[0]
    with store.begin() as db:
        take(db, organisation.config, Answer("T1", one.id, one.person, "too_early", "1.1"), now=MONDAY + 41 * DAY)
        db.execute(sa.delete(t.findings).where(t.findings.c.subject != one.subject))
        assert prompts.plan_follow_ups(db, organisation.config, now=MONDAY + 42 * DAY) == []


PARTS = [
    "<!channel>",
    "<@U123ABC>",
    "<!subteam^S1>",
    "<https://evil.example|login>",
    "&",
    "<",
    ">",
    "*bold*",
    "_x_",
    "`",
    ":tada:",
    "\u202e",
    "\x00",
    "😀",
    "é" * 40,
    "x" * 255,
    "\n",
    " ",
]


def test_a_thousand_hostile_titles_give_valid_messages_that_ping_nobody() -> None:
    dice = random.Random(5)
    for number in range(1000):
        text = "".join(dice.choice(PARTS) for _ in range(dice.randrange(1, 40)))
        said = dict.fromkeys(("key", "title", "note", "question", "rule_title", "expected", "remedy"), text) | {
            "url": dice.choice(["", "https://a.example/" + text, text])
        }
        kind = dice.choice(["question", "followup"])
        prompt = Prompt(
            f"p{number}", "r", dice.choice(["item:jira/1", "team:x"]), text, "UNOOR", kind, "asked", MONDAY, MONDAY, None, "", "", 1, said
        )
        given = Given(
            "T:p:U:1",
            prompt.id,
            "UNOOR",
            dice.choice(["fine", "link", "outcome"]),
            {"why": text, "title": text, "text": text, "expected": text, "weeks": 4},
            MONDAY,
            True,
            None,
            "accepted",
            said=said,
        )
        blocks = question(prompt, number=1, of=2, first=True)
        assert mentions(blocks, text_of(prompt)) == set()
        assert wrong_message(blocks, text_of(prompt)) == []
        assert mentions(answered(prompt, given)) == {"UNOOR"}
        assert wrong_message(answered(prompt, given)) == []
        for form in (modals.link_form, modals.fine_form, modals.outcome_form):
            assert wrong_view(form(prompt, modals.metadata(prompt))) == []


@pytest.mark.parametrize("letter", ["&", "<", ">", "*", "x", "é", "😀", ":a:", "|"])
def test_texts_that_grow_when_they_are_escaped_still_fit(letter: str) -> None:
    long = letter * 3000
    said = dict.fromkeys(("key", "title", "note", "question", "rule_title", "expected", "remedy"), long) | {
        "url": "https://a.example/" + "p" * 900
    }
    for kind, subject in itertools.product(("question", "followup"), ("item:jira/1", "team:x")):
        prompt = Prompt("p" * 16, "r", subject, "Shop", "UNOOR", kind, "asked", MONDAY, MONDAY, None, "", "", 1, said)
        assert wrong_message(question(prompt, number=1, of=2, first=True), text_of(prompt)) == []
        for action, value in (
            ("link", {"key_result": long, "title": long, "expected": long}),
            ("fine", {"why": long, "weeks": 4}),
            ("outcome", {"verdict": "moved", "text": long}),
        ):
            given = Given("T:p:U:1", prompt.id, "UNOOR", action, value, MONDAY, True, None, "accepted", said=said)
            assert wrong_message(answered(prompt, given)) == []
        for form in (modals.link_form, modals.fine_form, modals.outcome_form):
            assert wrong_view(form(prompt, modals.metadata(prompt))) == []
        assert wrong_view(modals.questions_window("Shop", [prompt], more=3)) == []


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("short", 10, "short"),
        ("a &amp; b", 6, "a…"),
        ("a &amp; b", 8, "a &amp;…"),
        ("see <https://a.example/1|A-1> now", 20, "see…"),
        ("see <https://a.example/1|A-1> now", 31, "see <https://a.example/1|A-1>…"),
    ],
)
def test_what_is_cut_is_not_cut_inside_an_entity_or_a_link(text: str, most: int, kept: str) -> None:
    assert fit(text, most) == kept


def test_a_home_with_everything_on_it_is_taken_by_slack() -> None:
    long = "&<>*" * 60
    said = dict.fromkeys(("key", "title", "note", "question", "rule_title"), long)
    waiting = [
        Prompt(f"p{n}", "r", "item:jira/1", "Shop", "UNOOR", "question", "asked", MONDAY, MONDAY, None, "", "", 1, said) for n in range(40)
    ]
    given = [
        Given(f"T:p{n}:U:1", f"p{n}", "UNOOR", "fine", {"why": long, "weeks": 4}, MONDAY, True, None, "accepted", said=said)
        for n in range(30)
    ]
    cards = [Card(f"{long}{n}", long, 7, "mon", "09:00", "Europe/Amsterdam", MONDAY, "{}") for n in range(12)]
    full = home_view(Home(waiting, 5, [(one, MONDAY) for one in given], given, cards, None, True, True, [long] * 20, MONDAY))
    assert re.findall(r"and \d+ more", json.dumps(full)) == ["and 33 more", "and 22 more", "and 22 more", "and 4 more"]
    view = home_view(Home(waiting, 5, [(one, MONDAY) for one in given], given, cards, None, True, True, [long] * 20, MONDAY))
    assert wrong_view(view) == []
    empty = home_view(Home([], 0, [], [], [], None, False, True, None, MONDAY))
    assert wrong_view(empty) == []


def test_a_key_that_is_a_number_for_machines_is_not_shown() -> None:
    said = {"key": "82a4dc5354cd", "title": "Reviews on every product", "url": "https://linear.example/p/1"}
    assert named(said) == "*<https://linear.example/p/1|Reviews on every product>*"
    assert named(said | {"key": "WEB-7"}) == "*<https://linear.example/p/1|WEB-7>* Reviews on every product"

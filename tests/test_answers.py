"""An answer counts once, at the next audit, from those entitled; and it can be taken back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from okrbot import answers, prompts
from okrbot.answers import Answer, AnswerError, Taken, take, undo
from okrbot.app import App
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.people import remember

NOW = dt.datetime(2026, 11, 16, 9, 0, tzinfo=dt.UTC)
NOOR, BAS, ILSE, GUEST = "UNOOR", "UBAS", "UILSE", "USOMEBODY"
LINKED = ("no_key_result", "item:jira/20060")  # Add tipping for riders
OWNERS = {"noor@veldmand.example": NOOR, "bas@veldmand.example": BAS, "ilse@veldmand.example": ILSE}


@pytest.fixture
def store(organisation: App) -> Iterator[Store]:
    with organisation.store() as opened:
        with opened.begin() as db:
            for name, person in OWNERS.items():
                remember(db, person, name=name, timezone="Europe/Amsterdam", now=NOW)
        yield opened


def question(app: App, store: Store, rule: str = LINKED[0], subject: str = LINKED[1]) -> str:
    with store.begin() as db:
        prompt = prompts.open_question(db, rule, subject, person=NOOR, pages=app.pages(), now=NOW)
    assert prompt is not None
    return prompt.id


def say(app: App, store: Store, answer: Answer, *, now: dt.datetime = NOW, standing: str = "") -> Taken:
    with store.begin() as db:
        return take(db, app.config, answer, now=now, standing=standing)


def an(prompt: str, action: str, person: str = NOOR, stamp: str = "1.1", **value: Any) -> Answer:
    return Answer("T1", prompt, person, action, stamp, value)


def state_after(app: App, store: Store, days: float, rule: str = LINKED[0], subject: str = LINKED[1]) -> str:
    """Audit so many days after NOW and return the finding's state, "clear" if it is flagged no more."""
    said = app.audit(store, as_of=NOW + dt.timedelta(days=days))
    return next((f.state for f in said.findings if (f.rule, f.subject) == (rule, subject)), "clear")


def test_a_key_result_that_was_named_clears_the_finding_at_the_next_audit_and_undo_brings_it_back(organisation: App, store: Store) -> None:
    prompt = question(organisation, store)
    taken = say(organisation, store, an(prompt, "link", key_result="mobile-pay-q4", expected="two points by Christmas"))
    assert taken.outcome == "accepted"
    assert state_after(organisation, store, 0.01) == "clear"
    with store.begin() as db:
        assert prompts.expected_of(db, LINKED[1]) == "Orders paid from the phone up from 44 % to 50 %: two points by Christmas"
        back = undo(db, organisation.config, taken.counts.id, person=BAS, stamp="2.1", now=NOW + dt.timedelta(days=1))  # type: ignore[union-attr]
    assert (back.outcome, back.state) == ("undone", "asked")
    assert state_after(organisation, store, 1.01) == "returned"
    assert say(organisation, store, an(prompt, "stop", stamp="3.1"), now=NOW + dt.timedelta(days=2)).outcome == "accepted", "asked anew"


def test_work_of_another_class_needs_no_key_result(organisation: App, store: Store) -> None:
    prompt = question(organisation, store)
    assert say(organisation, store, an(prompt, "class", work_class="ktlo")).outcome == "accepted"
    assert state_after(organisation, store, 0.01) == "clear"


def test_a_snooze_of_two_weeks_is_silent_for_two_weeks(organisation: App, store: Store) -> None:
    prompt = question(organisation, store)
    say(organisation, store, an(prompt, "snooze", until="2w"))
    assert state_after(organisation, store, 13.9) == "waived"
    assert state_after(organisation, store, 14.1) == "open"
    with store.begin() as db:
        assert [given.prompt for given, _ in answers.snoozed(db, ["Shop"], now=NOW)] == [prompt]
        assert answers.snoozed(db, ["Depot"], now=NOW) == ()
        assert answers.snoozed(db, ["Shop"], now=NOW + dt.timedelta(days=15)) == ()


def test_a_snooze_until_the_next_cycle_ends_when_it_begins(organisation: App, store: Store) -> None:
    say(organisation, store, an(question(organisation, store), "snooze", until="cycle"))
    with store.begin() as db:
        ((_, until),) = answers.snoozed(db, ["Shop"], now=NOW)
    assert until == dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


def test_a_snooze_until_it_changes_ends_when_the_finding_says_something_else(organisation: App, store: Store) -> None:
    say(organisation, store, an(question(organisation, store), "snooze", until="change"))
    assert state_after(organisation, store, 0.01) == "waived"
    with store.begin() as db:
        db.execute(sa.update(t.waivers).values(fingerprint="what it said before"))
    assert state_after(organisation, store, 0.02) == "open"


def test_a_reason_sets_the_finding_aside_until_its_day(organisation: App, store: Store) -> None:
    prompt = question(organisation, store)
    with pytest.raises(AnswerError) as short:
        say(organisation, store, an(prompt, "fine", why="no", weeks=4))
    assert short.value.field == "why"
    assert say(organisation, store, an(prompt, "fine", why="A law asks for it from January on.", weeks=4)).outcome == "accepted"
    assert state_after(organisation, store, 27.9) == "waived"
    assert state_after(organisation, store, 28.1) == "open"


def test_what_is_stopped_rests_until_the_team_had_time_to_close_it(organisation: App, store: Store) -> None:
    say(organisation, store, an(question(organisation, store), "stop"))
    assert state_after(organisation, store, 1, "no_success_measure", LINKED[1]) == "waived", "no rule asks about it meanwhile"
    assert state_after(organisation, store, 15) == "open"


def test_what_happened_after_a_launch_is_evidence_that_a_pull_does_not_take_away(organisation: App, store: Store) -> None:
    rule, subject = "ship_and_forget", "item:jira/20001"
    with store.begin() as db:
        prompts.rows.insert(db, _follow_up(subject))
    said = {"verdict": "not_moved", "text": "Card payments stayed at 31 %, see the payments dashboard."}
    assert say(organisation, store, an("pfollow", "outcome", **said)).outcome == "accepted"
    with store.begin() as db:
        db.execute(sa.delete(t.notes).where(t.notes.c.subject == "20001"))  # what a pull does to the notes of an item it reads again
    assert state_after(organisation, store, 1.01, rule, subject) == "clear"
    with store.begin() as db:
        given = answers.current(db, "pfollow")
        assert given is not None
        undo(db, organisation.config, given.id, person=NOOR, stamp="9", now=NOW + dt.timedelta(days=2))
    assert state_after(organisation, store, 2.01, rule, subject) == "returned"


def _follow_up(subject: str) -> prompts.Prompt:
    return prompts.Prompt(
        "pfollow", "what_happened", subject, "Shop", NOOR, "followup", "asked", NOW, NOW, None, "", "", 1, {"key": "PAY-1"}
    )


@pytest.mark.parametrize("times", [2, 5])
def test_one_click_delivered_several_times_is_one_answer(organisation: App, store: Store, times: int) -> None:
    prompt = question(organisation, store)
    taken = [say(organisation, store, an(prompt, "class", work_class="ktlo"), now=NOW + dt.timedelta(days=n)) for n in range(times)]
    assert [(one.outcome, one.again) for one in taken] == [("accepted", n > 0) for n in range(times)]
    with store.connect() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(t.answers)).scalar() == 1
        assert db.execute(sa.select(sa.func.count()).select_from(t.overrides)).scalar() == 1


def test_the_first_of_two_owners_wins_and_both_answers_are_kept(organisation: App, store: Store) -> None:
    prompt = question(organisation, store)
    assert say(organisation, store, an(prompt, "class", NOOR, work_class="ktlo")).outcome == "accepted"
    second = say(organisation, store, an(prompt, "stop", BAS))
    assert second.outcome == "also_said"
    assert second.counts is not None
    assert (second.counts.person, second.counts.action) == (NOOR, "class")
    with store.connect() as db:
        kept = db.execute(sa.select(t.answers.c.person, t.answers.c.outcome, t.answers.c.current).order_by(t.answers.c.outcome)).all()
        assert [tuple(row) for row in kept] == [(NOOR, "accepted", 1), (BAS, "also_said", 0)]
        assert db.execute(sa.select(sa.func.count()).select_from(t.waivers)).scalar() == 0


def test_of_many_clicks_at_once_exactly_one_counts(organisation: App, store: Store) -> None:
    prompt = question(organisation, store)
    people, outcomes, gate = (NOOR, BAS), [], threading.Barrier(12)

    def click(number: int) -> None:
        gate.wait()
        taken = say(organisation, store, an(prompt, "class", people[number % 2], f"{number // 2}.0", work_class="ktlo"))
        outcomes.append((taken.outcome, taken.again))

    threads = [threading.Thread(target=click, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [("accepted", False), *[("accepted", True)] * 5, *[("also_said", False)] * 6]
    with store.connect() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(t.overrides)).scalar() == 1


def test_who_clicks_again_because_the_first_click_seemed_to_fail_is_told_that_it_is_kept(organisation: App, store: Store) -> None:
    prompt = question(organisation, store)
    first = say(organisation, store, an(prompt, "class", stamp="1.1", work_class="ktlo"))
    second = say(organisation, store, an(prompt, "class", stamp="2.2", work_class="ktlo"))
    assert (second.outcome, second.again, second.counts) == ("accepted", True, first.counts)
    other = say(organisation, store, an(prompt, "class", stamp="3.3", work_class="discovery"))
    assert other.outcome == "also_said", "another answer changes nothing"
    with store.connect() as db:
        assert [tuple(row) for row in db.execute(sa.select(t.overrides.c.value, t.overrides.c.answer))] == [
            ("ktlo", f"T1:{prompt}:{NOOR}:1.1")
        ]


def test_nobody_else_may_answer_and_nobody_at_all_where_no_owner_is_named(organisation: App, store: Store) -> None:
    prompt = question(organisation, store)
    assert say(organisation, store, an(prompt, "stop", GUEST)).outcome == "refused"
    assert say(organisation, store, an(prompt, "stop", ILSE)).outcome == "refused", "an owner, but of another product"
    assert say(organisation, store, an(prompt, "stop", NOOR), standing="guest").outcome == "refused"
    nobody = dataclasses.replace(
        organisation.config, products=tuple(dataclasses.replace(p, owners=()) for p in organisation.config.products)
    )
    with store.begin() as db:
        assert take(db, nobody, an(prompt, "stop", NOOR, "1.2"), now=NOW).outcome == "refused"
        assert db.execute(sa.select(sa.func.count()).select_from(t.waivers)).scalar() == 0


def test_those_named_for_every_product_may_answer(organisation: App, store: Store) -> None:
    config = dataclasses.replace(
        organisation.config, questions=dataclasses.replace(organisation.config.questions, others=("slack:UCOACH",))
    )
    with store.begin() as db:
        prompt = prompts.open_question(db, *LINKED, person="UCOACH", pages=organisation.pages(), now=NOW)
        assert prompt is not None
        assert take(db, config, an(prompt.id, "stop", "UCOACH"), now=NOW).outcome == "accepted"


@pytest.mark.parametrize("state", ["superseded", "expired"])
def test_an_answer_to_a_closed_question_changes_nothing_and_is_kept(organisation: App, store: Store, state: str) -> None:
    prompt = question(organisation, store)
    with store.begin() as db:
        db.execute(sa.update(t.prompts).values(state=state, closed=1))
    assert say(organisation, store, an(prompt, "stop")).outcome == "late"
    assert say(organisation, store, an("p-of-another-age", "stop")).outcome == "late"
    with store.connect() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(t.waivers)).scalar() == 0
        assert set(db.execute(sa.select(t.answers.c.outcome)).scalars()) == {"late"}


MISFITS = [
    ("link", {"key_result": "no-such-result"}),
    ("link", {}),
    ("class", {"work_class": "value"}),
    ("snooze", {"until": "for ever"}),
    ("fine", {"why": "because of the law", "weeks": 500}),
    ("fine", {"why": "x" * 3001, "weeks": 4}),
    ("outcome", {"verdict": "moved", "text": "all is well"}),
    ("paint it blue", {}),
]


@pytest.mark.parametrize(("action", "value"), MISFITS)
def test_an_answer_that_does_not_fit_is_told_so_and_leaves_the_question_open(
    organisation: App, store: Store, action: str, value: dict[str, Any]
) -> None:
    prompt = question(organisation, store)
    with pytest.raises(AnswerError):
        say(organisation, store, an(prompt, action, **value))
    assert say(organisation, store, an(prompt, "stop")).outcome == "accepted"


def test_a_key_result_cannot_be_linked_where_no_item_is_meant(organisation: App, store: Store) -> None:
    prompt = question(organisation, store, "never_tweaked", "backlog:jira/PAY")
    with pytest.raises(AnswerError, match="not about one item"):
        say(organisation, store, an(prompt, "link", key_result="mobile-pay-q4"))
    assert say(organisation, store, an(prompt, "fine", why="We rewrite it next year.", weeks=13)).outcome == "accepted"


def test_undo_is_for_owners_and_twice_is_once(organisation: App, store: Store) -> None:
    prompt = question(organisation, store)
    taken = say(organisation, store, an(prompt, "stop"))
    assert taken.counts is not None
    with store.begin() as db:
        assert undo(db, organisation.config, taken.counts.id, person=GUEST, stamp="5", now=NOW).outcome == "refused"
        assert undo(db, organisation.config, taken.counts.id, person=NOOR, stamp="6", now=NOW).outcome == "undone"
        again = undo(db, organisation.config, taken.counts.id, person=NOOR, stamp="6", now=NOW)
        assert (again.outcome, again.again) == ("undone", True), "the same click, delivered twice"
        other = undo(db, organisation.config, taken.counts.id, person=BAS, stamp="7", now=NOW)
        assert (other.outcome, other.again) == ("late", True)
        assert undo(db, organisation.config, "T1:nothing", person=NOOR, stamp="6", now=NOW).outcome == "late"
    with store.connect() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(t.waivers).where(t.waivers.c.ended == 0)).scalar() == 0

"""What people do in Slack, end to end: the real app and SDK, over Socket Mode and over HTTP, on a strict Slack."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from fake_slack import FakeSlack, Person, mentions
from fake_slack.fixtures import slack  # noqa: F401
from slack_office import TRANSPORTS, Town, answers_of, town

from okrbot.facts.asked import forget, teach
from okrbot.store import tables as t

LINKED = ("no_key_result", "item:jira/20060")  # PAY-60 Add tipping for riders


def pinged(person: Person) -> set[str]:
    """Return whom the newest message to a person would ping."""
    newest = person.messages()[-1]
    return mentions(newest.blocks, newest.text)


@pytest.fixture(params=TRANSPORTS)
def place(request: pytest.FixtureRequest, slack: FakeSlack, audited: Path, tmp_path: Path) -> Iterator[Town]:  # noqa: F811
    yield from town(slack, audited, tmp_path, request.param)


def test_digest_click_modal_answer_next_audit_undo(place: Town) -> None:
    noor = place.noor
    place.app.send_digests(place.store, product="Shop")
    (digest,) = place.slack.top("#shop")
    noor.click(digest, "Decide…")
    place.waits(lambda: noor.modals)
    assert "To decide" in noor.modal.body["title"]["text"]
    block = next(
        b for b in noor.modal.body["blocks"] if b["type"] == "actions" and any(e["action_id"] == "okr.v1.link" for e in b["elements"])
    )
    prompt = block["block_id"].split(":")[1]
    (subject,) = [s for i, s in place.rows(t.prompts, "id", "subject") if i == prompt]
    noor.click(noor.modal, "Link a key result…", value=block["block_id"])
    place.waits(lambda: len(noor.modals) == 2)
    noor.choose(noor.modal, "key_result", "Orders paid from the phone")
    noor.fill("expected", "two points by Christmas")
    assert noor.submit() == {}
    assert "Kept" in noor.reads(noor.modal)
    assert answers_of(place) == [(noor.id, "link", "accepted", 1)]
    assert place.state("no_key_result", str(subject), days=0.01) == "clear"
    noor.click(noor.modal, "Undo")
    place.waits(lambda: (noor.id, "undo", "undone", 0) in answers_of(place))
    assert place.state("no_key_result", str(subject), days=0.02) == "returned"


def test_decide_shows_what_the_digest_asked_and_looking_is_not_asking(place: Town) -> None:
    noor = place.noor
    place.app.send_digests(place.store, product="Shop")
    (digest,) = place.slack.top("#shop")
    asked = next(text for text in (b.get("text", {}).get("text", "") for b in digest.blocks) if "*To decide*" in text)
    noor.click(digest, "Decide…")
    place.waits(lambda: noor.modals)
    questions = [
        b["text"]["text"].split("\n")[-1].strip("*") for b in noor.modal.body["blocks"] if str(b.get("block_id", "")).startswith("q:")
    ]
    assert len(questions) == 5
    places = [asked.find(question) for question in questions]
    assert -1 not in places, "word for word what the digest asks"
    assert places == sorted(places), "in its order"
    assert "in Home" not in noor.reads(noor.modal)
    place.bas.open_home()
    place.waits(lambda: "Waiting for you (0)" in place.bas.reads(place.bas.home))
    noor.click(noor.modal, "It is maintenance")
    place.waits(lambda: (noor.id, "class", "accepted", 1) in answers_of(place))
    before = len(noor.messages())
    place.tick()
    assert len(noor.messages()) == before + 1, "who looked is still asked"


def test_a_question_arrives_is_answered_with_one_click_and_shows_who_answered(place: Town) -> None:
    (message,) = place.ask()
    noor = place.noor
    words = noor.reads(message)
    assert "Flagged as" in words
    assert "I am okrbot" in words, "the first message explains itself"
    assert "Question 1 of at most 2 this week" in words
    assert mentions(message.blocks, message.text) == set()
    noor.click(message, "It is maintenance")
    place.waits(lambda: "said it is maintenance" in noor.reads(noor.messages()[-1]))
    assert noor.can_click(noor.messages()[-1]) == ["Undo"]
    noor.click(noor.messages()[-1], "Undo")
    place.waits(lambda: "It is maintenance" in noor.can_click(noor.messages()[-1]))
    assert answers_of(place)[0][1:] == ("class", "accepted", 0)
    place.tick()
    assert len([m for m in noor.messages() if m.arguments.get("metadata")]) == 1, "one question a day"


def test_snooze(place: Town) -> None:
    noor = place.noor
    noor.open_home()
    place.question(*LINKED)
    for choice in ("for two weeks", "until the next cycle", "until it changes"):
        noor.choose(noor.messages()[-1], "Ask me later…", choice)
        place.waits(lambda choice=choice: f"snoozed it {choice}" in noor.reads(noor.messages()[-1]))
        place.waits(lambda: "Snoozed" in noor.reads(noor.home))
        noor.click(noor.home, "Wake it")
        place.waits(lambda: "Snoozed" not in noor.reads(noor.home))
    assert len(place.rows(t.waivers, "why")) == 3
    assert all(row[0] for row in place.rows(t.waivers, "ended"))


def test_disagree_needs_a_reason_and_holds_until_its_day(place: Town) -> None:
    place.question(*LINKED)
    noor = place.noor
    noor.click(noor.messages()[-1], "Not a problem because…")
    place.waits(lambda: noor.modals)
    noor.fill("why", "     ")
    errors = noor.submit()
    assert "why" in errors, "blanks are no reason"
    noor.fill("why", "The law asks for it by January.")
    noor.fill("weeks", "4 weeks")
    assert noor.submit() == {}
    place.waits(lambda: "not a problem: The law asks" in noor.reads(noor.messages()[-1]))
    assert place.rows(t.waivers, "rule", "subject", "who", "why") == [(*LINKED, noor.id, "The law asks for it by January.")]


def test_the_other_ways_to_answer(place: Town) -> None:
    noor = place.noor
    for subject, label, option in (
        ("item:jira/20070", "We stop this", ""),
        ("item:jira/20075", "…", "It is discovery"),
        ("item:jira/20077", "…", "It is enabling work"),
    ):
        place.question("no_key_result", subject)
        message = noor.messages()[-1]
        if option:
            noor.choose(message, label, option)
        else:
            noor.click(message, label)
    assert [row[1:] for row in answers_of(place)] == [("stop", "accepted", 1), ("class", "accepted", 1), ("class", "accepted", 1)]
    assert {row[0] for row in place.rows(t.overrides, "value")} == {"discovery", "enabling"}
    place.question(*LINKED)
    noor.choose(noor.messages()[-1], "…", "Why am I asked?")
    place.waits(lambda: noor.modals)
    assert "What to do" in noor.reads(noor.modal)


def test_what_happened_after_a_launch(place: Town) -> None:
    (prompt,) = _follow_up(place)
    noor = place.noor
    message = noor.messages()[-1]
    assert "What happened?" in noor.reads(message)
    noor.click(message, "Tell what happened…")
    place.waits(lambda: noor.modals)
    assert set(noor.submit()) == {"verdict", "text"}, "both are needed"
    noor.fill("verdict", "The number did not move")
    noor.fill("text", "Card payments stayed at 31 %.")
    assert noor.submit() == {}
    place.waits(lambda: "the number did not move" in noor.reads(noor.messages()[-1]))
    assert place.rows(t.overrides, "what", "value") == [("outcome", "not_moved")]
    assert [row[1:] for row in answers_of(place)] == [("outcome", "accepted", 1)]
    assert prompt


def _follow_up(place: Town) -> list[str]:
    from okrbot import prompts
    from okrbot.blocks.prompt import question
    from okrbot.listeners.outgoing import outgoing
    from okrbot.slack import put

    now = place.app.clock()
    said = {
        "key": "PAY-1",
        "title": "Add a card scanner for new cards",
        "url": "",
        "note": "shipped 31 days ago",
        "expected": "more cards",
        "question": "What happened?",
    }
    prompt = prompts.Prompt(
        "pfollow", "what_happened", "item:jira/20001", "Shop", place.noor.id, "followup", "planned", now, None, None, "", "", 1, said
    )
    with place.store.begin() as db:
        prompts.rows.insert(db, prompt)
        put(db, outgoing(prompt, question(prompt), now=now), now=now)
    place.serving.work.send()
    return [prompt.id]


def test_of_two_owners_the_first_wins_and_the_second_is_told(place: Town) -> None:
    prompt = place.question(*LINKED)
    noor, bas = place.noor, place.bas
    before = noor.messages()[-1]
    bas.open_home()
    place.waits(lambda: "Waiting for you (1)" in bas.reads(bas.home))
    old_home = bas.home
    noor.click(before, "It is maintenance")
    place.waits(lambda: "said it is maintenance" in noor.reads(noor.messages()[-1]))
    bas.click(old_home, "We stop this")
    place.waits(lambda: bas.modals)
    assert "answered first" in bas.reads(bas.modal)
    assert noor.id in str(bas.modal.body), "by whom"
    assert sorted(row[2] for row in answers_of(place)) == ["accepted", "also_said"]
    assert place.rows(t.waivers, "rule") == []
    assert prompt


def test_who_took_an_answer_back_is_seen_and_a_second_undo_gets_a_word(place: Town) -> None:
    noor, bas = place.noor, place.bas
    place.question(*LINKED)
    noor.click(noor.messages()[-1], "It is maintenance")
    place.waits(lambda: "Undo" in noor.can_click(noor.messages()[-1]))
    asked = noor.messages()[-1]
    old = copy.deepcopy(asked)
    bas.open_home()
    place.waits(lambda: "Undo" in bas.can_click(bas.home))
    bas.click(bas.home, "Undo")
    place.waits(lambda: f"<@{bas.id}> took back the answer of <@{noor.id}>" in json.dumps(asked.blocks))
    noor.click(old, "Undo")
    place.waits(lambda: any(f"<@{bas.id}> took that back already" in said.text for said in noor.notices()))
    noor.click(asked, "We stop this")
    place.waits(lambda: "we stop this" in noor.reads(asked))
    noor.click(old, "Undo")
    place.waits(lambda: any("has answered since" in said.text for said in noor.notices()))
    assert [row for row in answers_of(place) if row[3]] == [(noor.id, "stop", "accepted", 1)]


def test_an_outsider_gets_a_private_note_and_changes_nothing(place: Town) -> None:
    place.post_digest()
    (digest,) = place.slack.top("#shop")
    for label in ("Decide…", "Change day", "Mute 4 weeks"):
        place.eva.click(digest, label)
    place.waits(lambda: len(place.eva.notices("#shop")) == 3)
    assert all("Only the owners" in place.eva.reads(note) for note in place.eva.notices("#shop"))
    place.eva.click(digest, "Why this?")
    place.waits(lambda: place.eva.modals)
    assert place.rows(t.answers, "id") == []
    assert place.rows(t.settings, "name") == [row for row in place.rows(t.settings, "name") if not str(row[0]).startswith("product:")]


def test_a_stale_message_is_answered_kindly_and_brought_up_to_date(place: Town) -> None:
    prompt = place.question(*LINKED)
    noor = place.noor
    message = noor.messages()[-1]
    with place.store.begin() as db:
        db.execute(t.prompts.update().where(t.prompts.c.id == prompt).values(state="superseded", version=2, closed=1))
    noor.click(message, "It is maintenance")
    place.waits(lambda: "settled itself" in noor.reads(noor.messages()[0]))
    place.waits(lambda: noor.notices())
    assert [row[1:] for row in answers_of(place)] == [("class", "late", 0)]
    assert place.rows(t.overrides, "what") == []


def test_buttons_and_forms_of_another_age_are_answered_kindly(place: Town) -> None:
    prompt = place.question(*LINKED)
    noor = place.noor
    message = noor.messages()[-1]
    message.blocks[2]["elements"][0]["action_id"] = "okr.v0.dance"
    noor.click(message, "okr.v0.dance")
    place.waits(lambda: noor.notices())
    assert "choose again" in noor.reads(noor.notices()[-1])
    noor.click(noor.messages()[0], "Not a problem because…")
    place.waits(lambda: noor.modals)
    noor.modal.body["callback_id"] = "okr.v0.form"
    noor.fill("why", "The law asks for it.")
    noor.submit()
    assert "another version" in noor.reads(noor.modal)
    assert place.rows(t.answers, "id") == []
    assert prompt


def test_home_shows_what_waits_and_takes_the_same_answers(place: Town) -> None:
    noor = place.noor
    noor.open_home()
    place.waits(lambda: "Nothing waits" in noor.reads(noor.home))
    place.question(*LINKED)
    noor.open_home()
    place.waits(lambda: "Waiting for you (1)" in noor.reads(noor.home))
    noor.click(noor.home, "It is maintenance")
    place.waits(lambda: "Answered lately" in noor.reads(noor.home))
    assert "said it is maintenance" in noor.reads(noor.messages()[0]), "the message in the direct conversation too"
    noor.click(noor.home, "Undo")
    place.waits(lambda: "Waiting for you (1)" in noor.reads(noor.home))
    noor.click(noor.home, "Do not ask me for 4 weeks")
    place.waits(lambda: "I do not ask you anything until" in noor.reads(noor.home))
    noor.click(noor.home, "Ask me again")
    place.waits(lambda: "Do not ask me for 4 weeks" in noor.can_click(noor.home))
    assert "Health of okrbot" not in noor.reads(noor.home)
    place.ada.open_home()
    place.waits(lambda: place.ada.id in place.slack.space.homes)
    assert "Health of okrbot" in place.ada.reads(place.ada.home)


@pytest.mark.parametrize("fault", ["429", "503", "hash_conflict", "internal_error"])
def test_a_home_that_slack_does_not_take_is_published_again(place: Town, fault: str) -> None:
    named = {"error": fault} if fault == "hash_conflict" else {"name": fault}
    place.slack.fault(method="views.publish", times=3, **named)
    place.noor.open_home()
    place.waits(lambda: any("home_again" in str(row[0]) for row in place.rows(t.people, "settings")))
    for _ in range(4):
        place.slack.clock.advance(61)
        place.serving.work.light()
    assert "Nothing waits" in place.noor.reads(place.noor.home)
    assert not any("home_again" in str(row[0]) for row in place.rows(t.people, "settings"))


def test_owners_change_the_day_and_mute_the_digest(place: Town) -> None:
    noor = place.noor
    noor.open_home()
    place.waits(lambda: noor.id in place.slack.space.homes)
    noor.click(noor.home, "Change day")
    place.waits(lambda: noor.modals)
    noor.fill("day", "Wednesday")
    noor.fill("time", "10:30")
    assert noor.submit() == {}
    place.waits(lambda: "Wednesdays at 10:30" in noor.reads(noor.home))
    noor.click(noor.home, "Mute 4 weeks")
    place.waits(lambda: "muted until" in noor.reads(noor.home))
    noor.click(noor.home, "Speak again")
    place.waits(lambda: "muted until" not in noor.reads(noor.home))


def test_a_mute_is_asked_once_more_and_the_other_owners_see_who_did_it(place: Town) -> None:
    noor, bas = place.noor, place.bas
    bas.open_home()
    place.waits(lambda: bas.id in place.slack.space.homes)
    place.post_digest()
    (digest,) = place.slack.top("#shop")
    assert "nobody in this channel gets this digest" in json.dumps(digest.blocks)
    noor.click(digest, "Mute 4 weeks")
    place.waits(lambda: "muted until" in bas.reads(bas.home))
    assert f"by <@{noor.id}>" in json.dumps(bas.home.body)


def test_the_slash_command(place: Town) -> None:
    noor, eva = place.noor, place.eva

    def says(person: object, text: str) -> str:
        before = len(person.notices())  # type: ignore[attr-defined]
        person.command(text)  # type: ignore[attr-defined]
        place.waits(lambda: len(person.notices()) > before)  # type: ignore[attr-defined]
        return str(person.reads(person.notices()[-1]))  # type: ignore[attr-defined]

    assert "Nothing waits" in says(noor, "")
    place.question(*LINKED)
    assert "Add tipping for riders" in says(noor, "")
    said = says(noor, "pay-60")
    assert "Work with no key result" in said
    assert "opened" in said, "with its history"
    assert "no finding on PAY-9999" in says(noor, "PAY-9999")
    assert "outcome" in says(eva, "judge Raise completed checkouts from 62 % to 70 %").lower()
    assert "for owners" in says(eva, "PAY-60"), "titles of tickets are not for everybody"
    assert "Write the text" in says(eva, "judge")
    assert "/okrbot snooze" in says(eva, "help")
    assert "snoozed it for two weeks" in says(noor, "snooze PAY-60")
    assert "Nothing waits" in says(noor, "")
    assert "open finding" in says(noor, "settings")
    assert "Shop: work and goals" in says(noor, "preview")
    assert place.slack.top("#shop") == [], "a preview sends nothing"


def test_an_admin_may_move_and_mute_a_digest_and_nothing_else(place: Town) -> None:
    ada = place.ada
    ada.command("settings")
    place.waits(lambda: ada.notices())
    shown = ada.notices()[-1]
    assert "Shop" in ada.reads(shown)
    ada.click(shown, "Change day")
    place.waits(lambda: ada.modals)
    ada.fill("day", "Thursday")
    ada.fill("time", "08:30")
    ada.submit()
    place.waits(lambda: any('"day": "thu"' in str(row[0]) for row in place.rows(t.settings, "value")))
    place.post_digest()
    (message,) = place.slack.top("#shop")
    ada.click(message, "Decide…")
    place.waits(lambda: "Only the owners" in ada.reads(ada.notices()[-1]))


def test_the_slash_command_with_nonsense_behind_it(place: Town) -> None:
    noor = place.noor

    def says(text: str) -> str:
        before = len(noor.notices())
        noor.command(text)
        place.waits(lambda: len(noor.notices()) > before)
        return str(noor.reads(noor.notices()[-1]))

    assert "no product Depot among yours: Shop" in says("preview Depot"), "another owner's product is not shown instead"
    assert "Shop: work and goals" in says("preview sHoP")
    assert "no product Depot among yours: Shop" in says("settings Depot")
    assert "Mondays at 09:00" in says("settings shop")
    assert "Write `/okrbot snooze KEY`" in says("snooze")
    assert "Write `/okrbot snooze KEY`" in says("snooze PAY-60 forever")
    assert "no finding on NOPE-1" in says("snooze NOPE-1")
    assert "no finding on" in says("<!channel> &amp; " + "x" * 7000)
    assert "sure)" in says("judge " + "Ship it & <b>now</b> " * 350)
    assert "Write the text" in says("judge    ")
    assert "What okrbot can do" in says("HELP") or "/okrbot snooze" in says("HELP")


def test_findings_with_texts_that_grow_are_cut_and_that_is_said(place: Town) -> None:
    made = {"subject": "item:jira/1", "family": "outcome", "severity": "high", "subject_kind": "item", "source": "jira", "key": "PAY-6000"}
    texts = {"title": "&" * 300, "note": "<" * 500, "question": "&" * 700, "product": "Shop", "state": "open", "evidence": "{}"}
    with place.store.begin() as db:
        for number in range(9):
            db.execute(sa.insert(t.findings).values(**made, **texts, rule=f"r{number}", first_seen=1, last_seen=1, state_since=0))
    noor = place.noor
    noor.command("PAY-6000")
    place.waits(lambda: noor.notices())
    assert "There is more; it did not fit here" in noor.reads(noor.notices()[-1])


def test_judging_in_slack_heeds_what_people_and_the_model_said(place: Town) -> None:
    text = "Raise completed checkouts from 62 % to 70 %"
    eva = place.eva

    def says(words: str) -> str:
        before = len(eva.notices())
        eva.command(words)
        place.waits(lambda: len(eva.notices()) > before)
        return str(eva.reads(eva.notices()[-1]))

    assert "Outcome*, read as a key result" in says(f"judge {text}")
    with place.store.begin() as db:
        teach(db, text, level="key_result", kind="output", why="we build it", who="noor", now=1)
    said = says(f"judge {text}")
    assert "Output*, read as a key result: a person of your company said so" in said
    assert "The built-in judge would say: outcome" in said
    with place.store.begin() as db:
        forget(db, text, level="key_result", now=2)
    assert "Outcome*, read as a key result" in says(f"judge {text}")


def test_connect_me_is_confirmed_by_slack_or_by_an_admin(place: Town) -> None:
    tom = place.slack.person("tom.private@mail.example", name="tom")
    tom.open_home()
    place.waits(lambda: "Connect me…" in tom.can_click(tom.home))
    tom.click(tom.home, "Connect me…")
    place.waits(lambda: tom.modals)
    tom.fill("name", "tom@veldmand.example")
    assert "veldmand.example" not in json.dumps(tom.modal.body["blocks"]), "nobody's address is shown"
    assert tom.submit() == {}
    assert "to confirm" in tom.reads(tom.modal)
    assert "tom@veldmand.example" not in [row[0] for row in place.rows(t.people, "name")]
    place.serving.work.send()
    ada = place.ada
    assert pinged(ada) == {tom.id}
    ada.click(ada.messages()[-1], "Yes, that is them")
    place.waits(lambda: "Depot" in tom.reads(tom.home))
    assert (tom.id, "tom@veldmand.example") in place.rows(t.people, "person", "name")


def test_who_was_looked_up_at_the_start_is_not_refused_because_slack_is_slow(place: Town) -> None:
    place.question(*LINKED)
    place.slack.fault("503", method="users.info", times=0)
    place.noor.click(place.noor.messages()[-1], "It is maintenance")
    place.waits(lambda: (place.noor.id, "class", "accepted", 1) in answers_of(place))
    place.waits(lambda: "said it is maintenance" in place.noor.messages()[0].text)
    place.slack.faults.clear()
    place.slack.fault(method="users.info", times=0, error="user_not_found")
    place.eva.command("judge Raise orders")
    place.waits(lambda: any("no account of yours" in json.dumps(said.blocks) for said in place.eva.notices()))
    place.slack.faults.clear()


def test_a_click_on_a_message_in_doubt_proves_that_it_came(place: Town) -> None:
    place.question(*LINKED)
    message = place.noor.messages()[-1]
    with place.store.begin() as db:
        db.execute(t.deliveries.update().values(state="held", ts="", error="it may have arrived"))
        db.execute(t.prompts.update().values(ts="", channel=""))
    place.noor.click(message, "It is maintenance")
    place.waits(lambda: place.rows(t.deliveries, "state", "ts") == [("sent", message.ts)])


def test_who_answers_twice_is_not_told_that_somebody_was_first(place: Town) -> None:
    place.question(*LINKED)
    old = copy.deepcopy(place.noor.messages()[-1])
    place.noor.click(old, "It is maintenance")
    place.waits(lambda: answers_of(place))
    place.noor.click(old, "We stop this")
    place.waits(lambda: any("You answered already" in said.text for said in place.noor.notices()))


def test_only_those_entitled_can_answer(place: Town) -> None:
    place.question(*LINKED)
    noor, space, clock = place.noor, place.slack.space, place.slack.clock
    message = noor.messages()[-1]
    user, own = space.users[noor.id], noor.id
    members = space.channels[message.channel].members
    for number, kind in enumerate(("guest", "stranger", "bot", "deactivated", "colleague", "owner of another product"), 1):
        clock.advance(120)  # what Slack says of a person is believed for a minute
        user.kind = kind if kind in ("guest", "stranger", "bot") else "member"
        user.team = "T0OTHER" if kind == "stranger" else "T0ACME"
        user.deleted = kind == "deactivated"
        noor.id = {"colleague": place.eva.id, "owner of another product": place.ilse.id}.get(kind, own)
        members.add(noor.id)
        noor.click(message, "It is maintenance")
        place.waits(
            lambda who=noor.id, number=number: (
                len([m for m in space.messages if m.visible_to]) == number and space.messages[-1].visible_to == who
            )
        )
    assert [row[2] for row in answers_of(place)] == ["refused"] * 6
    assert place.rows(t.overrides, "what") == []
    noor.id = own
    user.deleted = False
    clock.advance(120)
    noor.click(message, "It is maintenance")
    assert answers_of(place)[-1][2] == "accepted", "an employee again"


def test_a_click_that_cannot_be_kept_is_not_acknowledged_and_the_person_is_told(place: Town) -> None:
    place.question(*LINKED)
    noor = place.noor
    message = noor.messages()[-1]
    with place.store.begin() as db:
        db.exec_driver_sql("alter table answers rename to answers_away")
    ack = noor.click(message, "It is maintenance", expect_error=True)
    assert not ack.ok
    place.waits(lambda: noor.notices())
    assert "could not be kept" in noor.reads(noor.notices()[-1])
    with place.store.begin() as db:
        db.exec_driver_sql("alter table answers_away rename to answers")
    noor.click(message, "It is maintenance")
    assert [row[2] for row in answers_of(place)] == ["accepted"]


def test_one_click_delivered_four_times_counts_once(place: Town) -> None:
    place.question(*LINKED)
    place.noor.click(place.noor.messages()[-1], "It is maintenance", times=4)
    place.waits(lambda: "said it is maintenance" in place.noor.reads(place.noor.messages()[-1]))
    assert len(answers_of(place)) == 1
    assert place.noor.notices() == [], "a second delivery is no news"


def test_texts_of_a_tracker_cannot_ping_format_or_link(place: Town) -> None:
    evil = "<!channel> <@U0001> <https://evil.example|login> *bold* `code` :tada: \u202egnp\u202c & more"
    with place.store.begin() as db:
        db.execute(
            t.findings.update()
            .where(t.findings.c.subject == LINKED[1])
            .values(title=evil, note=evil, question=evil + "?", key="<!here>", url="https://evil.example/|x>")
        )
    place.question(*LINKED)
    noor = place.noor
    assert pinged(noor) == set()
    noor.open_home()
    place.waits(lambda: noor.id in place.slack.space.homes)
    noor.click(noor.messages()[-1], "Not a problem because…")
    place.waits(lambda: noor.modals)
    noor.fill("why", evil)
    assert noor.submit() == {}
    place.waits(lambda: "not a problem" in noor.reads(noor.messages()[-1]))
    assert pinged(noor) == {noor.id}, "who answered, and nobody else"

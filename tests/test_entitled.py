"""Whoever may not speak for a product changes nothing, whatever they press, and is told so: eight kinds of people, six gestures, both lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_slack import FakeSlack, Message, Person
from fake_slack.fixtures import slack  # noqa: F401
from slack_office import TRANSPORTS, Town, answers_of, town

from okrbot.store import tables as t

LINKED = ("no_key_result", "item:jira/20060")
KINDS = ("guest", "bot", "deactivated", "partner", "stranger", "colleague", "owner of another product", "not askable")


@pytest.fixture(params=TRANSPORTS)
def place(request: pytest.FixtureRequest, slack: FakeSlack, audited: Path, tmp_path: Path) -> Iterator[Town]:  # noqa: F811
    yield from town(slack, audited, tmp_path, request.param)


def person_of(place: Town, kind: str) -> Person:
    """Return a person of that kind; the first six are written into the configuration as owners of Shop."""
    if kind == "colleague":
        return place.eva
    if kind == "owner of another product":
        return place.ilse
    found = place.slack.person(
        f"{kind.replace(' ', '')}@veldmand.example", kind=kind if kind in ("guest", "bot", "partner", "stranger") else "member"
    )
    user = place.slack.space.users[found.id]
    user.team = "T0OTHER" if kind in ("partner", "stranger") else user.team
    user.deleted = kind == "deactivated"
    return found


def gestures(person: Person, asked: Message, answered: Message, digest: Message) -> dict[str, Callable[[], object]]:
    return {
        "one-click answer": lambda: person.click(asked, "It is maintenance"),
        "form of an answer": lambda: person.click(asked, "Link a key result…"),
        "undo": lambda: person.click(answered, "Undo"),
        "window of a digest": lambda: person.click(digest, "Decide…"),
        "mute": lambda: person.click(digest, "Mute 4 weeks"),
        "command": lambda: person.command("snooze PAY-60"),
    }


def changes(place: Town) -> list[object]:
    """Return everything that a person can change in the store."""
    accepted = [row for row in answers_of(place) if row[2] != "refused"]
    kept = [place.rows(table, "id", "ended") for table in (t.waivers, t.overrides)]
    return [
        accepted,
        *kept,
        place.rows(t.prompts, "id", "state", "version"),
        [row for row in place.rows(t.settings, "name") if str(row[0]).startswith("product")],
    ]


def test_nobody_else_changes_anything_and_everybody_is_told(place: Town) -> None:
    rows = place.rows(t.findings, "rule", "subject", "product", "restricted")
    other = next(row for row in rows if row[0] == LINKED[0] and row[1] != LINKED[1] and row[2:] == ("Shop", 0))
    place.question(str(other[0]), str(other[1]))
    place.noor.click(place.noor.messages()[-1], "We stop this")
    place.waits(lambda: "Undo" in place.noor.reads(place.noor.messages()[-1]))
    answered = place.noor.messages()[-1]
    place.question(*LINKED)
    asked = place.noor.messages()[-1]
    place.post_digest()
    (digest,) = place.slack.top("#shop")
    before, space = changes(place), place.slack.space
    for kind in KINDS:
        person = person_of(place, kind)
        with place.store.begin() as db:
            if kind not in ("colleague", "owner of another product"):
                # As if the configuration named them: what Slack says of them has the last word.
                db.execute(t.people.update().where(t.people.c.name == "bas@veldmand.example").values(person=person.id))
        for channel in (asked.channel, digest.channel):
            space.channels[channel].members.add(person.id)
        if kind == "not askable":
            place.slack.fault("500_before", method="users.info", times=0)
        for name, gesture in gestures(person, asked, answered, digest).items():
            told = len(person.notices())
            gesture()
            place.waits(lambda person=person, told=told: len(person.notices()) > told)
            assert not person.modals, f"{kind}: {name} opened a window"
            assert changes(place) == before, f"{kind}: {name} changed something"
    place.slack.faults.clear()
    refused = [row for row in answers_of(place) if row[2] == "refused"]
    assert len(refused) == len(KINDS), "what was refused is kept as refused"

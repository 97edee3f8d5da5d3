"""What people do with a question, each from what stands before them: click, choose, fill a form, take back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from fake_slack import Message, NotAnsweredError, Person

# How many answers count, how many effects are in force, the question's state, and whether a second person's word is kept.
Standing = tuple[int, int, str, bool]
OPEN: Standing = (0, 0, "asked", False)


@dataclasses.dataclass(frozen=True, slots=True)
class Gesture:
    """One way to answer the question `prompt`, or to take its answer back.

    `do` does it once, by whoever is to do it, and returns whether Slack got the acknowledgement of the act that counts.
    `methods` are those of Slack that it may call, each of which can fail; `before` and `after` are how things stand.
    """

    name: str
    prompt: str
    do: Callable[[Person, Message], bool]
    methods: tuple[str, ...]
    before: Standing = OPEN
    after: Standing = (1, 1, "answered", False)
    by: str = "ann"


def click(label: str) -> Callable[[Person, Message], bool]:
    """Click a button of the message."""
    return lambda person, message: label in person.can_click(message) and person.click(message, label, expect_error=True).ok


def choose(label: str, option: str) -> Callable[[Person, Message], bool]:
    """Choose an option of a menu of the message."""

    def do(person: Person, message: Message) -> bool:
        return option in person.can_click(message) and person.choose(message, label, option, expect_error=True).ok

    return do


def form(label: str, /, **fields: str) -> Callable[[Person, Message], bool]:
    """Open a form by a button, unless it stands open, fill it and send it."""

    def do(person: Person, message: Message) -> bool:
        if not any(view.body.get("submit") for view in person.modals):
            if label not in person.can_click(message):
                return False
            person.click(message, label, expect_error=True)
        if not any(view.body.get("submit") for view in person.modals):
            return False
        try:
            for name, value in fields.items():
                if name == "key_result":
                    person.choose(person.modal, name, value)
                else:
                    person.fill(name, value)
        except NotAnsweredError:
            return False
        return person.submit(expect_error=True) == {}

    return do


def from_home(label: str) -> Callable[[Person, Message], bool]:
    """Click a button on the Home tab."""
    return lambda person, _message: label in person.can_click(person.home) and person.click(person.home, label, expect_error=True).ok


def typed(text: str) -> Callable[[Person, Message], bool]:
    """Type a command."""
    return lambda person, _message: person.command(text, expect_error=True).ok


SHOWN = ("users.info", "chat.update")
FORM = (*SHOWN, "views.open")
DONE: Standing = (1, 1, "answered", False)
NO_EFFECT: Standing = (1, 0, "answered", False)
GESTURES: tuple[Gesture, ...] = (
    Gesture("a click", "p-class", click("It is maintenance"), SHOWN),
    Gesture("a choice", "p-snooze", choose("Ask me later…", "for two weeks"), SHOWN),
    Gesture("a stop", "p-stop", click("We stop this"), SHOWN),
    Gesture("a reason", "p-fine", form("Not a problem because…", why="The law asks for it.", weeks="4 weeks"), FORM),
    Gesture("a link", "p-link", form("Link a key result…", key_result="More", expected="a lot"), FORM),
    Gesture("an outcome", "p-outcome", form("Tell what happened…", verdict="The number moved", text="It went up."), FORM),
    Gesture("too early", "p-early", click("Too early to tell"), SHOWN, after=NO_EFFECT),
    Gesture("a click on Home", "p-stop", from_home("We stop this"), (*SHOWN, "views.publish")),
    Gesture("a click, first of all", "p-class", click("It is maintenance"), ("auth.test",)),
    Gesture("a second word", "p-class", click("We stop this"), (*SHOWN, "response_url"), DONE, (1, 1, "answered", True), by="bob"),
    Gesture("a confirmation", "p-connect", click("Yes, that is them"), SHOWN, after=NO_EFFECT),
    Gesture("an undo", "p-class", click("Undo"), SHOWN, DONE, OPEN),
    Gesture("an undo of a link", "p-link", click("Undo"), SHOWN, DONE, OPEN),
    Gesture("an undo of an outcome", "p-outcome", click("Undo"), SHOWN, DONE, OPEN),
    Gesture("a command", "", typed("snooze SHOP-1"), ("users.info", "response_url"), (0, 0, "", False)),
)


def given_before(prompt: str) -> dict[str, Any]:
    """Return the answer that was given beforehand, where a gesture begins with one."""
    return {
        "p-class": {"action": "class", "value": {"work_class": "ktlo"}},
        "p-link": {"action": "link", "value": {"key_result": "KR1", "title": "More", "expected": "a lot"}},
        "p-outcome": {"action": "outcome", "value": {"verdict": "moved", "text": "It went up."}},
    }[prompt]

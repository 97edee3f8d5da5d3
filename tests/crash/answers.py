"""Run the matrix of answers: a kill at each step × each fault of each method; restart, look what is kept, let people click again."""

from __future__ import annotations

import copy
import dataclasses
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fake_slack.server import Ack
from fake_slack.workspace import Message
from slack_digests import MONDAY

from crash.gestures import Gesture, Standing, given_before
from crash.nursery import SECRETS
from crash.stage import FAULTS, Stage
from okrbot import prompts
from okrbot.answers import Answer, take
from okrbot.app import App, open_app
from okrbot.blocks.home import Home, home_view
from okrbot.blocks.prompt import question
from okrbot.listeners.outgoing import outgoing
from okrbot.listeners.repaint import look, repaint
from okrbot.slack import connect, deliver, office_of, put
from okrbot.store import tables as t
from okrbot.store.people import remember

CONFIG = """
[okrbot]
store = "{store}"
timezone = "UTC"
[[sources]]
name = "files"
kind = "files"
paths = ["none.csv"]
[[products]]
name = "Shop"
owners = ["ann@acme.example", "bob@acme.example", "cas@acme.example"]
backlogs = ["files/SHOP"]
[slack]
bot_token = "env:SLACK_BOT_TOKEN"
{credential}
api_url = "{api_url}"
listen = "127.0.0.1:0"
[schedule]
pull = "off"
audit = "off"
health = "off"
"""
CREDENTIALS = {"socket": 'app_token = "env:SLACK_APP_TOKEN"', "http": 'signing_secret = "env:SLACK_SIGNING_SECRET"'}
FINDING = {"rule": "no_key_result", "subject": "item:files/1", "family": "outcome", "severity": "high", "subject_kind": "item", "source": "files", "key": "SHOP-1",
           "title": "Rewrite the basket", "product": "Shop", "backlog": "files/SHOP", "note": "no path", "question": "Which?", "state": "open"}  # fmt: skip
SAID = {"key": "SHOP-1", "title": "Rewrite the basket", "url": "", "note": "no path", "question": "Which?", "rule_title": "No key result",
        "name": "cas@acme.example", "claimant": "U0CAS"}  # fmt: skip
SURE, LATER = (1, 20), (200, 200, 400, 4000)  # seconds between two rounds of the server: always, and while something is missing


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one case. `acknowledged` is what Slack saw before the kill, `stored` what the store held after it."""

    gesture: str
    fault: str | None
    method: str
    last: int
    killed: bool
    acknowledged: bool
    stored: bool
    refused: bool  # the person was told no, or can see that nothing has changed
    wrong: str

    @property
    def unstored(self) -> bool:
        """Return whether Slack has an acknowledgement of what nobody kept."""
        return self.acknowledged and not self.stored and not self.refused


class AnswerHarness(Stage):
    """The matrix of answers over one transport (http or socket)."""

    def __init__(self, folder: Path, kind: str = "sqlite", transport: str = "http", *, gestures: tuple[Gesture, ...]) -> None:
        super().__init__(folder, kind)
        self.transport, self.gestures = transport, gestures
        self._dead = True
        self._line: Any = None

    # --- before every case --------------------------------------------------------------------------------------------------

    def set_up(self) -> None:
        slack = self.slack
        text = CONFIG.format(store=self.shelf.url, api_url=slack.api_url, credential=CREDENTIALS[self.transport])
        (self.folder / "okrbot.toml").write_text(text, encoding="utf-8")
        slack.clock.set(MONDAY)
        self.people = {name: slack.person(f"{name}@acme.example", tz="UTC") for name in ("ann", "bob")}
        self.ann = self.people["ann"]
        app = open_app(self.folder / "okrbot.toml", environment=SECRETS, clock=slack.clock)
        with self.shelf.store.begin() as db:
            for person in self.people.values():
                remember(db, person.id, name=person.email, timezone="UTC", now=slack.clock())
            db.execute(sa.insert(t.key_results).values(source="okrs", id="KR1", title="More"))
        self.keep("nobody asked")
        for gesture in self.gestures:
            self.put_back("nobody asked")
            self._prepare(app, gesture)
            self.keep(gesture.name)
        self._door = socket.socket(socket.AF_UNIX)
        self._open.callback(self._door.close)
        self._door.bind(str(self.folder / "control"))
        self._door.listen()
        self._plain, slack.deliver = slack.deliver, self._delivered  # type: ignore[method-assign]

    def _prepare(self, app: App, gesture: Gesture) -> None:
        """Ask one question, and where something is to be taken back or said after it, answer it."""
        store, now, client = self.shelf.store, self.slack.clock(), connect(app.config)
        if not gesture.prompt:
            with store.begin() as db:
                db.execute(sa.insert(t.findings).values(**FINDING))
            return
        kind = {"p-outcome": "followup", "p-early": "followup", "p-connect": "connect"}.get(gesture.prompt, "question")
        asked = prompts.Prompt(
            gesture.prompt, "no_key_result", "item:files/1", "Shop", self.ann.id, kind, "planned", now, None, None, "", "", 1, SAID
        )
        home = gesture.name.endswith("Home")
        with store.begin() as db:
            prompts.rows.insert(db, asked)
            put(db, outgoing(asked, question(asked, number=1, of=2, first=True), now=now), now=now)
            remember(db, self.ann.id, now=now, home=home or None)
        deliver(office_of(store, app.config, clock=self.slack.clock, sleep=self.slack.clock.sleep, client=client))
        with store.begin() as db:
            prompts.arrived(db)
            if gesture.before[0]:
                given = Answer("T0ACME", gesture.prompt, self.ann.id, stamp="1.0", **given_before(gesture.prompt))
                take(db, app.config, given, now=now)
        if gesture.before[0] and gesture.by == "ann":
            assert repaint(store, client, gesture.prompt)
        if home:
            seen = Home(
                [asked], more=0, snoozed=(), lately=(), cards=(), muted_until=None, stopped=False, connect=False, health=None, at=now
            )
            client.views_publish(user_id=self.ann.id, view=home_view(seen))

    def warm(self) -> None:
        for gesture in self.gestures:
            self.put_back(gesture.name)
            with self._server(0, warm=True):
                assert self._do(gesture, self._message()), gesture.name
            break

    # --- a server to talk with ----------------------------------------------------------------------------------------------

    @contextmanager
    def _server(self, last: int, *, warm: bool = False, names: bool = False) -> Iterator[dict[str, Any]]:
        """Serve in a process that dies at step `last`; what is yielded holds afterwards what became of it."""
        result: dict[str, Any] = {}
        self.ask({"act": "serve", "last": last, "control": str(self.folder / "control"), "warm": warm, "names": names})
        line, _ = self._door.accept()
        with line, line.makefile("r", encoding="utf-8") as self._ear:
            self._line, self._dead = line, False
            port = int(self._ear.readline())
            if self.transport == "http":
                self.slack.connect_http(f"http://127.0.0.1:{port}/slack/events")
            else:
                assert self.slack.wait_connected()
            yield result
            self._say("end")
        self._dead = True
        result |= self.told()
        if self.transport == "socket":
            self.slack.hub.kill()

    def _say(self, word: str) -> None:
        """Say a word to the server and wait for its answer; remember when it is dead."""
        if self._dead:
            return
        try:
            self._line.sendall(f"{word} {self.slack.clock.time()}\n".encode())
            self._dead = not self._ear.readline()
        except OSError:
            self._dead = True

    def _delivered(self, *arguments: Any, **named: Any) -> Ack:
        self._say("go")
        if self._dead:
            return Ack(False, None, 0.0, "nobody is there")
        ack = self._plain(*arguments, **named)
        self._say("seen")
        return ack

    def _rounds(self, gesture: Gesture) -> None:
        """Let time pass and the server do what it does every few seconds, longer while the message is behind."""
        for number, seconds in enumerate(SURE + LATER):
            if number < len(SURE) or self._painted(gesture):
                self.slack.clock.advance(seconds)
                self._say("send")

    # --- what there is --------------------------------------------------------------------------------------------------------

    def _message(self) -> Message:
        """Return the question's message; an empty one where a gesture needs none."""
        found = self.slack.top(self.ann.id)
        assert len(found) <= 1, "a question came twice"
        return found[0] if found else Message("", "", "", [])

    def _do(self, gesture: Gesture, message: Message) -> bool:
        """Let whoever is to do it do it, on `message` as they see it."""
        return gesture.do(self.people[gesture.by], message)

    def holds(self, gesture: Gesture) -> Standing:
        """Return how things stand in the store."""
        a, number = t.answers.c, sa.func.count()
        with self.shelf.store.connect() as db:
            counting = int(db.execute(sa.select(number).where(a.current == 1)).scalar() or 0)
            effects = 0
            for table in (t.overrides, t.waivers):
                effects += int(db.execute(sa.select(number).where(table.c.answer != "", table.c.ended == 0)).scalar() or 0)
            also = int(db.execute(sa.select(number).where(a.outcome == "also_said", a.person == self.people["bob"].id)).scalar() or 0)
            states = db.execute(sa.select(t.prompts.c.state)).scalars().all()
        assert len(states) <= 1, "one question became two"
        return counting, effects, "".join(states), also > 0

    def _painted(self, gesture: Gesture) -> str:
        """Return what is wrong with the message; "" when it shows what the store holds."""
        seen = look(self.shelf.store, gesture.prompt)
        if seen is None or not self._message().channel:
            return ""
        message = self._message()
        # Slack gives a name to every block that comes without one.
        there = [
            block if "block_id" in wanted else {key: value for key, value in block.items() if key != "block_id"}
            for block, wanted in zip(message.blocks, seen[1], strict=False)
        ]
        return "" if there == seen[1] else f"the message still shows {self.ann.can_click(message)}"

    # --- one case -------------------------------------------------------------------------------------------------------------

    def steps(self, gesture: Gesture, fault: str | None = None, method: str = "") -> list[str]:
        """Return the steps of an undisturbed answer under `fault`."""
        self._fresh(gesture, fault, method)
        with self._server(0, names=True) as result:
            self._do(gesture, self._message())
        return list(result["names"])

    def _fresh(self, gesture: Gesture, fault: str | None, method: str) -> None:
        self.put_back(gesture.name)
        if fault:
            self.slack.fault(fault, method, times=2)

    def case(self, gesture: Gesture, fault: str | None, method: str, last: int) -> Verdict:
        """Kill the server at step `last` of an answer, start it again, and look; the person clicks again where they must."""
        self._fresh(gesture, fault, method)
        before, after = gesture.before, gesture.after
        old = copy.deepcopy(self._message())
        with self._server(last) as result:
            acknowledged = self._do(gesture, self._message())
        found = self.holds(gesture)
        refused = acknowledged and found == before and self._refused(gesture, method)
        wrong = "" if found in (before, after) else f"half done: {found}"
        with self._server(0):
            wrong = wrong or self._again(gesture, old, clicked=acknowledged and not refused, early=bool(last % 2))
            if not wrong and last % 4 == 0:
                wrong = self._late(gesture, old)
        # What takes effect late is late for Slack's own limits too; that is no fault of ours.
        breaches = [] if fault == "late_effect" and method in ("response_url", "views.open") else self.slack.breaches
        if breaches:
            wrong = wrong or f"breach: {breaches[0]}"
        return Verdict(gesture.name, fault, method, last, result["killed"], acknowledged, found == after, refused, wrong)

    def _refused(self, gesture: Gesture, method: str) -> bool:
        """Return whether the store says that this was not taken because Slack could not say who it was."""
        with self.shelf.store.connect() as db:
            rows = db.execute(sa.select(t.answers.c.outcome).where(t.answers.c.prompt == gesture.prompt)).scalars().all()
        return method in ("users.info", "auth.test") and ("refused" in rows or gesture.after[0] == 0 or gesture.prompt in ("p-connect", ""))

    def _again(self, gesture: Gesture, old: Message, *, clicked: bool, early: bool) -> str:
        """Let the restarted server work and the person click where they saw no success; return what is wrong in the end."""
        after = gesture.after
        if early and not clicked:
            self._do(gesture, self._message())
        self._rounds(gesture)
        for _ in range(3):
            if self.holds(gesture) == after or clicked:
                break
            self._do(gesture, old if gesture.by != "ann" else self._message())
            self._rounds(gesture)
        if self.holds(gesture) != after:
            return f"in the end {self.holds(gesture)}"
        return self._painted(gesture)

    def _late(self, gesture: Gesture, old: Message) -> str:
        """Let the person click on what they saw before, as if they had not looked again; return what is wrong then."""
        self._do(gesture, old)
        self._rounds(gesture)
        return self._painted(gesture) if self.holds(gesture) == gesture.after else f"after a late click {self.holds(gesture)}"


CALLS = ("connect", "request", "getresponse", "read1", "ack", "answer", "commit")


def plan(
    harness: AnswerHarness, gesture: Gesture, *, every: int = 1, faults: Sequence[str | None] = FAULTS[1:]
) -> list[tuple[str | None, str, int]]:
    """Return the cases of a gesture as (fault, method, step).

    Without a fault every step; with one, from the call that it strikes on, every call, commit and acknowledgement: before it nothing differs.
    """
    cases: list[tuple[str | None, str, int]] = [(None, "", step) for step in range(1, len(harness.steps(gesture)) + 1)]
    for fault in faults:
        for method in gesture.methods:
            names = harness.steps(gesture, fault, method)
            struck = next((n for n, name in enumerate(names, 1) if name == f"before request {method}"), len(names))
            cases += [(fault, method, n) for n, name in enumerate(names, 1) if n >= struck - 2 and any(word in name for word in CALLS)]
    return cases[::every]

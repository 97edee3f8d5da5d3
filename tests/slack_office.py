"""The sample organisation on the fake Slack: owners, channels and the real server, over Socket Mode or HTTP."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa
from fake_slack import FakeSlack, Message, Person
from slack_digests import digest

from okrbot import prompts
from okrbot.app import App, open_app
from okrbot.serve import Serving
from okrbot.slack import send_digests
from okrbot.store import Store
from okrbot.store import tables as t

MONDAY = dt.datetime(2026, 11, 16, 9, 0, tzinfo=dt.UTC)  # 10:00 in Amsterdam
TRANSPORTS = ("socket", "http")
WANTED = """
[slack]
bot_token = "env:SLACK_BOT_TOKEN"
{credential}
api_url = "{api_url}"
listen = "127.0.0.1:0"
admins = [{admins}]
{more}
[schedule]
pull = "off"
audit = "off"
health = "127.0.0.1:0"
"""
CREDENTIALS = {"socket": 'app_token = "env:SLACK_APP_TOKEN"', "http": 'signing_secret = "env:SLACK_SIGNING_SECRET"'}


@dataclasses.dataclass
class Town:
    """A workspace with its people, and the server that works for it."""

    slack: FakeSlack
    app: App
    store: Store
    serving: Serving
    noor: Person
    bas: Person
    ilse: Person
    eva: Person  # a colleague who owns nothing
    ada: Person  # an admin of okrbot

    def ask(self) -> list[Message]:
        """Let the server put its questions, and return the direct messages to Noor."""
        self.tick()
        return [m for m in self.noor.messages() if m.arguments.get("metadata")]

    def tick(self) -> None:
        """Do one round of the quick work, with the ten-minute slot that asks begun."""
        self.serving.work.light()
        self.slack.clock.advance(601)
        self.serving.work.light()

    def waits(self, test: Callable[[], object], *, seconds: float = 30.0) -> None:
        """Wait until `test` holds: what follows an acknowledgement is done in other threads."""
        pause = threading.Event()
        for _ in range(int(seconds / 0.01)):
            with contextlib.suppress(AssertionError):  # a Home that was never published, a modal that is not open yet
                if test():
                    return
            pause.wait(0.01)
        assert test(), "it did not happen"

    def post_digest(self) -> None:
        """Post a made-up digest of Shop to its channel, without an audit."""
        made = dataclasses.replace(digest(product="Shop"), channel="#shop")
        assert send_digests(self.store, self.app.config, [made], clock=self.app.clock, sleep=self.app.sleep) == 0

    def rows(self, table: sa.Table, *columns: str) -> list[tuple[object, ...]]:
        """Return columns of every row of a table."""
        with self.store.engine.connect().execution_options(reading=True) as db:
            return [tuple(row) for row in db.execute(sa.select(*(table.c[name] for name in columns)))]

    def question(self, rule: str, subject: str, *, person: Person | None = None) -> str:
        """Deliver a question about one finding to Noor (or `person`), and return its id."""
        from okrbot.blocks.prompt import question
        from okrbot.listeners.outgoing import outgoing
        from okrbot.slack import put

        now = self.app.clock()
        with self.store.begin() as db:
            found = prompts.open_question(db, rule, subject, person=(person or self.noor).id, pages=self.app.pages(), now=now)
            assert found is not None
            put(db, outgoing(found, question(found), now=now), now=now)
        self.serving.work.lock.hold()
        self.serving.work.send()
        return found.id

    def state(self, rule: str, subject: str, *, days: float = 0.0) -> str:
        """Audit so many days later and return the finding's state, "clear" if it is flagged no more."""
        said = self.app.audit(self.store, as_of=self.app.clock() + dt.timedelta(days=days))
        return next((f.state for f in said.findings if (f.rule, f.subject) == (rule, subject)), "clear")


def town(slack: FakeSlack, audited: Path, folder: Path, transport: str, *, more: str = "", kind: str = "member") -> Iterator[Town]:
    """Yield the sample organisation served over `transport`; nothing ticks by itself.

    `more` are further lines of [slack]; Noor and Bas, the owners of Shop, are of `kind`.
    """
    slack.clock.set(MONDAY)
    home_of = "T0OTHER" if kind == "partner" else "T0ACME"
    noor, bas = (slack.person(f"{name}@veldmand.example", kind=kind, team=home_of) for name in ("noor", "bas"))
    ilse, eva, ada = slack.person("ilse@veldmand.example"), slack.person("eva@veldmand.example"), slack.person("ada@veldmand.example")
    slack.channel("#shop", members=[noor, bas, eva])
    slack.channel("#depot", members=[ilse])
    home = folder / "town"
    shutil.copytree(audited, home)
    text = (home / "okrbot.toml").read_text(encoding="utf-8")
    wanted = WANTED.format(credential=CREDENTIALS[transport], api_url=slack.api_url, admins=f'"{ada.id}"', more=more)
    (home / "okrbot.toml").write_text(text + wanted, encoding="utf-8")
    app = open_app(home / "okrbot.toml", environment=slack.environment, clock=slack.clock)
    app = dataclasses.replace(app, sleep=slack.clock.sleep)
    with app.store() as store:
        serving = Serving(app, store)
        assert serving.line is not None
        serving.line.start()
        if transport == "http":
            slack.connect_http(f"http://127.0.0.1:{serving.line.port}/slack/events")  # type: ignore[attr-defined]
        else:
            assert slack.wait_connected()
        place = Town(slack, app, store, serving, noor, bas, ilse, eva, ada)
        serving.work.light()  # finds the owners
        try:
            yield place
        finally:
            end(slack, serving)


def answers_of(place: Town) -> list[tuple[object, ...]]:
    """Return (person, action, outcome, current) of every answer."""
    return place.rows(t.answers, "person", "action", "outcome", "current")


def end(slack: FakeSlack, serving: Serving) -> None:
    """Stop the server; Slack hangs up at the same time, because the library waits seconds for its own socket to fall silent."""
    stopping = threading.Thread(target=serving.stop)
    stopping.start()
    while stopping.is_alive():
        slack.hub.kill()
        stopping.join(0.02)

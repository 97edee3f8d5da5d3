"""Put a server together from its parts, start them in any weather, and end them one after the other."""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from okrbot.app import App
from okrbot.blocks.digest import digest_posts
from okrbot.blocks.limits import Block
from okrbot.config import ConfigError
from okrbot.listeners import Desk, Standing, make_bolt
from okrbot.listeners.bolt import THREADS
from okrbot.rulebook import Page
from okrbot.schedule import Ticker
from okrbot.serve.health import HealthServer, Vitals, lines_for_admins
from okrbot.serve.jobs import Work
from okrbot.serve.line import HttpLine, Line, SocketLine
from okrbot.serve.logs import set_up
from okrbot.slack import Client, connect
from okrbot.slack.client import token_of
from okrbot.slack.members import Company, company_of
from okrbot.slack.trouble import ERRORS, LOST, judge
from okrbot.store import Store
from okrbot.store.locks import Lock, lock_of
from okrbot.writeback import problem

log = logging.getLogger(__name__)

TICK = 15  # seconds
QUICK = 2.0  # seconds in which Slack must say who somebody is while a click waits for its acknowledgement
LOOK = dt.timedelta(minutes=10)  # so often Slack is asked whether our token still counts
ANSWER = 10.0  # seconds for rewriting messages and opening forms


class Serving:
    """A running server. `start` returns at once; `stop` ends it and waits for what is under way."""

    def __init__(self, app: App, store: Store, *, tick: float = TICK) -> None:
        self.app, self.store = app, store
        self.lock: Lock = lock_of(store)
        self.vitals = Vitals(app.clock)
        self.holder = f"{socket.gethostname()}:{os.getpid()}"
        self._company, self._bot = Company(), ""
        self._looked: dt.datetime | None = None
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="listener")
        self._pages: dict[str, Page] = app.rulebook()
        if app.config.write_back.enabled and (wrong := problem(app.config.write_back, harmless=False)):
            raise ConfigError(f"{app.config.path}: [write_back] {wrong[0]}: {wrong[1]}")
        self.desk: Desk | None = None
        self.line: Line | None = None
        sender: Client | None = None
        slack = app.config.slack
        if slack.bot_token is None:
            self.vitals.slack = "off"
        else:
            sender = connect(app.config)
            self.desk = self._make_desk()
            self.line = self._make_line(self.desk)
        self.work = Work(app, store, self.lock, self.vitals, holder=self.holder, desk=self.desk, sender=sender)
        self.health = HealthServer(app.config.schedule.health, self.vitals, store) if app.config.schedule.health != "off" else None
        self.ticker = Ticker({"heavy": self.work.heavy, "light": self._light}, seconds=tick, troubled=self._troubled)

    def start(self) -> None:
        """Begin to serve; Slack and the trackers may be away."""
        self.work.begin()
        if self.health is not None:
            self.health.start()
        if self.line is not None:
            self.line.start()
        self.ticker.start()
        log.info("serving", extra={"slack": self.vitals.slack, "health_port": self.health.port if self.health else 0})

    def stop(self) -> None:
        """End: take no new click, finish those taken and the job under way, give the lock back."""
        log.info("stopping")
        self.vitals.stopping = True
        self.work.ending.set()
        if self.line is not None:
            self.line.stop()
        self._executor.shutdown(wait=True)
        self.ticker.stop(wait=True)
        if self.health is not None:
            self.health.stop()
        self.lock.release()
        log.info("stopped")

    # --- parts --------------------------------------------------------------------------------------------------------------

    def _make_desk(self) -> Desk:
        app = self.app
        return Desk(
            store=self.store,
            config=app.config,
            client=connect(app.config, timeout=ANSWER),
            standing=Standing(
                connect(app.config, timeout=QUICK), clock=app.clock, company=self._who, external=app.config.slack.allow_external
            ),
            clock=app.clock,
            pages=lambda: self._pages,
            preview=self._preview,
            health=lambda: lines_for_admins(self.vitals, self.store),
        )

    def _make_line(self, desk: Desk) -> Line:
        slack, config = self.app.config.slack, self.app.config
        if slack.app_token is not None:
            bolt = make_bolt(desk, bot_user=lambda: self._bot, executor=self._executor)
            return SocketLine(bolt, token_of(slack.app_token, "app_token", "xapp-", config), told=self._slack_is)
        if slack.signing_secret is not None:
            secret = token_of(slack.signing_secret, "signing_secret", "", config)
            bolt = make_bolt(desk, signing_secret=secret, bot_user=lambda: self._bot, executor=self._executor)
            return HttpLine(bolt, slack.listen, told=self._slack_is)
        raise ConfigError(
            f"{config.path}: [slack] needs app_token (Socket Mode) or signing_secret (HTTP), so that clicks can reach okrbot."
        )

    def _slack_is(self, state: str) -> None:
        self.vitals.slack = state

    def _who(self) -> Company:
        """Return where the bot is installed, nothing while Slack has not said yet."""
        if not self._company.team and self.desk is not None:
            try:
                answer = self.desk.client.auth_test()
            except ERRORS as error:
                log.warning("Slack has not said yet who we are: %s", type(error).__name__)
                return Company()
            self._company, self._bot = company_of(answer), str(answer.get("user_id") or "")
        return self._company

    def _light(self) -> None:
        if self.desk is not None:
            self._who()
            self._look(self.desk)
        self.work.light()

    def _look(self, desk: Desk) -> None:
        """Ask Slack now and then whether our token still counts: nothing else would tell, while there is nothing to send."""
        now = self.app.clock()
        if self._looked is not None and now - self._looked < LOOK:
            return
        self._looked, refused = now, ""
        try:
            desk.client.auth_test()
        except ERRORS as error:
            trouble = judge(error, now)
            if trouble.code not in LOST:
                return  # whether it counts, Slack did not say
            refused = trouble.words
        if refused:
            log.error("Slack refuses okrbot: %s", refused)
        elif self.vitals.refused:
            log.info("Slack takes okrbot again")
        self.vitals.refused = refused

    def _preview(self, product: str) -> Sequence[Block]:
        said = self.app.audit(self.store, remember=False)
        (digest,) = self.app.digests_of(self.store, said, product=product)
        return digest_posts(digest, short=False).message.blocks

    def _troubled(self, job: str, what: str) -> None:
        self.vitals.count("tick_troubles_total", job=job, what=what)


def serve(app: App, *, debug: bool = False, told: Callable[[str], None] = lambda _line: None) -> int:
    """Serve until SIGTERM or SIGINT and return 0. Raises ConfigError and StoreError before anything has started."""
    set_up(sys.stderr, secrets=_secrets(app), debug=debug)
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        os.environ.pop(name, None)  # Bolt would switch to OAuth and drop our token
    with app.store() as store:
        serving = Serving(app, store)
        ended = threading.Event()

        def end(_number: int, _frame: Any) -> None:
            ended.set()

        old = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            serving.start()
            told("okrbot serves; SIGTERM or Ctrl-C ends it.")
            ended.wait()
            serving.stop()
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)
    return 0


def _secrets(app: App) -> list[str]:
    config = app.config
    found = [config.slack.bot_token, config.slack.app_token, config.slack.signing_secret, config.judge.key]
    for source in config.sources:
        found += [getattr(source.settings, name) for name in ("token", "password", "key") if hasattr(source.settings, name)]
    return [secret.reveal() for secret in found if secret is not None and hasattr(secret, "reveal") and secret.reveal()]

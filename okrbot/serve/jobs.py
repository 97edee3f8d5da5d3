"""The work of a server, slot by slot: pull, audit, write-back, digests, questions; each claimed in the store and done once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import logging
import threading
from collections.abc import Callable

from okrbot import prompts
from okrbot.app import App
from okrbot.findings import Audit
from okrbot.listeners import repaint
from okrbot.listeners.desk import Desk
from okrbot.listeners.homing import republish
from okrbot.schedule import Job, Rule, due, finish, last_slot, parse, start
from okrbot.schedule.claims import Due, abandon_unfinished, forget_old, is_done
from okrbot.serve.asking import ask, close_orphans, find_people
from okrbot.serve.health import Vitals
from okrbot.serve.logs import brief
from okrbot.slack import Client, Office, Timing, deliver, office_of
from okrbot.slack.digests import plan as plan_digest
from okrbot.slack.outbox import by_key
from okrbot.slack.trouble import ERRORS
from okrbot.store import Store
from okrbot.store.locks import Lock
from okrbot.store.people import setting

log = logging.getLogger(__name__)

DAY = dt.timedelta(days=1)
ANY = dt.timedelta(days=8)  # a pull or audit that was missed is done however late
LATEST = 6 * DAY  # a weekly digest may be so late, and says so
QUESTIONS = parse("every 10 minutes")
PEOPLE = parse("every 6 hours")
JITTER = 40  # seconds over which the digests of a morning are spread
COME_BACK = dt.timedelta(hours=1)  # what a digest waits after a start for the pull and the audit that are due
REST, LONGEST_REST = 5 * 60, 6 * 3600  # seconds before write-back is tried again after a failure: twice as long each time


class UnfinishedError(Exception):
    """A job did what it could and something is left; the message says what, for the ledger."""


class Work:
    """Does what is due. Only the process that holds the store's lock works; the others look on."""

    def __init__(
        self, app: App, store: Store, lock: Lock, vitals: Vitals, *, holder: str, desk: Desk | None, sender: Client | None
    ) -> None:
        self.app, self.store, self.lock, self.vitals, self.holder = app, store, lock, vitals, holder
        self.desk, self.sender = desk, sender
        self.ending = threading.Event()
        self._auditing = threading.Lock()
        self._refused: tuple[str, int, dt.datetime] | None = None  # write-back: the slot that failed, how often, and when last
        self._led = False
        self._since: dt.datetime | None = None  # when this process began to do the work
        self._met = False
        self._guard = threading.Lock()

    # --- ticks --------------------------------------------------------------------------------------------------------------

    def heavy(self) -> None:
        """Do the slow work that is due: pull, then audit, then write back what was found."""
        if self._leads():
            rules = self.app.config.schedule
            self._slot(Job("pull", parse(rules.pull), self._zone, ANY, at_once=True), self._pull)
            self._slot(Job("audit", parse(rules.audit), self._zone, ANY, at_once=True), self._audit)
            if self.app.config.write_back.enabled:
                self._write_back(Job("write_back", parse(rules.audit), self._zone, ANY, at_once=True))

    def begin(self) -> None:
        """Note that the digests are known from now on: the slot of the next minute counts, though the first tick comes after it."""
        now = self.app.clock()
        for product in self.app.config.products if self.desk is not None else ():
            if product.channel:
                with self.store.begin() as db:
                    due(db, self._digest_job(product.name), now=now)

    def light(self) -> None:
        """Do the quick work that is due: people, digests, questions; then send what the outbox holds."""
        self.vitals.tick()
        desk = self.desk
        if not self._leads() or desk is None:
            return
        self._meet(desk)
        self._slot(Job("people", PEOPLE, "UTC", DAY, at_once=True), lambda _: find_people(desk))
        for product in self.app.config.products:
            if product.channel:
                job = self._digest_job(product.name)
                if self._fresh(job):
                    self._slot(job, functools.partial(self._digest, product=product.name))
        self._slot(Job("questions", QUESTIONS, "UTC", DAY), lambda _: ask(desk))
        republish(desk)
        self.send()

    def send(self) -> int:
        """Send what the outbox holds and is due; return how many messages arrived."""
        if self.desk is None or self.sender is None or not self.lock.hold():
            return 0
        now = self.app.clock()
        with self.store.begin() as db:
            prompts.hold_outside_hours(db, self.app.config, now=now)
        arrived = deliver(self._office(), patience=2.0)
        with self.store.begin() as db:
            overtaken = prompts.arrived(db)
        for prompt in overtaken:
            repaint(self.store, self.desk.client, prompt)
        return arrived

    # --- jobs ---------------------------------------------------------------------------------------------------------------

    def _pull(self, _claimed: Due) -> str:
        results = self.app.pull(self.store)
        for result in results:
            self.vitals.count("pulled_items_total", float(result.coverage.read), source=result.source)
        bad = [result.source for result in results if result.verdict != "complete"]
        return f"not complete: {', '.join(bad)}" if bad else "done"

    def _audit(self, _claimed: Due) -> str:
        said = self.audit()
        return f"{len(said.findings)} findings"

    def audit(self) -> Audit:
        """Audit and remember, one at a time."""
        with self._auditing:
            return self.app.audit(self.store)

    def _write_back(self, job: Job) -> None:
        """Write back once after each audit of the schedule; where it failed, again after a growing rest."""
        now = self.app.clock()
        slot = last_slot(job.rule, job.zone, now)
        if slot is None:
            return
        with self.store.connect() as db:
            if not is_done(db, "audit", slot.period):
                return  # what the last audit found is not what is there now
        if self._refused is not None and self._refused[0] == slot.period:
            _, times, last = self._refused
            if now - last < dt.timedelta(seconds=min(REST * 2 ** min(times - 1, 10), LONGEST_REST)):
                return
        self._slot(job, self._write)

    def _write(self, claimed: Due) -> str:
        lines: list[str] = []
        before = self._refused[1] if self._refused is not None and self._refused[0] == claimed.slot.period else 0
        self._refused = (claimed.slot.period, before + 1, self.app.clock())
        code = self.app.write_back(self.store, tell=lines.append)
        summary = next((line for line in reversed(lines) if " taken back" in line), "")
        if code:
            raise UnfinishedError(summary)
        self._refused = None
        return summary

    def _digest(self, claimed: Due, *, product: str) -> str:
        # Remembered: what the digest names can be answered from it at once.
        said = self.audit()
        (digest,) = self.app.digests_of(self.store, said, product=product)
        # A digest that comes after the weekend is still that of the week it was due in: the next one has a key of its own.
        digest = dataclasses.replace(digest, period=claimed.slot.period)
        titles = {rule.rule: rule.title for rule in said.rules}
        now = self.app.clock()
        with self.store.begin() as db:
            key = plan_digest(db, self.app.config, digest, now=now, due=claimed.slot.begins, titles=titles)
            row = by_key(db, key)
        late = f", late by {claimed.late}" if claimed.late > dt.timedelta(minutes=5) else ""
        missed = f", after {len(claimed.missed)} missed" if claimed.missed else ""
        return f"{row.state if row else 'planned'}{late}{missed}"

    def _meet(self, desk: Desk) -> None:
        """Look for the owners once after every start: the configuration may name new ones."""
        if not self._met:
            try:
                find_people(desk)
            except ERRORS as error:
                log.warning("the owners could not be looked up: %s", type(error).__name__)
                return
            close_orphans(desk)
            self._met = True

    def _fresh(self, job: Job) -> bool:
        """Say whether a digest may be made: one that was due before this process began waits for the pull and audit that are due too, an hour at most."""
        now, since = self.app.clock(), self._since
        slot = last_slot(job.rule, job.zone, now)
        if slot is None or since is None or slot.begins >= since or now - since > COME_BACK:
            return True
        rules = self.app.config.schedule
        steps = [(name, last_slot(parse(rule), self._zone, now)) for name, rule in (("pull", rules.pull), ("audit", rules.audit))]
        with self.store.engine.connect().execution_options(reading=True) as db:
            return all(step is None or is_done(db, name, step.period) for name, step in steps)

    # --- how ----------------------------------------------------------------------------------------------------------------

    def _slot(self, job: Job, act: Callable[[Due], str]) -> None:
        if self.ending.is_set():
            return
        now = self.app.clock()
        with self.store.engine.connect().execution_options(reading=True) as db:
            nothing = due(db, job, now=now, look=True) is None
        if nothing:
            return
        with self.store.begin() as db:
            slot = due(db, job, now=now)
        if slot is None or not self.lock.hold():
            return
        with self.store.begin() as db:
            claimed = start(db, job, slot, holder=self.holder, now=now)
        if claimed is None:
            return
        failed = False
        try:
            outcome = act(claimed)
        except UnfinishedError as error:
            failed, outcome = True, str(error) or "unfinished"
            log.warning("a job is not finished and is tried again", extra={"job": job.name.split(":", 1)[0]})
        except Exception as error:  # the one place where a job's failure is reported: it is kept, logged and tried again
            failed, outcome = True, brief(error)
            log.exception("a job failed", extra={"job": job.name.split(":", 1)[0], "outcome": type(error).__name__})
        end = self.app.clock()
        with self.store.begin() as db:
            finish(db, claimed, now=end, outcome=outcome, failed=failed)
            forget_old(db, job, now=end)
        kind = job.name.split(":", 1)[0]
        self.vitals.count("job_runs_total", job=kind, outcome="failed" if failed else "done")
        self.vitals.count("job_seconds_sum", (end - now).total_seconds(), job=kind)
        if not failed:
            self.vitals.set("job_last_success_timestamp_seconds", end.timestamp(), job=kind)
        log.info("job", extra={"job": kind, "slot": claimed.slot.period, "failed": failed})

    def _leads(self) -> bool:
        leads = self.lock.hold()
        with self._guard:
            if leads and not self._led:
                with self.store.begin() as db:
                    left = abandon_unfinished(db, holder=self.holder, now=self.app.clock())
                self._since = self.app.clock()
                log.info("this process does the work", extra={"left_unfinished": left})
            self._led = leads
        self.vitals.leading = leads
        return leads

    @property
    def _zone(self) -> str:
        return self.app.config.okrbot.timezone

    def _digest_job(self, product: str) -> Job:
        return Job(f"digest:{product}", self._digest_rule(product), self._zone, LATEST, jitter=JITTER, records_missed=True)

    def _digest_rule(self, product: str) -> Rule:
        with self.store.engine.connect().execution_options(reading=True) as db:
            chosen = setting(db, f"product:{product}")
        digest = self.app.config.digest
        return parse(f"{chosen.get('day') or digest.day} {chosen.get('time') or digest.time}")

    def _office(self) -> Office:
        return office_of(
            self.store, self.app.config, clock=self.app.clock, sleep=self.app.sleep, client=self.sender, timing=Timing(), holder=self.holder
        )

"""Run the matrix: a kill at each step × each fault; restart until the send is done; count messages, compare records."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from slack_digests import CONFIG, MONDAY

from crash.stage import FAULTS, Stage
from okrbot.schedule import Job, due, parse
from okrbot.schedule.claims import BORN
from okrbot.store import tables as t

__all__ = ["FAULTS", "Harness", "SlotHarness", "Verdict"]

RESTARTS = 6
KEY = "digest:Shop:#shop:2026-W48"
SERVED = '[schedule]\npull = "off"\naudit = "off"\nhealth = "off"\n'
PRODUCT = '[[products]]\nname = "Shop"\nchannel = "#shop"\nbacklogs = ["files/SHOP"]\n'


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one case; `wrong` is "" when the digest came once, with its thread, as recorded."""

    fault: str | None
    last: tuple[int, ...]
    killed: int
    messages: int
    wrong: str


class Harness(Stage):
    """The matrix of a send from the shell."""

    act = "send"

    def set_up(self) -> None:
        text = CONFIG.format(products=PRODUCT, on_doubt="hold", api_url=self.slack.api_url)
        (self.folder / "okrbot.toml").write_text(text.replace("sqlite:///okrbot.db", self.shelf.url), encoding="utf-8")
        self.slack.clock.set(MONDAY)
        self.slack.channel("#shop")
        self.keep("fresh")

    def warm(self) -> None:
        self.ask({"act": self.act, "warm": True})
        self.told()

    def _run(self, last: int, *, names: bool = False) -> dict[str, Any]:
        self.ask({"act": self.act, "last": last, "names": names})
        return self.told()

    def _fresh(self, fault: str | None) -> None:
        self.put_back("fresh")
        if fault:
            self.slack.fault(fault)

    def steps(self, fault: str | None) -> list[str]:
        """Return the steps of an undisturbed run under `fault`."""
        self._fresh(fault)
        names: list[str] = self._run(0, names=True)["names"]
        return names

    def case(self, fault: str | None, last: Sequence[int]) -> Verdict:
        """Kill the n-th run at step `last[n]`, then run undisturbed until the send is done, and look."""
        self._fresh(fault)
        slack, killed = self.slack, 0
        for step in last:
            killed += self._run(step)["killed"]
            slack.clock.advance(45)
        for _ in range(RESTARTS):
            if self._run(0)["code"] == 0:
                break
            slack.clock.advance(400)
        slack.clock.advance(400)  # whatever is still on its way arrives
        return Verdict(fault, tuple(last), killed, len(slack.top("#shop")), self._wrong())

    def _wrong(self) -> str:
        top = self.slack.top("#shop")
        if len(top) != 1:
            return f"{len(top)} digests"
        if len(self.slack.replies(top[0])) != 1:
            return f"{len(self.slack.replies(top[0]))} replies"
        if self.slack.breaches:
            return f"breach: {self.slack.breaches[0]}"
        with self.shelf.store.connect() as db:
            row = db.execute(sa.select(t.deliveries).where(t.deliveries.c.key == KEY)).mappings().one()
        said = {key: value for key, value in top[0].arguments.items() if key != "channel"}
        body = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        if (row["state"], row["ts"]) != ("sent", top[0].ts):
            return f"recorded as {row['state']} {row['ts']}"
        return "" if hashlib.sha256(body.encode()).hexdigest() == row["payload_hash"] else "another payload is recorded"


class SlotHarness(Harness):
    """The matrix of a slot: a server claims it, plans the digest, sends it and writes down that it is done."""

    act = "tick"

    def set_up(self) -> None:
        super().set_up()
        config = self.folder / "okrbot.toml"
        text = config.read_text(encoding="utf-8") + SERVED
        config.write_text(
            text.replace('app_token = "env:SLACK_APP_TOKEN"', 'signing_secret = "env:SLACK_SIGNING_SECRET"'), encoding="utf-8"
        )
        job = Job("digest:Shop", parse("mon 09:00"), "UTC", dt.timedelta(days=6))
        with self.shelf.store.begin() as db:
            due(db, job, now=MONDAY - dt.timedelta(days=1))  # known since yesterday
        self.slack.clock.set(MONDAY + dt.timedelta(minutes=2))
        self.keep("fresh")

    def _wrong(self) -> str:
        wrong = super()._wrong()
        with self.shelf.store.connect() as db:
            f = t.firings.c
            open_ = db.execute(sa.select(f.job).where(f.done == 0, f.period != BORN)).scalars().all()
        return wrong or (f"the slot of {', '.join(open_)} is still open" if open_ else "")

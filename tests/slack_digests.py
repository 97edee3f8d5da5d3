"""Digests and an office for tests of delivery: a store, the fake Slack, its clock."""

from __future__ import annotations

import dataclasses
import datetime as dt
import http.client
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fake_slack import FakeSlack

from okrbot.app import App, open_app
from okrbot.digest import Decision, Digest, Score
from okrbot.findings import Finding
from okrbot.slack import Client, Office, Timing, connect, office_of
from okrbot.store import Store

PATIENT = 20.0  # seconds of real time
SILENCE = "X-No-Answer-Will-Come"
MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
CONFIG = """
[okrbot]
store = "sqlite:///okrbot.db"
timezone = "UTC"
[[sources]]
name = "files"
kind = "files"
paths = ["none.csv"]
{products}
[digest]
on_doubt = "{on_doubt}"
[slack]
bot_token = "env:SLACK_BOT_TOKEN"
app_token = "env:SLACK_APP_TOKEN"
api_url = "{api_url}"
"""


def app_for(slack: FakeSlack, folder: Path, *, products: Sequence[str] = ("Shop",), on_doubt: str = "hold") -> App:
    """Return an application whose products post to channels of their own name, on the fake's clock."""
    tables = "\n".join(f'[[products]]\nname = "{name}"\nchannel = "#{name.lower()}"\nbacklogs = ["files/{name}"]\n' for name in products)
    slack.hangs_by_word = SILENCE
    (folder / "none.csv").write_text("Key,Summary\n", encoding="utf-8")
    (folder / "okrbot.toml").write_text(CONFIG.format(products=tables, on_doubt=on_doubt, api_url=slack.api_url), encoding="utf-8")
    app = open_app(folder / "okrbot.toml", environment=slack.environment, clock=slack.clock)
    return dataclasses.replace(app, sleep=slack.clock.sleep)


def office_for(app: App, store: Store, *, timeout: float = PATIENT, timing: Timing = Timing()) -> Office:  # noqa: B008 -- frozen
    """Return an office whose waiting is on the fake's clock."""
    return office_of(store, app.config, clock=app.clock, sleep=app.sleep, client=client_for(app, timeout), timing=timing)


class _Told(Client):
    """A client that the fake tells when it would wait in vain, so that no real time passes and no slow machine looks like silence."""

    def _read(self, answer: http.client.HTTPResponse) -> bytes:
        if answer.headers.get(SILENCE):
            raise TimeoutError("no answer will come")
        return super()._read(answer)


def client_for(app: App, timeout: float = PATIENT) -> Client:
    """Return a client whose real timeout no busy machine uses up; a test of real silence gives a short one and clears `hangs_by_word`."""
    found = connect(app.config, timeout=timeout)
    found.__class__ = _Told
    return found


def finding(number: int, **values: Any) -> Finding:
    """Return a finding on SHOP-`number`."""
    base = Finding(
        rule="no_key_result", family="outcome", severity="high", subject=f"item:files/{number}", subject_kind="item", source="files",
        key=f"SHOP-{number}", title=f"Rewrite the basket, part {number}", url=f"https://tracker.example/browse/SHOP-{number}", product="Shop",
        backlog="files/SHOP", note="in progress, and no path leads from it to a key result", question=f"Which key result moves if SHOP-{number} ships?",
        evidence={}, restricted=False, first_seen=MONDAY - dt.timedelta(days=30),
    )  # fmt: skip
    return dataclasses.replace(base, **values)


def digest(product: str = "Shop", *, at: dt.datetime = MONDAY, findings: Sequence[Finding] | None = None, **values: Any) -> Digest:
    """Return a digest of an ordinary week."""
    found = [finding(n) for n in range(1, 4)] if findings is None else list(findings)
    year, week, _ = at.isocalendar()
    base = Digest(
        product=product, channel=f"#{product.lower()}", period=f"{year}-W{week:02d}", as_of=at, zone="UTC", first=False, quiet=False,
        scores=(
            Score("aligned", "of started work has a path to a key result", 0.41, 0.38, "41 %", "38 %", True, False),
            Score("effective", "of started work serves a key result that moves", 0.2, 0.2, "20 %", "20 %", False, False),
            Score("splinter", "separately ranked backlogs, in effect", 2.7, 2.2, "2.7", "2.2", False, True),
        ),
        decisions=tuple(Decision(f, 2, 30) for f in found), more=17, open=20, new=2, returned=0, resolved=(), waived=1, restricted=0,
        unseen=(), notices=(), not_checked=(), failed_rules=(), started=42, linked=17,
    )  # fmt: skip
    return dataclasses.replace(base, **values)

"""Click load: how soon a click is acknowledged, and whether every acknowledged one is in the store.

    python bench/clicks.py [--rate 50] [--seconds 60] [--busy]

The real server (Bolt behind waitress, SQLite, synchronous=full) runs in a process of its own; this process is Slack: it signs
and posts the clicks at an even rate, answers the Web API, and waits for each acknowledgement. With --busy another process
writes pages into the same store meanwhile, as a pull does.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import hashlib
import hmac
import http.client
import json
import multiprocessing
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fake_slack import FakeSlack, Message  # noqa: E402 -- the tests' own Slack
from fake_slack.workspace import Channel  # noqa: E402

from okrbot.app import open_app  # noqa: E402
from okrbot.model import Item, Page, millis  # noqa: E402
from okrbot.store import tables as t  # noqa: E402
from okrbot.store.people import remember  # noqa: E402
from okrbot.store.writing import save_page  # noqa: E402

CONFIG = """
[okrbot]
store = "sqlite:///okrbot.db"
[[sources]]
name = "files"
kind = "files"
paths = ["none.csv"]
[[products]]
name = "Shop"
owners = ["ann@acme.example", "bob@acme.example"]
backlogs = ["files/SHOP"]
[slack]
bot_token = "env:SLACK_BOT_TOKEN"
signing_secret = "env:SLACK_SIGNING_SECRET"
api_url = "{api}"
listen = "127.0.0.1:0"
[schedule]
health = "127.0.0.1:0"
"""


def served(folder: str, environment: dict[str, str], line: Any) -> None:
    """Run the server until the other end says so."""
    from okrbot.serve import Serving

    app = open_app(Path(folder) / "okrbot.toml", environment=environment)
    with app.store() as store:
        serving = Serving(app, store)
        assert serving.line is not None
        serving.line.start()
        line.send(serving.line.port)
        line.recv()
        serving.stop()


def written(folder: str, line: Any) -> None:
    """Write a page of 100 items every 200 ms, as a pull does, until the other end says so."""
    app = open_app(Path(folder) / "okrbot.toml", secrets=False)
    number = 0
    with app.store() as store:
        while not line.poll(0.2):
            number += 1
            page = Page(items=[Item(str(i + number * 100), f"SHOP-{i + number * 100}", "x" * 60, body="y" * 2000) for i in range(100)])
            with store.begin() as db:
                save_page(db, "files", page)


def prepare(folder: Path, slack: FakeSlack, clicks: int) -> list[str]:
    """Write the configuration, the owners and one open question a click; return the owners' ids."""
    (folder / "none.csv").write_text("Key,Summary\n", encoding="utf-8")
    (folder / "okrbot.toml").write_text(CONFIG.format(api=slack.api_url), encoding="utf-8")
    people = [slack.person("ann@acme.example"), slack.person("bob@acme.example")]
    app = open_app(folder / "okrbot.toml", environment=slack.environment)
    now = dt.datetime.now(dt.UTC)
    with app.store() as store, store.begin() as db:
        for person in people:
            remember(db, person.id, name=person.email, timezone="UTC", now=now)
        common = {
            "rule": "no_key_result",
            "product": "Shop",
            "person": people[0].id,
            "kind": "question",
            "state": "asked",
            "created": millis(now),
            "version": 1,
        }
        rows = [
            common | {"id": f"p{i:015d}", "subject": f"item:files/{i}", "payload": json.dumps({"key": f"SHOP-{i}", "title": "Work"})}
            for i in range(clicks)
        ]
        db.execute(sa.insert(t.prompts), rows)
    return [person.id for person in people]


@dataclasses.dataclass
class Load:
    """Posts clicks and remembers what came back."""

    port: int
    secret: str
    people: list[str]
    seconds: list[float] = dataclasses.field(default_factory=list)
    failed: list[str] = dataclasses.field(default_factory=list)
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def click(self, number: int) -> None:
        """Post one click and wait for its acknowledgement."""
        prompt = f"p{number:015d}"
        payload = {
            "type": "block_actions", "team": {"id": "T0ACME"}, "user": {"id": self.people[number % 2], "team_id": "T0ACME"}, "api_app_id": "A0",
            "trigger_id": "1.2.3", "container": {"type": "message", "message_ts": "1.2", "channel_id": "D1"}, "channel": {"id": "D1"},
            "actions": [{"type": "button", "action_id": "okr.v1.class", "block_id": f"a:{prompt}:1", "value": "ktlo", "action_ts": f"{number}.1"}],
        }  # fmt: skip
        body = urlencode({"payload": json.dumps(payload)}).encode()
        stamp = str(int(time.time()))
        signature = "v0=" + hmac.new(self.secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
        begun = time.perf_counter()
        try:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3.0)
            line.request("POST", "/slack/events", body, headers)
            answer = line.getresponse()
            answer.read()
            line.close()
            found = "" if answer.status == 200 else f"HTTP {answer.status}"
        except OSError as error:
            found = type(error).__name__
        with self.lock:
            self.seconds.append(time.perf_counter() - begun)
            if found:
                self.failed.append(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--busy", action="store_true", help="write pages into the store meanwhile")
    given = parser.parse_args()
    clicks = int(given.rate * given.seconds)
    folder = Path(tempfile.mkdtemp())
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    stop, stopped = context.Pipe()
    with FakeSlack() as slack:
        people = prepare(folder, slack, clicks + 1)
        slack.space.channels["D1"] = Channel("D1", "directmessage", "im", {people[0]})
        slack.space.messages.append(Message("D1", "1.2", "a question", []))
        server = context.Process(target=served, args=(str(folder), slack.environment, there))
        server.start()
        load = Load(here.recv(), slack.signing_secret, people)
        writer = context.Process(target=written, args=(str(folder), stopped))
        if given.busy:
            writer.start()
        load.click(clicks)  # the first one pays for imports
        load.seconds.clear()
        begun = time.perf_counter()
        with ThreadPoolExecutor(64) as pool:
            for number in range(clicks):
                time.sleep(max(0.0, begun + number / given.rate - time.perf_counter()))
                pool.submit(load.click, number)
        took = time.perf_counter() - begun
        if given.busy:
            stop.send("end")
            writer.join()
        here.send("end")
        server.join(60)
    with open_app(folder / "okrbot.toml", secrets=False).store() as store, store.connect() as db:
        kept = int(db.execute(sa.select(sa.func.count()).where(t.answers.c.outcome == "accepted")).scalar() or 0) - 1
    shutil.rmtree(folder)
    times = sorted(load.seconds)
    lost = (clicks - len(load.failed)) - kept
    print(f"{clicks} clicks in {took:.0f} s{' while pages are written' if given.busy else ''}: p50 {times[len(times) // 2] * 1000:.1f} ms, "
          f"p99 {times[int(len(times) * 0.99)] * 1000:.1f} ms, worst {times[-1] * 1000:.0f} ms; not acknowledged {len(load.failed)}, "
          f"acknowledged but not stored {max(0, lost)}")  # fmt: skip
    return 1 if lost > 0 or load.failed else 0


if __name__ == "__main__":
    sys.exit(main())

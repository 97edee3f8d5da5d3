"""Click load: how soon a click is acknowledged, and whether every acknowledged one is in the store.

    python bench/clicks.py [--rate 50] [--seconds 60] [--busy no|other|same]

The real server (Bolt behind waitress, SQLite, synchronous=full) runs in a process of its own; this process is Slack: it signs
and posts the clicks at an even rate, answers the Web API, and waits for each acknowledgement. With --busy a real pull runs into
the same store meanwhile, flat out and without end, from a tracker that never keeps it waiting: in another process, as `okrbot pull`
from cron does, or in the server's own, as `okrbot serve` does.
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
from collections.abc import Callable, Iterator
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
from okrbot.model import Capabilities, Change, Coverage, Item, Page, PullRequest, millis  # noqa: E402
from okrbot.pull import pull  # noqa: E402
from okrbot.store import Store  # noqa: E402
from okrbot.store import tables as t  # noqa: E402
from okrbot.store.people import remember  # noqa: E402

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


class Endless:
    """A tracker that never keeps a pull waiting: pages of 100 items with five changes each, until it is told to end."""

    name = "files"

    def __init__(self, ended: Callable[[], bool]) -> None:
        self.ended = ended
        self.pages = 0

    def probe(self) -> Capabilities:
        return Capabilities("files")

    def pull(self, request: PullRequest) -> Iterator[Page]:
        at = millis(request.now)
        while not self.ended():
            ids = [str(self.pages % 200 * 100 + i) for i in range(100)]
            items = [Item(id_, f"SHOP-{id_}", "x" * 60, body="y" * 2000, updated=at + self.pages, history=True) for id_ in ids]
            changes = [Change(id_, str(i), at, "status", "1", "2", "To do", "In progress") for id_ in ids for i in range(5)]
            self.pages += 1
            yield Page(items=items, changes=changes, resume=str(self.pages))
        yield Page(coverage=Coverage(read=self.pages * 100), checkpoint="done")


def pulled(store: Store, ended: Callable[[], bool]) -> int:
    """Pull until `ended`; return how many items came."""
    source = Endless(ended)
    pull(store, source, now=dt.datetime.now(dt.UTC))
    return source.pages * 100


def served(folder: str, environment: dict[str, str], line: Any, busy: bool) -> None:
    """Run the server, with a pull beside it if `busy`, until the other end says so; then tell how many items were pulled."""
    from okrbot.serve import Serving

    app = open_app(Path(folder) / "okrbot.toml", environment=environment)
    with app.store() as store, ThreadPoolExecutor(1) as beside:
        serving = Serving(app, store)
        assert serving.line is not None
        serving.line.start()
        ended = threading.Event()
        if not busy:
            ended.set()
        count = beside.submit(pulled, store, ended.is_set)
        line.send(serving.line.port)
        line.recv()
        ended.set()
        line.send(count.result())
        serving.stop()


def written(folder: str, line: Any) -> None:
    """Pull into the store until the other end says so, and tell it how many items came."""
    app = open_app(Path(folder) / "okrbot.toml", secrets=False)
    with app.store() as store:
        line.send(pulled(store, line.poll))


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
    parser.add_argument("--busy", choices=("no", "other", "same"), default="no", help="where a pull runs meanwhile")
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
        server = context.Process(target=served, args=(str(folder), slack.environment, there, given.busy == "same"))
        server.start()
        load = Load(here.recv(), slack.signing_secret, people)
        writer = context.Process(target=written, args=(str(folder), stopped))
        if given.busy == "other":
            writer.start()
        load.click(clicks)  # the first one pays for imports
        load.seconds.clear()
        begun = time.perf_counter()
        with ThreadPoolExecutor(64) as pool:
            for number in range(clicks):
                time.sleep(max(0.0, begun + number / given.rate - time.perf_counter()))
                pool.submit(load.click, number)
        took = time.perf_counter() - begun
        here.send("end")
        read = here.recv()
        if given.busy == "other":
            stop.send("end")
            read = stop.recv()
            writer.join()
        server.join(60)
    with open_app(folder / "okrbot.toml", secrets=False).store() as store, store.connect() as db:
        kept = int(db.execute(sa.select(sa.func.count()).where(t.answers.c.outcome == "accepted")).scalar() or 0) - 1
    shutil.rmtree(folder)
    times = sorted(load.seconds)
    lost = (clicks - len(load.failed)) - kept
    where = "the same" if given.busy == "same" else "another"
    meanwhile = "" if given.busy == "no" else f" while {read / took:,.0f} items/s are pulled in {where} process"
    print(f"{clicks} clicks in {took:.0f} s{meanwhile}: p50 {times[len(times) // 2] * 1000:.1f} ms, "
          f"p99 {times[int(len(times) * 0.99)] * 1000:.1f} ms, worst {times[-1] * 1000:.0f} ms; not acknowledged {len(load.failed)}, "
          f"acknowledged but not stored {max(0, lost)}")  # fmt: skip
    return 1 if lost > 0 or load.failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""A process that has loaded and warmed everything and forks one child a run: each child works, and may be killed on the way.

Reads one JSON object a line (act, now, last …), answers {"killed", "code", "steps", "names"} a line.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import gc
import json
import os
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from fake_slack.server import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from slack_digests import digest

from crash.serving import quick_rulebook, serve, tick
from crash.steps import Steps, never_hangs
from okrbot.app import App, open_app
from okrbot.slack import connect, send_digests
from okrbot.store import Store

TIMEOUT = 5.0  # real seconds, never waited for: a fake that hangs says so; the protocol's own 30 are waited on the fake's clock
SECRETS = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET}
Case = dict[str, Any]


class SharedClock:
    """The fake Slack's clock, moved from here over a line of its own that is no step."""

    def __init__(self, now: float, port: int) -> None:
        self.now, self.port = now, port

    def __call__(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.now, dt.UTC)

    def set(self, now: float) -> None:
        self.now = now

    def sleep(self, seconds: float) -> None:
        body = json.dumps({"seconds": seconds}).encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            head = f"POST /control/advance HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            line.sendall(head.encode() + body)
            while line.recv(65536):
                continue
        self.now += seconds


@dataclasses.dataclass(frozen=True)
class Nursery:
    """What children inherit: the loaded application, an open store without a connection, a clock to set."""

    app: App
    store: Store
    clock: SharedClock

    def act(self, case: Case, steps: Steps) -> int:
        """Send the digest of one week as `okrbot digest` does, let a server do what is due, or serve clicks; return an exit code."""
        if case["act"] == "serve":
            return serve(self.app, self.store, case["control"], steps, told=self.clock.set, stop=bool(case.get("warm")))
        if case["act"] == "tick":
            return tick(self.app, self.store, steps, digest)
        client = connect(self.app.config, timeout=TIMEOUT)
        return send_digests(self.store, self.app.config, [digest()], clock=self.clock, sleep=self.clock.sleep, client=client)

    def child(self, case: Case) -> Case:
        """Run one case in this process and return what became of it."""
        self.clock.now = case["now"]
        steps = Steps(case["last"])
        steps.armed = case["act"] == "send"
        steps.watch(self.store.engine)
        steps.watch_http()
        code = self.act(case, steps)
        return {"killed": False, "code": code, "steps": steps.count, "names": steps.names if case.get("names") else []}

    def fork(self, case: Case) -> str:
        """Run one case in a child and return what it said, as JSON."""
        reading, writing = os.pipe()
        number = os.fork()
        if not number:
            os.close(reading)
            try:
                said = self.child(case)
            except Exception:
                said = {"killed": False, "code": -1, "steps": 0, "names": [traceback.format_exc()]}
            os.write(writing, json.dumps(said).encode())
            os._exit(0)
        os.close(writing)
        heard = b""
        while part := os.read(reading, 65536):
            heard += part
        os.close(reading)
        os.waitpid(number, 0)
        return heard.decode() or '{"killed": true, "code": -9, "steps": 0, "names": []}'


def main() -> None:
    """Warm up, then serve until the input ends."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    clock = SharedClock(0.0, port)
    app = dataclasses.replace(open_app(folder / "okrbot.toml", environment=SECRETS, clock=clock), sleep=clock.sleep)
    with quick_rulebook(), app.store() as store:
        nursery = Nursery(app, store, clock)
        for line in sys.stdin:
            case = json.loads(line)
            if case.get("warm"):
                # Done here and not in a child: what is imported and compiled now, no child has to.
                clock.now = case["now"]
                never_hangs()
                code = nursery.act(case, Steps())
                store.close()
                gc.collect()
                gc.freeze()
                print(json.dumps({"killed": False, "code": code, "steps": 0, "names": []}), flush=True)
            else:
                print(nursery.fork(case), flush=True)


if __name__ == "__main__":
    main()

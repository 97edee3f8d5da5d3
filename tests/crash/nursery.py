"""A process that has loaded everything and forks one child a run: each child sends, and may be killed on the way.

Reads one JSON object a line (folder, now, last, api port), answers {"killed", "code", "steps", "names"} a line.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from fake_slack.server import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from slack_digests import digest

from crash.steps import Steps
from okrbot.app import open_app
from okrbot.slack import connect, send_digests

TIMEOUT = 0.1  # real seconds; the protocol's own 30 are waited on the fake's clock
SECRETS = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET}


class SharedClock:
    """The fake Slack's clock, moved from here over a line of its own that is no step."""

    def __init__(self, now: float, port: int) -> None:
        self.now, self.port = now, port

    def __call__(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.now, dt.UTC)

    def sleep(self, seconds: float) -> None:
        body = json.dumps({"seconds": seconds}).encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            head = f"POST /control/advance HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            line.sendall(head.encode() + body)
            while line.recv(65536):
                continue
        self.now += seconds


def send(case: dict[str, Any]) -> tuple[int, Steps]:
    """Send the digest of one week as `okrbot digest` does."""
    clock = SharedClock(case["now"], case["port"])
    steps = Steps(case["last"])
    app = open_app(Path(case["folder"]) / "okrbot.toml", environment=SECRETS, clock=clock)
    with app.store() as store:
        steps.watch(store.engine)
        steps.watch_http()
        client = connect(app.config, timeout=TIMEOUT)
        return send_digests(store, app.config, [digest()], clock=clock, sleep=clock.sleep, client=client), steps


def child(case: dict[str, Any], out: int) -> None:
    """Run one case in this forked process and end it."""
    try:
        code, steps = send(case)
        said = {"killed": False, "code": code, "steps": steps.count, "names": steps.names if case.get("names") else []}
    except Exception:
        said = {"killed": False, "code": -1, "steps": 0, "names": [traceback.format_exc()]}
    os.write(out, json.dumps(said).encode())
    os._exit(0)


def main() -> None:
    """Serve until the input ends."""
    for line in sys.stdin:
        case = json.loads(line)
        reading, writing = os.pipe()
        number = os.fork()
        if not number:
            os.close(reading)
            child(case, writing)
        os.close(writing)
        said = b""
        while part := os.read(reading, 65536):
            said += part
        os.close(reading)
        os.waitpid(number, 0)
        print(said.decode() or '{"killed": true, "code": -9, "steps": 0, "names": []}', flush=True)


if __name__ == "__main__":
    main()

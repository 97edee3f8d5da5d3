"""The seams: every database statement, commit, line to Slack, acknowledgement and sleep is a step, and one step may be the last."""

from __future__ import annotations

import http.client
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

HANGS = "X-Fake-Slack-Hangs"  # the fake's word for "no answer will come": what a time-out is, without waiting for it


class Steps:
    """Counts steps of all threads while it is armed; kills this process by SIGKILL at step number `last` (0 = never)."""

    def __init__(self, last: int = 0) -> None:
        self.last, self.count, self.armed = last, 0, True
        self.names: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, name: str) -> None:
        if not self.armed:
            return
        with self._lock:
            self.count += 1
            self.names.append(name)
            if self.count == self.last:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, name: str) -> None:
        """Make every call of `owner.name` two steps: before and after it."""
        plain: Callable[..., Any] = getattr(owner, name)

        def stepped(*arguments: Any, **named: Any) -> Any:
            self(f"before {name}")
            result = plain(*arguments, **named)
            self(f"after {name}")
            return result

        setattr(owner, name, stepped)

    def watch_http(self) -> None:
        """Watch every HTTP connection that this process makes."""
        never_hangs()
        for name in ("connect", "getresponse"):
            self.around(http.client.HTTPConnection, name)
        self.around(http.client.HTTPResponse, "read1")
        plain = http.client.HTTPConnection.request

        def request(line: http.client.HTTPConnection, method: str, url: str, *arguments: Any, **named: Any) -> None:
            what = "response_url" if "/response/" in url else url.rsplit("/", 1)[-1]
            self(f"before request {what}")
            plain(line, method, url, *arguments, **named)
            self("after request")

        http.client.HTTPConnection.request = request  # type: ignore[method-assign,assignment]

    def watch(self, engine: sa.Engine) -> None:
        """Watch every statement and commit of `engine`."""

        @sa.event.listens_for(engine, "before_cursor_execute")
        def before(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            self(f"before {statement[:24]!r}")

        @sa.event.listens_for(engine, "after_cursor_execute")
        def after(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            self(f"after {statement[:24]!r}")

        for name in ("do_commit", "do_rollback"):
            self.around(engine.dialect, name)


def never_hangs() -> None:
    """Let the fake's word that it hangs be a time-out at once."""
    plain = http.client.HTTPConnection.getresponse

    def heard(line: http.client.HTTPConnection) -> http.client.HTTPResponse:
        answer = plain(line)
        if answer.headers.get(HANGS):
            raise TimeoutError("timed out")
        return answer

    http.client.HTTPConnection.getresponse = heard  # type: ignore[method-assign]

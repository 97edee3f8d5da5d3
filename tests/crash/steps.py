"""The seams: every database statement, commit, line to Slack and sleep of this process is a step, and one step may be the last."""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa


class Steps:
    """Counts steps; kills this process by SIGKILL at step number `last` (0 = never)."""

    def __init__(self, last: int = 0) -> None:
        self.last, self.count = last, 0
        self.names: list[str] = []

    def __call__(self, name: str) -> None:
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
        """Watch every HTTP connection of this process."""
        for name in ("connect", "request", "getresponse"):
            self.around(http.client.HTTPConnection, name)
        self.around(http.client.HTTPResponse, "read1")

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

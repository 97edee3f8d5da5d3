"""Logs of a server: one JSON object a line, without secrets, titles of tickets or names of people."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import threading
import types
from collections.abc import Collection
from typing import Any, TextIO

from okrbot.secrets import Redacting, redact

_USUAL = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
# Libraries that write addresses, bodies or titles at INFO.
_TALKATIVE = ("slack_bolt", "slack_sdk", "urllib3", "requests", "jira", "apscheduler", "alembic", "waitress", "sqlalchemy")


class JsonLines(logging.Formatter):
    """Write a record as one line of JSON: at, level, logger, event, and what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        row: dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        row |= {key: value for key, value in record.__dict__.items() if key not in _USUAL and isinstance(value, str | int | float | bool)}
        if record.exc_text:
            row["traceback"] = record.exc_text
        return json.dumps(row, ensure_ascii=False)


def set_up(stream: TextIO, *, secrets: Collection[str], debug: bool = False) -> logging.Handler:
    """Send every log record of the process to `stream` as JSON lines without `secrets`, uncaught exceptions included."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    # On the handler, not on the logger: a logger's filter does not see what its children pass up.
    handler.addFilter(Redacting(*secrets))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it counts every request that waits a moment
    if debug:
        logging.getLogger("okrbot").setLevel(logging.DEBUG)
    log = logging.getLogger("okrbot.serve")

    def uncaught(kind: type[BaseException], error: BaseException, trace: types.TracebackType | None) -> None:
        log.critical("uncaught: %s", kind.__name__, exc_info=(kind, error, trace))

    def uncaught_in_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            uncaught(found.exc_type, found.exc_value, found.exc_traceback)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread
    return handler


def brief(error: BaseException, *secrets: str) -> str:
    """Return an error as a short text for a ledger or a log: its kind, and its first line without secrets."""
    line = redact(str(error).strip().split("\n", 1)[0], *secrets)
    return f"{type(error).__name__}: {line}"[:200] if line else type(error).__name__

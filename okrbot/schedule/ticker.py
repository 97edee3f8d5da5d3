"""Tick: call functions every few seconds in threads of their own. APScheduler is trusted with no more than that."""

from __future__ import annotations

import logging
from collections.abc import Callable

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)


class Ticker:
    """Calls each of `acts` every `seconds`, never twice at once; an act that raises is logged and called again at the next tick."""

    def __init__(self, acts: dict[str, Callable[[], None]], *, seconds: float, troubled: Callable[[str, str], None]) -> None:
        # The time zone is of no consequence for an interval; left out, APScheduler asks the machine and may not find one.
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(max(1, len(acts)))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        self._acts = acts
        self._seconds = seconds
        self._troubled = troubled
        self._scheduler.add_listener(self._told, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)

    def start(self) -> None:
        """Begin to tick, the first time after one interval."""
        for name, act in self._acts.items():
            self._scheduler.add_job(act, "interval", seconds=self._seconds, id=name, name=name)
        # A tick that finds the one before still running is no news: a pull may take minutes.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler.start()

    def stop(self, *, wait: bool) -> None:
        """Tick no more; with `wait`, return when the acts under way have ended."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=wait)

    def _told(self, event: JobExecutionEvent) -> None:
        if event.code == EVENT_JOB_MAX_INSTANCES:
            self._troubled(event.job_id, "busy")
        elif event.code == EVENT_JOB_MISSED:
            self._troubled(event.job_id, "missed")
        else:
            self._troubled(event.job_id, "error")
            log.error("a tick broke: %s: %s", event.job_id, type(event.exception).__name__)

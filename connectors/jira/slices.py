"""Reads a whole site in several slices at once: ranges of creation time, split again wherever somebody has nothing to do."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from okrbot.model import Millis

from . import jql
from .history import BATCH, Historian, Told, edited
from .rows import Found
from .search import Ask, Search, without

SMALLEST = 3  # pages; a slice with less left is not worth splitting


@dataclass(slots=True, eq=False)
class Slice:
    """Issues of `clauses` created from `low` until before `high` (0 = no end). `saved` is what is stored already."""

    clauses: str
    low: Millis = 0
    high: Millis = 0
    left: float | None = None  # issues not read yet, about; None: nobody counted
    top: Millis = 0  # about when the youngest of them was created; 0: nobody asked
    first: Millis = 0  # creation time of the first issue read
    at: Millis = 0  # creation time of the last issue read
    read: int = 0
    saved: Millis = 0  # creation time up to which everything is stored
    over: bool = False  # read to the end
    stored: bool = False  # read to the end and stored
    splitting: bool = False


@dataclass(slots=True)
class Step:
    """What a worker hands over: issues, history, and how far its slice is complete with this step stored."""

    part: Slice
    found: Found = field(default_factory=Found)
    told: Told | None = None
    until: Millis = 0  # 0: not yet, its history is still to come
    last: bool = False


class Slices:
    """Works through slices with `workers` threads of `crew`; steps come out in the order of any one slice.

    At most a few steps wait to be taken, so memory stays flat however slow the taker is.
    """

    def __init__(self, search: Search, ask: Ask, parts: list[Slice], *, workers: int, now: Millis, historian: Historian | None) -> None:
        self._search = search
        self._ask = ask
        self.parts = parts  # every slice there is or was
        self._workers = workers
        self._now = now
        self._historian = historian
        self._waiting = sorted(parts, key=lambda part: part.left or 0.0)  # the largest is taken first
        self._running: list[Slice] = []
        self._change = threading.Condition()
        self._steps: queue.SimpleQueue[Step | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(workers * 2)
        self._stop = False

    def run(self, crew: Executor) -> Iterator[Step]:
        """Yield all steps; raise what a worker raised, once the others have stopped."""
        futures: list[Future[None]] = [crew.submit(self._work) for _ in range(self._workers)]
        for future in futures:
            future.add_done_callback(lambda _: self._steps.put(None))
        running = len(futures)
        try:
            while running:
                step = self._steps.get()
                if step is None:
                    running -= 1
                    if any(future.done() and future.exception() for future in futures):
                        break
                    continue
                yield step
                self._room.release()
        finally:
            self.stop()
        for future in futures:
            future.result()

    def stop(self) -> None:
        """Let the workers end after the request they are in."""
        with self._change:
            self._stop = True
            self._change.notify_all()
        self._room.release(self._workers * 2)

    def _work(self) -> None:
        try:
            while (part := self._take()) is not None:
                self._read(part)
        finally:
            with self._change:
                self._change.notify_all()

    def _take(self) -> Slice | None:
        """Return a waiting slice or half of a running one; None when nothing is left to help with."""
        while True:
            with self._change:
                if self._stop:
                    return None
                if self._waiting:
                    part = self._waiting.pop()
                    self._running.append(part)
                    return part
                if not self._running:
                    return None
                victim = self._victim()
                if victim is None:
                    self._change.wait()
                    continue
                victim.splitting = True
            half = self._split(victim)
            if half is not None:
                return half

    def _victim(self) -> Slice | None:
        able = [part for part in self._running if part.at and not part.splitting and self._left(part) > SMALLEST * self._ask.size]
        return max(able, key=self._left, default=None)

    def _left(self, part: Slice) -> float:
        """Return how many issues a slice has left: as counted, else as its pace so far suggests."""
        if part.left is not None:
            return part.left
        return part.read * ((part.high or part.top or self._now) - part.at) / max(part.at - part.first, 1000)

    def _split(self, victim: Slice) -> Slice | None:
        """Cut off about the younger half of what a running slice has left, by counting; None when it cannot be cut."""
        with self._change:
            top = victim.top + 1000 if victim.top > victim.at else self._now
            low, high, left = victim.at, victim.high or top, self._left(victim)
        floor, ceiling, younger, middle = low, high, 0.0, 0
        for _ in range(10):
            middle = (floor + ceiling) // 2000 * 1000
            if middle <= floor or victim.over:
                return None  # all within a second, or done meanwhile: stays marked, so nobody tries again
            clauses = jql.both(victim.clauses, jql.since("created", middle), jql.before("created", victim.high) if victim.high else "")
            count = self._search.count(clauses)
            younger = left / 2 if count is None else float(count)
            if younger < left * 0.25:
                ceiling = middle
            elif younger > left * 0.75:
                floor = middle
            else:
                break
        with self._change:
            if victim.over or victim.at >= middle or younger < self._ask.size:
                victim.splitting = victim.over or younger < self._ask.size
                self._change.notify_all()
                return None
            counted = victim.left is not None
            half = Slice(
                victim.clauses, low=middle, high=victim.high, left=younger if counted else None, at=middle, saved=middle, top=victim.top
            )
            victim.high = middle
            victim.left = max(left - younger, 0.0) if counted else None
            victim.splitting = False
            self.parts.append(half)
            self._running.append(half)
            self._change.notify_all()
            return half

    def _read(self, part: Slice) -> None:
        waiting: dict[str, bool] = {}  # ids whose history is still to be read, and whether there should be one
        in_order, last = True, 0
        try:
            for found in self._search.pages(part.clauses, "created", self._ask, low=part.low, high=part.high):
                in_order = in_order and all(item.created >= last for item in found.items[:1])
                last = found.items[-1].created if found.items else last
                with self._change:
                    high = part.high
                    part.first = part.first or (found.items[0].created if found.items else 0)
                    part.at, part.read = max(part.at, last), part.read + found.read
                    part.left = max(part.left - found.read, 0.0) if part.left is not None else None
                    self._change.notify_all()
                if high:  # somebody took over what is younger
                    without(found, [item.id for item in found.items if item.created >= high])
                if not self._hand_over(part, found, waiting, last if in_order else part.low):
                    return
                if high and in_order and last >= high:
                    break
            told = self._history(waiting)
            self._put(Step(part, told=told, until=last, last=True))
        finally:
            with self._change:
                part.over = True
                self._running.remove(part)
                self._change.notify_all()

    def _hand_over(self, part: Slice, found: Found, waiting: dict[str, bool], until: Millis) -> bool:
        """Pass a page on, with history in batches of its own; False when nobody wants more."""
        if self._historian is None:
            return self._put(Step(part, found, until=until))
        if self._ask.changelog:
            return self._put(Step(part, found, self._historian.inside(found.changelogs), until=until))
        waiting.update(dict.fromkeys((item.id for item in found.items), False) | dict.fromkeys(edited(found.items), True))
        if not self._put(Step(part, found)):
            return False
        if len(waiting) < BATCH:
            return True
        told = self._history(waiting)
        waiting.clear()
        return self._put(Step(part, told=told, until=until))

    def _history(self, waiting: dict[str, bool]) -> Told | None:
        return self._historian.of(list(waiting), {id_ for id_, was in waiting.items() if was}) if self._historian and waiting else None

    def _put(self, step: Step) -> bool:
        self._room.acquire()
        if self._stop:
            return False
        self._steps.put(step)
        return True

    def store(self, step: Step) -> list[tuple[str, Millis, Millis]]:
        """Note that a step is stored with what comes now; return what is then still to read: (clauses, from, until)."""
        with self._change:
            step.part.saved = max(step.part.saved, step.until)
            step.part.stored = step.part.stored or step.last
            return [(part.clauses, max(part.low, part.saved), part.high) for part in self.parts if not part.stored]

"""A server in a child that may be killed: the real line, Bolt and listeners, driven over a control line by the one who clicks."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from slack_bolt.context.ack.ack import Ack
from slack_sdk.socket_mode.builtin import SocketModeClient

from crash.steps import Steps
from okrbot.app import App
from okrbot.digest import Digest
from okrbot.rulebook import Page
from okrbot.serve import Serving, line
from okrbot.serve.line import HttpLine
from okrbot.slack import listed
from okrbot.store import Store

WAIT = 10.0  # real seconds until a case is given up; never reached


class Busy:
    """How many listeners are at work."""

    def __init__(self, submit: Callable[..., Future[Any]]) -> None:
        self._submit, self._number, self._change = submit, 0, threading.Condition()

    def __call__(self, *arguments: Any, **named: Any) -> Future[Any]:
        with self._change:
            self._number += 1
        future = self._submit(*arguments, **named)
        future.add_done_callback(self._done)
        return future

    def _done(self, _future: Future[Any]) -> None:
        with self._change:
            self._number -= 1
            self._change.notify_all()

    def wait(self) -> bool:
        """Wait until nobody is."""
        with self._change:
            return self._change.wait_for(lambda: self._number == 0, WAIT)


def serve(app: App, store: Store, control: str, steps: Steps, *, told: Callable[[float], None], stop: bool = False) -> int:
    """Serve until the control line says "end"; steps count from its first "go" on.

    Each line is a word and the time by Slack's clock, which is `told`. A listener that has acknowledged goes on when Slack has seen the
    acknowledgement ("seen"): so none is ever too early to be noticed. `stop` ends the server in good order.
    """
    seen = threading.Event()
    with socket.socket(socket.AF_UNIX) as end, _held_back(seen, steps):
        end.connect(control)
        serving = Serving(app, store)
        assert serving.line is not None
        busy = Busy(serving._executor.submit)
        serving._executor.submit = busy  # type: ignore[method-assign,assignment]
        serving.line.start()
        port = serving.line.port if isinstance(serving.line, HttpLine) else 0
        said = end.makefile("rw", encoding="utf-8")
        print(port, file=said, flush=True)
        for text in said:
            word, now = text.split()
            told(float(now))
            answer = _obey(word, serving, seen, busy, steps)
            if not answer:
                break
            print(answer, file=said, flush=True)
        if stop:
            serving.stop()
    return 0


def tick(app: App, store: Store, steps: Steps, made: Callable[..., Digest]) -> int:
    """Let a server that has just started do its quick work once; return 0 when nothing of this week is left to do, else 4.

    What it would find in an audit is `made` instead: audits have no part in what is sent once.
    """
    steps.armed = False
    plain = App.digests_of
    App.digests_of = lambda *_, product: [made(product, at=app.clock())]  # type: ignore[method-assign,assignment]
    serving = Serving(app, store)
    serving.work.holder = "box:1"  # as in a container, whose name and process number come back with it
    serving.work.audit = lambda: SimpleNamespace(rules=())  # type: ignore[method-assign,assignment,return-value]
    steps.armed = True
    try:
        serving.work.light()
    finally:
        App.digests_of = plain  # type: ignore[method-assign]
        serving.lock.release()
    with store.connect() as db:
        return 4 if any(row.state != "sent" for row in listed(db)) else 0


def _obey(word: str, serving: Serving, seen: threading.Event, busy: Busy, steps: Steps) -> str:
    if word == "go":
        seen.clear()
        steps.armed = True
    elif word == "seen":
        seen.set()
        assert busy.wait(), "a listener does not end"
    elif word == "send":
        pause = threading.Event()
        for _ in range(500):  # whoever was killed may hold the lock of its session for a moment
            if serving.lock.hold():
                break
            pause.wait(0.01)
        serving.work.send()
    else:
        return ""
    return word


@contextlib.contextmanager
def _held_back(seen: threading.Event, steps: Steps) -> Iterator[None]:
    plain, sent, start = Ack.__call__, SocketModeClient.send_socket_mode_response, HttpLine.__init__
    line.HTTP_THREADS = 2  # sixteen take longer to start than a case to play

    def ack(self: Ack, *arguments: Any, **named: Any) -> Any:
        steps("before ack")
        result = plain(self, *arguments, **named)
        if threading.current_thread().name.startswith("listener"):
            assert seen.wait(WAIT)
        steps("after ack")
        return result

    def send(self: SocketModeClient, *arguments: Any, **named: Any) -> None:
        steps("before the answer to the envelope")
        sent(self, *arguments, **named)

    def answering(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        def answer(environ: dict[str, Any], begin: Callable[..., Any]) -> Iterable[bytes]:
            body = app(environ, begin)
            steps("before the answer to the request")
            return body

        return answer

    def made(self: HttpLine, *arguments: Any, **named: Any) -> None:
        start(self, *arguments, **named)
        self._server.application = answering(self._server.application)

    Ack.__call__ = ack  # type: ignore[method-assign,assignment]
    SocketModeClient.send_socket_mode_response = send  # type: ignore[method-assign,assignment]
    HttpLine.__init__ = made  # type: ignore[method-assign]
    try:
        yield
    finally:
        Ack.__call__ = plain  # type: ignore[method-assign]
        SocketModeClient.send_socket_mode_response = sent  # type: ignore[method-assign]
        HttpLine.__init__ = start  # type: ignore[method-assign]


@contextlib.contextmanager
def quick_rulebook() -> Iterator[None]:
    """Let every server of this process share one reading of the rule pages."""
    plain = App.rulebook
    kept: dict[str, dict[str, Page]] = {}

    def rulebook(self: App) -> dict[str, Page]:
        if "pages" not in kept:
            kept["pages"] = plain(self)
        return kept["pages"]

    App.rulebook = rulebook  # type: ignore[method-assign]
    yield
    App.rulebook = plain  # type: ignore[method-assign]

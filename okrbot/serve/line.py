"""The line to Slack: Socket Mode that comes back by itself, or an HTTP server fit for production."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler

from okrbot.serve.sessions import Handler, Sessions
from okrbot.slack.trouble import ERRORS

log = logging.getLogger(__name__)

PING = 2.0  # seconds; with the library's own 10 a dead line goes unseen for a minute
LOOK = 0.2  # between two looks at a line that stands
FIRST = 1.0  # before the second attempt to connect
LONGEST = 60.0  # seconds between two attempts to connect
PATH = "/slack/events"
MOST_BYTES = 1_000_000  # of a request; Slack's own stay far below
HTTP_THREADS = 16


class Line(Protocol):
    """A way for Slack to reach us."""

    def start(self) -> None:
        """Begin to take requests; never raises because Slack is away."""
        ...

    def stop(self) -> None:
        """Take no new request and finish those under way."""
        ...


class SocketLine:
    """Socket Mode: connects in the background, again and again with growing pauses, and says how it stands to `told`."""

    def __init__(self, app: App, app_token: str, *, told: Callable[[str], None], wait: Callable[[float], bool] | None = None) -> None:
        self._ending = threading.Event()
        self._wait = wait or self._ending.wait
        self._told = told
        self._handler = Handler(app, app_token, ping=PING, concurrency=20)
        self._thread = threading.Thread(target=self._keep, name="socket", daemon=True)

    @property
    def client(self) -> Sessions:
        """Return the library's client."""
        return self._handler.client

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(10)
        self._handler.client.close()
        self._told("off")

    def _keep(self) -> None:
        pause = FIRST
        up = False
        while not self._ending.is_set():
            self.client.look()
            if self.client.is_connected():
                if not up:
                    log.info("connected to Slack")
                up, pause = True, FIRST
                self._told("connected")
                self._wait(LOOK)
                continue
            if up:
                log.warning("the line to Slack is gone")
            up = False
            self._told("away")
            try:
                self.client.wss_uri = None  # each address is good for one connection
                self.client.connect()
            except ERRORS as error:
                log.warning("Slack cannot be reached: %s; next attempt in %.0f s", type(error).__name__, pause)
                self._wait(pause)
                pause = min(pause * 2, LONGEST)


class HttpLine:
    """Slack's requests over HTTP, behind waitress. `port` is known after construction."""

    def __init__(self, app: App, listen: str, *, told: Callable[[str], None]) -> None:
        from waitress.server import create_server  # type: ignore[import-untyped,unused-ignore]

        host, _, port = listen.rpartition(":")
        self._told = told
        self._server: Any = create_server(
            guarded(SlackRequestHandler(app, path=PATH)),
            host=host.strip("[]") or "127.0.0.1",
            port=int(port),
            threads=HTTP_THREADS,
            max_request_body_size=MOST_BYTES,
            max_request_header_size=65536,
            channel_timeout=30,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
        self.port: int = self._server.effective_port
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._told("connected")

    def _run(self) -> None:
        try:
            self._server.run()
        except OSError as error:  # waitress's loop trips over its own sockets when they are closed under it
            log.debug("http ended: %s", type(error).__name__)

    def stop(self) -> None:
        self._told("off")
        self._server.task_dispatcher.shutdown(cancel_pending=False, timeout=10)
        # Sockets belong to the loop's own thread.
        self._server.trigger.pull_trigger(self._close)
        self._thread.join(5)

    def _close(self) -> None:
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.close()


Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def guarded(inner: Wsgi) -> Wsgi:
    """Return `inner` behind a guard: what cannot be from Slack is refused before Bolt parses it, and nothing shows a traceback.

    Bolt reads a request's body before it checks its signature, and trips over odd ones.
    """

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        stamp = str(environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", ""))
        if environ.get("PATH_INFO") != PATH:
            return _refuse(start, "404 Not Found")
        if environ.get("REQUEST_METHOD") != "POST":
            return _refuse(start, "405 Method Not Allowed")
        if not stamp.isascii() or not stamp.isdigit() or not environ.get("HTTP_X_SLACK_SIGNATURE"):
            return _refuse(start, "401 Unauthorized")
        try:
            return inner(environ, start)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            log.warning("a request could not be read: %s", type(error).__name__)
            return _refuse(start, "400 Bad Request")

    return answer


def _refuse(start: Callable[..., Any], status: str) -> Iterable[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0")])
    return [b""]

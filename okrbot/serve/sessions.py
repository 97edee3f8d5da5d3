"""The library's Socket Mode client with a change of lines that loses no click.

The library drops the old line the moment a new one stands, with what Slack had just sent on it, and answers on the newest line only.
Here every line has a reader of its own, is read until Slack closes it, and gets the answers to what came on it.
"""

from __future__ import annotations

import functools
import json
import logging
import select
import socket
import threading
from collections import OrderedDict
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection, ConnectionState

from okrbot.slack.trouble import ERRORS

log = logging.getLogger(__name__)

MOST_OPEN = 2000  # envelopes whose line is remembered until they are answered
ROUNDS = 150  # looks after which an old line is closed though Slack has not


class Sessions(SocketModeClient):
    """A SocketModeClient that reads an old line to its end. `look` is to be called a few times a second by whoever keeps the line."""

    def __init__(self, app_token: str, **settings: Any) -> None:
        self._old: list[tuple[Connection, ConnectionState, int]] = []
        self._came_on: OrderedDict[str, Connection] = OrderedDict()
        self._guard = threading.Lock()
        self._leaving: set[str] = set()  # lines that Slack asked us to leave
        self._changing: Connection | None = None  # the line that stands while a new one is made
        super().__init__(app_token, **settings)

    def connect(self) -> None:
        """Open a new line and read it; the one before is read on until it ends."""
        old, state = self.current_session, self.current_session_state
        self._changing = old
        # Out of the library's sight: it would close it.
        self.current_session, self.current_session_state = None, ConnectionState()  # type: ignore[no-untyped-call]
        try:
            super().connect()
        finally:
            new: Connection | None = self.current_session
            if old is not None and old.is_active():
                if new is None or not new.is_active():
                    self.current_session, self.current_session_state = old, state
                    self._leaving.discard(old.session_id)
                    new = None
                else:
                    with self._guard:
                        self._old.append((old, state, 0))
            self._changing = None
        if new is not None and new.is_active():
            new.on_message_listener = functools.partial(self._heard, new)
            threading.Thread(target=self._read, args=(new, self.current_session_state), name="line", daemon=True).start()

    def is_connected(self) -> bool:
        """Return whether a line stands."""
        before = self._changing
        return super().is_connected() or (before is not None and before.is_active())

    def look(self) -> None:
        """Notice lines that were cut without a word, and close old ones that Slack forgot."""
        if self.current_session is not None and _cut(self.current_session):
            _end(self.current_session, self.current_session_state)
        with self._guard:
            old, self._old = self._old, []
        for session, state, rounds in old:
            if rounds >= ROUNDS or _cut(session):
                _end(session, state)
            elif session.is_active():
                with self._guard:
                    self._old.append((session, state, rounds + 1))

    def send_message(self, message: str) -> None:
        """Send an acknowledgement on the line its envelope came on, on the newest where that is gone."""
        with self._guard:
            session = self._came_on.pop(str(json.loads(message).get("envelope_id", "")), None)
        if session is not None and session is not self.current_session and session.is_active():
            session.send(message)
        else:
            super().send_message(message)

    def close(self) -> None:
        """Close every line."""
        with self._guard:
            old, self._old = self._old, []
        for session, state, _ in old:
            _end(session, state)
        super().close()

    def _run_current_session(self) -> None:
        return  # the library's one reader could read one line only

    def _read(self, session: Connection, state: ConnectionState) -> None:
        try:
            session.run_until_completion(state)
        except ERRORS as error:
            log.warning("a line to Slack broke: %s", type(error).__name__)
            session.disconnect()

    def _heard(self, session: Connection, message: str) -> None:
        try:
            said = json.loads(message)
        except ValueError:
            said = None
        if isinstance(said, dict):
            if said.get("type") == "disconnect":
                if session.session_id in self._leaving:
                    return  # a new one is being made since the first warning
                self._leaving.add(session.session_id)
            if envelope := said.get("envelope_id"):
                with self._guard:
                    self._came_on[str(envelope)] = session
                    while len(self._came_on) > MOST_OPEN:
                        self._came_on.popitem(last=False)
        self._on_message(message)


class Handler(SocketModeHandler):
    """Bolt's handler on such a client."""

    client: Sessions

    def __init__(self, app: App, app_token: str, *, ping: float, concurrency: int) -> None:
        self.app, self.app_token = app, app_token
        # Its own reconnecting has no back-off, so it is off.
        self.client = Sessions(
            app_token,
            logger=app.logger,
            web_client=app.client,
            proxy=app.client.proxy,
            auto_reconnect_enabled=False,
            ping_interval=ping,
            concurrency=concurrency,
        )
        self.client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type]


def _cut(session: Connection) -> bool:
    """Return whether the other side has ended a line without a close frame, which the library takes ten seconds to see."""
    line = session.sock
    if line is None:
        return False
    try:
        if not select.select([line], [], [], 0)[0]:
            return False
        return socket.socket.recv(line, 1, socket.MSG_PEEK) == b""  # of the socket itself: TLS knows no peeking
    except TimeoutError:
        return False  # its reader was quicker
    except (OSError, ValueError):
        return True


def _end(session: Connection, state: ConnectionState) -> None:
    state.terminated = True
    session.disconnect()

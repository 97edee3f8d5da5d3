"""Socket Mode from Slack's side: a websocket endpoint of the standard library, envelopes, acknowledgements, refresh, kill."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import socket
import struct
import threading
from typing import Any

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key: str) -> str:
    """Return the answer to a websocket handshake."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()  # noqa: S324 -- RFC 6455 says SHA-1


class Connection:
    """One websocket of the bot."""

    def __init__(self, sock: socket.socket, hub: Hub) -> None:
        self.sock, self.hub = sock, hub
        self.open = True
        self.frozen = False
        self._sending = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Send one JSON text."""
        self._frame(0x1, json.dumps(message, ensure_ascii=False).encode())

    def _frame(self, opcode: int, data: bytes) -> None:
        size = len(data)
        head = bytes([0x80 | opcode])
        head += bytes([size]) if size < 126 else struct.pack("!BH", 126, size) if size < 65536 else struct.pack("!BQ", 127, size)
        with self._sending:
            if not self.frozen:
                self.sock.sendall(head + data)

    def close(self, *, abrupt: bool = False) -> None:
        """Close, with a close frame or as a broken line."""
        if not self.open:
            return
        self.open = False
        try:
            if abrupt:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self._frame(0x8, struct.pack("!H", 1000))
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the bot hung up first
        finally:
            self.hub.gone(self)

    def run(self) -> None:
        """Read frames until the bot hangs up."""
        self.send(
            {
                "type": "hello",
                "num_connections": len(self.hub.connections),
                "debug_info": {"host": "applink-fake", "build_number": 1, "approximate_connection_time": 18060},
                "connection_info": {"app_id": "A0OKRBOT"},
            }
        )
        try:
            while self.open:
                opcode, data = self._read_frame()
                if opcode == 0x8:
                    break
                if opcode == 0x9:
                    self._frame(0xA, data)
                elif opcode == 0x1:
                    self.hub.heard(json.loads(data), self)
        except (OSError, EOFError):
            self.open = False  # a line that ends without a close frame
        finally:
            self.open = False
            self.hub.gone(self)

    def _exactly(self, size: int) -> bytes:
        parts = b""
        while len(parts) < size:
            part = self.sock.recv(size - len(parts))
            if not part:
                raise EOFError
            parts += part
        return parts

    def _read_frame(self) -> tuple[int, bytes]:
        first, second = self._exactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._exactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._exactly(8))
        mask = self._exactly(4) if second & 0x80 else bytes(4)
        data = self._exactly(size)
        return first & 0x0F, bytes(b ^ m for b, m in zip(data, itertools.cycle(mask), strict=False))


class Hub:
    """All connections of the app: each payload goes to one of them, no pattern promised."""

    def __init__(self, breach: Any) -> None:
        self.connections: list[Connection] = []
        self.changed = threading.Condition()
        self.acks: dict[str, dict[str, Any]] = {}
        self.sent: set[str] = set()
        self.sent_on: dict[str, Connection] = {}  # envelope: its line
        self.only: Connection | None = None  # the line that gets everything, while it is set
        self.lose_acks = 0  # so many acknowledgements get lost on the way
        self._breach = breach
        self._turn = itertools.count()

    def joined(self, connection: Connection) -> None:
        """Remember a new connection; the eleventh is refused by closing the oldest."""
        with self.changed:
            self.connections.append(connection)
            if len(self.connections) > 10:
                self._breach("Socket Mode: more than 10 connections")
            self.changed.notify_all()

    def gone(self, connection: Connection) -> None:
        """Forget a connection."""
        with self.changed:
            if connection in self.connections:
                self.connections.remove(connection)
            self.changed.notify_all()

    def heard(self, message: dict[str, Any], connection: Connection) -> None:
        """Take an acknowledgement; on another line than its envelope's it counts only when that one is gone."""
        envelope = str(message.get("envelope_id", ""))
        with self.changed:
            if envelope not in self.sent:
                self._breach(f"Socket Mode: acknowledged an envelope that was never sent: {envelope}")
            if self.sent_on.get(envelope) not in (connection, *self._closed()):
                return
            if self.lose_acks:
                self.lose_acks -= 1
                return
            self.acks[envelope] = message
            self.changed.notify_all()

    def _closed(self) -> list[Connection]:
        return [line for line in self.sent_on.values() if not line.open]

    def wait(self, seconds: float = 5.0) -> bool:
        """Wait until the bot is connected."""
        with self.changed:
            return self.changed.wait_for(lambda: bool(self.connections), seconds)

    def send(
        self, kind: str, payload: dict[str, Any], *, accepts: bool, wait: float, more: dict[str, Any] | None = None, envelope: str = ""
    ) -> dict[str, Any] | None:
        """Send an envelope to one connection; return its acknowledgement, None if it does not come within `wait` seconds."""
        if not self.wait():
            return None
        with self.changed:
            number = next(self._turn)
            connection = self.only or self.connections[number % len(self.connections)]
            name = envelope or f"00000000-0000-4000-8000-{number:012d}"
            self.sent.add(name)
            self.sent_on[name] = connection
        body = {"envelope_id": name, "type": kind, "accepts_response_payload": accepts, "payload": payload, **(more or {})}
        try:
            connection.send(body)
        except OSError:
            return None
        with self.changed:
            self.changed.wait_for(lambda: name in self.acks or not connection.open, wait)  # a line that breaks brings no answer any more
            return self.acks.pop(name, None)

    def refresh(self) -> None:
        """Ask the bot to change to a fresh connection, as Slack does every few hours, then close the old ones."""
        old = list(self.connections)
        for connection in old:
            connection.send({"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "applink-fake"}})
        with self.changed:
            self.changed.wait_for(lambda: any(c not in old for c in self.connections), 3)
        for connection in old:
            connection.close()

    def kill(self) -> None:
        """Break every line without a word."""
        for connection in list(self.connections):
            connection.close(abrupt=True)

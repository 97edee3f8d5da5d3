"""A strict stand-in for an OpenAI-compatible service on loopback: it refuses whatever a real one might not understand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

KEY = "sk-loopback-5f2c"
Reply = Callable[[str, str, int], Any]  # level's system text, line, number of the call -> content, or (status, body)


class FakeLlm:
    """Answers POST /v1/chat/completions by `reply`; `requests` holds every body, `wrong` what a strict service minds."""

    def __init__(self, reply: Reply, *, key: str = KEY) -> None:
        self.requests: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        self.other: list[str] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if self.path != "/v1/chat/completions":
                    fake.other.append(self.path)
                    return self.send(404, b"{}")
                if key and self.headers.get("Authorization") != f"Bearer {key}":
                    return self.send(
                        401, b'{"error": {"message": "Incorrect API key provided: %s"}}' % self.headers.get("Authorization", "").encode()
                    )
                fake.wrong += fake.minds(self.headers.get("Content-Type", ""), body)
                asked = json.loads(body)
                fake.requests.append(asked)
                line = json.loads(asked["messages"][1]["content"])["line"]
                said = reply(asked["messages"][0]["content"], line, len(fake.requests))
                if isinstance(said, tuple):
                    return self.send(said[0], said[1], said[2] if len(said) > 2 else {})
                choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}
                answer = {
                    "id": "chatcmpl-1",
                    "object": "chat.completion",
                    "model": asked["model"],
                    "choices": [choice],
                    "usage": {"total_tokens": 9},
                }
                return self.send(200, json.dumps(answer).encode())

            def do_GET(self) -> None:
                fake.other.append(self.path)
                self.send(404, b"{}")

            def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    @staticmethod
    def minds(kind: str, body: bytes) -> list[str]:
        """Return what is wrong with a request."""
        wrong = []
        if kind.split(";")[0] != "application/json":
            wrong.append(f"content type {kind}")
        asked = json.loads(body)
        if set(asked) != {"model", "messages"}:
            wrong.append(f"keys {sorted(asked)}")
        if [message.get("role") for message in asked["messages"]] != ["system", "user"]:
            wrong.append("roles")
        if not all(set(message) == {"role", "content"} and isinstance(message["content"], str) for message in asked["messages"]):
            wrong.append("messages")
        return wrong

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.server.shutdown()
        self.server.server_close()

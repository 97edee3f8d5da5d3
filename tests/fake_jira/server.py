"""Puts a made-up Jira on loopback: real sockets, real gzip, and faults exactly where a test wants them."""

from __future__ import annotations

import base64
import datetime as dt
import email.utils
import gzip
import http.server
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from .api import Api, Asked, Said
from .site import Clock, Site

LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>Sign in with SSO</body></html>"


@dataclass
class Fault:
    """Do `kind` to the next `times` requests whose path holds `path`, after letting `after` of them through."""

    kind: str
    path: str = ""
    times: int = 1
    after: int = 0
    value: str = ""


class FakeJira:
    """A made-up Jira at `url`, to be used in a `with`.

    `site` is a Jira search answer, as saved from a real one: `issues` (each with `id`, `key`, `fields` in the form of
    version 3 and `changelog`), and, as far as needed, `names` and `schema` of custom fields by id, `fields` (rows of
    `GET /field`), `projects` (`id`, `key`, `name`), `boards`, `sprints`, `goals` and `account`; what is left out is made
    up from the issues. Data Center (`cloud=False`) shows the same site in its own form: wiki text, Epic Link, sprint
    texts. `user` and `token` are what the site accepts. `cap` is the longest page with fields.
    `before_request` is called with the number of each request, so that a test can change the site during a pull.
    """

    observers: ClassVar[list[Callable[[FakeJira], None]]] = []  # called with every stand-in that is opened

    def __init__(
        self,
        site: dict[str, Any] | Site | None = None,
        *,
        cloud: bool = True,
        clock: Callable[[], dt.datetime] | None = None,
        user: str = "bot@acme.example",
        token: str = "made-up-token-123",  # noqa: S107 - nobody's
        cap: int | None = None,
        prefix: str = "",
        blobs: bool = True,
    ) -> None:
        self.clock = clock or Clock()
        self.site = site if isinstance(site, Site) else Site(site or {}, self.clock)
        basic = base64.b64encode(f"{user}:{token}".encode()).decode()
        self.user, self.token, self.prefix = user, token, prefix
        self.cloud = cloud
        self.api = Api(
            self.site, cloud=cloud, cap=cap or (100 if cloud else 1000), credentials={f"Basic {basic}", f"Bearer {token}"}, blobs=blobs
        )
        self.requests: list[Asked] = []
        self.faults: list[Fault] = []
        self.fired = 0
        self.before_request: Callable[[int], None] = lambda number: None
        self.lock = threading.Lock()
        self._last: dict[str, Said] = {}

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}{self.prefix}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
        self._thread.start()
        for observer in self.observers:
            observer(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fault(self, kind: str, path: str = "", *, times: int = 1, after: int = 0, value: str = "") -> None:
        """Ask for a fault; see `_handler` for the kinds."""
        self.faults.append(Fault(kind, path, times, after, value))

    def take_fault(self, path: str) -> Fault | None:
        """Return the fault that is due for a path, if any."""
        for fault in self.faults:
            if fault.path in path and fault.times > 0:
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                self.fired += 1
                return fault
        return None

    def answer(self, asked: Asked, fault: Fault | None) -> Said:
        """Answer a request, bent by faults that concern what is said rather than how it is sent."""
        kind = fault.kind if fault else ""
        if kind == "silent":  # the token stopped working and Jira shows nothing instead of saying so
            self.api.silent, self.api.credentials = True, set()
        if kind == "repeat" and asked.path in self._last:
            return self._last[asked.path]
        said = self.api.answer(asked)
        body = said.body
        if isinstance(body, dict) and "issues" in body:
            if kind == "empty_page" and body.get("issues"):
                token = asked.query.get("nextPageToken")
                again = f"{token}" if token else ""
                said = Said(200, {"issues": [], "isLast": False, "nextPageToken": again or body.get("nextPageToken", "x")}, said.headers)
                if not again:
                    said.body["issues"], said.body["isLast"] = body["issues"], body["isLast"]
            elif kind == "endless_empty":
                said = Said(200, {"issues": [], "isLast": False, "nextPageToken": f"t{len(self.requests)}"}, said.headers)
            elif kind == "no_token":
                said = Said(200, {"issues": body["issues"], "isLast": False}, said.headers)
            elif kind == "same_page":
                said = Said(200, {**body, "isLast": False, "nextPageToken": f"t{len(self.requests)}"}, said.headers)
            elif kind == "none_shown":
                said = Said(200, {**body, "issues": []}, said.headers)
            elif kind == "issues_null":
                said = Said(200, {**body, "issues": None}, said.headers)
            elif kind == "no_updated":
                for issue in body["issues"]:
                    issue["fields"] = {key: value for key, value in issue.get("fields", {}).items() if key != "updated"}
            elif kind == "odd_field":
                for issue in body["issues"][:1]:
                    issue["fields"] = issue.get("fields", {}) | {"labels": 7, "duedate": {"odd": True}}
            elif kind == "odd_issue":
                body["issues"] = [{"id": None, "key": 5}, *body["issues"][1:]]
        self._last[asked.path] = said
        return said


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about connections that a fault broke."""


def _handler(fake: FakeJira) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own name
            """Say nothing."""

        def handle_all(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length) if length else b""
            parts = urlsplit(self.path)
            path = unquote(parts.path)
            if fake.prefix and not path.startswith(fake.prefix):
                self.reply(404, b"{}", {})
                return
            path = path.removeprefix(fake.prefix)
            asked = Asked(
                self.command,
                path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                json.loads(raw) if raw else None,
                {k.lower(): v for k, v in self.headers.items()},
            )
            with fake.lock:
                fake.requests.append(asked)
                fake.before_request(len(fake.requests))
                fault = fake.take_fault(path)
                kind, value = (fault.kind, fault.value) if fault else ("", "")
                if kind in early:
                    early[kind](self, value)
                    return
                said = fake.answer(asked, fault)
            self.send_out(said, kind, value)

        do_GET = do_POST = do_PUT = do_DELETE = handle_all  # noqa: N815 - the library's own names

        def send_out(self, said: Said, kind: str, value: str) -> None:
            headers = dict(said.headers)
            body = (
                b""
                if said.status == 204
                else json.dumps(said.body, ensure_ascii=False).encode()
                if not isinstance(said.body, str)
                else said.body.encode()
            )
            if kind == "reset_after":
                self.reset()
                return
            if kind == "500_after":
                self.reply(500, b"{}", headers)
                return
            if kind == "truncated":
                body = body[: len(body) // 2]
            if kind == "bom":
                body = b"\xef\xbb\xbf" + body
            if kind == "latin1":
                body = json.dumps(said.body, ensure_ascii=False).replace("About", "Über").encode("latin-1", "replace")
            if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) > 400:
                body = gzip.compress(body, 1)
                headers["Content-Encoding"] = "gzip"
            if kind == "gzip_damage":
                body = gzip.compress(body, 1)[:-9] + b"damagedxx"
                headers["Content-Encoding"] = "gzip"
            if kind == "cut_short":
                self.reply(said.status, body[: len(body) // 2], headers, length=len(body))
                self.reset()
                return
            if kind == "drip":
                half = len(body) // 2
                self.wfile.write(self.head(said.status, len(body), headers) + body[:half])
                if isinstance(fake.clock, Clock):
                    fake.clock.forward(seconds=300)  # before the answer is whole: later, it would be the next answer's time
                self.wfile.write(body[half:])
                return
            self.reply(said.status, body, headers)

        def head(self, status: int, length: int, headers: dict[str, str]) -> bytes:
            lines = {
                "Date": email.utils.format_datetime(fake.clock().astimezone(dt.UTC), usegmt=True),
                "Content-Type": "application/json;charset=UTF-8",
                "Content-Length": str(length),
                **headers,
            }
            return (f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n").encode(
                "latin-1"
            )

        def reply(self, status: int, body: bytes, headers: dict[str, str], *, length: int | None = None) -> None:
            body = b"" if status == 204 else body
            self.wfile.write(self.head(status, len(body) if length is None else length, headers) + body)

        def reset(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

        def limit(self, reason: str, after: str) -> None:
            headers = {"RateLimit-Reason": reason} if reason else {}
            if after:
                headers["Retry-After"] = after
            self.reply(429, b'{"errorMessages":["Rate limit exceeded"]}', headers)

        def hang(self) -> None:
            fake.lock.release()
            try:
                self.connection.settimeout(5)
                self.rfile.read(1)
            except OSError:
                pass
            finally:
                fake.lock.acquire()
                self.close_connection = True

    early: dict[str, Callable[[Handler, str], None]] = {
        "reset": lambda h, _: h.reset(),
        "hang": lambda h, _: h.hang(),
        "500": lambda h, _: h.reply(500, b"{}", {}),
        "502": lambda h, _: h.reply(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"}),
        "503": lambda h, value: h.reply(503, b"{}", {"Retry-After": value} if value else {}),
        "504": lambda h, _: h.reply(504, b"", {}),
        "login_page": lambda h, _: h.reply(200, LOGIN_PAGE, {"Content-Type": "text/html"}),
        "empty_200": lambda h, _: h.reply(200, b"", {}),
        "401": lambda h, _: h.reply(401, b"{}", {}),
        "403": lambda h, _: h.reply(403, b'{"errorMessages":["Forbidden"]}', {}),
        "410": lambda h, _: h.reply(410, b'{"errorMessages":["The requested API has been removed."]}', {}),
        "redirect": lambda h, _: h.reply(302, b"", {"Location": "https://elsewhere.example/login"}),
        "429": lambda h, value: h.limit("", value),
        "429_burst": lambda h, value: h.limit("jira-burst-based", value),
        "429_quota": lambda h, value: h.limit("jira-quota-global-based", value),
        "429_tenant": lambda h, value: h.limit("jira-quota-tenant-based", value),
        "429_issue": lambda h, value: h.limit("jira-per-issue-on-write", value),
        "anonymous": lambda h, _: h.reply(
            200, b'{"issues":[],"isLast":true,"values":[]}', {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
        ),
        "huge": lambda h, _: h.reply(200, gzip.compress(b" " * (80 << 20), 1), {"Content-Encoding": "gzip"}),
        "brotli": lambda h, _: h.reply(200, b"\x0b\x02\x80{}\x03", {"Content-Encoding": "br"}),
    }
    return Handler

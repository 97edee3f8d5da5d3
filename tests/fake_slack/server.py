"""The fake Slack itself: one loopback server for the Web API, response addresses and Socket Mode; and the way back to the bot."""

from __future__ import annotations

import copy
import dataclasses
import email.utils
import hashlib
import hmac
import http.client
import http.server
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from fake_slack.api import Api
from fake_slack.faults import DELAYS, FAULTS, Fault
from fake_slack.people import Person
from fake_slack.socket_mode import Connection, Hub, accept_key
from fake_slack.workspace import BOT_USER, TEAM, Channel, Clock, Message, ResponseUrl, User, Workspace

BOT_TOKEN = "xoxb-000000000000-fake-bot-token"
APP_TOKEN = "xapp-1-A0OKRBOT-fake-app-token"
SIGNING_SECRET = "5f4dcc3b5aa765d61d8327deb882cf99"
ACK_SECONDS = 3.0
_JSON_ARGUMENTS = ("blocks", "view", "metadata", "attachments", "message")


@dataclasses.dataclass(frozen=True, slots=True)
class Ack:
    """What the bot answered to something Slack sent: `ok` when Slack would be content; `body` is its JSON or text."""

    ok: bool
    body: Any
    seconds: float
    error: str = ""


class FakeSlack:
    """A workspace with one installed app. Use as a context manager. `breaches` is what the bot did that it must not."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.space = Workspace(self.clock)
        self.api = Api(self.space, bot_token=BOT_TOKEN, app_token=APP_TOKEN)
        self.hub = Hub(self.space.breach)
        self.bot_token, self.app_token, self.signing_secret = BOT_TOKEN, APP_TOKEN, SIGNING_SECRET
        self.http_url = ""  # of the bot, in HTTP mode
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []  # every request that arrived: (method, fault or "")
        self.strangers: list[str] = []  # requests that a redirect sent elsewhere
        self.hangs_by_word = ""  # a header that says "no answer will come" instead of keeping the line open, for clients that know it
        self.closing = threading.Event()
        self._server: http.server.ThreadingHTTPServer | None = None
        self._port = 0

    # --- life -----------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen on loopback, on the same port as before after a `stop`."""
        fake = self
        self.closing.clear()

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            request_queue_size = 64

            def handle_error(self, request: object, client_address: object) -> None:
                return  # a client that hangs up in the middle is what faults are about

        self._server = Server(("127.0.0.1", self._port), type("Handler", (_Handler,), {"fake": fake}))
        self._port = self._server.server_port
        self.api.socket_url = f"ws://127.0.0.1:{self._port}/link/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Stop listening: connections are refused until `start`."""
        self.closing.set()
        self.hub.kill()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def api_url(self) -> str:
        """Return the address of the Web API, for `base_url` or `[slack] api_url`."""
        return f"http://127.0.0.1:{self._port}/api/"

    @property
    def environment(self) -> dict[str, str]:
        """Return the credentials as environment variables."""
        return {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET}

    # --- the workspace --------------------------------------------------------------------------------------------------

    @property
    def breaches(self) -> list[str]:
        """Return what the bot did that it must not."""
        return self.space.breaches

    @property
    def scopes(self) -> set[str]:
        """Return the granted scopes; change the set to grant or withdraw."""
        return self.api.scopes

    def person(self, email: str = "", *, name: str = "", tz: str = "Europe/Amsterdam", kind: str = "member", team: str = TEAM) -> Person:
        """Add a member of the workspace; `kind` is member, guest, stranger or bot."""
        number = self.space.serial()
        user = User(
            f"U{number:04d}{(email or name or 'x')[:3].upper().replace('@', 'X').replace('.', 'X')}",
            name or email.split("@")[0],
            email,
            tz,
            kind,
            team=team,
        )
        self.space.users[user.id] = user
        return Person(self, user)

    def channel(
        self, name: str, *, members: list[Person] | tuple[Person, ...] = (), private: bool = False, bot: bool = True, shared: bool = False
    ) -> Channel:
        """Add a channel with `members`, and the bot unless `bot` is False."""
        kind = "private" if private else "public"
        made = Channel(
            f"C{self.space.serial():06d}",
            name.removeprefix("#"),
            kind,
            {p.id for p in members} | ({BOT_USER} if bot else set()),
            shared=shared,
        )
        self.space.channels[made.id] = made
        return made

    def messages(self, channel: str = "") -> list[Message]:
        """Return the messages that everybody sees, oldest first, of one channel (name or id) or of all."""
        self.api.settle()
        with self.space.lock:
            found = self.space.find_channel(channel) if channel else None
            return [m for m in self.space.messages if not m.visible_to and (not channel or (found is not None and m.channel == found.id))]

    def top(self, channel: str = "") -> list[Message]:
        """Return the messages outside threads, oldest first."""
        return [m for m in self.messages(channel) if not m.thread_ts]

    def replies(self, parent: Message) -> list[Message]:
        """Return the thread of `parent`, without itself."""
        return [m for m in self.messages(parent.channel) if m.thread_ts == parent.ts and m.ts != parent.ts]

    def calls(self, method: str) -> list[dict[str, Any]]:
        """Return the arguments of every call of `method` that reached Slack."""
        return [arguments for name, arguments in self.api.calls if name == method]

    def fault(
        self, name: str = "", method: str = "chat.postMessage", *, after: int = 0, times: int = 1, every: int = 1, error: str = ""
    ) -> Fault:
        """Let something go wrong; see faults.FAULTS, or `error` for any of Slack's own."""
        made = Fault(name, method, after, times, every, error)
        self.faults.append(made)
        return made

    def revoke(self, error: str = "token_revoked") -> None:
        """Withdraw the token; "" gives it back."""
        self.api.token_error = error

    # --- from Slack to the bot --------------------------------------------------------------------------------------------

    def connect_http(self, url: str) -> None:
        """Send interactions, commands and events to this address, signed, instead of over Socket Mode."""
        self.http_url = url

    def wait_connected(self, seconds: float = 5.0) -> bool:
        """Wait until the bot's Socket Mode connection stands."""
        return self.hub.wait(seconds)

    def response_url(self, channel: str, user: str, message_ts: str = "") -> str:
        """Return a fresh response address."""
        key = f"r{self.space.serial()}"
        self.space.responses[key] = ResponseUrl(channel, user, message_ts, self.clock.time())
        return f"http://127.0.0.1:{self._port}/response/{key}"

    def deliver(
        self, kind: str, payload: dict[str, Any], *, wait: float = ACK_SECONDS, retry: int = 0, skew: float = 0.0, secret: str = ""
    ) -> Ack:
        """Bring `payload` (kind: interactive, slash_commands, events_api, block_suggestion) to the bot and return its answer."""
        payload = copy.deepcopy(payload)
        begun = time.monotonic()
        if self.http_url:
            status, body, error = self._post(kind, payload, wait, retry=retry, skew=skew, secret=secret)
            return Ack(200 <= status < 300, body, time.monotonic() - begun, error or ("" if 200 <= status < 300 else f"HTTP {status}"))
        envelope = "interactive" if kind == "block_suggestion" else kind
        more = {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""} if kind == "events_api" else None
        found = self.hub.send(envelope, payload, accepts=kind != "events_api", wait=wait, more=more)
        return Ack(
            found is not None, (found or {}).get("payload"), time.monotonic() - begun, "" if found is not None else "no acknowledgement"
        )

    def _post(self, kind: str, payload: dict[str, Any], wait: float, *, retry: int, skew: float, secret: str) -> tuple[int, Any, str]:
        if kind == "events_api":
            body, form = json.dumps(payload).encode(), False
        elif kind == "slash_commands":
            body, form = urlencode({k: v for k, v in payload.items() if v is not None}).encode(), True
        else:
            body, form = urlencode({"payload": json.dumps(payload)}).encode(), True
        stamp = str(int(time.time() + skew))
        signature = "v0=" + hmac.new((secret or SIGNING_SECRET).encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature,
        }
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        address = urlsplit(self.http_url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=wait)
        try:
            connection.request("POST", address.path or "/", body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, None, f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        return answer.status, _decoded(text, answer.headers.get_content_type()), ""

    def event(self, event: dict[str, Any], *, retries: int = 3, wait: float = ACK_SECONDS) -> Ack:
        """Bring an Events API event to the bot, again up to `retries` times while it is not taken, as Slack does."""
        number = self.space.serial()
        payload = {
            "token": "verification",
            "team_id": TEAM,
            "context_team_id": TEAM,
            "context_enterprise_id": None,
            "api_app_id": "A0OKRBOT",
            "event": event | {"event_ts": f"{self.clock.time():.6f}"},
            "type": "event_callback",
            "event_id": f"Ev{number:08d}",
            "event_time": int(self.clock.time()),
            "authorizations": [
                {"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}
            ],
            "is_ext_shared_channel": False,
        }
        ack = self.deliver("events_api", payload, wait=wait)
        for retry in range(1, retries + 1):
            if ack.ok:
                break
            ack = self.deliver("events_api", payload, wait=wait, retry=retry)
        return ack


def _decoded(text: str, kind: str) -> Any:
    if kind == "application/json" and text:
        return json.loads(text)
    return text


class _Handler(http.server.BaseHTTPRequestHandler):
    fake: FakeSlack
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        return

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path == "/link/" and self.headers.get("Upgrade", "").lower() == "websocket":
            self._upgrade(dict(parse_qsl(path.query)).get("ticket", ""))
        elif path.path.startswith("/api/"):
            self._method(path.path[5:], dict(parse_qsl(path.query)), as_json=False)
        else:
            self._answer(404, {}, b"no such page")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = (self.headers.get("Content-Type") or "").split(";")[0].strip()
        path = urlsplit(self.path).path
        try:
            arguments: dict[str, Any] = (
                json.loads(raw) if kind == "application/json" and raw else dict(parse_qsl(raw.decode(), keep_blank_values=True))
            )
        except (ValueError, UnicodeDecodeError):
            self._json(200, {}, {"ok": False, "error": "invalid_json"})
            return
        if path.startswith("/response/"):
            self._response(path.removeprefix("/response/"), arguments)
        elif path.startswith("/control/"):
            self._control(path.removeprefix("/control/"), arguments)
        elif path.startswith("/api/"):
            for name in _JSON_ARGUMENTS:
                if isinstance(arguments.get(name), str):
                    try:
                        arguments[name] = json.loads(arguments[name])
                    except ValueError:
                        self.fake.space.breach(f"{path[5:]}: {name} is no JSON")
            self._method(path[5:], arguments, as_json=kind == "application/json")
        else:
            self.fake.strangers.append(self.path)
            self._answer(404, {}, b"no such page")

    def _response(self, key: str, arguments: dict[str, Any]) -> None:
        """Take what is posted to a response address; for faults its method is called response_url."""
        fault = self._fault("response_url")
        if fault is None:
            status, text = self.fake.api.respond(key, arguments)
            self._answer(status, {"Content-Type": "text/plain"}, text.encode())
            return

        def call() -> tuple[int, dict[str, str], dict[str, Any]]:
            status, text = self.fake.api.respond(key, arguments)
            return status, {}, {"said": text}

        self._strike(fault.name, call)

    def _fault(self, method: str) -> Fault | None:
        with self.fake.space.lock:
            fault = next((f for f in self.fake.faults if f.strikes(method)), None)
            self.fake.requests.append((method, fault.error or fault.name if fault else ""))
        return fault

    def _control(self, what: str, arguments: dict[str, Any]) -> None:
        """Let another process of a test read and move the clock."""
        if what == "advance":
            self.fake.clock.advance(float(arguments["seconds"]))
        self._json(200, {}, {"now": self.fake.clock.time()})

    # --- Web API with faults ----------------------------------------------------------------------------------------------

    def _method(self, method: str, arguments: dict[str, Any], *, as_json: bool) -> None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ").strip() or str(arguments.pop("token", ""))
        arguments.pop("token", None)

        def call() -> tuple[int, dict[str, str], dict[str, Any]]:
            return self.fake.api.call(method, arguments, token, as_json=as_json)

        fault = self._fault(method)
        if fault is None:
            self._json(*call())
        elif fault.error:
            self._json(200, {}, {"ok": False, "error": fault.error})
        else:
            self._strike(fault.name, call)

    def _strike(self, name: str, call: Callable[[], tuple[int, dict[str, str], dict[str, Any]]]) -> None:
        effect = FAULTS[name][0]
        status, headers, body = 200, {}, {}
        if effect == "yes":
            status, headers, body = call()
        elif effect == "late":
            self.fake.api.late.append((self.fake.clock.time() + DELAYS[name], call))
        page = b"<!doctype html><title>Sign in</title><p>Please sign in."
        whole = json.dumps(body).encode()
        if name in ("reset_before", "reset_after"):
            self._reset()
        elif name == "half_body":
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(whole)))
            self.end_headers()
            self.wfile.write(whole[: len(whole) // 2])
            self.wfile.flush()
            self._reset(politely=True)
        elif name in ("hang", "late_answer", "late_effect", "very_late_effect"):
            self._wait_for_goodbye()
        elif name in ("500_before", "500_after"):
            self._json(500, {}, {"ok": False, "error": "internal_error"})
        elif name == "502_html":
            self._answer(502, {"Content-Type": "text/html"}, b"<html><body>Bad Gateway</body></html>")
        elif name == "503":
            self._json(503, {"Retry-After": "30"}, {"ok": False, "error": "service_unavailable"})
        elif name.startswith("429"):
            date = email.utils.formatdate(self.fake.clock.time() + 30, usegmt=True)
            asked = {
                "429": {"Retry-After": "30"},
                "429_date": {"Retry-After": date, "Date": email.utils.formatdate(self.fake.clock.time(), usegmt=True)},
                "429_bare": {},
            }[name]
            self._json(429, asked, {"ok": False, "error": "ratelimited"})
        elif name == "empty":
            self._answer(200, {"Content-Type": "application/json"}, b"")
        elif name == "truncated":
            self._answer(200, {"Content-Type": "application/json"}, whole[: len(whole) // 2])
        elif name == "login_page":
            self._answer(200, {"Content-Type": "text/html"}, page)
        elif name in ("internal_error", "fatal_error"):
            self._json(200, headers, {"ok": False, "error": name})
        elif name == "redirect":
            self._answer(302, {"Location": f"http://localhost:{self.server.server_port}/elsewhere"}, b"")  # type: ignore[attr-defined]
        elif name == "huge":
            self._huge(whole)

    def _huge(self, whole: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(64 * 1024 * 1024 + len(whole)))
        self.end_headers()
        for _ in range(64):
            self.wfile.write(b" " * (1024 * 1024))
        self.wfile.write(whole)

    def _reset(self, *, politely: bool = False) -> None:
        if not politely:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _wait_for_goodbye(self) -> None:
        self.close_connection = True
        if self.fake.hangs_by_word:
            self._answer(200, {self.fake.hangs_by_word: "1"}, b"")
            return
        self.connection.settimeout(0.02)
        for _ in range(3000):
            if self.fake.closing.is_set():
                return
            try:
                if not self.connection.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return

    def _json(self, status: int, headers: dict[str, str], body: dict[str, Any]) -> None:
        self._answer(status, {"Content-Type": "application/json; charset=utf-8", **headers}, json.dumps(body).encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Date" not in headers:
            self.send_header("Date", email.utils.formatdate(self.fake.clock.time(), usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    # --- Socket Mode --------------------------------------------------------------------------------------------------------

    def _upgrade(self, ticket: str) -> None:
        if ticket not in self.fake.api.tickets:
            self._answer(403, {}, b"")
            return
        self.fake.api.tickets.discard(ticket)
        self.close_connection = True
        self.send_response_only(101)
        for name, value in (
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", accept_key(self.headers["Sec-WebSocket-Key"])),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(self.connection, self.fake.hub)
        self.fake.hub.joined(connection)
        connection.run()

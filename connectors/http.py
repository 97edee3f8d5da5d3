"""The only sender: one session a credential, timeouts always, retries of what is safe, limits obeyed, secrets kept."""

from __future__ import annotations

import datetime as dt
import email.utils
import math
import random
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
import requests.adapters
import urllib3.exceptions

from okrbot.model import SourceError, Surroundings

from .addresses import address

T = TypeVar("T")

TIMEOUT = (5.0, 60.0)  # seconds to connect, seconds without a byte
WHOLE_ANSWER = 180.0  # seconds until a dripping answer is given up
MOST_BYTES = 64 * 1024 * 1024  # of one answer, unpacked
TRIES = 4
LONGEST_WAIT = 120.0  # seconds; a longer pause is the scheduler's, not a worker's
LONGEST_PAUSE = 86_400.0  # an absurd Retry-After is taken as a day
_BROKEN = frozenset({500, 502, 503, 504})
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `headers` without regard to case, `body` unpacked, `at` the server's own clock if it said."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Again:
    """A judge's word that an answer is worth another try: `after` seconds (None: back off), `quota` when only time helps."""

    why: str
    after: float | None = None
    quota: bool = False
    code: str = "unreachable"


Judge = Callable[[Answer], Again | None]


class RefusedError(SourceError):
    """The service understood and said no. `status` and `answer` let a connector say what it means."""

    def __init__(self, message: str, *, code: str, answer: Answer) -> None:
        super().__init__(message, code=code)
        self.answer = answer
        self.status = answer.status


class UnsureError(SourceError):
    """A write whose answer was lost: it may have happened. Look before writing again."""


class _BrokenError(Exception):
    """The line failed; `unsent` when nothing of the request can have reached the service, `final` when trying again is vain."""

    def __init__(self, why: str, *, unsent: bool = False, final: bool = False) -> None:
        super().__init__(why)
        self.unsent = unsent
        self.final = final


def retry_after(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Return the seconds a server asks us to wait, at most a day; None when it does not say or says nonsense.

    Reads `Retry-After` as whole seconds, a fraction or an HTTP date (measured by the server's own Date, if there is one),
    else `X-RateLimit-Reset` as an ISO instant or epoch seconds. `now` is our clock in UTC.
    """
    clock = when(headers.get("Date", "")) or now
    for text in (headers.get("Retry-After", "").strip(), headers.get("X-RateLimit-Reset", "").strip()):
        if not text:
            continue
        try:
            seconds = float(text)
        except ValueError:
            moment = when(text)
            if moment is None:
                continue
            seconds = (moment - clock).total_seconds()
        if not math.isfinite(seconds):
            continue
        if seconds > 1_000_000_000:  # a point in time, not a length
            seconds -= clock.timestamp()
        return min(max(seconds, 0.0), LONGEST_PAUSE)
    return None


def when(text: str) -> dt.datetime | None:
    """Return an HTTP date or ISO instant as UTC, None when it is neither."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            return None
    try:
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except OverflowError:
        return None


class Sender:
    """Sends requests to one service with one credential; may be used from several threads at once.

    `headers` carry the credential and go to `base` only. A `session` may be handed in (its own auth is then used). `judge`
    sees every answer first: it may raise, ask for another try, or return None for the ordinary treatment.
    """

    def __init__(
        self,
        base: str,
        surroundings: Surroundings,
        *,
        name: str,
        headers: Mapping[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        session: requests.Session | None = None,
        judge: Judge | None = None,
        parallel: int = 8,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.base = address(base)
        self.name = name
        self.judge = judge
        self.server_clock: dt.datetime | None = None  # of the latest answer
        self.sent = 0
        self.throttled = 0
        self.client: Any = None  # a library's own object on the same session, kept alive with it
        self.clock, self._sleep, self._jitter = surroundings.clock, surroundings.sleep, jitter
        self._secrets = tuple(sorted({*secrets, *(headers or {}).values()} - {""}, key=len, reverse=True))
        self._lock = threading.Lock()
        self._closed_until: dict[str, dt.datetime] = {}
        self.session = session if session is not None else requests.Session()
        self.session.trust_env = False  # no .netrc, no proxies or CA from the environment
        self.session.headers.update({"Accept": "application/json", "Accept-Encoding": "gzip", **(headers or {})})
        self.session.mount(self.base, requests.adapters.HTTPAdapter(pool_maxsize=max(parallel, 4), max_retries=0))
        self._proxies = {} if self.base.startswith("http:") else dict(surroundings.proxies)
        self._verify: bool | str = surroundings.ca_bundle or True

    def read(
        self,
        path: str,
        into: Callable[[bytes], T],
        *,
        method: str = "GET",
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        endpoint: str = "",
    ) -> tuple[T, Answer]:
        """Ask for data and return it through `into`, with the answer; a POST must be one that only reads.

        Raises RefusedError for an answer that says no, SourceError for one that cannot be had or read.
        """
        return self._insist(method, path, into, params=params, body=body, endpoint=endpoint, safe=True)

    def write(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None, endpoint: str = "") -> Answer:
        """Change something, once: tried again only when the service refused for load or was never reached. Raises UnsureError after a lost answer."""
        return self._insist(method, path, bytes, params=params, body=body, endpoint=endpoint, safe=False)[1]

    def _insist(
        self, method: str, path: str, into: Callable[[bytes], T], *, params: Mapping[str, Any] | None, body: Any, endpoint: str, safe: bool
    ) -> tuple[T, Answer]:
        endpoint = endpoint or f"{method} {path}"
        attempt = 0
        while True:
            attempt += 1
            self._hold(endpoint)
            try:
                answer = self._once(method, path, params, body)
                again = (self.judge(answer) if self.judge else None) or self._verdict(answer, safe, method, path)
                if again is None:
                    try:
                        return (into(answer.body) if not safe or answer.status != 204 else into(b"null")), answer
                    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as trouble:
                        again = Again(self._damage(answer, trouble), code="protocol")
            except _BrokenError as trouble:
                if not safe and not trouble.unsent:
                    raise UnsureError(
                        f"{self.name}: {self._where(method, path)}: {trouble}; it may have been done, look before writing again"
                    ) from None
                again = Again(str(trouble))
                if trouble.final:
                    raise self._give_up(method, path, again, 0.0, attempt) from None
            delay = self._delay(again, attempt)
            if again.quota or delay > LONGEST_WAIT or attempt >= TRIES:
                raise self._give_up(method, path, again, delay, attempt)
            if again.code == "quota":
                with self._lock:
                    self.throttled += 1
                    self._closed_until[endpoint] = self.clock() + dt.timedelta(seconds=delay)
            else:
                self._sleep(delay)

    def _hold(self, endpoint: str) -> None:
        """Wait while an endpoint is closed by a limit; other endpoints go on."""
        with self._lock:
            until = self._closed_until.get(endpoint)
        if until is not None and (rest := (until - self.clock()).total_seconds()) > 0:
            self._sleep(rest)

    def _delay(self, again: Again, attempt: int) -> float:
        if again.after is not None:
            return max(again.after, 1.0)  # Data Center says 0 on a 429
        return float(min(2.0 * 2 ** (attempt - 1), 30.0) * (0.7 + 0.6 * self._jitter()))

    def _give_up(self, method: str, path: str, again: Again, delay: float, attempt: int) -> SourceError:
        if again.quota or again.code == "quota" or delay > LONGEST_WAIT:
            retry_at = self.clock() + dt.timedelta(seconds=delay)
            text = f"{self.name}: the service asks us to wait ({again.why}); the pull goes on where it stopped at {retry_at:%H:%M} UTC"
            return SourceError(text, code="quota", retry_at=retry_at)
        tries = f" after {attempt} tries" if attempt > 1 else ""
        return SourceError(f"{self.name}: {self._where(method, path)}: {again.why}{tries}", code=again.code)

    def _where(self, method: str, path: str) -> str:
        return f"{method} {self.base}{path}"

    def _once(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> Answer:
        """Send one request and read the whole answer. Raises _BrokenError."""
        data = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        kind = {} if data is None else {"Content-Type": "application/json"}
        request = self.session.prepare_request(
            requests.Request(method, self.base + path, params=dict(params or {}), data=data, headers=kind)
        )
        deadline = self.clock() + dt.timedelta(seconds=WHOLE_ANSWER)
        with self._lock:
            self.sent += 1
        try:
            response = self.session.send(
                request, stream=True, timeout=TIMEOUT, allow_redirects=False, proxies=self._proxies, verify=self._verify
            )
            with response:
                packed = self._body(response, deadline)
        except requests.exceptions.SSLError:
            raise _BrokenError("the certificate could not be checked; set `ca_bundle` if a company CA signs it", final=True) from None
        except requests.exceptions.ProxyError:
            raise _BrokenError("the proxy could not be reached or refused") from None
        except requests.exceptions.ConnectTimeout:
            raise _BrokenError("no connection within 5 seconds", unsent=True) from None
        except (requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
            raise _BrokenError("no answer within 60 seconds") from None
        except requests.exceptions.ConnectionError as trouble:
            raise _BrokenError("could not be reached", unsent=_never_connected(trouble)) from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError):
            raise _BrokenError("the line dropped in the middle of the answer") from None
        answer = Answer(response.status_code, response.headers, _unpack(packed, response.headers), when(response.headers.get("Date", "")))
        if answer.at is not None:
            self.server_clock = answer.at
        return answer

    def _body(self, response: requests.Response, deadline: dt.datetime) -> bytes:
        """Read the body as it was packed, piece by piece, so that neither size nor slowness is without end."""
        pieces: list[bytes] = []
        size = 0
        while piece := response.raw.read1(_PIECE, decode_content=False):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                raise _BrokenError("the answer is larger than 64 MB", final=True)
            if self.clock() > deadline:
                raise _BrokenError("the answer dripped for more than three minutes")
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and size < int(length) and response.request.method != "HEAD":
            raise _BrokenError("the answer was cut short")
        return b"".join(pieces)

    def _verdict(self, answer: Answer, safe: bool, method: str, path: str) -> Again | None:
        """Treat an answer by its status: None when it is good, Again when another try may help. Raises RefusedError."""
        status, headers = answer.status, answer.headers
        if 200 <= status < 300:
            return None
        after = retry_after(headers, self.clock())
        if status == 429:
            reason = headers.get("RateLimit-Reason", "")
            return Again(f"429 {reason}".strip(), after, quota="quota" in reason or "cost" in reason, code="quota")
        if status in _BROKEN and safe:
            return Again(f"the service answered {status}", after)
        code, remedy = {
            401: ("token", "the token is wrong, expired or revoked; make a new one"),
            403: ("token", "the account may not do this; give it the right or use another account"),
            410: ("gone", "this part of the service was removed; update okrbot"),
            404: ("gone", "not found; check the address and what the account may see"),
            400: ("filter", "the service does not accept the request"),
        }.get(status, ("unreachable" if status >= 500 else "protocol", "the service refused"))
        if 300 <= status < 400:
            target = urlsplit(headers.get("Location", "")).hostname or "elsewhere"
            code, remedy = "protocol", f"it points to {target} instead of answering; if that is the service's address, put it in `url`"
        said = self.redact(said_in(answer))
        raise RefusedError(
            f"{self.name}: {self._where(method, path)}: {status}: {remedy}{f' (it says: {said})' if said else ''}", code=code, answer=answer
        )

    def _damage(self, answer: Answer, trouble: Exception) -> str:
        if answer.body.lstrip()[:1] == b"<" or "html" in answer.headers.get("Content-Type", ""):
            return "a web page came instead of data (a proxy or a sign-in page?); check `url` and the proxy"
        if not answer.body.strip():
            return "an empty answer came instead of data"
        if isinstance(trouble, msgspec.ValidationError):
            return f"the answer has another shape than expected ({self.redact(str(trouble))[:160]})"
        return "the answer is damaged or cut short"

    def redact(self, text: str) -> str:
        """Return `text` without our credentials, should a server repeat them."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def said_in(answer: Answer, most: int = 300) -> str:
    """Return what a JSON error body says to a person, on one line, at most `most` characters; "" when it says nothing."""
    try:
        body = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    parts: list[str] = []
    if isinstance(body, dict):
        for value in (body.get(word) for word in ("errorMessages", "errors", "message", "errorMessage", "error", "error_description")):
            values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
            parts += [str(one.get("message", "")) if isinstance(one, dict) else str(one) for one in values if one]
    return " ".join("".join(letter if letter.isprintable() else " " for letter in "; ".join(filter(None, parts))).split())[:most]


def _never_connected(trouble: BaseException) -> bool:
    """Tell whether a connection error came before anything was sent."""
    inner: Any = trouble.args[0] if trouble.args else None
    inner = getattr(inner, "reason", inner)
    return isinstance(inner, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)


def _unpack(packed: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a body unpacked and without a byte order mark. Raises _BrokenError for damage, other packings and bombs."""
    packing = headers.get("Content-Encoding", "").strip().lower()
    if packing in ("gzip", "x-gzip") and packed:
        machine = zlib.decompressobj(31)
        try:
            packed = machine.decompress(packed, MOST_BYTES + 1)
        except zlib.error:
            raise _BrokenError("the packed answer is damaged") from None
        if len(packed) > MOST_BYTES:
            raise _BrokenError("the answer is larger than 64 MB", final=True)
        if not machine.eof:
            raise _BrokenError("the packed answer was cut short")
    elif packing not in ("", "identity", "gzip", "x-gzip"):
        raise _BrokenError(f"the answer is packed as {packing[:20]!r}, which was not asked for")
    return packed.removeprefix(b"\xef\xbb\xbf")

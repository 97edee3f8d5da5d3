"""The SDK's client with our own line to Slack: no hidden retry, no redirect, no proxy from the environment, a bound on every answer.

The SDK posts a message a second time when the first answer is lost; nothing here is ever sent twice.
"""

from __future__ import annotations

import base64
import copy
import http.client
import logging
import re
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any, Self
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import Request

from slack_sdk import WebClient

from okrbot.config import Config, ConfigError
from okrbot.model import Secret

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 30.0
MOST_BYTES = 8 * 1024 * 1024  # of one answer
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TOKEN = re.compile(r"[!-~]{8,}")  # printable ASCII: anything else would be shown by the error that refuses it


class UnsentError(OSError):
    """Slack cannot have seen anything of the request: no line, or we stopped before the first byte."""


class Client(WebClient):
    """A WebClient whose requests go over our own line. `gate` is called when the line stands, before the first byte."""

    gate: Callable[[], None] | None = None
    stopwatch: Callable[[], float] = staticmethod(time.monotonic)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # Bolt copies the client for every request; an SSL context cannot be copied and need not be.
        twin = copy.copy(self)
        twin.headers, twin.default_params, twin.gate = dict(self.headers), dict(self.default_params), None
        return twin

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        address = urlsplit(url)
        line = self._line(address)
        try:
            try:
                line.connect()
            except (OSError, http.client.HTTPException) as error:
                raise UnsentError(f"{address.hostname} cannot be reached ({_reason(error)})") from None
            if self.gate is not None:
                self.gate()
            line.sock.settimeout(self.timeout)
            path = address.path + (f"?{address.query}" if address.query else "")
            line.request("POST", path, req.data, dict(req.header_items()))
            answer = line.getresponse()
            body = self._read(answer)
        finally:
            line.close()
        charset = answer.headers.get_content_charset() or "utf-8"
        return {"status": answer.status, "headers": answer.headers, "body": body.decode(charset, "replace")}

    def _line(self, address: SplitResult) -> http.client.HTTPConnection:
        host, wait = address.hostname or "", min(CONNECT_SECONDS, float(self.timeout))
        if address.scheme == "http":
            return http.client.HTTPConnection(host, address.port, timeout=wait)
        if not self.proxy:
            return http.client.HTTPSConnection(host, address.port, timeout=wait, context=self.ssl)
        proxy = urlsplit(self.proxy)
        line = http.client.HTTPSConnection(proxy.hostname or "", proxy.port or 3128, timeout=wait, context=self.ssl)
        known = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
        headers = {"Proxy-Authorization": "Basic " + base64.b64encode(known.encode()).decode()} if proxy.username else {}
        line.set_tunnel(host, address.port or 443, headers)
        return line

    def _read(self, answer: http.client.HTTPResponse) -> bytes:
        until, parts, size = self.stopwatch() + self.timeout, [], 0
        while part := answer.read1(65536):
            parts.append(part)
            size += len(part)
            if size > MOST_BYTES:
                raise ValueError(f"the answer is larger than {MOST_BYTES:,} bytes")
            if self.stopwatch() > until:
                raise TimeoutError("the answer drips")
        if answer.length:  # bytes that were announced and never came
            raise http.client.IncompleteRead(b"", answer.length)
        return b"".join(parts)


def connect(config: Config, *, timeout: float = ANSWER_SECONDS) -> Client:
    """Return the client for the configured workspace. Raises ConfigError for a token or address that cannot work."""
    token = token_of(config.slack.bot_token, "bot_token", "xoxb-", config)
    url = api_url(config)
    logger = logging.getLogger("okrbot.slack.sdk")
    logger.setLevel(logging.CRITICAL + 1)  # the SDK logs whole bodies; what happened is said by the sender
    context = ssl.create_default_context(cafile=_bundle(config)) if url.startswith("https") else None
    client = Client(token, base_url=url, timeout=max(1, int(timeout)), ssl=context, retry_handlers=[], logger=logger)
    client.timeout = timeout  # type: ignore[assignment] # the SDK says int, sockets take fractions
    client.proxy = _proxy(config.okrbot.proxies)
    return client


def token_of(secret: Secret | None, name: str, prefix: str, config: Config) -> str:
    """Return a credential of `[slack]`, checked for its shape; the message of an error never holds it. Raises ConfigError."""
    if secret is None:
        raise ConfigError(f'{config.path}: [slack] {name} is missing. Write {name} = "env:SLACK_{name.upper()}".')
    value = secret.reveal().strip()
    if not _TOKEN.fullmatch(value):
        raise ConfigError(f"{config.path}: [slack] {name} holds blanks or characters that no token has. Copy it again.")
    if prefix and not value.startswith(prefix):
        raise ConfigError(f"{config.path}: [slack] {name} does not begin with {prefix}. Is it another of the app's credentials?")
    return value


def api_url(config: Config) -> str:
    """Return the address of the Web API, ending in a slash. Raises ConfigError when it is neither https nor loopback."""
    url = config.slack.api_url
    try:
        parts = urlsplit(url)
        fine = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        fine = False
    if not fine or not parts.hostname or "@" in parts.netloc:
        raise ConfigError(f"{config.path}: [slack] api_url must begin with https:// and hold no credentials (http only for loopback).")
    return url if url.endswith("/") else url + "/"


def _bundle(config: Config) -> str | None:
    if not config.okrbot.ca_bundle:
        return None
    path = config.folder / config.okrbot.ca_bundle
    if not path.is_file():
        raise ConfigError(f"{config.path}: [okrbot] ca_bundle: there is no file {path}.")
    return str(path)


def _proxy(proxies: Mapping[str, str]) -> str | None:
    return proxies.get("https") or proxies.get("all")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__

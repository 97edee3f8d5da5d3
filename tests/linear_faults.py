"""What can go wrong with one answer of Linear: faults by name, to be given to the endpoint on loopback."""

from __future__ import annotations

import base64
import email.utils
import gzip
import json
from collections.abc import Callable
from typing import Any

from fake_linear import Fault, Reply
from linear_site import Row


def _errors(status: int, code: str, message: str, *, data: Any = None, kind: str = "") -> Fault:
    body = {"errors": [{"message": message, "extensions": {"code": code, "type": kind}}], "data": data}
    return lambda _, true: Reply(status, json.dumps(body).encode(), dict(true.headers))


def _limited(seconds: float) -> Fault:
    def spoil(_: str, true: Reply) -> Reply:
        now = email.utils.parsedate_to_datetime(true.headers["Date"])
        headers = {
            **true.headers,
            "X-RateLimit-Requests-Remaining": "0",
            "X-RateLimit-Requests-Reset": str(int((now.timestamp() + seconds) * 1000)),
        }
        body = {"errors": [{"message": "Rate limit exceeded", "extensions": {"code": "RATELIMITED", "type": "ratelimited"}}]}
        return Reply(400, json.dumps(body).encode(), headers)

    return spoil


def _edit(change: Callable[[Row], None]) -> Fault:
    """Spoil the list in an answer, if it holds one."""

    def spoil(_: str, true: Reply) -> Reply:
        body = json.loads(true.body)
        data = body.get("data") or {}
        rows = data.get("rows") or (data.get("issue") or {}).get("rows")
        if isinstance(rows, dict):
            change(rows)
        else:
            body["data"] = None
        return Reply(true.status, json.dumps(body).encode(), true.headers)

    return spoil


def _body(make: Callable[[bytes], bytes], status: int = 200, **headers: str) -> Fault:
    return lambda _, true: Reply(status, make(true.body), {**true.headers, **headers})


PAGE = b"<!doctype html><html><body><form>Sign in</form></body></html>"
FAULTS: dict[str, Fault] = {
    "ratelimited briefly": _limited(20),
    "ratelimited for half an hour": _limited(1847),
    "429 with seconds": lambda _, true: Reply(429, b"{}", {**true.headers, "Retry-After": "7"}),
    "429 with a date": lambda _, true: Reply(429, b"", {**true.headers, "Retry-After": true.headers["Date"]}),
    "429 without a word": _body(lambda _: b"", 429),
    "too complex": _errors(400, "INPUT_ERROR", "Query too complex"),
    "partial data": lambda _, true: Reply(
        200,
        json.dumps({**json.loads(true.body), "errors": [{"message": "Lost a part", "extensions": {"code": "UNKNOWN"}}]}).encode(),
        true.headers,
    ),
    "errors without data": _errors(200, "INTERNAL_SERVER_ERROR", "Internal server error"),
    "lock timeout": _errors(200, "LOCK_TIMEOUT", "Lock timeout", kind="lock timeout"),
    "500 as GraphQL": _errors(500, "INTERNAL_SERVER_ERROR", "Internal server error"),
    "500 without a word": _body(lambda _: b"", 500),
    "502 page": _body(lambda _: PAGE, 502, **{"Content-Type": "text/html"}),
    "503 with Retry-After": _body(lambda _: b"", 503, **{"Retry-After": "5"}),
    "504": _body(lambda _: b"upstream timeout", 504),
    "a web page with 200": _body(lambda _: PAGE, **{"Content-Type": "text/html"}),
    "an empty body": _body(lambda _: b""),
    "truncated, right length": _body(lambda body: body[: len(body) // 2]),
    "truncated, wrong length": lambda _, true: Reply(true.status, true.body[:-5], true.headers, cut=True),
    "null for data": _body(lambda _: b'{"data": null}'),
    "no list of rows": _edit(lambda rows: rows.update(nodes=None)),
    "rows of another shape": _edit(lambda rows: rows.update(nodes={"0": "x"})),
    "no word on the next page": _edit(lambda rows: rows.update(pageInfo={"endCursor": None})),
    "promised page without cursor": _edit(lambda rows: rows.update(pageInfo={"hasNextPage": True, "endCursor": None})),
    "the same cursor for ever": _edit(
        lambda rows: rows.update(pageInfo={"hasNextPage": True, "endCursor": base64.b64encode(b'["9", ""]').decode()})
    ),
    "a damaged zip": _body(lambda body: gzip.compress(body)[:-12], **{"Content-Encoding": "gzip"}),
    "a byte order mark": _body(lambda body: b"\xef\xbb\xbf" + body),
    "another encoding": _body(lambda body: body.decode().encode("utf-16")),
    "redirect to another host": _body(lambda _: b"", 302, Location="https://elsewhere.example/graphql"),
    "401": _errors(401, "AUTHENTICATION_ERROR", "Authentication required, not authenticated", kind="authentication error"),
    "401 without a word": _body(lambda _: b"", 401),
    "403": _errors(403, "FORBIDDEN", "Forbidden", kind="forbidden"),
    "a query of last year": _errors(400, "GRAPHQL_VALIDATION_FAILED", 'Cannot query field "x" on type "Issue".'),
    "line dropped": lambda _, true: Reply(drop=True),
}

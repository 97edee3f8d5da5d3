"""The sender: asks again only where that is safe, obeys limits, goes nowhere else, and never shows a secret."""

from __future__ import annotations

import datetime as dt
import http.server
import logging
import socket
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fake_jira import Clock, FakeJira

from connectors import http as sending
from connectors.addresses import address, basic, credential, is_loopback
from connectors.http import RefusedError, Sender, UnsureError, retry_after
from okrbot.model import Secret, SourceError, Surroundings

TOKEN = "ATATT3x-very-secret-0123456789"
PLAIN = msgspec.json.decode
NOW = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def fake() -> Iterator[FakeJira]:
    with FakeJira({}, clock=Clock(), user="bot@acme.example", token=TOKEN) as running:
        running.site.create("SHOP", "One")
        yield running


def sender(fake: FakeJira, **how: Any) -> Sender:
    """Return a sender to a stand-in, with its credential."""
    clock = fake.clock
    assert isinstance(clock, Clock)
    headers = {"Authorization": basic("bot@acme.example", TOKEN)}
    return Sender(
        fake.url, Surroundings(Path(), clock, clock.sleep, **how), name="acme", headers=headers, secrets=(TOKEN,), jitter=lambda: 0.5
    )


def slept(fake: FakeJira) -> list[float]:
    assert isinstance(fake.clock, Clock)
    return [round(seconds, 1) for seconds in fake.clock.slept]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" https://acme.atlassian.net/ ", "https://acme.atlassian.net"),
        ("https://jira.acme.example:8443/jira/", "https://jira.acme.example:8443/jira"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost/jira", "http://localhost/jira"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://10.0.0.7/jira", "https://10.0.0.7/jira"),
    ],
)
def test_an_address_is_kept_without_its_slash(given: str, kept: str) -> None:
    assert address(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "", "acme.atlassian.net", "ftp://acme.example", "http://acme.example", "http://10.0.0.7", "https://", "https://me:hunter2@acme.example",
        "https://hunter2@acme.example", "https://acme.example/?token=hunter2", "https://acme.example/#hunter2", "https://acme.example@evil.example",
        "https://169.254.169.254/", "https://0xa9fea9fe/", "https://2852039166/", "https://[fe80::1]/", "https://[::ffff:169.254.169.254]/", "https://0.0.0.0/",
        "https://acme.example:99999", "https://acme.example/a b", "https://acme.example\\@evil.example", "javascript:alert(1)", "file:///etc/passwd",
        "http://127.0.0.1.evil.example", "http://localhost.evil.example", "https://224.0.0.1",
    ],
)  # fmt: skip
def test_an_address_that_could_leak_or_mislead_is_refused_by_key(given: str) -> None:
    with pytest.raises(ValueError, match=r"^url: ") as told:
        address(given)
    if "@" in given or "?" in given or "#" in given:
        assert "hunter2" not in str(told.value)


def test_loopback_is_told_by_number_and_name() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1")))
    assert not any(map(is_loopback, ("10.0.0.1", "localhost.example", "example", "128.0.0.1")))


@pytest.mark.parametrize("damage", ["\u201c{}", "{}\u200b", "a {}", "{}\r\nX: y", "\u00e9{}", "{}\x00", "{}\t{}"])
def test_a_mistyped_token_never_prints_itself(damage: str) -> None:
    with pytest.raises(ValueError, match=r"^token: .*env:JIRA_TOKEN") as told:
        credential(Secret(damage.format(TOKEN, TOKEN), "env:JIRA_TOKEN"))
    assert TOKEN not in "".join(traceback.format_exception(told.value))


def test_blanks_around_a_token_are_taken_off() -> None:
    assert credential(Secret(f"  {TOKEN}\r\n")) == TOKEN
    for nothing in (None, Secret(""), Secret(" \n")):
        with pytest.raises(ValueError, match=r"^token: is empty"):
            credential(nothing)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "-3"}, 0),
        ({"Retry-After": "Mon, 02 Nov 2026 09:00:30 GMT"}, 30),
        ({"Retry-After": "Mon, 02 Nov 2026 12:00:30 GMT", "Date": "Mon, 02 Nov 2026 12:00:00 GMT"}, 30),  # our clock may be wrong
        ({"Retry-After": "Sun, 01 Nov 2026 09:00:30 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "999999999"}, 86_400),
        ({"X-RateLimit-Reset": "2026-11-02T09:01:00Z"}, 60),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "2026-11-02T09:01:00+00:00"}, 60),
    ],
)
def test_retry_after_is_understood_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    "kind",
    ["reset", "reset_after", "500", "502", "503", "504", "429", "login_page", "empty_200", "truncated", "cut_short", "gzip_damage", "drip"],
)
def test_a_read_is_tried_again(fake: FakeJira, kind: str) -> None:
    fake.fault(kind, times=3)
    assert sender(fake).read("/rest/api/3/myself", PLAIN)[0]["accountId"]
    assert len(fake.requests) == 4


@pytest.mark.parametrize("kind", ["reset", "502", "429", "login_page", "truncated", "drip"])
def test_a_read_is_given_up_after_four_tries(fake: FakeJira, kind: str) -> None:
    fake.fault(kind, times=99)
    with pytest.raises(SourceError):
        sender(fake).read("/rest/api/3/myself", PLAIN)
    assert len(fake.requests) == 4


def test_waiting_grows_and_a_zero_is_a_second(fake: FakeJira) -> None:
    fake.fault("502", times=3)
    sender(fake).read("/rest/api/3/myself", PLAIN)
    assert slept(fake) == [2.0, 4.0, 8.0]
    fake.fault("429", value="0")
    sender(fake).read("/rest/api/3/myself", PLAIN)
    assert slept(fake)[3:] == [1.0]


@pytest.mark.parametrize("kind", ["reset_after", "500_after", "cut_short"])
def test_a_write_whose_answer_was_lost_is_not_repeated(fake: FakeJira, kind: str) -> None:
    fake.fault(kind, "/comment", times=99)
    with pytest.raises((UnsureError, RefusedError)):
        sender(fake).write("POST", "/rest/api/3/issue/SHOP-1/comment", body={"body": {"type": "doc", "version": 1, "content": []}})
    assert [len(comments) for comments in fake.site.comments.values()] == [1]


def test_a_write_is_repeated_when_the_service_refused_for_load(fake: FakeJira) -> None:
    fake.fault("429_issue", "/comment", times=2, value="3")
    sender(fake).write("POST", "/rest/api/3/issue/SHOP-1/comment", body={"body": {"type": "doc", "version": 1, "content": []}})
    assert [len(comments) for comments in fake.site.comments.values()] == [1]
    assert slept(fake) == [3.0, 3.0]


def test_a_write_is_repeated_when_nothing_was_sent() -> None:
    clock = Clock()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    post = Sender(f"http://127.0.0.1:{port}", Surroundings(Path(), clock, clock.sleep), name="acme")
    with pytest.raises(SourceError, match="could not be reached after 4 tries") as told:
        post.write("POST", "/x", body={})
    assert not isinstance(told.value, UnsureError)
    assert len(clock.slept) == 3


@pytest.mark.parametrize(("kind", "value"), [("429_quota", "1847"), ("429_tenant", "5"), ("429_burst", "1847"), ("503", "1847")])
def test_a_long_pause_is_handed_to_the_scheduler(fake: FakeJira, kind: str, value: str) -> None:
    fake.fault(kind, value=value)
    with pytest.raises(SourceError) as told:
        sender(fake).read("/rest/api/3/myself", PLAIN)
    assert told.value.code == "quota"
    assert told.value.retry_at == fake.clock() + dt.timedelta(seconds=float(value))
    assert slept(fake) == []


def test_a_burst_slows_its_endpoint_and_no_other(fake: FakeJira) -> None:
    clock, elsewhere = fake.clock, []
    assert isinstance(clock, Clock)

    def sleep(seconds: float) -> None:
        elsewhere.append(one.read("/rest/api/3/myself", PLAIN)[0]["accountId"])
        clock.sleep(seconds)

    one = Sender(fake.url, Surroundings(Path(), clock, sleep), name="acme", headers={"Authorization": basic("bot@acme.example", TOKEN)})
    fake.fault("429_burst", "/field", value="50")
    one.read("/rest/api/3/field", PLAIN)
    assert len(elsewhere) == 1
    assert slept(fake) == [50.0]


def test_a_redirect_is_not_followed_and_names_where_it_points(fake: FakeJira) -> None:
    fake.fault("redirect")
    with pytest.raises(RefusedError, match=r"302.*elsewhere\.example.*`url`"):
        sender(fake).read("/rest/api/3/myself", PLAIN)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("login_page", "web page"),
        ("empty_200", "empty answer"),
        ("truncated", "damaged or cut short"),
        ("cut_short", "cut short|dropped"),
        ("gzip_damage", "packed answer"),
        ("brotli", "not asked for"),
        ("huge", "larger than 64 MB"),
        ("drip", "dripped"),
        ("401", "token is wrong, expired or revoked"),
        ("403", "may not do this"),
        ("410", "removed"),
    ],
)
def test_an_error_says_what_happened_and_what_to_do_in_one_line(fake: FakeJira, kind: str, words: str) -> None:
    fake.fault(kind, times=99)
    with pytest.raises(SourceError, match=words) as told:
        sender(fake).read("/rest/api/3/search/jql", PLAIN, params={"jql": "created >= 0", "maxResults": 5})
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 500


@pytest.mark.parametrize("kind", ["reset", "429_quota", "401", "403", "redirect", "login_page", "truncated", "huge", "echo"])
def test_no_error_and_no_log_shows_the_secret(fake: FakeJira, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    encoded = basic("bot@acme.example", TOKEN).removeprefix("Basic ")
    if kind == "echo":  # a service that repeats what it was told
        fake.api.denied["/myself"] = 400
        fake.api.answer = lambda asked: type(
            "Said", (), {"status": 400, "body": {"errorMessages": [asked.headers["authorization"], TOKEN]}, "headers": {}}
        )()  # type: ignore[method-assign, assignment]
    else:
        fake.fault(kind, times=99)
    with pytest.raises(SourceError) as told:
        sender(fake).read("/rest/api/3/myself", PLAIN)
    for shown in ("".join(traceback.format_exception(told.value)), caplog.text, repr(told.value)):
        assert TOKEN not in shown
        assert encoded not in shown


def test_the_environment_changes_nothing(fake: FakeJira, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login thief password stolen\n")
    for name, value in (
        ("HOME", str(tmp_path)),
        ("NETRC", str(tmp_path / ".netrc")),
        ("HTTP_PROXY", "http://127.0.0.1:9"),
        ("REQUESTS_CA_BUNDLE", "/nowhere"),
    ):
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.lower(), value)
    assert sender(fake).read("/rest/api/3/myself", PLAIN)[0]["accountId"]
    assert fake.requests[0].headers["authorization"] == basic("bot@acme.example", TOKEN)


def test_a_proxy_is_used_for_https_and_never_for_loopback(fake: FakeJira) -> None:
    seen: list[str] = []

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            seen.append(self.path)
            seen.extend(self.headers.values())
            self.send_error(502)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        proxies = {"https": f"http://127.0.0.1:{server.server_port}", "http": f"http://127.0.0.1:{server.server_port}"}
        assert sender(fake, proxies=proxies).read("/rest/api/3/myself", PLAIN)[0]["accountId"]
        assert seen == []
        clock = Clock()
        away = Sender(
            "https://jira.acme.example",
            Surroundings(Path(), clock, clock.sleep, proxies=proxies),
            name="acme",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        with pytest.raises(SourceError, match="the proxy could not be reached or refused"):
            away.read("/x", PLAIN)
    finally:
        server.shutdown()
        server.server_close()
    assert seen[0] == "jira.acme.example:443"
    assert not any(TOKEN in value for value in seen)


def test_a_timeout_is_set_on_every_call(fake: FakeJira, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", (1.0, 0.1))
    fake.fault("hang", times=2)
    assert sender(fake).read("/rest/api/3/myself", PLAIN)[0]["accountId"]
    assert len(fake.requests) == 3

"""`okrbot serve` writes back after its audits where that is allowed, rests when it is refused, and says how it stands."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import SAMPLE
from fake_jira import Clock, FakeJira
from test_serve import page, ports_of, running, until

from okrbot.app import App, open_app
from okrbot.config import ConfigError
from okrbot.serve import Serving
from okrbot.serve.health import lines_for_admins
from okrbot.store import tables as t

START = "2026-11-16T09:00:00+00:00"
TOKENS = {"JIRA_TOKEN": "made-up-token-123"}
CONFIG = """
[okrbot]
timezone = "UTC"
[[sources]]
name = "jira"
kind = "jira"
url = "{url}"
user = "bot@acme.example"
token = "env:JIRA_TOKEN"
[[products]]
name = "Shop"
backlogs = ["jira/*"]
[write_back]
enabled = {enabled}
most = 3
actions = ["{action}"]
[schedule]
pull = "every 30 minutes"
audit = "daily 06:00"
health = "127.0.0.1:{port}"
"""


@pytest.fixture
def jira() -> Iterator[FakeJira]:
    site = json.loads((SAMPLE / "veldmand-jira.json").read_text(encoding="utf-8"))
    with FakeJira(site, clock=Clock(START)) as found:
        yield found


def configure(folder: Path, jira: FakeJira, *, enabled: str = "true", action: str = "link", port: int = 0) -> Path:
    path = folder / "okrbot.toml"
    path.write_text(CONFIG.format(url=jira.url, enabled=enabled, action=action, port=port), encoding="utf-8")
    return path


def links(jira: FakeJira) -> int:
    return sum(len(found) for found in jira.site.remote_links.values())


def test_the_server_writes_back_after_its_audit_and_says_so(jira: FakeJira, tmp_path: Path) -> None:
    already = links(jira)
    (port,) = ports_of(tmp_path, 1)
    configure(tmp_path, jira, port=port)
    with running(tmp_path, TOKENS) as process:
        until(lambda: 'job_runs_total{job="write_back",outcome="done"} 1' in page(tmp_path, "metrics")[1], seconds=60)
        assert links(jira) == already + 3, "no more than [write_back] most in a run"
        assert 'okrbot_writes{action="link",state="done"} 3' in page(tmp_path, "metrics")[1]
        assert page(tmp_path, "readyz")[0] == 200
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=20)
    assert process.returncode == 0
    assert TOKENS["JIRA_TOKEN"] not in logged


@pytest.fixture
def app(jira: FakeJira, tmp_path: Path) -> App:
    return open_app(configure(tmp_path, jira), clock=jira.clock, environment=TOKENS)


@contextlib.contextmanager
def serving(app: App) -> Iterator[Serving]:
    with app.store() as store:
        found = Serving(app, store)
        try:
            yield found
        finally:
            found.stop()


def refusing(jira: FakeJira, yes: bool) -> None:
    """Let the tracker refuse every link, or take them again."""
    jira.faults.clear()
    if yes:
        jira.fault("403", "remotelink", times=10_000)


def asked(jira: FakeJira) -> int:
    return sum("remotelink" in one.path for one in jira.requests)


def outcomes(found: Serving) -> list[tuple[str, str, int]]:
    with found.store.connect() as db:
        rows = db.execute(t.firings.select().where(t.firings.c.job == "write_back", t.firings.c.outcome != "")).all()
    return [(row.period, row.outcome, row.done) for row in rows]


def test_one_run_an_audit_and_the_rest_with_the_next(jira: FakeJira, app: App) -> None:
    already = links(jira)
    with serving(app) as found:
        for _ in range(3):
            found.work.heavy()
            jira.clock.forward(minutes=20)
        assert links(jira) == already + 3
        jira.clock.forward(days=1)
        found.work.heavy()
        assert already + 3 < links(jira) <= already + 6
        assert any("Last write-back 2026-11-17" in line and "notes written" in line for line in lines_for_admins(found.vitals, found.store))


def test_a_tracker_that_refuses_is_asked_again_after_growing_rests(jira: FakeJira, app: App) -> None:
    already = links(jira)
    with serving(app) as found:
        refusing(jira, True)
        tried = []
        for minute in range(181):
            before = asked(jira)
            found.work.heavy()
            if asked(jira) > before:
                tried.append(minute)
            jira.clock.forward(minutes=1)
        assert tried == [0, 5, 15, 35, 75, 155]
        (row,) = outcomes(found)
        assert row[2] == 0
        assert any("not finished" in line for line in lines_for_admins(found.vitals, found.store))
        assert found.vitals.ready(found.store)[0], "a tracker that refuses notes does not make the server unready"
        refusing(jira, False)
        jira.clock.forward(minutes=160)
        found.work.heavy()
        assert links(jira) == already + 3


def test_off_means_off(jira: FakeJira, tmp_path: Path) -> None:
    already = links(jira)
    app = open_app(configure(tmp_path, jira, enabled="false"), clock=jira.clock, environment=TOKENS)
    with serving(app) as found:
        found.work.heavy()
        assert outcomes(found) == []
    assert links(jira) == already
    assert {asked.method for asked in jira.requests if "/search" not in asked.path and "bulkfetch" not in asked.path} == {"GET"}


def test_an_action_there_is_not_is_refused_before_anything_starts(jira: FakeJira, tmp_path: Path) -> None:
    app = open_app(configure(tmp_path, jira, action="shout"), clock=jira.clock, environment=TOKENS)
    with app.store() as store, pytest.raises(ConfigError, match="there is no action 'shout'"):
        Serving(app, store)

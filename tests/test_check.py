"""`okrbot check` says who we are at every service and what cannot be seen, and changes nothing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from conftest import AS_OF, SAMPLE
from fake_jira import Clock, FakeJira
from fake_slack import FakeSlack
from fake_slack.fixtures import slack  # noqa: F401
from slack_digests import MONDAY, app_for

from okrbot.app import App, open_app
from okrbot.cli import DONE, PARTIAL
from okrbot.cli.check import _source


@pytest.fixture
def app(slack: FakeSlack, tmp_path: Path) -> App:  # noqa: F811
    slack.clock.set(MONDAY)
    return app_for(slack, tmp_path)


def test_slack_is_asked_who_we_are_and_whether_the_channels_are_there(app: App, slack: FakeSlack) -> None:  # noqa: F811
    ok, lines = app.check_slack()
    assert not ok
    assert "Socket Mode" in lines[0]
    assert any("/invite" in line for line in lines), "the bot is in no channel yet"
    for product in app.config.products:
        slack.channel(product.channel)
    ok, lines = app.check_slack()
    assert ok, lines
    assert not slack.breaches
    assert "chat.postMessage" not in [method for method, _ in slack.requests]


def test_slack_that_is_away_is_said_in_a_line(app: App, slack: FakeSlack) -> None:  # noqa: F811
    slack.stop()
    ok, lines = app.check_slack()
    assert not ok
    assert "cannot be reached" in lines[0]
    assert "xoxb" not in lines[0]


def jira_app(folder: Path, url: str) -> App:
    folder.mkdir(exist_ok=True)
    text = f'[[sources]]\nname = "acme"\nkind = "jira"\nurl = "{url}"\nuser = "bot@acme.example"\ntoken = "env:JIRA_TOKEN"\n'
    (folder / "okrbot.toml").write_text(text, encoding="utf-8")
    app = open_app(folder / "okrbot.toml", clock=lambda: AS_OF, environment={"JIRA_TOKEN": "made-up-token-123"})
    return dataclasses.replace(app, sleep=lambda _seconds: None)


def test_a_tracker_is_described_and_one_that_is_away_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = json.loads((SAMPLE / "veldmand-jira.json").read_text(encoding="utf-8"))
    with FakeJira(site, clock=Clock(AS_OF.isoformat())) as jira:
        app = jira_app(tmp_path, jira.url)
        assert _source(app, "acme") in (DONE, PARTIAL)
        said = capsys.readouterr().out
        assert "jira Cloud" in said
        assert "SHOP" in said
        assert "history: yes" in said
        assert all(
            request.method == "GET" or "search" in request.path or "count" in request.path or "bulk" in request.path
            for request in jira.requests
        )
    assert _source(app, "acme") == PARTIAL
    said = capsys.readouterr().out
    assert "NOT readable" in said
    assert "made-up-token" not in said

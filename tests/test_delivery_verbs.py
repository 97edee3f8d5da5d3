"""From the shell: digests are sent, previewed, listed and decided about; no secret is printed."""

# ruff: noqa: F811 -- fixtures are imported by name

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from fake_slack import FakeSlack
from fake_slack.fixtures import slack  # noqa: F401

from okrbot.config import ConfigError

Run = Callable[..., Result]


@pytest.fixture
def place(slack: FakeSlack, audited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the sample organisation's configuration, in a workspace of its own."""
    folder = tmp_path / "sample"
    shutil.copytree(audited, folder)
    text = (folder / "okrbot.toml").read_text(encoding="utf-8")
    config = folder / "okrbot.toml"
    config.write_text(f'{text}\n[slack]\nbot_token = "env:SLACK_BOT_TOKEN"\napi_url = "{slack.api_url}"\n', encoding="utf-8")
    for name, value in slack.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("okrbot.app.system_clock", slack.clock)
    monkeypatch.setattr("time.sleep", slack.clock.sleep)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # nothing of this environment is followed
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    return config


def test_the_digest_is_sent_once_and_listed(slack: FakeSlack, place: Path, run: Run) -> None:
    slack.channel("#shop")
    slack.channel("#depot", private=True)
    first = run("digest", "--product", "Shop", config=place)
    assert first.return_value == 0, first.output
    assert "is in #shop" in first.output
    assert run("digest", "--product", "Shop", config=place).return_value == 0
    assert len(slack.top("#shop")) == 1
    assert "Everything has arrived." in run("deliveries", "list", config=place).output
    everything = json.loads(run("deliveries", "list", "--all", "--format", "json", config=place).output)
    assert {row["state"] for row in everything} == {"sent"}
    shown = run("deliveries", "show", everything[0]["key"], config=place)
    assert everything[0]["ts"] in shown.output


def test_slack_away_is_exit_code_four_and_nothing_is_lost(slack: FakeSlack, place: Path, run: Run) -> None:
    slack.channel("#shop")
    slack.revoke("account_inactive")
    refused = run("digest", "--product", "Shop", config=place)
    assert refused.return_value == 4
    assert "Install the app again" in refused.output
    listed = run("deliveries", "list", config=place)
    assert "Slack is left alone until" in listed.output
    assert "planned" in listed.output
    slack.revoke("")
    run("deliveries", "retry", config=place)
    assert run("digest", "--product", "Shop", config=place).return_value == 0
    assert len(slack.top("#shop")) == 1


def test_a_held_message_is_decided_by_a_person(slack: FakeSlack, place: Path, run: Run) -> None:
    slack.channel("#shop")
    slack.revoke("account_inactive")
    run("digest", "--product", "Shop", config=place)
    key = next(r["key"] for r in json.loads(run("deliveries", "list", "--format", "json", config=place).output) if r["kind"] == "digest")
    assert run("deliveries", "hold", key, config=place).return_value == 0
    slack.revoke("")
    run("deliveries", "retry", config=place)
    assert run("digest", "--product", "Shop", config=place).return_value == 4
    assert slack.top("#shop") == []
    assert run("deliveries", "retry", key, config=place).return_value == 0
    assert run("digest", "--product", "Shop", config=place).return_value == 0
    again = run("deliveries", "sent", key, config=place)
    assert again.exit_code != 0
    assert f"'{key}' is sent: arrived." in str(again.exception)
    assert "There is no delivery 'nothing'" in str(run("deliveries", "hold", "nothing", config=place).exception)


def test_while_it_waits_it_says_for_what(slack: FakeSlack, place: Path, run: Run) -> None:
    slack.channel("#shop")
    slack.fault("reset_after")
    said = run("digest", "--product", "Shop", config=place)
    assert said.return_value == 0
    assert said.output.index("Slack's answer was lost. Waiting") < said.output.index("is in #shop")
    slack.stop()
    said = run("digest", "--product", "Depot", config=place)
    assert said.return_value == 4
    assert said.output.index("Depot: not sent yet: 127.0.0.1 cannot be reached") < said.output.index("will be tried again")


def test_the_preview_sends_nothing_and_needs_no_token(slack: FakeSlack, place: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    shown = run("digest", "--preview", "--product", "Shop", config=place)
    assert shown.return_value == 0, shown.output
    assert "https://app.slack.com/block-kit-builder/#%7B%22blocks%22" in shown.output
    page = (place.parent / "digest-preview-shop.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "Key results" in page
    asked = (place.parent / "question-preview-shop.html").read_text(encoding="utf-8")
    assert "Link a key result…" in asked
    assert "Question 1 of at most 2 this week" in asked
    home = (place.parent / "home-preview-shop.html").read_text(encoding="utf-8")
    assert "Waiting for you (2)" in home
    assert "Mondays at 09:00" in home
    assert "!date" not in home
    assert slack.requests == []


@pytest.mark.parametrize("token", ["xoxb-1234\u200b5678901", "xoxb-1234 5678901", "xoxp-123456789012", "“xoxb-123456789012”"])
def test_a_mistyped_token_is_refused_without_being_shown(place: Path, run: Run, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", token)
    refused = run("digest", "--product", "Shop", config=place)
    assert isinstance(refused.exception, ConfigError)
    assert "bot_token" in str(refused.exception)
    assert "12345" not in str(refused.exception) + refused.output
    assert "5678901" not in str(refused.exception) + refused.output


@pytest.mark.parametrize("url", ["http://slack.example/api/", "https://user:pw@slack.example/api/", "ftp://slack.example/"])
def test_the_token_goes_over_https_only(place: Path, run: Run, url: str) -> None:
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace('api_url = "http://127', f'api_url = "{url}"\n# "http://127'), encoding="utf-8")
    refused = run("digest", "--product", "Shop", config=place)
    assert isinstance(refused.exception, ConfigError)
    assert "api_url" in str(refused.exception)

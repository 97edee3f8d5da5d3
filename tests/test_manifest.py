"""The app asks for no scope that the code does not use, and the code calls nothing that no scope allows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fake_slack.contract import OWN, SPEC, described

from okrbot.slack.manifest import FREE, LOOKING, SCOPES, manifest

OKRBOT = Path(__file__).parents[1] / "okrbot"
CALL = re.compile(r"\.((?:auth|chat|conversations|users|views|apps|files|reactions|team|bots)_[a-z]\w*)\b(?!\s*=)")


def called() -> set[str]:
    """Return the Web API methods that the code names."""
    found = {name for path in OKRBOT.rglob("*.py") for name in CALL.findall(path.read_text(encoding="utf-8"))}
    import slack_sdk

    known = {name for name in found if hasattr(slack_sdk.WebClient, name)}
    return {name.replace("_", ".", 1) for name in known}


def test_every_call_has_its_scope_and_every_scope_its_call() -> None:
    allowed = {method for _, methods in (*SCOPES.values(), *LOOKING.values()) for method in methods} | set(FREE)
    assert called() <= allowed
    assert {method for method in allowed if method != "apps.connections.open"} - called() <= {"users.info", "views.push"}


@pytest.mark.skipif(not SPEC.exists(), reason="Slack's method descriptions do not lie beside this checkout")
def test_the_scopes_are_those_that_slack_describes() -> None:
    for scope, (_, methods) in {**SCOPES, **LOOKING}.items():
        for method in methods:
            assert scope in described()[method]["bot_scopes"] or (scope, method) == ("users:read", "users.lookupByEmail")
    for method in FREE:
        assert described()[method]["bot_scopes"] == []


def test_the_stand_in_grants_no_more_than_the_manifest_asks_for() -> None:
    from fake_slack.api import SCOPES as GRANTED

    assert set(manifest("socket")["oauth_config"]["scopes"]["bot"]) == GRANTED
    assert {scope for _, _, scopes, _ in OWN.values() for scope in scopes} >= set(SCOPES) - {"commands"}


@pytest.mark.parametrize("mode", ["socket", "http"])
def test_the_manifest_is_one_that_slack_takes(mode: Any) -> None:
    found = manifest(mode, url="https://okrbot.acme.example")
    scopes = found["oauth_config"]["scopes"]
    assert set(scopes) == {"bot"}, "no user token at all"
    assert not {s for s in scopes["bot"] if s.startswith(("admin", "files", "search", "channels:manage", "channels:join"))}
    assert found["features"]["slash_commands"][0]["should_escape"]
    assert len(found["display_information"]["name"]) <= 35
    assert len(found["display_information"]["description"]) <= 140
    assert found["settings"]["socket_mode_enabled"] == (mode == "socket")
    assert not found["settings"]["token_rotation_enabled"]
    urls = re.findall(r"https://[^\"]+", json.dumps(found))
    assert urls == ([] if mode == "socket" else ["https://okrbot.acme.example/slack/events"] * 4)


def test_the_verb_prints_it(run: Callable[..., Result]) -> None:
    assert json.loads(run("manifest").output) == manifest("socket")
    assert json.loads(run("manifest", "--mode", "http", "--url", "https://a.example").output) == manifest("http", url="https://a.example")
    assert "history" not in run("manifest", "--no-history").output
    assert "channels:history" in run("manifest", "--reasons").output
    refused = run("manifest", "--mode", "http")
    assert refused.exit_code != 0
    assert "--url" in str(refused.exception)

"""Many channels, many weeks, several processes: each digest once, each channel for itself, each gap said."""

# ruff: noqa: F811 -- fixtures are imported by name

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fake_slack import FakeSlack
from fake_slack.contract import SPEC, described
from fake_slack.fixtures import slack  # noqa: F401
from slack_digests import MONDAY, app_for, client_for, digest, office_for
from test_delivery import empty_store  # noqa: F401

from okrbot.app import App, open_app
from okrbot.slack import deliver, listed, send_digests
from okrbot.slack.digests import plan
from okrbot.store import Store

# Errors of chat.postMessage that a channel of its own may answer; those that stop the whole workspace are tested apart.
CODES = (
    "channel_not_found", "not_in_channel", "is_archived", "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel", "restricted_action_thread_locked", "messages_tab_disabled", "team_not_found", "user_disabled", "rate_limited",
    "ratelimited", "message_limit_exceeded", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "invalid_blocks", "msg_blocks_too_long",
    "invalid_blocks_format", "too_many_attachments", "metadata_too_large", "invalid_metadata_format", "no_text", "markdown_text_conflict", "cannot_reply_to_message",
    "duplicate_message_not_found", "slack_connect_file_link_sharing_blocked", "an_error_of_next_year",
)  # fmt: skip
WORKSPACE = {"app_access_restricted", "ekm_access_denied"}


def prepared(slack: FakeSlack, folder: Path, empty: Path, names: list[str], **more: str) -> App:
    shutil.copy(empty, folder / "okrbot.db")
    slack.clock.set(MONDAY)
    for name in names:
        slack.channel(f"#{name.lower()}")
    return app_for(slack, folder, products=names, **more)


@pytest.mark.parametrize("part", range(3))
def test_a_channel_that_refuses_harms_no_other(slack: FakeSlack, empty_store: Path, tmp_path: Path, part: int) -> None:
    codes = CODES[part::3]
    names = [f"P{n}" for n in range(3 * len(codes))]
    app = prepared(slack, tmp_path, empty_store, names)
    bad = dict(zip(random.Random(part).sample(names, len(codes)), codes, strict=True))
    for name, code in bad.items():
        slack.space.find_channel(f"#{name.lower()}").error = code  # type: ignore[union-attr]
    with app.store() as store:
        send_digests(store, app.config, [digest(n) for n in names], clock=app.clock, sleep=app.sleep, client=client_for(app), patience=5)
        with store.connect() as db:
            states = {row.product: row for row in listed(db, most=1000) if row.kind == "digest"}
    for name in names:
        assert len(slack.top(f"#{name.lower()}")) == (name not in bad), (name, bad.get(name))
        assert bool(states[name].error) == (name in bad)
        assert name not in bad or " " in states[name].error, "the operator gets a sentence"


@pytest.mark.skipif(not SPEC.exists(), reason="Slack's method descriptions do not lie beside this checkout")
def test_every_documented_error_of_posting_has_a_kind(slack: FakeSlack, empty_store: Path, tmp_path: Path) -> None:
    from slack_sdk.errors import SlackApiError
    from slack_sdk.web import SlackResponse

    from okrbot.slack.trouble import judge

    for code in described()["chat.postMessage"]["errors"]:
        response = SlackResponse(
            client=None, http_verb="POST", api_url="", req_args={}, data={"ok": False, "error": code}, headers={}, status_code=200
        )
        trouble = judge(SlackApiError("", response), MONDAY)
        assert trouble.kind in ("later", "channel", "workspace", "ours"), code
        assert " " in trouble.words
        assert (trouble.kind == "workspace") == (code in WORKSPACE), code


def weeks_of(seed: int) -> list[tuple[int, float]]:
    """Return a random history: (hours until the next thing, hours okrbot is away then)."""
    dice = random.Random(seed)
    return [
        (dice.choice([1, 24, 6 * 24, 7 * 24, 8 * 24, 30 * 24]), dice.choice([0, 0, 0, 1 / 3600, 1, 23, 6 * 24, 30 * 24])) for _ in range(10)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_a_random_year_has_one_digest_a_week_at_most_and_every_gap_is_listed(
    slack: FakeSlack, empty_store: Path, tmp_path: Path, seed: int
) -> None:
    app = prepared(slack, tmp_path, empty_store, ["Shop"])
    dice = random.Random(seed)
    weeks: set[str] = set()
    with app.store() as store:
        for hours, away in weeks_of(seed):
            slack.clock.advance(3600 * hours)
            if away:
                slack.stop()
            now = slack.clock()
            period = digest(at=now).period
            weeks.add(period)
            slack.fault(dice.choice(["reset_after", "500_before", "late_effect", "429"]), times=dice.choice([0, 1]) or 1)
            send_digests(store, app.config, [digest(at=now)], clock=app.clock, sleep=app.sleep, client=client_for(app), patience=0)
            if away:
                slack.clock.advance(3600 * away)
                slack.start()
            slack.faults.clear()
            for _ in range(3):
                slack.clock.advance(200)
                deliver(office_for(app, store), patience=5)
        with store.connect() as db:
            rows = [row for row in listed(db, most=10_000) if row.kind == "digest"]
    sent = [row for row in rows if row.state == "sent"]
    assert len(slack.top("#shop")) == len(sent) == len({row.period for row in sent})
    assert {row.ts for row in sent} == {message.ts for message in slack.top("#shop")}
    assert {row.state for row in rows} <= {"sent", "skipped"}
    first, last = min(row.period for row in sent), max(row.period for row in rows)
    assert {row.period for row in rows} >= {f"{y}-W{w:02d}" for y, w in _every_week(first, last)}
    late = [row for row in sent if (row.sent or row.due) - row.due > dt.timedelta(hours=1)]
    assert all("Late by" in json.dumps(row.payload["blocks"]) for row in late)


def _every_week(first: str, last: str) -> list[tuple[int, int]]:
    day, end = (dt.date.fromisocalendar(int(p[:4]), int(p[6:]), 1) for p in (first, last))
    weeks = []
    while day <= end:
        weeks.append(day.isocalendar()[:2])
        day += dt.timedelta(days=7)
    return weeks


def together(*acts: Callable[[], object]) -> list[object]:
    """Do all at once, each in a thread of its own; return what each returned, in order. An error of one is raised here."""
    gate = threading.Barrier(len(acts))

    def begin(act: Callable[[], object]) -> object:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(60) for future in [pool.submit(begin, act) for act in acts]]


@pytest.fixture
def several(slack: FakeSlack, store_url: str, tmp_path: Path) -> Iterator[tuple[App, list[str], Store, Store]]:
    """Yield an application with twelve products on each kind of store, and two processes' ways into it."""
    names = [f"P{n}" for n in range(12)]
    slack.clock.set(MONDAY)
    for name in names:
        slack.channel(f"#{name.lower()}")
    app_for(slack, tmp_path, products=names)
    config = tmp_path / "okrbot.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("sqlite:///okrbot.db", store_url), encoding="utf-8")
    app = dataclasses.replace(open_app(config, environment=slack.environment, clock=slack.clock), sleep=slack.clock.sleep)
    with app.store() as one, app.store() as two:
        yield app, names, one, two


def test_two_senders_on_one_store_send_each_message_once(slack: FakeSlack, several: tuple[App, list[str], Store, Store]) -> None:
    app, names, one, two = several
    with one.begin() as db:
        for name in names:
            plan(db, app.config, digest(name), now=app.clock(), due=app.clock(), titles={})
    together(*(lambda store=store: deliver(office_for(app, store, timeout=5), patience=10) for store in (one, two)))
    deliver(office_for(app, one, timeout=5), patience=10)
    assert [len(slack.top(f"#{name.lower()}")) for name in names] == [1] * len(names)
    assert len(slack.messages()) == 2 * len(names)


def test_two_who_send_the_same_week_at_once_send_it_once(slack: FakeSlack, several: tuple[App, list[str], Store, Store]) -> None:
    app, names, one, two = several

    def send(store: Store, order: list[str]) -> int:
        made = [digest(name) for name in order]
        return send_digests(store, app.config, made, clock=app.clock, sleep=app.sleep, client=client_for(app, 5), patience=60)

    together(lambda: send(one, names), lambda: send(two, names[::-1]), lambda: send(one, names[6:] + names[:6]))
    assert send(two, names) == 0
    assert [len(slack.top(f"#{name.lower()}")) for name in names] == [1] * len(names)
    assert len(slack.messages()) == 2 * len(names)


def test_what_another_sender_has_just_begun_is_left_to_it(slack: FakeSlack, empty_store: Path, tmp_path: Path) -> None:
    app = prepared(slack, tmp_path, empty_store, ["P0", "P1"])
    with app.store() as store:
        with store.begin() as db:
            keys = [plan(db, app.config, digest(name), now=app.clock(), due=app.clock(), titles={}) for name in ("P0", "P1")]
        client, met = client_for(app), []
        plain = client.api_call

        def api_call(method: str, **named: object) -> object:
            if method == "chat.postMessage" and not met:
                met.append(method)  # while P0 is on its way, another process posts P1, and Slack files it a minute later
                slack.fault("late_effect")
                deliver(office_for(app, store), keys=[keys[1]])
            return plain(method, **named)

        client.api_call = api_call  # type: ignore[method-assign,assignment]
        deliver(dataclasses.replace(office_for(app, store), client=client))
        for _ in range(3):
            slack.clock.advance(200)
            deliver(office_for(app, store))
    assert met
    assert [len(slack.top(f"#p{n}")) for n in range(2)] == [1, 1]


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "500_after", "429", "internal_error", "late_effect"])
def test_two_senders_and_a_slack_that_fails_still_send_once(
    slack: FakeSlack, several: tuple[App, list[str], Store, Store], fault: str
) -> None:
    app, names, one, two = several
    with one.begin() as db:
        for name in names:
            plan(db, app.config, digest(name), now=app.clock(), due=app.clock(), titles={})
    slack.fault(fault, times=6, every=3)
    for _ in range(4):
        together(*(lambda store=store: deliver(office_for(app, store, timeout=1), patience=5) for store in (one, two)))
        slack.clock.advance(400)
    assert [len(slack.top(f"#{name.lower()}")) for name in names] == [1] * len(names)
    with one.connect() as db:
        assert {row.state for row in listed(db, most=100)} == {"sent"}


def test_two_hundred_channels_are_served_within_a_minute(slack: FakeSlack, empty_store: Path, tmp_path: Path) -> None:
    names = [f"P{n}" for n in range(200)]
    app = prepared(slack, tmp_path, empty_store, names)
    with app.store() as store:
        with store.begin() as db:
            for name in names:
                plan(db, app.config, digest(name), now=app.clock(), due=app.clock(), titles={})
        before = slack.clock.time()
        assert deliver(office_for(app, store), patience=60) == 400
    assert slack.clock.time() - before <= 60
    assert slack.api.throttled == []

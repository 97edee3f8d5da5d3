"""A digest is sent once a product and week: late after an outage, never twice, never lost, and it says what is the matter."""

# ruff: noqa: F811 -- fixtures are imported by name

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import SplitResult

import pytest
import sqlalchemy as sa
from fake_slack import FAULTS, FakeSlack
from fake_slack.fixtures import slack  # noqa: F401
from slack_digests import MONDAY, PATIENT, app_for, client_for, digest, office_for

from okrbot.app import App
from okrbot.model import millis
from okrbot.slack import Client, Timing, by_key, deliver, listed, put, send_digests
from okrbot.slack.digests import render
from okrbot.slack.outbox import Outgoing, hash_of
from okrbot.store import Store, open_store
from okrbot.store import tables as t
from okrbot.store.people import put_setting

KEY = "digest:Shop:#shop:2026-W48"


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a store without rows, made once: a migration takes longer than these tests."""
    folder = tmp_path_factory.mktemp("empty")
    open_store("sqlite:///okrbot.db", folder=folder).close()
    return folder / "okrbot.db"


@pytest.fixture
def app(slack: FakeSlack, empty_store: Path, tmp_path: Path) -> App:
    shutil.copy(empty_store, tmp_path / "okrbot.db")
    slack.channel("#shop")
    slack.clock.set(MONDAY)
    return app_for(slack, tmp_path)


@pytest.fixture
def store(app: App) -> Iterator[Store]:
    with app.store() as opened:
        yield opened


def send(app: App, store: Store, *digests: object, timeout: float = PATIENT, **more: object) -> int:
    told: list[str] = []
    client = client_for(app, timeout)
    code = send_digests(store, app.config, digests or [digest()], clock=app.clock, sleep=app.sleep, client=client, tell=told.append, **more)  # type: ignore[arg-type]
    app.kinds.told = told  # type: ignore[attr-defined]
    return code


def test_a_digest_arrives_with_its_thread_and_is_recorded(slack: FakeSlack, app: App, store: Store) -> None:
    assert send(app, store) == 0
    (message,) = slack.top("#shop")
    assert len(slack.replies(message)) == 1
    with store.connect() as db:
        row = by_key(db, KEY)
    assert row is not None
    assert (row.state, row.ts, row.channel_id) == ("sent", message.ts, message.channel)
    body = {key: value for key, value in message.arguments.items() if key != "channel"}
    assert hash_of(json.dumps(body, ensure_ascii=False, separators=(",", ":"))) == row.payload_hash


def test_the_second_call_of_a_week_sends_nothing(slack: FakeSlack, app: App, store: Store) -> None:
    send(app, store)
    slack.clock.advance(3600)
    assert send(app, store, digest(more=99)) == 0
    assert len(slack.top("#shop")) == 1


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"very_late_effect"}))
def test_whatever_goes_wrong_once_the_digest_comes_once(slack: FakeSlack, app: App, store: Store, name: str) -> None:
    slack.fault(name)
    slack.hangs_by_word = ""
    silent = "no answer" in FAULTS[name][1] or "gave up" in FAULTS[name][1]
    code = send(app, store, timeout=0.1 if silent else PATIENT)  # silence of real seconds
    for _ in range(4):
        slack.clock.advance(600)
        code = send(app, store)
    assert code == 0
    assert len(slack.top("#shop")) == 1
    assert len(slack.replies(slack.top("#shop")[0])) == 1
    assert slack.strangers == []


@pytest.mark.parametrize("name", ["reset_after", "500_before", "hang", "429", "late_answer"])
def test_a_line_that_fails_every_other_time_delays_and_doubles_nothing(slack: FakeSlack, app: App, store: Store, name: str) -> None:
    slack.fault(name, times=0, every=2)
    for _ in range(8):
        send(app, store)
        slack.clock.advance(600)
    assert len(slack.top("#shop")) == 1
    assert len(slack.replies(slack.top("#shop")[0])) == 1


def test_slack_down_for_two_hours_is_late_and_says_so(slack: FakeSlack, app: App, store: Store) -> None:
    slack.stop()
    assert send(app, store, patience=0) == 4
    slack.clock.advance(2.5 * 3600)
    slack.start()
    assert deliver(office_for(app, store), patience=5) == 2
    (message,) = slack.top("#shop")
    assert "Late by 2 hours" in json.dumps(message.blocks)


def test_only_the_newest_missed_week_is_sent_and_the_others_are_listed(slack: FakeSlack, app: App, store: Store) -> None:
    send(app, store, digest(at=MONDAY))
    slack.stop()
    slack.clock.advance(7 * 86400)
    assert send(app, store, digest(at=MONDAY + dt.timedelta(days=7)), patience=0) == 4
    slack.clock.advance(3 * 7 * 86400)
    slack.start()
    assert send(app, store, digest(at=MONDAY + dt.timedelta(days=28))) == 0
    assert len(slack.top("#shop")) == 2
    assert "Not sent: weeks 49, 50, 51" in json.dumps(slack.top("#shop")[-1].blocks)
    with store.connect() as db:
        assert {row.period for row in listed(db, states=("skipped",)) if row.kind == "digest"} == {"2026-W49", "2026-W50", "2026-W51"}


def test_the_first_digest_back_fills_nothing(slack: FakeSlack, app: App, store: Store) -> None:
    send(app, store)
    assert "Not sent" not in json.dumps(slack.top("#shop")[0].blocks)


def test_without_the_history_scope_a_doubt_is_held_and_said(slack: FakeSlack, app: App, store: Store) -> None:
    slack.scopes.discard("channels:history")
    slack.fault("reset_after")
    assert send(app, store) == 4
    with store.connect() as db:
        row = by_key(db, KEY)
    assert row is not None
    assert row.state == "held"
    assert "may have arrived" in row.error
    assert len(slack.top("#shop")) == 1


def test_without_the_history_scope_resend_never_loses(slack: FakeSlack, tmp_path: Path) -> None:
    slack.channel("#shop")
    slack.clock.set(MONDAY)
    slack.scopes.discard("channels:history")
    slack.fault("reset_before")
    app = app_for(slack, tmp_path, on_doubt="resend")
    with app.store() as store:
        assert send(app, store) == 0
    assert len(slack.top("#shop")) == 1


@pytest.mark.parametrize(
    "error", ["is_archived", "channel_not_found", "not_in_channel", "restricted_action_read_only_channel", "something_new"]
)
def test_one_bad_channel_harms_no_other(slack: FakeSlack, empty_store: Path, tmp_path: Path, error: str) -> None:
    shutil.copy(empty_store, tmp_path / "okrbot.db")
    slack.clock.set(MONDAY)
    for name in ("#one", "#two", "#three"):
        slack.channel(name)
    slack.space.find_channel("#two").error = error  # type: ignore[union-attr]
    app = app_for(slack, tmp_path, products=("One", "Two", "Three"))
    with app.store() as store:
        assert send(app, store, *(digest(name) for name in ("One", "Two", "Three")), patience=30) == 4
        assert [len(slack.top(name)) for name in ("#one", "#two", "#three")] == [1, 0, 1]
        slack.space.find_channel("#two").error = ""  # type: ignore[union-attr]
        slack.clock.advance(3601)
        deliver(office_for(app, store), patience=10)
    assert len(slack.top("#two")) == 1
    assert len(slack.calls("chat.postMessage")) == 7  # three digests with a reply each, and one refusal


def test_a_channel_nobody_invited_the_bot_to_is_said_in_words(slack: FakeSlack, app: App, store: Store) -> None:
    slack.space.find_channel("#shop").members.clear()  # type: ignore[union-attr]
    told: list[str] = []
    code = send_digests(
        store, app.config, [digest()], clock=app.clock, sleep=app.sleep, client=client_for(app), tell=told.append, patience=0
    )
    assert code == 4
    assert "/invite @okrbot" in told[0]


def test_a_revoked_token_pauses_the_workspace(slack: FakeSlack, tmp_path: Path) -> None:
    slack.clock.set(MONDAY)
    for name in ("#one", "#two"):
        slack.channel(name)
    app = app_for(slack, tmp_path, products=("One", "Two"))
    slack.revoke()
    with app.store() as store:
        assert send(app, store, digest("One"), digest("Two")) == 4
        calls = len(slack.requests)
        assert send(app, store, digest("One"), digest("Two")) == 4
        assert len(slack.requests) == calls <= 2
        slack.revoke("")
        slack.clock.advance(901)
        assert send(app, store, digest("One"), digest("Two")) == 0


def test_a_message_slack_will_not_take_is_sent_as_a_sentence(slack: FakeSlack, app: App, store: Store) -> None:
    slack.fault(error="invalid_blocks")
    assert send(app, store) == 0
    (message,) = slack.top("#shop")
    assert (message.blocks, message.text[:4]) == ([], "Shop")


def test_one_channel_gets_one_message_a_second(slack: FakeSlack, app: App, store: Store) -> None:
    with store.begin() as db:
        for number in range(6):
            put(db, Outgoing(f"note:{number}", "note", "#shop", f"Number {number}", (), app.clock()), now=app.clock())
    assert deliver(office_for(app, store), patience=30) == 6
    assert slack.api.throttled == []
    assert [m.text for m in slack.top("#shop")] == [f"Number {n}" for n in range(6)]


def test_a_muted_product_is_left_alone(slack: FakeSlack, app: App, store: Store) -> None:
    with store.begin() as db:
        put_setting(db, "product:Shop", muted_until=millis(MONDAY + dt.timedelta(days=28)))
    assert send(app, store) == 0
    assert slack.top("#shop") == []


def test_an_answer_without_an_end_is_cut_short(slack: FakeSlack, app: App, store: Store) -> None:
    slack.fault("huge", times=0)
    assert send(app, store, patience=0) == 4
    slack.faults.clear()
    slack.clock.advance(600)
    assert send(app, store) == 0
    assert len(slack.top("#shop")) == 1


def test_a_process_that_stood_still_after_its_claim_sends_nothing(
    slack: FakeSlack, app: App, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = office_for(app, store, timing=Timing(answer=5, quiet=10))
    with store.begin() as db:
        put(db, Outgoing("note:1", "note", "#shop", "Once", (), app.clock()), now=app.clock())
    stood = Client._line

    def frozen(client: Client, address: SplitResult) -> object:
        if address.path.endswith("chat.postMessage"):
            monkeypatch.setattr(Client, "_line", stood)
            slack.clock.advance(60)  # SIGSTOP … SIGCONT
        return stood(client, address)

    monkeypatch.setattr(Client, "_line", frozen)
    assert deliver(office) == 0
    assert slack.top("#shop") == []
    slack.clock.advance(60)
    assert deliver(office) == 1
    assert len(slack.top("#shop")) == 1


def test_the_mean_of_four_weeks_counts_each_week_once(app: App, store: Store) -> None:
    with store.begin() as db:
        for days, share in ((27, 0.2), (20, 0.3), (13, 0.9), (12, 0.4), (2, 0.5), (40, 0.0)):
            scores = json.dumps({"Shop": {"effective": share, "splinter": None}})
            db.execute(sa.insert(t.audits).values(as_of=millis(MONDAY - dt.timedelta(days=days)), ran=0, scores=scores, rules="[]"))
    with store.connect() as db:
        posts = render(db, app.config, digest())
    rows = [[cell["text"] for cell in row] for row in posts.thread[0].blocks[-1]["rows"]]
    assert [row[-1] for row in rows] == ["Four-week mean", "–", "35 %", "–"], "20, 30, 40 and 50 %: of two audits in a week the last counts"


def test_data_is_as_old_as_the_source_that_was_read_longest_ago(app: App, store: Store) -> None:
    with store.begin() as db:
        for days, verdict in ((9, "complete"), (4, "complete"), (1, "refused")):
            ended = millis(MONDAY - dt.timedelta(days=days))
            db.execute(sa.insert(t.pulls).values(source="files", started=ended, ended=ended, verdict=verdict))
    with store.connect() as db:
        words = json.dumps(render(db, app.config, digest()).message.blocks)
    assert "Data from files as of Thu 19 Nov 2026 09:00 (UTC): *4 days old*" in words

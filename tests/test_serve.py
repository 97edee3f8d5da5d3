"""`okrbot serve` starts in any weather, does what is due, shows how it is, says nothing it should not, and ends cleanly."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_slack import FakeSlack
from fake_slack.fixtures import slack  # noqa: F401
from slack_office import CREDENTIALS, MONDAY, TRANSPORTS, WANTED, Town, town

from okrbot.listeners import Desk
from okrbot.serve.jobs import Work
from okrbot.serve.logs import JsonLines, set_up
from okrbot.store import tables as t
from okrbot.store.people import put_setting

ROOT = Path(__file__).parents[1]
DAY = dt.timedelta(days=1)


@pytest.fixture
def place(slack: FakeSlack, audited: Path, tmp_path: Path) -> Iterator[Town]:  # noqa: F811
    yield from town(slack, audited, tmp_path, "http")


@pytest.fixture
def home(slack: FakeSlack, audited: Path, tmp_path: Path, transport: str) -> Path:  # noqa: F811
    """Return the folder of a configuration that a process of its own can serve."""
    folder = tmp_path / "home"
    shutil.copytree(audited, folder)
    wanted = WANTED.format(credential=CREDENTIALS[transport], api_url=slack.api_url, admins="", more="").replace(
        "127.0.0.1:0", "127.0.0.1:{}"
    )
    with (folder / "okrbot.toml").open("a", encoding="utf-8") as file:
        file.write(wanted.format(*ports_of(folder, 2)))
    return folder


def ports_of(folder: Path, count: int) -> list[int]:
    """Return free ports and remember them in `folder`; the last is that of the health pages."""
    ports = [_free_port() for _ in range(count)]
    (folder / "ports").write_text(json.dumps(ports), encoding="utf-8")
    return ports


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run `okrbot serve` as a process of its own."""
    code = "from okrbot.cli import main; main()"
    command = [sys.executable, "-c", code, "--config", str(folder / "okrbot.toml"), "serve"]
    found = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield found
    finally:
        if found.poll() is None:
            found.kill()
        found.communicate()


def page(folder: Path, name: str) -> tuple[int, str]:
    """Return status and text of a health page, (0, "") while nobody listens."""
    port = json.loads((folder / "ports").read_text(encoding="utf-8"))[-1]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{name}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def until(test: object, seconds: float = 60.0) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if test():  # type: ignore[operator]
            return
        pause.wait(0.05)
    raise AssertionError("it did not happen")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_it_starts_while_slack_is_away_comes_back_takes_a_command_and_ends_on_sigterm(
    slack: FakeSlack,  # noqa: F811
    home: Path,
    transport: str,
) -> None:
    noor = slack.person("noor@veldmand.example")
    slack.stop()
    with running(home, slack.environment) as process:
        until(lambda: page(home, "healthz")[0] == 200)
        if transport == "socket":
            assert page(home, "readyz")[0] == 503, "it lives, and says that Slack is away"
        slack.start()
        if transport == "http":
            slack.connect_http(f"http://127.0.0.1:{json.loads((home / 'ports').read_text())[0]}/slack/events")
        until(lambda: page(home, "readyz")[0] == 200)
        noor.command("help")
        until(lambda: noor.notices())
        status, said = page(home, "metrics")
        assert status == 200
        assert "okrbot_slack_connected 1" in said
        assert 'okrbot_findings{severity="high",state="open"}' in said
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=20)
    assert process.returncode == 0, logged
    rows = [json.loads(line) for line in logged.splitlines()]
    assert next(row["event"] for row in rows if row["logger"].startswith("okrbot.serve.serving")) == "serving"
    assert rows[-1]["event"] == "stopped"
    for hidden in (slack.bot_token, slack.app_token, slack.signing_secret, "noor@veldmand.example", "Add tipping for riders"):
        assert hidden not in logged


@pytest.mark.parametrize("transport", ["socket"])
def test_a_second_server_on_the_same_store_is_refused_in_one_sentence(slack: FakeSlack, home: Path, transport: str) -> None:  # noqa: F811
    with running(home, slack.environment) as first:
        until(lambda: page(home, "healthz")[0] == 200)
        with running(home, slack.environment) as second:
            _, said = second.communicate(timeout=20)
            assert second.returncode == 2
            assert "already serves" in said
            assert "Traceback" not in said
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=20)
        assert first.returncode == 0


def test_the_owners_are_found_with_their_zones_and_who_left_is_not_asked(place: Town) -> None:
    people = {row[1]: row for row in place.rows(t.people, "person", "name", "timezone", "settings")}
    assert people["noor@veldmand.example"][2] == "Europe/Amsterdam"
    assert "tom@veldmand.example" not in people, "he has no account by that address"
    place.slack.space.users[place.noor.id].deleted = True
    place.slack.clock.advance(7 * 3600)
    place.serving.work.light()
    (noor,) = [row for row in place.rows(t.people, "name", "settings") if row[0] == "noor@veldmand.example"]
    assert json.loads(str(noor[1]))["standing"] == "deactivated"


def test_a_digest_comes_at_its_slot_and_once(place: Town) -> None:
    clock, work = place.slack.clock, place.serving.work
    clock.set(MONDAY + 7 * DAY - dt.timedelta(hours=1, minutes=1))  # 08:59 in Amsterdam
    work.light()
    assert place.slack.top("#shop") == [], "a new server catches nothing up, and it is not nine yet"
    clock.set(MONDAY + 7 * DAY - dt.timedelta(hours=1) + dt.timedelta(seconds=45))
    work.light()
    assert len(place.slack.top("#shop")) == 1
    assert "week 48" in place.noor.reads(place.slack.top("#shop")[0])
    for minutes in (1, 60, 24 * 60):
        clock.advance(minutes * 60)
        work.light()
    assert len(place.slack.top("#shop")) == 1
    assert len(place.slack.top("#depot")) == 1


DOWN = [("1 s", dt.timedelta(seconds=1)), ("1 h", dt.timedelta(hours=1)), ("23 h", dt.timedelta(hours=23)), ("6 d", dt.timedelta(days=6))]


@pytest.mark.parametrize(("said", "late"), DOWN)
def test_down_at_the_slot_the_digest_comes_once_and_says_how_late_it_is(place: Town, said: str, late: dt.timedelta) -> None:
    clock, work = place.slack.clock, place.serving.work
    clock.set(MONDAY + DAY)
    work.light()
    clock.set(MONDAY + 7 * DAY - dt.timedelta(hours=1) + late)
    work.light()
    clock.advance(60)
    work.light()
    (message,) = place.slack.top("#shop")
    assert ("late" in place.noor.reads(message).lower()) is (late >= dt.timedelta(hours=1)), said


def test_a_job_that_fails_is_kept_logged_and_tried_again(place: Town, caplog: pytest.LogCaptureFixture) -> None:
    clock, work = place.slack.clock, place.serving.work
    work.app = dataclasses.replace(
        place.app,
        config=dataclasses.replace(place.app.config, schedule=dataclasses.replace(place.app.config.schedule, audit="daily 06:00")),
    )
    with place.store.begin() as db:
        db.exec_driver_sql("alter table cycles rename to cycles_away")
    work.heavy()
    (row,) = [row for row in place.rows(t.firings, "job", "period", "done", "outcome") if row[0] == "audit" and row[1] != "born"]
    assert row[2] == 0
    assert "cycles" in str(row[3])
    with place.store.begin() as db:
        db.exec_driver_sql("alter table cycles_away rename to cycles")
    clock.advance(301)
    work.heavy()
    (row,) = [row for row in place.rows(t.firings, "job", "period", "done", "outcome") if row[0] == "audit" and row[1] != "born"]
    assert row[2]
    assert "findings" in str(row[3])


def test_requests_that_cannot_be_slacks_are_refused_before_they_are_read(place: Town) -> None:
    def post(path: str, body: bytes, **headers: str) -> int:
        request = urllib.request.Request(place.slack.http_url.replace("/slack/events", path), body, headers)  # noqa: S310 -- loopback
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 -- loopback
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except urllib.error.URLError:
            return 0  # hung up on in the middle

    signed = {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=00", "Content-Type": "application/x-www-form-urlencoded"}
    assert post("/elsewhere", b"") == 404
    assert post("/slack/events", b"payload={}") == 401
    assert post("/slack/events", b"payload=%7Bbroken", **signed) in (400, 401)
    assert post("/slack/events", b"payload={}", **(signed | {"X-Slack-Request-Timestamp": "soon"})) == 401
    assert post("/slack/events", b"ssl_check=1&token=x", **signed) in (200, 401)
    assert post("/slack/events", b"payload={}", **(signed | {"X-Slack-Signature": "v0=" + "0" * 64})) == 401
    assert post("/slack/events", b"x" * 1_100_000, **signed) in (413, 0)
    place.noor.command("help")


def test_a_log_line_is_json_and_holds_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level, hooks = list(root.handlers), root.level, (sys.excepthook, threading.excepthook)
    try:
        set_up(sys.stderr, secrets=["hunter2-secret"])
        log = logging.getLogger("okrbot.somewhere")
        log.warning("token %s and xoxb-123456789 in a text", "hunter2-secret", extra={"job": "pull"})
        try:
            raise ValueError("with hunter2-secret inside")
        except ValueError:
            log.exception("broken")
        sys.excepthook(RuntimeError, RuntimeError("hunter2-secret"), None)
        thread = threading.Thread(target=lambda: int("hunter2-secret"))
        thread.start()
        thread.join()
    finally:
        for handler in list(root.handlers):
            root.removeHandler(handler)
        for handler in before:
            root.addHandler(handler)
        root.setLevel(level)
        sys.excepthook, threading.excepthook = hooks
    lines = capsys.readouterr().err.splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 4
    assert rows[0]["job"] == "pull"
    assert "hunter2" not in "".join(lines)
    assert "xoxb-1" not in "".join(lines)
    assert JsonLines().format(logging.makeLogRecord({"msg": "one\nline"})).count("\n") == 0


def test_a_late_digest_is_that_of_its_own_week_and_the_next_one_comes(place: Town) -> None:
    clock, work = place.slack.clock, place.serving.work
    with place.store.begin() as db:
        put_setting(db, "product:Shop", day="fri", time="16:00")
    friday = MONDAY + 4 * DAY + dt.timedelta(hours=6)  # 16:00 in Amsterdam, of week 47
    clock.set(friday - 2 * DAY)
    work.light()
    clock.set(friday + 3 * DAY)  # Monday of week 48
    work.light()
    (late,) = place.slack.top("#shop")
    assert "week 47" in place.noor.reads(late)
    clock.set(friday + 7 * DAY + dt.timedelta(minutes=2))
    work.light()
    assert "week 48" in place.noor.reads(place.slack.top("#shop")[-1])
    assert len(place.slack.top("#shop")) == 2


def test_after_a_start_a_late_digest_waits_for_the_data_that_are_due(place: Town) -> None:
    clock = place.slack.clock
    clock.set(MONDAY + DAY)
    place.serving.work.light()
    clock.set(MONDAY + 8 * DAY)  # down at the slot of week 48
    before = place.serving.work
    schedule = dataclasses.replace(before.app.config.schedule, pull="every 30 minutes")
    app = dataclasses.replace(before.app, config=dataclasses.replace(before.app.config, schedule=schedule))
    work = Work(app, before.store, before.lock, before.vitals, holder=before.holder, desk=before.desk, sender=before.sender)
    work.light()
    assert place.slack.top("#shop") == []
    work.heavy()
    work.light()
    (message,) = place.slack.top("#shop")
    assert "days old" not in place.noor.reads(message)


def with_products(place: Town, **names: str) -> Work:
    """Start again with products called otherwise; one without a new name is left out. Returns the work of the new process."""
    before = place.serving.work
    products = tuple(dataclasses.replace(p, name=names[p.name]) for p in place.app.config.products if p.name in names)
    config = dataclasses.replace(place.app.config, products=products)
    assert place.serving.desk is not None
    desk = dataclasses.replace(place.serving.desk, config=config)
    app = dataclasses.replace(place.app, config=config)
    for name in Desk.__slots__:  # the running listeners work at this very desk
        object.__setattr__(place.serving.desk, name, getattr(desk, name))
    return Work(app, before.store, before.lock, before.vitals, holder=before.holder, desk=desk, sender=before.sender)


def test_a_product_that_is_renamed_takes_its_questions_along(place: Town) -> None:
    place.question("no_key_result", "item:jira/20060")
    work = with_products(place, Shop="Webshop", Depot="Depot")
    work.light()
    place.noor.click(place.noor.messages()[-1], "It is maintenance")
    place.waits(lambda: "said it is maintenance" in place.noor.reads(place.noor.messages()[-1]))
    work.audit()
    assert {row[1] for row in place.rows(t.prompts, "person", "product") if row[0] == place.noor.id} == {"Webshop"}
    place.bas.click(place.noor.messages()[-1], "Undo")
    place.waits(lambda: "It is maintenance" in place.noor.can_click(place.noor.messages()[-1]))


def test_a_question_of_a_product_that_is_gone_is_closed_and_says_so(place: Town) -> None:
    place.question("no_key_result", "item:jira/20060")
    work = with_products(place, Depot="Depot")
    place.noor.open_home()
    work.light()
    place.waits(lambda: "does not have its product any more" in place.noor.reads(place.noor.messages()[-1]))
    place.waits(lambda: "Waiting for you (0)" in place.noor.reads(place.noor.home))


@pytest.fixture
def wired(slack: FakeSlack, audited: Path, tmp_path: Path) -> Iterator[Town]:  # noqa: F811
    yield from town(slack, audited, tmp_path, "socket")


def test_clicks_on_the_old_line_are_acknowledged_while_slack_asks_for_a_fresh_one(wired: Town) -> None:
    hub, noor = wired.slack.hub, wired.noor
    wired.question("no_key_result", "item:jira/20060")
    (old,) = hub.connections
    for reason in ("warning", "refresh_requested"):
        old.send({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-fake"}})
    hub.only = old
    assert noor.click(noor.messages()[-1], "It is maintenance").ok, "at once, while the new line is being made"
    wired.waits(lambda: len(hub.connections) == 2)
    wired.waits(lambda: "Undo" in noor.can_click(noor.messages()[-1]))
    assert noor.click(noor.messages()[-1], "Undo").ok, "and when it stands"
    assert len(hub.connections) == 2, "one fresh line, though Slack asked twice"
    hub.only = None
    old.close()
    wired.waits(lambda: len(hub.connections) == 1)
    assert noor.command("help").ok


def test_a_line_that_is_closed_is_made_anew_within_a_second_or_two(wired: Town) -> None:
    hub = wired.slack.hub
    for abrupt in (False, True):
        (old,) = hub.connections
        old.close(abrupt=abrupt)
        wired.waits(lambda old=old: hub.connections and old not in hub.connections, seconds=4)
    assert wired.noor.command("help").ok


def test_a_server_started_a_moment_before_the_slot_sends_that_digest(place: Town) -> None:
    with place.store.begin() as db:
        db.execute(t.firings.delete())
    slot = MONDAY + 7 * DAY - dt.timedelta(hours=1)
    place.slack.clock.set(slot - dt.timedelta(seconds=5))
    place.serving.work.begin()
    place.slack.clock.set(slot + dt.timedelta(seconds=45))
    place.serving.work.light()
    assert len(place.slack.top("#shop")) == 1

"""Write-back: off unless allowed, one note an item, never twice, nothing of anybody else's, all of it taken back on request."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests.adapters
import sqlalchemy as sa
from click.testing import Result
from fake_jira import Clock, FakeJira
from fake_linear import FakeLinear
from linear_site import Site as LinearSite

from okrbot.app import App, open_app
from okrbot.config import ConfigError
from okrbot.store import StoreError, open_store
from okrbot.store import tables as t

TOKENS = {"JIRA_TOKEN": "made-up-token-123", "LINEAR_API_KEY": "lin_api_good"}
START = dt.datetime(2026, 11, 16, 7, tzinfo=dt.UTC)
PAT = {"accountId": "557058:pat", "displayName": "Pat Meyer", "timeZone": "Europe/Amsterdam"}  # no name a bot would have
EVERYTHING = ("comment", "label", "link")


@dataclasses.dataclass
class World:
    """A tracker with three items, a store that has read them, and findings on two of them."""

    kind: str
    folder: Path
    fake: Any
    keys: list[str]

    def configure(self, *, enabled: bool = True, actions: tuple[str, ...] = EVERYTHING, most: int = 20, more: str = "") -> None:
        table = {
            "linear": f'kind = "linear"\nurl = "{getattr(self.fake, "address", "")}"\ntoken = "env:LINEAR_API_KEY"',
            "cloud": f'kind = "jira"\nurl = "{getattr(self.fake, "url", "")}"\nuser = "bot@acme.example"\ntoken = "env:JIRA_TOKEN"',
            "datacenter": f'kind = "jira"\nurl = "{getattr(self.fake, "url", "")}"\ntoken = "env:JIRA_TOKEN"',
        }[self.kind]
        allowed = f"[write_back]\nenabled = {str(enabled).lower()}\nactions = {json.dumps(actions)}\nmost = {most}\n"
        self.config.write_text(f'[[sources]]\nname = "acme"\n{table}\n{allowed}{more}', encoding="utf-8")

    @property
    def config(self) -> Path:
        return self.folder / "okrbot.toml"

    def app(self) -> App:
        """Return the application as a new process would have it; time does not stand still between two of them."""
        self.pass_time()
        app = open_app(self.config, clock=lambda: self.fake.site.now if self.kind == "linear" else self.fake.clock(), environment=TOKENS)
        return dataclasses.replace(app, sleep=lambda seconds: None)

    def pass_time(self) -> None:
        self.fake.site.tick(minutes=1) if self.kind == "linear" else self.fake.clock.forward(minutes=1)

    def pull(self) -> None:
        app = self.app()
        with app.store() as store:
            assert [one.verdict for one in app.pull(store)] == ["complete"]

    def run(self, **how: Any) -> tuple[int, list[str]]:
        lines: list[str] = []
        app = self.app()
        with app.store() as store:
            return app.write_back(store, tell=lines.append, **how), lines

    def ids(self) -> dict[str, str]:
        with self.app().store() as store, store.connect() as db:
            return {key: id_ for id_, key in db.execute(sa.select(t.items.c.id, t.items.c.key))}

    def finds(self, *findings: tuple[str, str, str], state: str = "open") -> None:
        """Let an audit have found (key, rule, note)."""
        ids = self.ids()
        with self.app().store() as store, store.begin() as db:
            for key, rule, note in findings:
                subject = f"item:acme/{ids[key]}"
                db.execute(sa.delete(t.findings).where(t.findings.c.rule == rule, t.findings.c.subject == subject))
                values = {"rule": rule, "subject": subject, "severity": "high", "subject_kind": "item", "source": "acme", "key": key}
                db.execute(sa.insert(t.findings).values(**values, note=note, first_seen=1_793_000_000_000, state=state))

    def settle(self, state: str) -> None:
        with self.app().store() as store, store.begin() as db:
            db.execute(sa.update(t.findings).values(state=state))

    def rows(self, *states: str) -> list[Any]:
        with self.app().store() as store, store.connect() as db:
            chosen = sa.select(t.writes).order_by(t.writes.c.created, t.writes.c.id)
            return [row for row in db.execute(chosen).mappings() if not states or row["state"] in states]

    def issue(self, key: str) -> Any:
        issues = self.fake.site.tables["issues"] if self.kind == "linear" else self.fake.site.issues
        return next(issue for issue in issues.values() if key in (issue.get("identifier"), issue.get("key")))

    def stands(self, key: str) -> dict[str, list[str]]:
        """Return what stands on an item: texts of comments, labels, titles of links."""
        issue = self.issue(key)
        if self.kind == "linear":
            tables = self.fake.site.tables
            return {
                "comment": [row["body"] for row in tables["comments"].values() if row["issueId"] == issue["id"]],
                "label": [tables["labels"][one]["name"] for one in issue["labelIds"]],
                "link": [row["title"] for row in tables["attachments"].values() if row["issueId"] == issue["id"]],
            }
        site = self.fake.site
        return {
            "comment": [json.dumps(one["body"]) for one in site.comments.get(issue["id"], [])],
            "label": list(issue["fields"]["labels"]),
            "link": [one["object"]["title"] for one in site.remote_links.get(issue["id"], {}).values()],
        }

    def counts(self) -> dict[str, tuple[int, int, int]]:
        found = {}
        for key in self.keys:
            stands = self.stands(key)
            found[key] = len(stands["comment"]), len(stands["label"]), len(stands["link"])
        return found

    def edit(self, key: str, **fields: Any) -> None:
        """Let a person change the item."""
        self.pass_time()
        issue = self.issue(key)
        if self.kind == "linear":
            self.fake.site.edit(issue, title=fields.get("title", "Changed"), by="a person")
        else:
            self.fake.site.edit(issue["id"], summary=fields.get("title", "Changed"))

    def person_writes(self, key: str) -> None:
        """Let a person leave a comment, a label and a link of their own."""
        issue = self.issue(key)
        site = self.fake.site
        if self.kind == "linear":
            ann = site.add("users", name="Ann", app=False, guest=False)
            site.comment(issue, "Mine", userId=ann["id"])
            site.edit(issue, labelIds=[site.label("mine")["id"]], by=ann["id"])
            site.add("attachments", issueId=issue["id"], url="https://wiki.acme.example/", title="Wiki", metadata={})
        else:
            site.comments.setdefault(issue["id"], []).append({"id": "60001", "author": {"accountId": "557058:ann"}, "body": "Mine"})
            site.edit(issue["id"], labels=["mine"])
            wiki = {"id": 9, "globalId": "wiki", "object": {"url": "https://wiki.acme.example/", "title": "Wiki"}}
            site.remote_links.setdefault(issue["id"], {})["wiki"] = wiki

    def writing_requests(self) -> int:
        if self.kind == "linear":
            return sum(name.startswith(("Write", "Undo", "Make")) for name, _, _ in self.fake.asked)
        return sum(asked.method != "GET" and "/search" not in asked.path and "bulkfetch" not in asked.path for asked in self.fake.requests)


@pytest.fixture(autouse=True)
def unhurried_disk() -> Iterator[None]:
    """Let SQLite not wait for the disk: no test here cuts the power."""

    def loosen(connection: Any, *_: Any) -> None:
        connection.execute("pragma synchronous=off")

    sa.event.listen(sa.pool.Pool, "checkout", loosen)
    yield
    sa.event.remove(sa.pool.Pool, "checkout", loosen)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty store, to be copied: making its tables takes longer than a test."""
    path = tmp_path_factory.mktemp("empty") / "okrbot.db"
    open_store(f"sqlite:///{path}").close()
    return path


def make(kind: str, folder: Path, stack: ExitStack, empty: Path) -> World:
    folder.mkdir(exist_ok=True)
    shutil.copy(empty, folder / "okrbot.db")
    if kind == "linear":
        site = LinearSite(start=START)
        team = site.team("WEB")
        keys = [site.issue(team, f"Work {number}")["identifier"] for number in range(3)]
        fake: Any = FakeLinear(site)
        fake.address = stack.enter_context(fake.serving())
    else:
        fake = stack.enter_context(FakeJira({"account": PAT}, cloud=kind == "cloud", clock=Clock(START.isoformat())))
        keys = [fake.site.issues[fake.site.create("SHOP", f"Work {number}")]["key"] for number in range(3)]
    world = World(kind, folder, fake, keys)
    world.configure()
    world.pull()
    world.finds((keys[0], "no_key_result", "no key result since 3 weeks"), (keys[0], "zombie_work", "still for 40 days"))
    world.finds((keys[1], "no_key_result", "no key result"))
    return world


@pytest.fixture(params=["cloud", "linear"])
def world(request: pytest.FixtureRequest, tmp_path: Path, empty: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield make(request.param, tmp_path / "okrbot", stack, empty)


@pytest.fixture
def center(tmp_path: Path, empty: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield make("datacenter", tmp_path / "okrbot", stack, empty)


ONE_EACH, NOTHING = (1, 1, 1), (0, 0, 0)


def test_off_means_off_and_says_how_to_allow_it(world: World, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    world.configure(enabled=False)
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=r"\[write_back\] enabled: writing to trackers is off.*--dry-run.*enabled = true"):
        world.run()
    before = world.writing_requests()
    result = run("writeback", "--dry-run", config=world.config)
    assert result.return_value == 0, result
    assert "6 writes would be sent, nothing was" in result.output
    assert not any(token in result.output for token in TOKENS.values())
    assert world.writing_requests() == before
    assert world.counts() == dict.fromkeys(world.keys, NOTHING)
    assert world.rows() == []


def test_each_flagged_item_gets_one_note_that_lists_its_findings(world: World) -> None:
    code, lines = world.run()
    assert code == 0, lines
    first, second, third = world.keys
    assert world.counts() == {first: ONE_EACH, second: ONE_EACH, third: NOTHING}
    stands = world.stands(first)
    assert "no key result since 3 weeks" in stands["comment"][0]
    assert "still for 40 days" in stands["comment"][0]
    assert stands["label"] == ["okrbot-flagged"]
    rows = world.rows()
    assert {row["state"] for row in rows} == {"done"}
    assert all(row["ref"] and row["done"] for row in rows)
    assert len(rows) == 6


def test_a_second_run_writes_nothing_nor_does_one_where_only_numbers_drifted(world: World) -> None:
    world.run()
    world.pull()
    before = world.writing_requests()
    assert world.run()[0] == 0
    world.finds((world.keys[0], "zombie_work", "still for 41 days"))
    code, lines = world.run()
    assert (code, lines[-1]) == (0, "0 notes written, 0 taken back.")
    assert world.writing_requests() == before
    assert len(world.rows()) == 6


def test_other_words_replace_the_note_and_leave_one(world: World) -> None:
    world.run()
    world.pull()
    world.finds((world.keys[1], "dependency_knot", "waits for SHOP-7"))
    code, lines = world.run()
    assert code == 0, lines
    assert world.counts()[world.keys[1]] == ONE_EACH
    stands = world.stands(world.keys[1])
    assert "waits for SHOP-7" in stands["comment"][0]
    assert "depend" in stands["link"][0].lower()


@pytest.mark.parametrize("state", ["waived", "resolved"])
def test_what_is_resolved_or_set_aside_is_taken_back_and_returns_with_the_finding(state: str, world: World) -> None:
    world.person_writes(world.keys[0])
    world.pull()
    world.run()
    world.pull()
    world.settle(state)
    code, lines = world.run()
    assert code == 0, lines
    assert world.counts() == {world.keys[0]: ONE_EACH, world.keys[1]: NOTHING, world.keys[2]: NOTHING}  # the person's
    world.pull()
    world.settle("returned")
    assert world.run()[0] == 0
    assert world.counts() == {world.keys[0]: (2, 2, 2), world.keys[1]: ONE_EACH, world.keys[2]: NOTHING}


def test_undo_takes_back_what_okrbot_wrote_and_only_that_also_when_switched_off(world: World) -> None:
    world.person_writes(world.keys[0])
    world.pull()
    world.run()
    assert world.counts()[world.keys[0]] == (2, 2, 2)
    world.configure(enabled=False)
    world.edit(world.keys[1])  # a change does not keep our note there
    code, lines = world.run(undo=True)
    assert code == 0, lines
    stands = world.stands(world.keys[0])
    assert "Mine" in stands["comment"][0]
    assert (stands["label"], stands["link"]) == (["mine"], ["Wiki"])
    assert world.counts()[world.keys[1]] == NOTHING
    before = world.writing_requests()
    assert world.run(undo=True)[0] == 0
    assert world.writing_requests() == before


def test_a_note_that_a_person_deleted_stays_deleted(world: World) -> None:
    world.run()
    site, issue = world.fake.site, world.issue(world.keys[1])
    if world.kind == "linear":
        for table in ("comments", "attachments"):
            site.tables[table] = {id_: row for id_, row in site.tables[table].items() if row["issueId"] != issue["id"]}
        site.edit(issue, labelIds=[], by="a person")
    else:
        site.comments[issue["id"]], site.remote_links[issue["id"]] = [], {}
        site.edit(issue["id"], labels=[])
    world.pull()
    assert world.run() == (0, ["0 notes written, 0 taken back."])
    assert world.run(undo=True)[0] == 0
    assert set(world.counts().values()) == {NOTHING}


def test_a_label_that_a_person_put_there_is_neither_written_nor_taken_back(world: World) -> None:
    issue = world.issue(world.keys[0])
    if world.kind == "linear":
        world.fake.site.edit(issue, labelIds=[world.fake.site.label("okrbot-flagged")["id"]])
    else:
        world.fake.site.edit(issue["id"], labels=["okrbot-flagged"])
    world.configure(actions=("label",))
    world.pull()
    code, lines = world.run()
    assert code == 0
    assert "1 item had the label from somebody else" in lines[-1]
    assert world.run(undo=True)[0] == 0
    assert world.stands(world.keys[0])["label"] == ["okrbot-flagged"]
    assert world.stands(world.keys[1])["label"] == []


def test_an_item_that_changed_since_it_was_read_is_left_alone_until_it_is_read_again(world: World) -> None:
    world.edit(world.keys[0])
    code, lines = world.run()
    assert code == 4
    assert any("changed since it was read" in line for line in lines)
    assert world.counts() == {world.keys[0]: NOTHING, world.keys[1]: ONE_EACH, world.keys[2]: NOTHING}
    world.pull()
    assert world.run()[0] == 0
    assert world.counts()[world.keys[0]] == ONE_EACH


def test_the_cap_holds_and_the_rest_comes_with_the_next_runs(world: World) -> None:
    world.configure(most=4)
    sent: list[int] = []
    for wait in (2, 0, 0):
        before = world.writing_requests()
        code, lines = world.run()
        assert code == 0
        assert (f"{wait} more wait" in lines[-1]) == bool(wait)
        sent.append(sum(row["state"] == "done" for row in world.rows()))
        assert world.writing_requests() - before <= 4 + 1  # a label that does not exist is made first
        world.pull()
    assert sent == [4, 6, 6]
    assert world.run(undo=True, most=1)[0] == 0
    assert sum(row["state"] == "reversed" for row in world.rows()) == 1


def test_a_note_elsewhere_does_not_name_a_restricted_item_and_nothing_in_it_can_ping(world: World) -> None:
    with world.app().store() as store, store.begin() as db:
        db.execute(sa.update(t.items).where(t.items.c.key == world.keys[2]).values(restricted=1, title="The secret merger"))
    world.finds(
        (world.keys[0], "twin_work", f"the same as {world.keys[2]}"),
        (world.keys[1], "twin_work", "asks @channel [~ann] {quote} https://x.example/"),
    )
    world.finds((world.keys[2], "twin_work", f"{world.keys[2]} itself"))
    assert world.run()[0] == 0
    said = world.stands(world.keys[0])
    assert not any(world.keys[2] in text for texts in said.values() for text in texts)
    for sign in ("@", "[~", "{quote", "://"):
        assert sign not in world.stands(world.keys[1])["comment"][0].replace("[okrbot", "").replace('{"', "")
    assert world.keys[2] in world.stands(world.keys[2])["comment"][0]


def test_a_tracker_that_is_away_loses_nothing_and_exit_code_4_says_so(world: World) -> None:
    tokens = world.fake.tokens if world.kind == "linear" else world.fake.api
    if world.kind == "linear":
        kept, world.fake.tokens = tokens, {}
    else:
        kept, tokens.credentials = tokens.credentials, set()
    code, lines = world.run()
    assert code == 4
    assert not any(token in line for token in TOKENS.values() for line in lines)
    if world.kind == "linear":
        world.fake.tokens = kept
    else:
        tokens.credentials = kept
    assert world.run()[0] == 0
    assert world.counts()[world.keys[0]] == ONE_EACH


def test_two_runs_at_once_are_one(world: World) -> None:
    app = world.app()
    seen: list[str] = []

    def second(_line: str) -> None:
        try:
            world.run()
        except StoreError as no:
            seen.append(str(no))

    with app.store() as store:
        assert app.write_back(store, tell=second) == 0
    assert seen
    assert all("another okrbot is writing back" in text for text in seen)
    assert world.counts()[world.keys[0]] == ONE_EACH


def test_what_okrbot_did_is_no_persons_doing(world: World) -> None:
    world.run()
    world.pull()
    with world.app().store() as store, store.connect() as db:
        notes = {kind for (kind,) in db.execute(sa.select(t.notes.c.author_kind))}
        labels = {kind for (kind,) in db.execute(sa.select(t.changes.c.author_kind).where(t.changes.c.field == "labels"))}
    assert labels == {"bot"}
    assert notes == ({"bot"} if world.kind == "linear" else set())  # this stand-in keeps Jira's comments out of its search answers


def test_a_source_of_files_is_said_and_not_written(tmp_path: Path, empty: Path) -> None:
    shutil.copy(empty, tmp_path)
    (tmp_path / "okrbot.toml").write_text('[[sources]]\nname = "acme"\nkind = "files"\npaths = ["*.csv"]\n[write_back]\nenabled = true\n')
    app = open_app(tmp_path / "okrbot.toml")
    lines: list[str] = []
    with app.store() as store:
        with store.begin() as db:
            values = {"rule": "no_key_result", "subject": "item:acme/1", "subject_kind": "item", "source": "acme", "state": "open"}
            db.execute(sa.insert(t.findings).values(**values))
        assert app.write_back(store, tell=lines.append) == 0
    assert lines[0] == "acme: 1 finding not written: a source of this kind cannot be written to."


class KilledError(BaseException):
    """The process ends here."""


@contextmanager
def killed(at: int) -> Iterator[list[str]]:
    """Kill at boundary number `at`: before a commit, before a request that writes, or after its answer was read."""
    passed: list[str] = []
    send = requests.adapters.HTTPAdapter.send

    def boundary(what: str) -> None:
        passed.append(what)
        if len(passed) == at + 1:
            raise KilledError(what)

    def sending(self: Any, request: Any, **more: Any) -> Any:
        if request.method == "GET" or (b"mutation" not in (request.body or b"") and request.url.endswith("/graphql")):
            return send(self, request, **more)
        boundary("request")
        answer = send(self, request, **more)
        try:
            boundary("answer")
        except KilledError:
            answer.close()
            raise
        return answer

    def committing(_connection: Any) -> None:
        boundary("commit")

    with pytest.MonkeyPatch.context() as patch, suppress(KilledError):
        patch.setattr(requests.adapters.HTTPAdapter, "send", sending)
        sa.event.listen(sa.Engine, "commit", committing)
        try:
            yield passed
        finally:
            sa.event.remove(sa.Engine, "commit", committing)


def until_done(world: World, key: str, wished: tuple[int, int, int], undo: bool) -> None:
    """Start again, as a person or the scheduler would, until nothing is left to do; at no time may more stand than wished."""
    most = (1, 1, 1)
    for _ in range(4):
        stands = world.counts()[key]
        assert all(one <= limit for one, limit in zip(stands, most, strict=True)), stands
        if world.run(undo=undo)[0] == 0 and world.counts()[key] == wished:
            return
        world.pull()
    raise AssertionError((world.counts()[key], [dict(row) for row in world.rows()]))


def test_a_persons_edit_in_the_middle_is_never_overwritten(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.configure(actions=("label",))
    key, races = world.keys[1], 0
    for turn in itertools.count():
        left = turn
        title, label = f"Mine {turn}", f"mine-{turn}"

        def meanwhile(_number: int = 0, title: str = title, label: str = label) -> None:
            nonlocal left
            left -= 1
            if left == -1:
                issue, site = world.issue(key), world.fake.site
                if world.kind == "linear":
                    site.edit(issue, title=title, labelIds=[*issue["labelIds"], site.label(label)["id"]], by="a person")
                else:
                    site.edit(issue["id"], summary=title, labels=[*issue["fields"]["labels"], label])

        if world.kind == "linear":
            world.fake.between = meanwhile
        else:
            world.fake.before_request = meanwhile
        code, _ = world.run()
        reached = left < 0
        world.fake.before_request, world.fake.between = (lambda _number: None), None
        if not reached:
            break
        races += 1
        issue = world.issue(key)
        assert title in (issue.get("title"), issue.get("fields", {}).get("summary"))
        assert label in world.stands(key)["label"]
        assert ("okrbot-flagged" in world.stands(key)["label"]) == (code == 0)
        world.run(undo=True)
        assert label in world.stands(key)["label"]
        world.pull()
    assert races > 5
    with capsys.disabled():
        print(f" {races} edits in the middle, 0 overwritten")


def test_data_center_is_written_in_its_own_form_and_taken_back(center: World) -> None:
    center.person_writes(center.keys[0])
    center.pull()
    assert center.run()[0] == 0
    assert center.counts() == {center.keys[0]: (2, 2, 2), center.keys[1]: ONE_EACH, center.keys[2]: NOTHING}
    assert all("/rest/api/2/" in asked.path for asked in center.fake.requests if asked.method in ("POST", "PUT"))
    assert center.run(undo=True)[0] == 0
    assert center.counts() == {center.keys[0]: ONE_EACH, center.keys[1]: NOTHING, center.keys[2]: NOTHING}


def test_a_dry_run_shows_the_requests_that_the_run_sends(world: World) -> None:
    for undo in (False, True):
        _, lines = world.run(dry_run=True, undo=undo)
        said = [(address.split()[0], address, json.loads(body) if body else None) for address, body in requests_in(lines)]
        before = len(world.fake.asked if world.kind == "linear" else world.fake.requests)
        assert world.run(undo=undo)[0] == 0
        if world.kind == "linear":
            sent = [variables for name, variables, _ in world.fake.asked[before:] if name.startswith(("Write", "Undo"))]
            told = [body["variables"] for _, _, body in said if body]
            drop = lambda given: {name: value for name, value in given.items() if name != "label"}  # noqa: E731 - its id is Linear's
            assert [drop(one) for one in told] == [drop(one) for one in sent]
        else:
            writes = [one for one in world.fake.requests[before:] if one.method != "GET"]
            assert [(one.method, one.body) for one in writes] == [(method, body) for method, _, body in said]
            assert all(one.path in address for one, (_, address, _) in zip(writes, said, strict=True))


def requests_in(lines: list[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines):
        if line.startswith("  ") and not line.startswith("  {"):
            after = lines[number + 1] if number + 1 < len(lines) else ""
            yield line.strip(), after if after.startswith("  {") else ""


def test_what_is_out_of_reach_is_said(world: World) -> None:
    world.run()
    with world.app().store() as store, store.begin() as db:
        db.execute(sa.update(t.items).where(t.items.c.key == world.keys[0]).values(hidden_since=1))
    code, lines = world.run(undo=True)
    assert code == 0
    assert "3 notes out of reach" in lines[-1]
    assert world.counts()[world.keys[0]] == ONE_EACH


@pytest.mark.parametrize("kind", ["cloud", "datacenter", "linear"])
def test_killed_at_any_step_it_writes_once_and_takes_back_all(
    kind: str, tmp_path: Path, empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    step = int(os.environ.get("OKRBOT_TEST_KILL_STEP", "4"))
    with ExitStack() as stack:
        world = make(kind, tmp_path / "okrbot", stack, empty)
        key = world.keys[1]
        world.settle("resolved")
        cases = 0
        for undo, wished in ((False, ONE_EACH), (True, NOTHING)):
            for at in itertools.count(["cloud", "datacenter", "linear"].index(kind), step):
                world.finds((key, "no_key_result", "no key result"))
                if undo:
                    until_done(world, key, ONE_EACH, False)
                with killed(at) as passed:
                    world.run(undo=undo)
                cases += 1
                until_done(world, key, wished, undo)
                if not undo:
                    until_done(world, key, NOTHING, True)
                if len(passed) <= at:
                    break
        assert cases > 4
        assert not world.rows("sending", "planned")
    with capsys.disabled():
        print(f" {kind}: {cases} kills, 0 doubled, 0 left behind")

"""What every connector owes the house, whatever it reads: one suite over Linear, Jira Cloud, Jira Data Center and files.

A tracker joins by a `World`: a small adapter that makes, changes and removes items there and opens a connector to them.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import itertools
import json
import types
import typing
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from fake_jira import Clock, FakeJira
from fake_jira import Site as JiraSite
from fake_linear import FakeLinear
from linear_site import Site as LinearSite
from shelf import Shelf

import connectors.files
import connectors.jira
import connectors.linear
from okrbot.model import CHANGE_FIELDS, Capabilities, Connector, Item, PullRequest, Secret, SourceError, Surroundings

SECRET = "lin_api_made-up-token-123"
KINDS = {"initiative", "epic", "story", "task", "subtask", "bug", "spike", "hypothesis", "incident", "other"}


class World(Protocol):
    """A tracker with a few items in it. Handles are the adapter's own."""

    module: types.ModuleType
    history: bool  # it tells what changed
    token: bool  # it is entered with one
    now: dt.datetime

    def add(self, title: str) -> Any: ...
    def retitle(self, item: Any, title: str) -> None: ...
    def finish(self, item: Any) -> None: ...
    def remove(self, item: Any) -> None: ...
    def pass_time(self) -> None: ...
    def settings(self, **more: Any) -> Any: ...
    def requests(self) -> int: ...


class LinearWorld:
    module, history, token = connectors.linear, True, True

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.site = LinearSite()
        self.team = self.site.team("WEB")
        self.fake = FakeLinear(self.site)
        self.fake.tokens = {SECRET: self.site.bot["id"]}
        self.url = stack.enter_context(self.fake.serving())

    @property
    def now(self) -> dt.datetime:
        return self.site.now

    def add(self, title: str) -> Any:
        return self.site.issue(self.team, title)

    def retitle(self, item: Any, title: str) -> None:
        self.site.edit(item, title=title)

    def finish(self, item: Any) -> None:
        self.site.move_to_state(item, "Done")

    def remove(self, item: Any) -> None:
        self.site.delete(item)

    def pass_time(self) -> None:
        self.site.tick(hours=1)

    def settings(self, **more: Any) -> Any:
        return connectors.linear.Settings(**{"name": "acme", "url": self.url, "token": Secret(SECRET), "page_size": 4, **more})

    def requests(self) -> int:
        return len(self.fake.asked)


class JiraWorld:
    module, history, token = connectors.jira, True, True
    cloud = True

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.clock = Clock()
        self.site = JiraSite({}, self.clock)
        self.fake = stack.enter_context(FakeJira(self.site, cloud=self.cloud, clock=self.clock, token=SECRET))

    @property
    def now(self) -> dt.datetime:
        return self.clock()

    def add(self, title: str) -> Any:
        self.clock.forward(seconds=61)
        return self.site.create("SHOP", title)

    def retitle(self, item: Any, title: str) -> None:
        self.clock.forward(seconds=61)
        self.site.edit(item, summary=title)

    def finish(self, item: Any) -> None:
        self.clock.forward(seconds=61)
        self.site.transition(item, "Done")

    def remove(self, item: Any) -> None:
        self.site.delete(item)

    def pass_time(self) -> None:
        self.clock.forward(hours=25)  # a census is taken once a day

    def settings(self, **more: Any) -> Any:
        given = {"name": "acme", "url": self.fake.url, "user": self.fake.user, "token": Secret(SECRET), "parallel": 2, "page_size": 4}
        return connectors.jira.Settings(**{**given, **more})

    def requests(self) -> int:
        return len(self.fake.requests)


class CenterWorld(JiraWorld):
    cloud = False


class FilesWorld:
    module, history, token = connectors.files, False, False

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.folder, self.now = folder, dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
        self.rows: list[dict[str, str]] = []
        self._numbers = itertools.count(1)
        self._write()

    def _write(self) -> None:
        self.now += dt.timedelta(seconds=61)
        with (self.folder / "export.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["Issue key", "Summary", "Issue Type", "Status", "Created", "Updated"])
            writer.writeheader()
            writer.writerows(self.rows)

    def add(self, title: str) -> Any:
        stamp = f"{self.now:%Y-%m-%d %H:%M}"
        self.rows.append(
            {
                "Issue key": f"SHOP-{next(self._numbers)}",
                "Summary": title,
                "Issue Type": "Story",
                "Status": "To Do",
                "Created": stamp,
                "Updated": stamp,
            }
        )
        self._write()
        return self.rows[-1]

    def retitle(self, item: Any, title: str) -> None:
        item["Summary"] = title
        self._write()

    def finish(self, item: Any) -> None:
        item["Status"] = "Done"
        self._write()

    def remove(self, item: Any) -> None:
        self.rows.remove(item)
        self._write()

    def pass_time(self) -> None:
        self.now += dt.timedelta(hours=1)

    def settings(self, **more: Any) -> Any:
        return connectors.files.Settings(**{"name": "acme", "paths": ("export.csv",), "timezone": "UTC", **more})

    def requests(self) -> int:
        return 0


@pytest.fixture(params=[LinearWorld, JiraWorld, CenterWorld, FilesWorld], ids=["linear", "jira-cloud", "jira-datacenter", "files"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        made: World = request.param(stack, tmp_path)
        made.items = [made.add(f"Work {number}") for number in range(9)]  # type: ignore[attr-defined]
        made.folder = tmp_path  # type: ignore[attr-defined]
        made.pass_time()
        yield made


def open_source(world: Any, **more: Any) -> Connector:
    def sleep(seconds: float) -> None:
        if hasattr(world, "clock"):
            world.clock.sleep(seconds)
        elif hasattr(world, "site"):
            world.site.tick(seconds=seconds)

    connector: Connector = world.module.connect(world.settings(**more), Surroundings(world.folder, lambda: world.now, sleep))
    return connector


def pulled(world: Any, shelf: Shelf | None = None, **more: Any) -> Shelf:
    shelf = shelf or Shelf()
    assert shelf.pull(open_source(world), world.now, **more)
    return shelf


def titles(shelf: Shelf) -> set[str]:
    return {item.title for item in shelf.visible.values()}


# --- the settings


def test_settings_are_a_frozen_dataclass_that_explains_itself(world: World) -> None:
    kinds = typing.get_type_hints(world.module.Settings)
    fields = dataclasses.fields(world.module.Settings)
    assert fields[0].name == "name"
    assert world.module.Settings.__dataclass_params__.frozen
    allowed = {str, int, float, bool, tuple[str, ...], dict[str, str], Secret | None, bool | None}
    for field in fields:
        assert kinds[field.name] in allowed, field.name
        assert field.name == "name" or field.metadata.get("help"), f"{field.name} has no help"
        if any(word in field.name for word in ("token", "secret", "password")):
            assert kinds[field.name] == Secret | None, f"{field.name} must be a Secret"
    assert isinstance(world.module.KIND, str)


def test_connecting_sends_nothing(world: World) -> None:
    before = world.requests()
    connector = open_source(world)
    assert isinstance(connector, Connector)
    assert connector.name == "acme"
    assert world.requests() == before


def test_probing_says_what_is_there_and_changes_nothing(world: World) -> None:
    before = titles(pulled(world))
    found = open_source(world).probe()
    assert isinstance(found, Capabilities)
    assert found.kind == world.module.KIND
    assert found.history == world.history
    assert found.backlogs
    assert titles(pulled(world)) == before


# --- a full read


def test_every_row_is_of_the_type_it_declares(world: World) -> None:
    world.finish(world.items[0])  # type: ignore[attr-defined]
    shelf = pulled(world)
    rows = [*shelf.items.values(), *shelf.changes.values(), *itertools.chain(*shelf.links.values()), *shelf.notes.values()]
    assert len(shelf.items) == 9
    for row in rows:
        kinds = typing.get_type_hints(type(row))
        for name in row._fields:
            value, kind = getattr(row, name), kinds[name]
            origin = typing.get_origin(kind)
            if origin is tuple:
                assert isinstance(value, tuple), f"{name}: {value!r}"
                assert all(isinstance(one, str | tuple) for one in value)
            elif origin is types.UnionType:
                assert value is None or isinstance(value, float | int), f"{name}: {value!r}"
            else:
                assert type(value) is kind, f"{type(row).__name__}.{name}: {value!r}"
    json.dumps([dataclasses.asdict(shelf.coverage), rows])  # type: ignore[arg-type]


def test_items_use_our_words_and_hang_together(world: World) -> None:
    world.finish(world.items[0])  # type: ignore[attr-defined]
    shelf = pulled(world)
    assert titles(shelf) == {f"Work {number}" for number in range(9)}
    assert len({item.key for item in shelf.items.values()}) == len(shelf.items)
    for item in shelf.items.values():
        assert item.id
        assert item.key
        assert item.state in {"todo", "doing", "done", "cancelled"}
        assert item.kind in KINDS
        assert -1 <= item.level <= 5
        assert item.their_state
        assert item.backlog in shelf.backlogs, "every item's backlog is in the table"
        assert 0 < item.created <= item.updated
    assert [item.state for item in shelf.items.values() if item.title == "Work 0"] == ["done"]
    assert all(item.history == world.history for item in shelf.items.values())


def test_changes_belong_to_items_and_use_our_fields(world: World) -> None:
    for item in world.items:  # type: ignore[attr-defined]
        world.retitle(item, f"{item} anew" if isinstance(item, str) else "anew")
        world.finish(item)
    shelf = pulled(world)
    if not world.history:
        assert not shelf.changes
        return
    assert {change.field for change in shelf.changes.values()} >= {"title", "state"}
    for (item, _), change in shelf.changes.items():
        assert item in shelf.items
        assert change.field in CHANGE_FIELDS or change.field.startswith("field:")
        assert change.at > 0
        assert change.author_kind in ("human", "bot", "")
        if change.field == "state":
            assert {change.before, change.after} <= {"todo", "doing", "done", "cancelled"}
            assert change.before_text
            assert change.after_text


def test_two_full_reads_agree(world: World) -> None:
    world.finish(world.items[3])  # type: ignore[attr-defined]
    one, other = pulled(world), pulled(world)
    assert one.items == other.items
    assert one.changes == other.changes
    again = pulled(world, one, full=True)
    assert again.items == other.items
    assert again.changes == other.changes


def test_the_last_page_alone_carries_coverage_and_checkpoint(world: World) -> None:
    pages = list(open_source(world).pull(PullRequest(now=world.now)))
    assert all(page.coverage is None and page.checkpoint is None for page in pages[:-1])
    coverage = pages[-1].coverage
    assert coverage is not None
    assert coverage.complete
    assert isinstance(pages[-1].checkpoint, str)
    assert coverage.read >= 9
    assert coverage.with_history == (coverage.read if world.history else 0)


# --- the next reads


def test_an_increment_brings_what_is_new_changed_and_gone(world: Any) -> None:
    shelf = pulled(world)
    world.pass_time()
    world.retitle(world.items[0], "Changed")
    world.finish(world.items[1])
    world.remove(world.items[2])
    world.add("New")
    world.pass_time()
    pulled(world, shelf)
    assert titles(shelf) == {"Changed", "New", "Work 1", *(f"Work {number}" for number in range(3, 9))}
    assert len(shelf.hidden) == 1
    assert {item.title for item in shelf.items.values()} > titles(shelf), "what is gone is kept, only not visible"
    assert {item.state for item in shelf.items.values() if item.title == "Work 1"} == {"done"}


def test_an_increment_without_changes_changes_nothing(world: Any) -> None:
    shelf = pulled(world)
    before = dict(shelf.visible)
    for _ in range(3):
        world.pass_time()
        pulled(world, shelf)
        assert shelf.visible == before


def test_a_pull_killed_after_any_page_goes_on_and_ends_the_same(world: Any) -> None:
    world.finish(world.items[0])
    whole = pulled(world)
    for stop in range(1, 60):
        shelf = Shelf()
        if shelf.pull(open_source(world), world.now, stop_after=stop):
            break
        world.pass_time()
        pulled(world, shelf)
        assert shelf.items == whole.items, f"killed after page {stop}"
        assert shelf.changes == whole.changes, f"killed after page {stop}"
    else:
        pytest.fail("the pull never ended")


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "null", "é\x00", "9" * 400])
def test_marks_that_cannot_be_read_mean_a_full_read(text: str, world: World) -> None:
    shelf = Shelf(checkpoint=text, resume=text)
    assert titles(pulled(world, shelf)) == {f"Work {number}" for number in range(9)}


def test_an_empty_answer_where_much_was_is_doubted(world: Any) -> None:
    for number in range(25):
        world.add(f"More {number}")
    world.pass_time()
    shelf = pulled(world)
    for item in list(world.items):
        world.remove(item)
    more = list(getattr(world, "rows", []))
    if not more:
        site = world.site
        rows = site.tables["issues"] if hasattr(site, "tables") else site.issues
        for id_ in list(rows):
            world.remove(rows[id_] if hasattr(site, "tables") else id_)
    for row in more:
        world.remove(row)
    world.pass_time()
    try:
        ended = shelf.pull(open_source(world), world.now)
    except SourceError:
        ended = False
    if ended:
        assert shelf.coverage
        assert shelf.coverage.problems, "nothing is set aside in silence; the store doubts so small a census once more"


# --- refusals


def test_a_wrong_token_is_said_in_a_sentence_and_never_shown(world: World) -> None:
    if not world.token:
        pytest.skip("files are read without a token")
    wrong = "lin_api_wrong-and-never-to-be-shown"
    connector = open_source(world, token=Secret(wrong))
    acts: list[Callable[[], object]] = [connector.probe, lambda: list(connector.pull(PullRequest(now=world.now)))]
    for act in acts:
        with pytest.raises(SourceError) as caught:
            act()
        assert caught.value.code == "token"
        assert len(str(caught.value).splitlines()) <= 3
        assert "token" in str(caught.value)
        assert wrong not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


def test_a_connector_never_shows_its_secret(world: World) -> None:
    connector = open_source(world)
    list(connector.pull(PullRequest(now=world.now)))
    for shown in (repr(connector), str(connector), repr(vars(connector)), repr(world.settings())):
        assert SECRET not in shown


def test_an_unreachable_place_is_a_source_error(world: Any) -> None:
    more = {"url": "http://127.0.0.1:9/graphql"} if world.token else {"paths": ("nowhere/*.csv",)}
    connector = open_source(world, **more)
    with pytest.raises(SourceError) as caught:
        list(connector.pull(PullRequest(now=world.now)))
    assert "acme" in str(caught.value) or "nowhere" in str(caught.value)


def test_items_are_named_tuples_of_the_model(world: World) -> None:
    assert all(type(item) is Item for item in pulled(world).items.values())

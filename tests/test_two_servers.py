"""Two servers on one PostgreSQL: one works, both take clicks; whatever happens to the one, each digest and each question comes once."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import AS_OF, SAMPLE
from crash.shelves import SERVER, PostgresShelf, shelf_of
from fake_slack import FakeSlack, Person
from fake_slack.fixtures import slack  # noqa: F401
from slack_office import MONDAY
from test_delivery_many import together

from okrbot import prompts
from okrbot.app import App, open_app
from okrbot.serve import Serving
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.locks import KEY
from okrbot.store.people import find, put_setting, remember, setting

WEEK = 7 * 86400
SERVED = """
[slack]
bot_token = "env:SLACK_BOT_TOKEN"
signing_secret = "env:SLACK_SIGNING_SECRET"
api_url = "{api_url}"
listen = "127.0.0.1:0"
[schedule]
pull = "off"
audit = "off"
health = "off"
"""


@dataclasses.dataclass
class Pair:
    """Two servers, each with its own way into the one database."""

    slack: FakeSlack
    app: App
    stores: tuple[Store, Store]
    servers: tuple[Serving, Serving]
    noor: Person
    bas: Person

    def tick(self, *, times: int = 1) -> None:
        """Let both do their quick work at the same time, with a ten-minute slot between."""
        for _ in range(times):
            self.slack.clock.advance(601)
            together(*(server.work.light for server in self.servers))

    def rows(self, *columns: sa.Column[object]) -> list[tuple[object, ...]]:
        with self.stores[0].connect() as db:
            return [tuple(row) for row in db.execute(sa.select(*columns))]

    def sent(self) -> Counter[str]:
        """Return how often each delivery stands in Slack, by the id in its metadata."""
        return Counter(m.metadata["event_payload"]["delivery"] for m in self.slack.messages() if m.metadata)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresShelf]:
    """Yield a database with the sample organisation, pulled and audited."""
    if not os.environ.get(SERVER):
        pytest.skip(f"no PostgreSQL: ${SERVER} is not set (.ci/run starts one)")
    folder = tmp_path_factory.mktemp("two")
    with shelf_of("postgres", folder) as shelf:
        assert isinstance(shelf, PostgresShelf)
        shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
        _stored_in(folder, shelf.url)
        app = open_app(folder / "okrbot.toml", clock=lambda: AS_OF)
        with app.store() as store:
            app.pull(store)
            app.audit(store, as_of=AS_OF)
        shelf.keep("full")
        yield shelf


def _stored_in(folder: Path, url: str, more: str = "") -> None:
    config = folder / "okrbot.toml"
    text = re.sub(r"^store = .*$", f'store = "{url}"', config.read_text(encoding="utf-8"), flags=re.MULTILINE)
    config.write_text(text + more, encoding="utf-8")


@pytest.fixture
def pair(slack: FakeSlack, full: PostgresShelf, tmp_path: Path) -> Iterator[Pair]:  # noqa: F811
    full.put_back("full")
    slack.clock.set(MONDAY)
    noor, bas = slack.person("noor@veldmand.example"), slack.person("bas@veldmand.example")
    slack.person("ilse@veldmand.example")
    for name in ("#shop", "#depot"):
        slack.channel(name, members=[noor])
    home = tmp_path / "home"
    shutil.copytree(SAMPLE, home)
    _stored_in(home, full.url, SERVED.format(api_url=slack.api_url))
    app = open_app(home / "okrbot.toml", environment=slack.environment, clock=slack.clock)
    app = dataclasses.replace(app, sleep=slack.clock.sleep)
    with app.store() as one, app.store() as two:
        servers = (Serving(app, one), Serving(app, two))
        for server in servers:
            assert server.line is not None
            server.line.start()
        yield Pair(slack, app, (one, two), servers, noor, bas)
        for server in servers:
            server.stop()


def test_each_digest_and_each_question_comes_once_and_one_server_works(pair: Pair) -> None:
    pair.tick(times=3)
    assert sorted(server.vitals.leading for server in pair.servers) == [False, True]
    pair.slack.clock.advance(WEEK)
    pair.tick(times=3)
    assert set(pair.sent().values()) == {1}
    assert {len(pair.slack.top(name)) for name in ("#shop", "#depot")} == {1}
    questions = [m for m in pair.slack.messages() if m.metadata and m.channel.startswith("D")]
    assert questions
    prompts = t.prompts.c
    assert max(Counter(pair.rows(prompts.rule, prompts.subject)).values()) == 1, "no question is there twice"


def test_the_other_takes_over_when_the_working_ones_session_ends_and_nothing_comes_twice(pair: Pair) -> None:
    pair.tick()
    for week in range(2):
        pair.slack.clock.advance(WEEK)
        with pair.stores[0].begin() as db:
            ended = "select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()"
            assert db.execute(sa.text(f"{ended} where l.locktype = 'advisory' and l.objid = :key"), {"key": KEY}).scalars().all() == [True]
        pair.tick(times=2)
        assert [server.vitals.leading for server in pair.servers].count(True) == 1
        assert set(pair.sent().values()) == {1}
        assert {len(pair.slack.top(name)) for name in ("#shop", "#depot")} == {week + 1}


def test_two_owners_who_answer_at_once_at_two_servers_are_one_answer_and_one_word_beside_it(pair: Pair) -> None:
    pair.tick(times=3)
    slacks = []
    for server in pair.servers:
        twin = FakeSlack(pair.slack.clock)  # the same workspace, bound to another server
        twin.space, twin.api = pair.slack.space, pair.slack.api
        twin.connect_http(f"http://127.0.0.1:{server.line.port}/slack/events")  # type: ignore[union-attr]
        slacks.append(twin)
    people = [Person(twin, person.user) for twin, person in zip(slacks, (pair.noor, pair.bas), strict=True)]
    message = next(m for m in pair.noor.messages() if m.metadata and "It is maintenance" in pair.noor.can_click(m))
    acks = together(*(lambda person=person: person.click(message, "It is maintenance") for person in people))
    assert all(ack.ok for ack in acks)  # type: ignore[attr-defined]
    assert sorted(pair.rows(t.answers.c.outcome, t.answers.c.current)) == [("accepted", 1), ("also_said", 0)]
    assert len(pair.rows(t.overrides.c.value)) == 1
    pair.tick(times=2)
    assert "said it is maintenance" in str(message.blocks)


def once_it_waits(store: Store, first: Callable[[sa.Connection], object], second: Callable[[sa.Connection], object]) -> object:
    """Begin `first`, let `second` begin in a transaction of its own until it waits for a lock, commit both; return what the second returned."""
    with ThreadPoolExecutor(1) as pool:

        def other() -> object:
            with store.begin() as db:
                return second(db)

        with store.begin() as db:
            first(db)
            future = pool.submit(other)
            pause = threading.Event()
            for _ in range(500):
                with store.connect() as look:
                    waiting = "select count(*) from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database()"
                    if look.execute(sa.text(waiting)).scalar():
                        break
                pause.wait(0.01)
        return future.result(10)


def test_two_who_keep_something_of_the_same_person_or_product_lose_nothing(pair: Pair) -> None:
    store, now, noor = pair.stores[0], pair.app.clock(), pair.noor.id
    with store.begin() as db:
        remember(db, noor, now=now, met=True)
        put_setting(db, "product:Shop", by=noor)
    once_it_waits(
        store, lambda db: remember(db, noor, now=now, muted_until=1), lambda db: remember(db, noor, timezone="UTC", now=now, home=True)
    )
    once_it_waits(store, lambda db: put_setting(db, "product:Shop", day="tue"), lambda db: put_setting(db, "product:Shop", muted_until=1))
    with store.connect() as db:
        known = find(db, noor)
        assert known is not None
        assert (known.timezone, dict(known.settings)) == ("UTC", {"met": True, "muted_until": 1, "home": True})
        assert setting(db, "product:Shop") == {"by": noor, "day": "tue", "muted_until": 1}


def test_two_owners_who_open_the_same_question_at_once_open_one(pair: Pair) -> None:
    store, pages = pair.stores[0], pair.app.pages()

    def opened(person: Person) -> Callable[[sa.Connection], object]:
        return lambda db: prompts.open_question(db, "no_key_result", "item:jira/20060", person=person.id, pages=pages, now=pair.app.clock())

    found = once_it_waits(store, opened(pair.noor), opened(pair.bas))
    ((number,),) = pair.rows(sa.func.count(t.prompts.c.id))  # type: ignore[arg-type]
    assert number == 1
    assert isinstance(found, prompts.Prompt)
    assert found.person == pair.noor.id

"""The store keeps what it was given, whole or not at all, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import datetime as dt
import fcntl
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okrbot.facts.load import load
from okrbot.model import Backlog, Change, CheckIn, Cycle, Goals, Item, KeyResult, Link, Note, Objective, Page, millis
from okrbot.store import Store, StoreError, open_store
from okrbot.store import tables as t
from okrbot.store.writing import hide_absent, save_goals, save_page

NOW = dt.datetime(2026, 11, 16, 7, 0, tzinfo=dt.UTC)


def rows(store: Store, table: sa.Table, *columns: str) -> list[tuple]:
    with store.connect() as db:
        return [tuple(row) for row in db.execute(sa.select(*(table.c[c] for c in columns)).order_by(*(table.c[c] for c in columns)))]


def put(store: Store, page: Page, source: str = "acme") -> None:
    with store.begin() as db:
        save_page(db, source, page)


def test_the_steps_lead_to_the_declared_tables(store_url: str) -> None:
    store = open_store(store_url)
    with store.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), t.metadata) == []
    store.close()
    again = open_store(store_url)
    assert rows(again, t.items, "id") == []
    again.close()


def test_an_item_read_twice_is_stored_once_and_the_newer_text_stands(store_url: str) -> None:
    store = open_store(store_url)
    put(store, Page(items=[Item("1", "A-1", "old", labels=("x",)), Item("2", "A-2", "other")]))
    put(store, Page(items=[Item("1", "A-9", "new", labels=("x", "ünï"))]))
    assert rows(store, t.items, "id", "key", "title", "labels") == [("1", "A-9", "new", '["x","ünï"]'), ("2", "A-2", "other", "[]")]
    put(store, Page(items=[Item("1", "B-1", "elsewhere")]), source="other")
    assert len(rows(store, t.items, "source", "id")) == 3
    store.close()


def test_links_of_an_item_are_replaced_and_history_only_grows(store_url: str) -> None:
    store = open_store(store_url)
    first = Page(
        items=[Item("1", "A-1", "t", updated=5, history=True)],
        links=[Link("1", "blocks", "2"), Link("1", "relates", "3")],
        changes=[Change("1", "c1", 10, "state", "todo", "doing")],
        notes=[Note("1", "n1", 11, body="hello")],
        notes_complete=True,
    )
    put(store, first)
    put(
        store,
        Page(items=[Item("1", "A-1", "t", updated=5)], links=[Link("1", "blocks", "4")], changes=[Change("1", "c2", 12, "due", "", "x")]),
    )
    assert rows(store, t.links, "target") == [("4",)]
    assert rows(store, t.changes, "id") == [("c1",), ("c2",)]
    assert rows(store, t.notes, "id") == [("n1",)], "a page that does not claim all notes takes none away"
    assert rows(store, t.items, "history") == [(1,)], "read again unchanged, its history is still complete"
    put(store, Page(items=[Item("1", "A-1", "t", updated=6)]))
    assert rows(store, t.items, "history") == [(0,)], "a changed item must earn the word anew"
    put(store, Page(history_of=["1"]))
    assert rows(store, t.items, "history") == [(1,)]
    store.close()


def test_a_page_is_there_whole_or_not_at_all(store_url: str) -> None:
    store = open_store(store_url)
    put(store, Page(items=[Item("1", "A-1", "before")]))

    def break_half_way() -> None:
        with store.begin() as db:
            save_page(db, "acme", Page(items=[Item("1", "A-1", "after"), Item("2", "A-2", "new")]))
            db.execute(sa.text("select no_such_column from items"))

    with pytest.raises(sa.exc.SQLAlchemyError):
        break_half_way()
    assert rows(store, t.items, "title") == [("before",)]
    store.close()


def test_what_a_census_no_longer_shows_is_set_aside_and_comes_back(store_url: str) -> None:
    store = open_store(store_url)
    put(store, Page(items=[Item(str(i), f"A-{i}", "t") for i in range(4)]))
    with store.begin() as db:
        assert hide_absent(db, "acme", frozenset({"0", "1", "2"}), now=millis(NOW)) == 1
    assert rows(store, t.items, "id", "hidden_since")[3] == ("3", millis(NOW))
    with store.begin() as db:
        assert hide_absent(db, "acme", frozenset({"0", "1", "2", "3"}), now=millis(NOW)) == 0
    assert {hidden for _, hidden in rows(store, t.items, "id", "hidden_since")} == {0}
    store.close()


def test_small_tables_are_replaced_for_their_source_only(store_url: str) -> None:
    store = open_store(store_url)
    put(store, Page(backlogs=(Backlog("1", "A"), Backlog("2", "B"))))
    put(store, Page(backlogs=(Backlog("1", "X"),)), source="other")
    put(store, Page(backlogs=(Backlog("2", "B", private=True),)))
    assert rows(store, t.backlogs, "source", "key", "private") == [("acme", "B", 1), ("other", "X", 0)]
    store.close()


def test_edits_of_goals_are_remembered_and_what_goes_is_kept(store_url: str) -> None:
    store = open_store(store_url)
    kr = KeyResult("K", "O", "Raise it", target=70.0, baseline=62.0)
    before = Goals(
        (Cycle("Q4", "2026-10-01", "2026-12-31"),),
        (Objective("O", "Trust", "Q4"),),
        (kr, KeyResult("L", "O", "Other")),
        (CheckIn("K", "2026-10-12", 63.0),),
    )
    after = Goals(before.cycles, before.objectives, (KeyResult("K", "O", "Raise it", target=65.0, baseline=62.0),), ())
    with store.begin() as db:
        save_goals(db, "okrs", before, at=100)
    with store.begin() as db:
        save_goals(db, "okrs", after, at=200)
    assert rows(store, t.goal_changes, "goal", "at", "field", "before", "after") == [
        ("K", 200, "target", "70", "65"),
        ("L", 200, "gone", "", "yes"),
    ]
    assert rows(store, t.key_results, "id", "first_seen", "gone_since") == [("K", 100, 0), ("L", 100, 200)]
    assert rows(store, t.check_ins, "key_result", "value") == [("K", 63.0)], "a check-in once said is not unsaid"
    with store.begin() as db:
        save_goals(db, "okrs", after, at=200)
    assert len(rows(store, t.goal_changes, "goal", "field")) == 2, "the same file read again changes nothing"
    store.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_any_text_a_tracker_can_send_is_stored(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('text')}/s.db")
    page = Page(items=[Item("1", "A-1", text, body=text, labels=(text,), fields=(("f", text),))], notes=[Note("1", "n", 1, body=text)])
    put(store, page)
    assert rows(store, t.items, "title") == [(text.replace("\x00", "\ufffd"),)]
    store.close()


def test_lone_surrogates_are_stored_as_unknown_characters(store_url: str) -> None:
    store = open_store(store_url)
    put(store, Page(items=[Item("1", "A-1", "a\ud800b\x00c")]))
    assert rows(store, t.items, "title") == [("a\ufffdb\ufffdc",)]
    store.close()


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/new/okrbot.db").close()
    assert stat.S_IMODE((tmp_path / "new" / "okrbot.db").stat().st_mode) == 0o600


def test_stores_that_are_none_are_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, and long enough to be sure of it " * 40, encoding="utf-8")
    with pytest.raises(StoreError, match="Is it an okrbot store"):
        open_store(f"sqlite:///{tmp_path}/text.db")
    assert (tmp_path / "text.db").read_text(encoding="utf-8").startswith("this is no database")
    with pytest.raises(StoreError, match="is a folder"):
        open_store(f"sqlite:///{tmp_path}")
    with pytest.raises(StoreError, match="does not exist yet"):
        open_store(f"sqlite:///{tmp_path}/none.db", create=False)
    with pytest.raises(StoreError, match="forgets everything"):
        open_store("sqlite://")
    with pytest.raises(StoreError, match="is not supported"):
        open_store("mysql://x")
    with pytest.raises(StoreError, match="is not an address"):
        open_store("okrbot.db")


def test_a_store_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "okrbot.db"
    open_store(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as db:
        db.execute("update alembic_version set version_num = '9999'")
    db.close()
    with pytest.raises(StoreError, match="newer okrbot"):
        open_store(f"sqlite:///{path}")


def test_another_programs_database_is_not_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as db:
        db.execute("create table theirs (x)")
    db.close()
    with pytest.raises(StoreError, match="already holds other tables"):
        open_store(f"sqlite:///{path}")


def test_a_server_that_is_away_is_said_without_its_password() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("postgresql+psycopg://bot:hunter2@127.0.0.1:1/okrbot")
    assert "cannot be reached" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_items_fields_stand_in_the_order_of_its_columns() -> None:
    columns = [column.name for column in t.items.columns]
    assert columns[0] == "source"
    assert tuple(columns[1 : 1 + len(Item._fields)]) == Item._fields


def test_an_item_that_moved_is_still_found_by_the_key_it_had(store_url: str) -> None:
    store = open_store(store_url)
    put(store, Page(items=[Item("1", "A-1", "x"), Item("2", "A-2", "y")]))
    put(store, Page(items=[Item("1", "B-7", "x"), Item("2", "A-2", "y")]))
    assert rows(store, t.aliases, "key", "id") == [("A-1", "1")]
    store.close()


@pytest.mark.parametrize("where", ["the same process", "another process"])
def test_a_short_write_is_not_kept_waiting_by_a_pull_that_writes_all_the_time(tmp_path: Path, where: str) -> None:
    store = open_store(f"sqlite:///{tmp_path}/okrbot.db")
    theirs = store if where == "the same process" else open_store(store.url)  # a second store shares nothing but the files
    pages = [Page(items=[Item(str(i), f"A-{i}", "x" * 60, body=f"{turn}" * 500) for i in range(200)]) for turn in range(2)]
    ended = threading.Event()
    written: list[int] = []

    def pull() -> None:
        while not ended.is_set():
            put(theirs, pages[len(written) % 2])
            written.append(1)

    puller = threading.Thread(target=pull)
    puller.start()
    overtaken = []
    for _ in range(20):
        before = len(written)
        with store.begin():
            overtaken.append(len(written) - before)
    ended.set()
    puller.join()
    store.close()
    theirs.close()
    assert max(overtaken) <= 3, f"transactions of the pull that came first: {overtaken}"


def test_a_writer_that_stands_still_at_the_head_of_the_queue_is_passed(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/okrbot.db")
    with store.begin():
        pass
    with (tmp_path / "okrbot.db.queue").open() as frozen:
        fcntl.flock(frozen, fcntl.LOCK_EX)
        put(store, Page(items=[Item("1", "A-1", "kept all the same")]))
    assert rows(store, t.items, "title") == [("kept all the same",)]
    store.close()


def test_reading_the_facts_and_opening_the_store_again_leave_the_locks_of_this_process_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a store%20.db"
    store = open_store(url)
    ask = f"import sqlite3; sqlite3.connect({str(store.sqlite_path)!r}, timeout=0, isolation_level=None).execute('begin immediate')"
    with store.begin() as db:
        db.execute(t.settings.insert().values(name="held", value="1"))
        load(store).close()
        open_store(url).close()
        other = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=False)
        assert "database is locked" in other.stderr
    assert subprocess.run([sys.executable, "-c", ask], check=False).returncode == 0
    store.close()
    assert not [left for left in tmp_path.iterdir() if left.is_dir()]  # the copy that was read is gone

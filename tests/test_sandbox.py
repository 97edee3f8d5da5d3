"""Rules of a user's own: what the gate refuses, what the child cannot reach, and that nothing in it is without end."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import hostile_sql
import prisoner
import pytest

from okrbot.rulebook import Page, RuleError, read_folder, shipped_folder
from okrbot.sandbox import Broken, Cell, Refusal, admit, protections
from okrbot.sandbox.allowed import FUNCTIONS

SECRET = "canary-7f3a91"
SECONDS = 1


@pytest.fixture(scope="module")
def cell() -> Iterator[Cell]:
    with Cell(seconds=SECONDS) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    return read_folder(shipped_folder(), shipped=False)


def raw(cell: Cell, statement: str) -> object:
    """Run a statement in the child as if there were no gate."""
    return cell.ask(functools.partial(prisoner.run_raw, statement=statement), query="select 1", arguments={})


# --- the gate ---------------------------------------------------------------------------------------------------------


def test_the_gate_refuses_every_hostile_statement() -> None:
    assert len(set(hostile_sql.HOSTILE)) >= 120
    passed, told = [], []
    with duckdb.connect(":memory:") as parser:
        for statement in hostile_sql.HOSTILE:
            try:
                admit(statement, connection=parser)
                passed.append(statement[:80])
            except Refusal as no:
                told.append(no.message)
        assert parser.execute("select count(*) from duckdb_tables()").fetchone() == (0,)  # parsing runs nothing
    assert passed == []
    assert [message for message in told if not message.endswith(".")] == []


def test_every_shipped_rule_passes_the_gate_as_a_users_own(pages: dict[str, Page]) -> None:
    assert len(pages) >= 16
    for page in pages.values():
        reads = admit(page.query, dict(page.settings))
        assert reads.tables or page.query.count("from") == 0


@pytest.mark.parametrize(
    "query",
    [
        "select key, title as note from item where state = 'doing' and quiet_days > :n",
        "with recursive up as (select key, parent from item union all select u.key, i.parent from up u join item i on i.key = u.parent) select key, count(*)::text as note from up group by key",
        "select t.key, count(*) over (partition by t.product order by t.key) || ' teams' as note from team t qualify row_number() over (order by key) = 1",
        "from item select key, 'x' as note where list_contains(labels, 'urgent')",
        "select key, case when age_days > 3 then 'old' else 'new' end as note from item where exists (select 1 from link l where l.key = item.key)",
        "select i.*, array_to_string(list_transform(labels, lambda x: upper(x)), ', ') as note from item i",
        "select key, format('{:.1f} days, {}', age_days, title) as note from item",
        "select key, strftime(created, '%Y-%m') as note from item where created > cast(:as_of as timestamp) - interval 30 day",
        "select b.key, (select string_agg(i.key, ', ' order by i.key) from item i where i.backlog = b.key) as note from backlog b",
        "select key, title as note from item natural join (select key from pair)",
        "select key, n::text as note from item, range(10) t(n), unnest(labels) u(word) where n < :n and word like 'a%' escape '!'",
        "select key, try_cast(their_state as integer)::varchar as note, flagged from (select *, not linked as flagged from item)",
        "select distinct on (product) key, product as note from item order by product, age_days desc nulls last limit 5",
        "select key, coalesce(nullif(team, ''), '–') as note from item where (team, product) in (select key, product from team) or team not in ('a', 'b')",
        "select unnest(['A', 'B']) as key, 'x' as note except select key, title from item intersect select 'A', 'x'",
        "select key, [x for x in labels if x <> 'a'][1] as note from item where age_days between 1 and 2 and title similar to 'a.*'",
        "select key, title as note from item group by all having count(*) filter (where linked) > 0",
        "select key, columns('has_.*'), '' as note from item",
    ],
)
def test_ordinary_sql_passes_the_gate(query: str) -> None:
    admit(query.replace(":n", "$n").replace(":as_of", "$as_of"), {"n": 5})


def test_a_refusal_names_what_and_where_and_what_instead() -> None:
    with pytest.raises(Refusal, match=r"reads the clock\. Use :as_of") as no:
        admit("select key,\n  title as note\nfrom item\nwhere created > now()")
    assert no.value.line == 3
    with pytest.raises(Refusal, match=r"no fact table 'issues'\. A rule may read backlog"):
        admit("select * from issues")
    with pytest.raises(Refusal, match=r"Did you mean lower\(\)"):
        admit("select lowers(title) from item")
    with pytest.raises(Refusal, match="nothing else") as no:
        admit("drop table item")
    with pytest.raises(Refusal, match=r"up to 100,000 here, not this setting"):
        admit("select * from range($n)", {"n": 10**9})


def test_a_line_is_counted_in_letters_not_bytes() -> None:
    with pytest.raises(Refusal) as no:
        admit("select 'größer als — das' as key,\n'日本語' as note,\n repeat('x', 3)\nfrom item")
    assert no.value.line == 2


def test_a_name_defined_later_or_elsewhere_opens_no_catalogue_table() -> None:
    admit("with pg_class as (select key from item) select key, '' as note from pg_class")
    for query in (
        "with a as (select * from pg_class), pg_class as (select 1) select * from a",
        "select * from (with pg_class as (select 1) select * from pg_class) x union all select * from pg_class",
        "with pg_class as (select * from pg_class) select * from pg_class",
    ):
        with pytest.raises(Refusal):
            admit(query)


def test_the_gate_says_which_columns_are_read() -> None:
    reads = admit("select i.key, t.key as note from item i join team t using (product) where i.age_days > 3")
    assert (reads.tables, reads.every) == ({"item", "team"}, False)
    assert {"key", "age_days", "product"} <= reads.columns
    for whole_row in ("select * from item", "select i from item i", "select item from item", "select key from item natural join team"):
        assert admit(whole_row).every, whole_row


def test_the_list_of_functions_is_of_ordinary_ones() -> None:
    assert 150 <= len(FUNCTIONS) <= 320
    assert not FUNCTIONS & {"repeat", "lpad", "getenv", "current_setting", "query", "read_csv", "glob", "levenshtein", "sleep_ms", "random"}


# --- the child --------------------------------------------------------------------------------------------------------


def test_nothing_outside_can_be_reached_from_inside(cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text(SECRET, encoding="utf-8")
    monkeypatch.setenv("OKRBOT_CANARY", SECRET)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with Cell(seconds=SECONDS) as fresh:  # started with the canary in our own environment
            way_out = functools.partial(prisoner.reach_out, canary=str(canary), port=port, folder=str(tmp_path))
            came = fresh.ask(way_out, query="select 1", arguments={})
    assert {way: said for way, said in came["ways"].items() if not said.startswith("refused")} == {}
    assert SECRET not in str(came)
    assert set(came["environment"]) <= {"LC_CTYPE"}
    assert sorted(os.listdir(tmp_path)) == ["canary.txt"]  # noqa: PTH208


def test_hostile_sql_without_the_gate_reads_and_writes_nothing_outside(cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text(SECRET, encoding="utf-8")
    monkeypatch.setenv("HTTP_PROXY", f"http://user:{SECRET}@127.0.0.1:1")
    knocks = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        for statement in [
            *hostile_sql.FILES,
            *hostile_sql.QUERIES_IN_TEXT,
            *hostile_sql.WRITES,
            *hostile_sql.ENGINE,
            *hostile_sql.READS_ABOUT,
        ]:
            filled = statement.replace("CANARY", str(canary)).replace("FOLDER", str(tmp_path)).replace("PORT", str(server.getsockname()[1]))
            try:
                said = raw(cell, filled)
            except Broken as broken:
                said = broken.message.replace(str(canary), "")
            assert SECRET not in str(said), statement
        with contextlib.suppress(TimeoutError):
            knocks.append(server.accept())
    assert knocks == []
    assert sorted(os.listdir(tmp_path)) == ["canary.txt"]  # noqa: PTH208


def test_a_write_in_one_rule_changes_nothing_for_the_next(cell: Cell) -> None:
    for statement in ("insert into item (key) values ('A')", "with x as (insert into item (key) values ('A') returning *) select * from x"):
        with pytest.raises(Broken, match="read-only"):
            raw(cell, statement)
    assert raw(cell, "select count(*) from item") == ["(0,)"]


@pytest.mark.parametrize("name", hostile_sql.BOMBS)
def test_every_bomb_is_bounded_in_time_and_memory(cell: Cell, name: str) -> None:
    started = time.monotonic()
    with contextlib.suppress(Broken):  # stopped, or harmless: both are bounded
        raw(cell, hostile_sql.BOMBS[name])
    assert time.monotonic() - started < SECONDS + 5.0  # a second to the kill, the start of a child, and a busy machine
    alive = cell.ask(prisoner.memory_used, query="select 1", arguments={})
    assert alive < 1024**3


def test_a_rule_that_is_killed_leaves_the_next_one_well() -> None:
    with Cell(seconds=SECONDS) as cell:
        with pytest.raises(Broken, match=r"it was stopped: .*1 s"):
            raw(cell, hostile_sql.BOMBS["padding on the right"])
        assert raw(cell, "select 6 * 7") == ["(42,)"]
        assert cell.started == 2


def test_the_gate_stands_in_the_child_too(cell: Cell) -> None:
    with pytest.raises(Broken, match="not available") as broken:
        cell.ask(functools.partial(prisoner.run_raw, statement="select 1"), query="select getenv('HOME')", arguments={})
    assert broken.value.kind == "Refusal"


def test_no_thread_and_no_child_is_left_behind() -> None:
    with Cell(seconds=SECONDS) as cell:
        raw(cell, "select 1")
        child = cell._child
    assert child is not None
    assert child.poll() is not None
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


def test_what_guards_this_machine_is_said() -> None:
    said = protections()
    assert any("Landlock" in line for line in said)
    assert all(line.endswith((".", "!")) for line in said)


def test_a_page_error_from_the_child_keeps_its_place(tmp_path: Path, pages: dict[str, Page]) -> None:
    from okrbot.audit.own import check_own

    text = (
        pages["no_key_result"]
        .path.read_text(encoding="utf-8")
        .replace("| A-6 | doing | value | yes | 1 | yes |", "| A-6 | doing | value | yes | 1 |  |")
    )
    page_file = tmp_path / "mine.md"
    page_file.write_text(text, encoding="utf-8")
    page = read_folder(tmp_path, shipped=False)["mine"]
    with Cell() as cell, pytest.raises(RuleError, match="A-6") as wrong:
        check_own(page, cell)
    assert wrong.value.line > page.sql_line

"""What is not known is never clean: a fact that turns unknown leaves its subject flagged or not judged, on every page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest

from okrbot.factbook import TABLES, table
from okrbot.rulebook import Page, read_folder, shipped_folder
from okrbot.rulebook.query import EXAMPLE_INSTANT, empty_facts, run_query, run_scenario

PAGES = read_folder(shipped_folder())
every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


@pytest.fixture(scope="module")
def facts() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_facts()
    yield connection
    connection.close()


def unknowable(page: Page, name: str) -> list[str]:
    """Return the columns of the fact table `name` that the page reads and whose null says that nobody knows, and nothing else."""
    told = [(column.name, column.doc) for column in table(name).columns if re.search(rf"\b{column.name}\b", page.sql)]
    return [name for name, doc in told if "unknown" in doc and "null" in doc and "null if not" not in doc]


def verdicts(facts: duckdb.DuckDBPyConnection, page: Page) -> dict[str, bool | None]:
    run_query(facts, page, {}, EXAMPLE_INSTANT)
    return dict(facts.execute("select cast(key as varchar), flagged from verdict").fetchall())


@every_page
def test_a_flagged_subject_does_not_turn_clean_when_a_fact_is_lost(page: Page, facts: duckdb.DuckDBPyConnection) -> None:
    cleaned = []
    for scenario in page.scenarios:
        for rows in scenario.tables:
            for column in unknowable(page, rows.table):
                assert not run_scenario(page, scenario, facts)
                flagged = {key for key, flag in verdicts(facts, page).items() if flag}
                facts.execute(f'update {rows.table} set "{column}" = null')
                after = verdicts(facts, page)
                cleaned += [f"{key} without {rows.table}.{column}" for key in flagged if after.get(key, False) is False]
    assert not cleaned


# What a page says of rows whose verdict hangs on something nobody knows: neither flagged nor clear.
NO_VERDICT = [
    ("ship_and_forget", "item", {"level": 1, "state": "done", "live_days": None}),
    ("zombie_work", "item", {"unit": False, "state": "doing", "quiet_days": 90.0, "family_quiet_days": None}),
    ("no_key_result", "item", {"state": "todo", "backlog_rank": 9999, "ranked": False}),
    ("no_hypothesis", "item", {"level": 1, "state": "todo", "backlog_rank": 9999, "ranked": False}),
    ("output_only", "item", {"state": "todo", "backlog_rank": 9999, "ranked": False}),
    ("value_written_afterwards", "item", {"state": "done", "mostly_done": None, "reason_added": "2026-11-02"}),
    ("local_ranking", "backlog", {"product": "Shop", "low_started": 3, "high_waiting": None}),
    ("no_baseline_or_target", "key_result", {"cycle_days": None}),
    ("goalposts_moved", "key_result", {"active": False, "ended_days": None, "eased_share": None}),
    ("quiet_disposal", "key_result", {"active": False, "ended_days": None, "status": "dropped"}),
    ("sandbagged", "key_result", {"baseline": 20.0, "target": 30.0, "start_share": None}),
    ("watermelon", "key_result", {"status": "on_track", "forecast": None, "confidence_drop": 1.0, "cycle_share": 0.5}),
    ("meaning_drifts", "objective", {"parent": "O0", "similarity_to_parent": None, "actor_lost": True}),
    ("copy_paste_cascade", "team", {"key_results": 6, "krs_with_author": 0}),
]


@pytest.mark.parametrize(("rule", "subject", "row"), NO_VERDICT, ids=[rule for rule, _, _ in NO_VERDICT])
def test_what_nobody_knows_is_counted_as_not_judged(
    facts: duckdb.DuckDBPyConnection, rule: str, subject: str, row: dict[str, object]
) -> None:
    facts.execute("begin transaction")
    try:
        for fact in TABLES:
            facts.execute(f"delete from {fact.name}")
        values = {"key": "X-1", **row}
        names = ", ".join(f'"{name}"' for name in values)
        facts.execute(f"insert into {subject} ({names}) values ({', '.join('?' * len(values))})", list(values.values()))
        result = run_query(facts, PAGES[rule], {}, EXAMPLE_INSTANT)
        assert (result.checked, result.unsure) == (0, 1)
    finally:
        facts.execute("rollback")


def test_one_list_without_history_keeps_a_product_from_being_cleared(facts: duckdb.DuckDBPyConnection) -> None:
    for fact in TABLES:
        facts.execute(f"delete from {fact.name}")
    facts.execute("insert into product (key) values ('Shop')")
    facts.execute("insert into backlog (key, product, rankers, has_history) values ('a/ONE', 'Shop', 1, true), ('a/TWO', 'Shop', 0, false)")
    result = run_query(facts, PAGES["rival_product_owners"], {}, EXAMPLE_INSTANT)
    assert (result.checked, result.unsure) == (0, 1)

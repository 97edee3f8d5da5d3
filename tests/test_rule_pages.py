"""Every rule page that comes with okrbot keeps the promises of its shape: examples, guards, a source, a kind question."""

from __future__ import annotations

import re
import statistics
import tomllib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from okrbot.rulebook import FAMILIES, PROFILES, Page, in_profile, read_folder, shipped_folder
from okrbot.rulebook.page import RESERVED
from okrbot.rulebook.query import EXAMPLE_INSTANT, check_page, empty_facts, render_question, run_query, run_scenario

CATALOGUE = {
    "outcome": {
        "no_key_result",
        "output_only",
        "no_success_measure",
        "ship_and_forget",
        "never_tweaked",
        "nothing_stopped",
        "efficient_not_effective",
        "value_written_afterwards",
        "unaligned_backlog",
    },
    "key_results": {
        "output_in_disguise",
        "fed_by_tickets",
        "no_baseline_or_target",
        "too_many_goals",
        "frozen_key_result",
        "key_result_without_bet",
        "no_real_dates",
        "business_as_usual",
        "too_far_away",
    },
    "integrity": {"goalposts_moved", "sandbagged", "watermelon", "quiet_disposal", "padded_progress"},
    "ladder": {"too_many_layers", "meaning_drifts", "copy_paste_cascade", "homeless_goal"},
    "splintering": {
        "many_backlogs_one_product",
        "hand_offs",
        "dependency_wall",
        "component_team",
        "rival_product_owners",
        "local_ranking",
        "same_work_twice",
    },
    "discovery": {"built_before_validated", "no_hypothesis", "no_discovery_lane", "everything_validates"},
    "flow": {"too_much_in_progress", "large_batch", "zombie_work", "unbalanced_mix"},
    "project_model": {"scope_and_date_locked", "project_container", "team_tetris", "solutions_handed_in", "success_theatre"},
}
FIRST_WEEK = {
    "no_key_result",
    "output_only",
    "no_success_measure",
    "unaligned_backlog",
    "output_in_disguise",
    "fed_by_tickets",
    "no_baseline_or_target",
    "too_many_goals",
    "key_result_without_bet",
    "homeless_goal",
    "too_many_layers",
    "many_backlogs_one_product",
    "same_work_twice",
    "large_batch",
    "zombie_work",
    "project_container",
}
# Whose idea a page stands on; each page names at least one of them.
SOURCES = (
    "Cutler", "Perri", "Torres", "Seiden", "Cagan", "Patton", "Gendel", "Kniberg", "Spagnuolo", "Yeret", "Larman", "Vodde", "LeSS",
    "Doerr", "Wodtke", "Castro", "Google", "Swarmia", "Orca", "UpRaise", "Finster", "survey",
)  # fmt: skip
# Words that point at a person or belong to a consultant's slide.
UNKIND = re.compile(
    r"\b(blame|guilty|fault|lazy|stupid|culprit|offender|synerg\w+|leverage\w*|stakeholder\w*|KPI|deliverables?|best practices?)\b",
    re.IGNORECASE,
)

# "1 items", "0 of 9 items"; "1 of the items" is fine.
COUNTED_WRONG = re.compile(
    r"(?<![\w./-])(?:1 (?!of )(?:[a-z]+ )?(?:days|items|stories|epics|teams|members|people|goals|objectives|results|points|times|cycles|updates)\b|0 (?:of|[a-z]+s)\b)"
)

PAGES = read_folder(shipped_folder())
every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


@pytest.fixture(scope="module")
def facts() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_facts()
    yield connection
    connection.close()


def example_lines(page: Page) -> list[list[str]]:
    """Return the cells of every example row whose table judges, `why` and `flagged` included."""
    lines = page.path.read_text(encoding="utf-8").splitlines()
    rows: list[list[str]] = []
    for table in (table for scenario in page.scenarios for table in scenario.tables if table.flagged is not None):
        found = lines[table.line + 1 : table.line + 1 + len(table.rows)]
        rows.extend([cell.strip() for cell in line.strip().strip("|").split("|")] for line in found)
    return rows


def test_no_rule_of_the_catalogue_is_missing() -> None:
    assert sum(map(len, CATALOGUE.values())) == 47
    found = {family: {page.name for page in PAGES.values() if page.family == family} for family in FAMILIES}
    assert found == CATALOGUE


def test_the_first_week_shows_sixteen_rules_and_strict_all_but_the_contested_one() -> None:
    assert in_profile(PAGES, "first_week").keys() == FIRST_WEEK
    assert PAGES.keys() - in_profile(PAGES, PROFILES[-1]).keys() == {"component_team"}


@every_page
def test_the_page_fits_the_fact_tables_and_its_examples_hold(page: Page, facts: duckdb.DuckDBPyConnection) -> None:
    check_page(page, facts)


@every_page
def test_the_page_shows_five_flagged_and_five_clear_examples_and_its_guards(page: Page) -> None:
    marks = [flag for scenario in page.scenarios for rows in scenario.tables for flag in rows.flagged or ()]
    assert marks.count(True) >= 5
    assert marks.count(False) >= 5
    guards = [cells for cells in example_lines(page) if cells[-2].startswith("guard:")]
    assert guards, "no example row shows a guard against a false alarm; begin its why with 'guard:'"
    flagged = [cells[0] for cells in guards if cells[-1]]
    assert not flagged, "a guard's row must be clear"


@every_page
def test_every_example_says_why(page: Page) -> None:
    silent = [cells[0] for cells in example_lines(page) if not cells[-2]]
    assert not silent


@every_page
def test_the_page_names_whose_idea_it_is(page: Page) -> None:
    assert any(name in page.why for name in SOURCES)


@every_page
def test_the_words_are_short_and_kind(page: Page) -> None:
    assert page.question.endswith("?")
    assert page.question.count("?") == 1, "one question at a time"
    assert len(page.question) <= 160
    assert len(page.title) <= 70
    assert not page.title.endswith((".", "?", "!"))
    assert 20 <= len(page.why.split()) <= 90
    assert 10 <= len(page.remedy.split()) <= 70
    prose = f"{page.title} {page.why} {page.remedy} {page.question}"
    assert not UNKIND.findall(prose)


@every_page
def test_every_number_is_a_setting_with_a_comment(page: Page) -> None:
    text = page.path.read_text(encoding="utf-8").split("```toml\n", 1)[1].split("```", 1)[0]
    assert tomllib.loads(text)
    bare = [line for line in text.splitlines() if "=" in line and line.split("=")[0].strip() not in RESERVED and "#" not in line]
    assert not bare
    quoted = re.sub(r"'(?:[^']|'')*'", "", page.sql)
    numbers = {number for number in re.findall(r"(?<![\w.:])\d+(?:\.\d+)?", quoted) if float(number) > 1}
    assert not numbers, "a threshold in the query cannot be set"


@every_page
def test_the_query_is_in_lower_case(page: Page) -> None:
    outside_quotes = re.sub(r"'(?:[^']|'')*'", "", page.sql)
    assert outside_quotes == outside_quotes.lower()


def test_queries_stay_short() -> None:
    assert statistics.median(len(page.sql.splitlines()) for page in PAGES.values()) <= 28


@every_page
def test_what_is_flagged_gets_a_note_and_a_question_that_read_whole(page: Page, facts: duckdb.DuckDBPyConnection) -> None:
    for scenario in page.scenarios:
        assert not run_scenario(page, scenario, facts)
        for row in run_query(facts, page, {}, EXAMPLE_INSTANT).rows:
            note = str(row["note"] or "")
            asked = render_question(page, row, title="Guest checkout")
            assert 10 <= len(note) <= 220, f"{row['key']}: {note!r}"
            assert not note.endswith("."), "a note is a fragment"
            for text in (note, asked):
                assert not re.search(r"\bNone\b|\bnull\b|[{}]|  |, ,", text), f"{row['key']}: {text!r}"
                assert not re.search(r"\b[01]\.\d\d\b|\d\.\d* %|-0\b", text), f"{row['key']}: a share reads as per cent: {text!r}"
                assert not COUNTED_WRONG.search(text), f"{row['key']}: {text!r}"
                assert "*" not in text, f"{row['key']}: {text!r}"


def test_the_text_rules_stay_silent_where_no_lexicon_helps(facts: duckdb.DuckDBPyConnection) -> None:
    """No rule may flag an item or key result whose language cannot be judged for what its text lacks."""
    silent = ("output_only", "no_success_measure", "no_hypothesis", "project_container", "ship_and_forget")
    for name in silent:
        page = PAGES[name]
        rows = 0
        for scenario in page.scenarios:
            assert not run_scenario(page, scenario, facts)
            facts.execute("update item set text_known = false")
            result = run_query(facts, page, {}, EXAMPLE_INSTANT)
            rows += result.unsure
            assert not result.rows, name
        assert rows, f"{name} leaves them out instead of saying it is not sure"


def test_no_page_names_a_place_outside_the_project() -> None:
    for page in PAGES.values():
        text = page.path.read_text(encoding="utf-8")
        assert "seed 0" not in text.lower()
        assert Path(page.path).suffix == ".md"


@pytest.mark.parametrize(
    ("rule", "values", "words"),
    [
        ("fed_by_tickets", {"progress_from": "tickets", "progress": -0.001}, "stands at 0 % of the way"),
        ("watermelon", {"status": "on_track", "forecast": -0.2}, "moving away from its target"),
        ("quiet_disposal", {"surge_share": 1.2, "progress": 0.9, "check_ins": 8}, "all of its progress"),
        ("sandbagged", {"baseline": 20.0, "target": 30.0, "start_share": 1.3}, "all of the way"),
        ("copy_paste_cascade", {"parent": "O0", "similarity_to_parent": 0.996}, "99 % alike"),
        ("frozen_key_result", {"news_days": 20.0, "items_moved_14d": 1}, "1 linked item moved"),
        ("large_batch", {"level": 1, "state": "doing", "started_days": 90.0}, "90 days in progress"),
        ("unbalanced_mix", {"finished_6w": 12}, "none served"),
        ("unaligned_backlog", {"started_value": 10, "linked_value": 1, "linked_share": 0.3}, "1 of 10 started pieces of value work leads to an active key result (30 % by estimate)"),
        ("scope_and_date_locked", {"roadmap_epics": 9, "locked_epics": 9, "linked_epics": 1}, "1 leads to a key result"),
    ],
)  # fmt: skip
def test_numbers_at_the_edge_read_like_a_sentence(
    facts: duckdb.DuckDBPyConnection, rule: str, values: dict[str, object], words: str
) -> None:
    page = PAGES[rule]
    facts.execute(f"delete from {page.subject}")
    row = {"key": "X-A", **values}
    names = ", ".join(f'"{name}"' for name in row)
    facts.execute(f"insert into {page.subject} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))
    (flagged,) = run_query(facts, page, {}, EXAMPLE_INSTANT).rows
    assert words in flagged["note"]
    assert not COUNTED_WRONG.search(flagged["note"])

"""The examples on the rule pages notice a change of the rule: of a predicate, a comparison, a number, a word, a setting."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from okrbot.rulebook import read_folder, shipped_folder
from okrbot.rulebook.query import empty_facts

BENCH = Path(__file__).parents[1] / "bench" / "mutate_rules.py"
FLOOR = 0.90  # over all rules
PAGE_FLOOR = 0.80  # of each single page


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    if not BENCH.is_file():
        pytest.skip("bench/ is not part of a source distribution")
    spec = importlib.util.spec_from_file_location("mutate_rules", BENCH)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_nine_of_ten_changes_of_a_rule_are_noticed_by_an_example(bench: ModuleType) -> None:
    connection = empty_facts()
    counts = [bench.count(page, connection) for page in read_folder(shipped_folder()).values()]
    tried = sum(one.tried for one in counts)
    missed = sum(len(one.survivors) for one in counts)
    assert tried >= 20 * len(counts), "too few changes to mean anything"
    assert 1 - missed / tried >= FLOOR
    weak = {one.rule: one.survivors for one in counts if 1 - len(one.survivors) / one.tried < PAGE_FLOOR}
    assert not weak


def test_the_count_itself_notices_a_page_whose_examples_are_thinned_out(bench: ModuleType) -> None:
    page = read_folder(shipped_folder())["no_key_result"]
    connection = empty_facts()
    (scenario,) = page.scenarios
    table = scenario.tables[0]
    keep = [0, 5]  # one flagged row, one clear row
    thin = dataclasses.replace(
        table,
        rows=tuple(table.rows[i] for i in keep),
        flagged=tuple((table.flagged or ())[i] for i in keep),
        severities=tuple(table.severities[i] for i in keep),
    )
    thinned = dataclasses.replace(page, scenarios=(dataclasses.replace(scenario, tables=(thin,)),))
    assert len(bench.count(thinned, connection).survivors) > len(bench.count(page, connection).survivors) + 10

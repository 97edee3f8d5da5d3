"""What was planted in the sample organisation is found, and clean work that looks like it is left alone: rule by rule."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from pathlib import Path

import pytest
from conftest import AS_OF, SAMPLE
from organisation import CLEAN, PLANTED, build, resolved

from okrbot.app import open_app
from okrbot.findings import Audit
from okrbot.rulebook import read_folder, shipped_folder

# Planted subjects that are not found, and why that is right or known.
NOT_FOUND = {
    ("same_work_twice", "WEB-49"): "one finding a pair, on the older item; its note names this one",
}
# Clean subjects that are flagged, and why that is known.
FLAGGED = dict[tuple[str, str], str]()


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """Return the audit of the sample under the strict profile, with the contested rule on."""
    folder = tmp_path_factory.mktemp("strict")
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    config = folder / "okrbot.toml"
    on = [name for name, page in read_folder(shipped_folder()).items() if page.off]
    config.write_text(f'{config.read_text(encoding="utf-8")}\n[rules]\nprofile = "strict"\non = {on}\n', encoding="utf-8")
    app = open_app(config, clock=lambda: AS_OF, environment={})
    with app.store() as store:
        app.pull(store)
        return app.audit(store)


def found(audit: Audit) -> dict[str, set[str]]:
    """Return the flagged keys by rule, without sources."""
    by_rule: dict[str, set[str]] = defaultdict(set)
    for finding in audit.findings:
        by_rule[finding.rule].add(finding.key.split("/")[-1])
    return by_rule


RULES = sorted({plant.rule for plant in (*PLANTED, *CLEAN)} & set(read_folder(shipped_folder())))


@pytest.mark.parametrize("rule", RULES)
def test_what_was_planted_is_found(rule: str, audit: Audit) -> None:
    planted = {key for plant in resolved(PLANTED, build()) if plant.rule == rule for key in plant.subjects}
    missed = {key for key in planted - found(audit)[rule] if (rule, key) not in NOT_FOUND}
    assert not missed, {
        key: plant.why for plant in resolved(PLANTED, build()) if plant.rule == rule for key in missed & set(plant.subjects)
    }


@pytest.mark.parametrize("rule", RULES)
def test_clean_work_that_looks_like_it_is_left_alone(rule: str, audit: Audit) -> None:
    clean = {key for plant in resolved(CLEAN, build()) if plant.rule == rule for key in plant.subjects}
    assert not {key for key in found(audit)[rule] & clean if (rule, key) not in FLAGGED}


def test_every_exception_is_still_one(audit: Audit) -> None:
    by_rule = found(audit)
    assert not [(rule, key) for rule, key in NOT_FOUND if key in by_rule[rule]]
    assert not [(rule, key) for rule, key in FLAGGED if key not in by_rule[rule]]


def test_every_rule_that_is_shipped_is_planted(audit: Audit) -> None:
    assert {rule.rule for rule in audit.rules} <= {plant.rule for plant in PLANTED}
    assert not [rule for rule in audit.rules if rule.outcome in ("failed", "not_checked")]


def test_the_folder_of_the_sample_is_there() -> None:
    assert Path(SAMPLE / "okrbot.toml").exists()


def test_no_finding_speaks_in_numbers_for_machines(audit: Audit) -> None:
    odd = [
        (f.rule, text)
        for f in audit.findings
        for text in (f.note, f.question)
        if re.search(r"\b[0-9a-f]{12}\b|\b[01]\.\d\d\b|-0 %|\*\w", text.replace(f.title, ""))
    ]
    assert not odd
